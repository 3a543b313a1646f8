//! Warnings while the terminal is drawn on: they go to the status line, not to stderr.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Largest number of warnings that wait.
const MAX_WAITING: usize = 20;

static WAITING: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

fn lock() -> MutexGuard<'static, VecDeque<String>> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a warning for the status line. The oldest ones are removed.
pub fn warn(line: &str) {
    let mut waiting = lock();
    if waiting.len() >= MAX_WAITING {
        waiting.pop_front();
    }
    waiting.push_back(line.to_owned());
}

/// Takes the oldest warning.
#[must_use]
pub fn take() -> Option<String> {
    lock().pop_front()
}
