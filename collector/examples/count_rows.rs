//! A custom output: it counts the rows of each guest in a recording.
//!
//! `cargo run --example count_rows recordings/xen.vmrec`

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::replay::Replay;
use virtmon_analysis::frame::Frame;
use virtmon_export::output::{Offer, Output};

/// Number of rows by the name of the guest.
type Rows = BTreeMap<String, u64>;

/// An output that counts the rows of each guest.
struct CountRows(Arc<Mutex<Rows>>);

impl Output for CountRows {
    fn name(&self) -> &str {
        "count_rows"
    }

    fn offer(&mut self, frame: &Frame<'_>) -> Offer {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, domain, _) in frame.domains() {
            let name = domain.name.as_deref().unwrap_or("(no name)");
            *rows.entry(name.to_owned()).or_default() += 1;
        }
        Offer::Accepted
    }
}

fn count(recording: &Path) -> Result<Rows, Box<dyn Error>> {
    let rows = Arc::default();
    let mut runner = Runner::new(|warning| eprintln!("{warning}"));
    runner.add(CountRows(Arc::clone(&rows)));
    let mut replay = Replay::open(recording, None, false)?;
    runner.run(&mut replay, Limit::None)?;
    drop(runner);
    let rows = Arc::into_inner(rows).unwrap_or_default();
    Ok(rows.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn main() -> Result<(), Box<dyn Error>> {
    let recording = env::args_os().nth(1).ok_or("which recording?")?;
    for (name, rows) in count(Path::new(&recording))? {
        println!("{rows:6} {name}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_each_guest_are_counted() {
        let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../recordings/xen.vmrec");
        let rows = count(Path::new(recording)).unwrap();
        assert_eq!((rows["busy"], rows["web"]), (46, 37));
    }
}
