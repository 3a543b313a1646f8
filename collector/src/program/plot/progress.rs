//! Progress on a terminal.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use virtmon_plot::input::meter::Meter;

/// Time before the first line.
const QUIET: Duration = Duration::from_secs(1);
/// Time between two lines.
const STEP: Duration = Duration::from_millis(200);

/// A line on stderr that is written over, if stderr is a terminal and the work takes long.
#[derive(Default)]
pub(super) struct Progress {
    is_shown: Rc<Cell<bool>>,
}

impl Progress {
    /// A meter that shows the part that is done.
    pub(super) fn meter(&self) -> Meter {
        if !io::stderr().is_terminal() {
            return Meter::default();
        }
        let is_shown = Rc::clone(&self.is_shown);
        let mut next = Instant::now() + QUIET;
        Meter::new(move |part| {
            if Instant::now() < next {
                return;
            }
            next = Instant::now() + STEP;
            is_shown.set(true);
            // Without a terminal there is nothing to show.
            let _ = write!(io::stderr(), "\rvirtmon plot: {:.0} % read", part * 100.0);
        })
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        if self.is_shown.replace(false) {
            let _ = write!(io::stderr(), "\r{:40}\r", "");
        }
    }
}
