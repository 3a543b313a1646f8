//! Lines on stderr, with their level where the journal reads them.
//!
//! A thread of their own writes them, behind a short queue: a stderr that takes nothing, or has
//! been closed, holds up nobody. What the queue has no room for, and what comes too often, is left
//! out and counted.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs::File, mem, panic, thread};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use virtmon_export::printable::Printable;

use limit::Limit;

mod limit;

/// Lines that wait at most.
const QUEUE: usize = 100;
/// How long a full stderr may hold up the program's end.
const LAST: Duration = Duration::from_millis(500);

static LINES: Lines = Lines {
    state: Mutex::new(State::new()),
    changed: Condvar::new(),
};

struct Lines {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: VecDeque<String>,
    limit: Limit,
    /// Lines that were left out since the last that was written.
    left_out: u64,
    has_thread: bool,
    is_writing: bool,
}

/// Something is not as it should be, and the run goes on.
pub(crate) fn warning(line: &str) {
    let mut state = LINES.lock();
    state.warn(line, Instant::now());
    LINES.wake(state);
}

/// The run ends for this.
pub(crate) fn error(line: &str) {
    let mut state = LINES.lock();
    state.fail(line);
    LINES.wake(state);
}

/// Starts the thread that writes, as ordinary a thread as this one is now. The first line starts it
/// else.
pub(crate) fn start() {
    LINES.wake(LINES.lock());
}

/// Has a panic say in one line what went wrong and where.
pub fn catch_panics() {
    panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("no reason given");
        let place = panic.location().map(|place| format!(" ({place})"));
        let place = place.unwrap_or_default();
        error(&format!("a defect in virtmon: {what}{place}"));
    }));
}

/// Waits until all lines are written, but not for long.
pub(crate) fn finish() {
    let mut state = LINES.lock();
    if let Some(line) = state.count_left_out() {
        state.waiting.push_back(line);
    }
    LINES.changed.notify_all();
    let until = Instant::now() + LAST;
    while state.has_thread && (!state.waiting.is_empty() || state.is_writing) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let waited = LINES.changed.wait_timeout(state, left);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
    // What is still there has no thread to write it.
    let rest = state.take();
    drop(state);
    for line in rest {
        if writable(LAST) {
            write(&line);
        }
    }
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the thread know, and starts it where there is none.
    fn wake(&'static self, mut state: MutexGuard<'_, State>) {
        if !state.has_thread {
            let builder = thread::Builder::new().name("messages".into());
            // Without a thread the lines wait for the end.
            state.has_thread = builder.spawn(|| self.write_all()).is_ok();
        }
        drop(state);
        self.changed.notify_all();
    }

    fn write_all(&self) {
        let mut state = self.lock();
        loop {
            let lines = state.take();
            state.is_writing = !lines.is_empty();
            if lines.is_empty() {
                self.changed.notify_all();
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(state);
            lines.iter().for_each(|line| write(line));
            state = self.lock();
        }
    }
}

impl State {
    const fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            limit: Limit::new(),
            left_out: 0,
            has_thread: false,
            is_writing: false,
        }
    }

    /// Has a warning wait, where it may come and there is room.
    fn warn(&mut self, line: &str, now: Instant) {
        if self.waiting.len() < QUEUE && self.limit.allows(now) {
            self.waiting.push_back(formatted("<4>", line));
        } else {
            self.left_out += 1;
        }
    }

    /// Has an error wait: the oldest line makes room for it.
    fn fail(&mut self, line: &str) {
        if self.waiting.len() >= QUEUE {
            self.waiting.pop_front();
            self.left_out += 1;
        }
        self.waiting.push_back(formatted("<3>", line));
    }

    /// What waits, and before it how much does not.
    fn take(&mut self) -> VecDeque<String> {
        let mut lines = mem::take(&mut self.waiting);
        if !lines.is_empty()
            && let Some(line) = self.count_left_out()
        {
            lines.push_front(line);
        }
        lines
    }

    /// A line about those that were left out since the last such line.
    fn count_left_out(&mut self) -> Option<String> {
        let count = mem::take(&mut self.left_out);
        let text = format!("{count} messages were left out: there were too many");
        (count > 0).then(|| formatted("<4>", &text))
    }
}

/// The levels are those of sd-daemon(3).
fn formatted(level: &str, line: &str) -> String {
    let level = if to_journal() { level } else { "" };
    format!("{level}virtmon: {}\n", Printable::message(line))
}

/// Writes a line as a whole, or as much of it as stderr takes.
fn write(line: &str) {
    let mut bytes = line.as_bytes();
    while !bytes.is_empty() {
        match io::stderr().write(bytes) {
            Ok(0) => return,
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Another process that shares stderr has made it so.
            Err(error) if error.kind() == ErrorKind::WouldBlock => drop(writable(LAST)),
            // There is nobody left to read it.
            Err(_) => return,
        }
    }
}

/// Whether stderr takes something, now or soon.
fn writable(within: Duration) -> bool {
    let stderr = io::stderr();
    let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::ZERO);
    poll(&mut fds, timeout).is_ok_and(|ready| ready > 0)
}

/// Whether stderr is the journal's: `JOURNAL_STREAM` names it by device and inode, for the
/// variable may have come down to a process whose stderr is another one (systemd.exec(5)).
fn to_journal() -> bool {
    static TO_JOURNAL: OnceLock<bool> = OnceLock::new();
    *TO_JOURNAL.get_or_init(|| {
        let Ok(stream) = env::var("JOURNAL_STREAM") else {
            return false;
        };
        let stderr = io::stderr().as_fd().try_clone_to_owned();
        let metadata = stderr.and_then(|fd| File::from(fd).metadata());
        metadata.is_ok_and(|stderr| stream == format!("{}:{}", stderr.dev(), stderr.ino()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let mut state = State::new();
        let mut now = Instant::now();
        for number in 0..200 {
            state.warn(&format!("warning {number}"), now);
            // No message comes too often, but none is taken.
            now += Duration::from_secs(1);
        }
        state.fail("the end");
        let lines: Vec<String> = state.take().into();
        assert_eq!(lines.len(), QUEUE + 1);
        assert!(lines[0].ends_with("virtmon: 101 messages were left out: there were too many\n"));
        assert!(lines[1].ends_with("virtmon: warning 1\n"));
        assert!(lines[QUEUE].ends_with("virtmon: the end\n"));
        assert!(state.take().is_empty());
    }

    #[test]
    fn what_comes_too_often_is_counted_with_the_next_line() {
        let mut state = State::new();
        let now = Instant::now();
        let mut written = 0;
        for _ in 0..1_000 {
            state.warn("again", now);
            written += state.take().len();
        }
        assert_eq!(written, 100);
        state.warn("later", now + Duration::from_secs(1));
        let lines: Vec<String> = state.take().into();
        assert!(lines[0].contains(" 900 messages were left out"));
        assert!(lines[1].contains("later") && lines.len() == 2);
    }
}
