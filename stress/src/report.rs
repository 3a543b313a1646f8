//! The lines that say what was asked and what was done.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One figure of a load.
pub(crate) struct Figure {
    /// What it counts, with its unit: `read_bytes`.
    pub(crate) name: &'static str,
    /// How much was asked for by a time since the start, in ns; nothing where it only tells.
    pub(crate) asked: Option<Box<dyn Fn(u64) -> u64>>,
    /// What the threads have counted, summed.
    pub(crate) counters: Vec<Arc<AtomicU64>>,
    /// What one count stands for.
    pub(crate) each: u64,
}

/// One line, `name end t=1.000 asked_X=1 did_X=1`, in one write.
pub(crate) fn print(name: &str, word: &str, at_ns: u64, figures: &[Figure]) -> Result<(), String> {
    let mut line = format!(
        "stress {name} {word}t={}.{:03}",
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
        if let Some(asked) = &figure.asked {
            let _ = write!(line, " asked_{}={}", figure.name, asked(at_ns));
        }
        let _ = write!(line, " did_{}={}", figure.name, counted * figure.each);
    }
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("standard output: {error}"))
}
