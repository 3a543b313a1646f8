//! Messages on stderr, with their level if the journal reads them.
//!
//! A thread writes the messages from a short queue: a stderr that is blocked or closed blocks no other
//! thread. Messages that do not fit into the queue, or come too often, are left out and counted.

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

/// Largest number of waiting lines.
const QUEUE: usize = 100;
/// Longest time that a blocked stderr delays the end of the program.
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
    /// Number of lines left out since the last line that was written.
    left_out: u64,
    has_thread: bool,
    is_writing: bool,
}

/// Reports a problem that does not end the run.
pub(crate) fn warning(line: &str) {
    let mut state = LINES.lock();
    state.warn(line, Instant::now());
    LINES.wake(state);
}

/// Reports a fact that is no problem.
#[cfg(feature = "http")]
pub(crate) fn note(line: &str) {
    let mut state = LINES.lock();
    state.note(line);
    LINES.wake(state);
}

/// Reports the error that ends the run.
pub(crate) fn error(line: &str) {
    let mut state = LINES.lock();
    state.fail(line);
    LINES.wake(state);
}

/// Starts the thread that writes. It inherits the scheduling of this thread. Without this call the first
/// line starts it.
pub(crate) fn start() {
    LINES.wake(LINES.lock());
}

/// Makes a panic report its message and place in one line.
pub fn catch_panics() {
    panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref().map(String::as_str));
        let what = text.unwrap_or("no reason given");
        let place = panic.location().map(|place| format!(" ({place})"));
        let place = place.unwrap_or_default();
        error(&format!("a defect in virtmon: {what}{place}"));
    }));
}

/// Waits for a short time until all lines are written.
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
    // There is no thread to write the rest.
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
        // Nothing that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the thread, or starts it.
    fn wake(&'static self, mut state: MutexGuard<'_, State>) {
        if !state.has_thread {
            let builder = thread::Builder::new().name("messages".into());
            // Without a thread the lines are written at the end.
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

    /// Queues a warning, unless there is no room or there were too many.
    fn warn(&mut self, line: &str, now: Instant) {
        if self.waiting.len() < QUEUE && self.limit.allows(now) {
            self.waiting.push_back(formatted("<4>", line));
        } else {
            self.left_out += 1;
        }
    }

    /// Queues a fact, unless there is no room.
    #[cfg(feature = "http")]
    fn note(&mut self, line: &str) {
        if self.waiting.len() < QUEUE {
            self.waiting.push_back(formatted("<6>", line));
        }
    }

    /// Queues an error. If there is no room, the oldest line is removed.
    fn fail(&mut self, line: &str) {
        if self.waiting.len() >= QUEUE {
            self.waiting.pop_front();
            self.left_out += 1;
        }
        self.waiting.push_back(formatted("<3>", line));
    }

    /// Takes the waiting lines, after a line with the number of those left out.
    fn take(&mut self) -> VecDeque<String> {
        let mut lines = mem::take(&mut self.waiting);
        if !lines.is_empty()
            && let Some(line) = self.count_left_out()
        {
            lines.push_front(line);
        }
        lines
    }

    /// A line with the number of lines left out since the last such line.
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
            // Another process that shares stderr has made it non-blocking.
            Err(error) if error.kind() == ErrorKind::WouldBlock => drop(writable(LAST)),
            // Nothing reads stderr any more.
            Err(_) => return,
        }
    }
}

/// True if stderr accepts bytes within this time.
fn writable(within: Duration) -> bool {
    let stderr = io::stderr();
    let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::ZERO);
    poll(&mut fds, timeout).is_ok_and(|ready| ready > 0)
}

/// True if stderr is the journal. `JOURNAL_STREAM` has its device and inode, because a process may
/// inherit the variable and have another stderr (systemd.exec(5)).
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
    fn messages_without_room_are_counted() {
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
    fn messages_that_come_too_often_are_counted_with_the_next_line() {
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
