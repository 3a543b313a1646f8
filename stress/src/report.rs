//! Lines with the requested and the performed amounts.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// One figure of a load.
pub(crate) struct Figure {
    /// Name of the figure, with its unit: `read_bytes`.
    pub(crate) name: &'static str,
    /// Requested amount up to a time since the start, in ns; `None` if no amount was requested.
    pub(crate) requested: Option<Box<dyn Fn(u64) -> u64>>,
    /// Counters of the threads. The figure is their sum.
    pub(crate) counters: Vec<Arc<AtomicU64>>,
    /// Amount of one count.
    pub(crate) each: u64,
}

/// Prints one line, `name end time=2026-01-01T00:00:01.000Z t=1.000 asked_X=1 did_X=1`, in one write.
///
/// The line has the time since the start and the wall clock. `wall` is the wall clock at the start. It
/// is the only time that a guest has in common with the rows of a monitor on the host.
pub(crate) fn print(
    name: &str,
    word: &str,
    wall: SystemTime,
    at_ns: u64,
    figures: &[Figure],
) -> Result<(), String> {
    let mut line = format!(
        "stress {name} {word}time={} t={}.{:03}",
        humantime::format_rfc3339_millis(wall + Duration::from_nanos(at_ns)),
        at_ns / 1_000_000_000,
        at_ns / 1_000_000 % 1_000
    );
    for figure in figures {
        let counted: u64 = figure
            .counters
            .iter()
            .map(|c| c.load(Ordering::Relaxed))
            .sum();
        // Writing to a String can't fail.
        if let Some(requested) = &figure.requested {
            let _ = write!(line, " asked_{}={}", figure.name, requested(at_ns));
        }
        let _ = write!(line, " did_{}={}", figure.name, counted * figure.each);
    }
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("standard output: {error}"))
}
