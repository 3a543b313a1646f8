//! The signals that a run listens to.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

/// Catches signals for as long as it lives: by handlers, not by blocking them, for a library may
/// have started threads that do not block them.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Readable once a signal has come; the flags tell which.
    woken: UnixStream,
    stopper: Stopper,
    hung_up: Arc<AtomicBool>,
    handlers: Vec<SigId>,
}

/// Does from another thread what SIGTERM does.
#[derive(Debug)]
pub(crate) struct Stopper {
    stop: Arc<AtomicBool>,
    wake: UnixStream,
}

impl Signals {
    /// Catches SIGINT and SIGTERM.
    pub(crate) fn catch() -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let stop = Arc::default();
        let mut signals = Self {
            woken,
            stopper: Stopper { stop, wake },
            hung_up: Arc::default(),
            handlers: Vec::new(),
        };
        for signal in [SIGINT, SIGTERM] {
            signals.add(signal, Arc::clone(&signals.stopper.stop))?;
        }
        Ok(signals)
    }

    /// Catches SIGHUP too.
    pub(crate) fn catch_hangup(&mut self) -> io::Result<()> {
        self.add(SIGHUP, Arc::clone(&self.hung_up))
    }

    fn add(&mut self, signal: i32, flag: Arc<AtomicBool>) -> io::Result<()> {
        // Actions of one signal run in the order that they are registered in: who is woken finds
        // the flag set.
        self.handlers.push(flag::register(signal, flag)?);
        let wake = self.stopper.wake.try_clone()?;
        self.handlers.push(low_level::pipe::register(signal, wake)?);
        Ok(())
    }

    /// What becomes readable when one comes.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }

    /// Makes it unreadable until the next one comes. What came is asked for after this.
    pub(crate) fn drain(&mut self) {
        // There is nothing to read where another wake-up's byte was read with this one's.
        let _ = self.woken.read(&mut [0; 64]);
    }

    /// Whether it has been told to stop since it said so last.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopper.stop.swap(false, Ordering::SeqCst)
    }

    /// Whether SIGHUP came since it said so last.
    pub(crate) fn is_hung_up(&self) -> bool {
        self.hung_up.swap(false, Ordering::SeqCst)
    }

    pub(crate) fn stopper(&self) -> io::Result<Stopper> {
        Ok(Stopper {
            stop: Arc::clone(&self.stopper.stop),
            wake: self.stopper.wake.try_clone()?,
        })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            low_level::unregister(handler);
        }
    }
}

impl Stopper {
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        // Where it is full, whoever waits wakes anyway.
        let _ = (&self.wake).write(&[0]);
    }
}
