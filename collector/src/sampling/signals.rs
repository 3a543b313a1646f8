//! The signals of a run.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

use crate::sampling::wake::Wake;

/// Catches signals until it is dropped. Handlers catch them; they are not blocked, because a library
/// may have started threads that do not block them.
#[derive(Debug)]
pub struct Signals {
    /// Readable after a signal; the flags say which.
    woken: UnixStream,
    wake: UnixStream,
    /// SIGINT or SIGTERM arrived.
    stop: Arc<AtomicBool>,
    /// A [`StopHandle`] was used.
    ended: Arc<AtomicBool>,
    /// SIGHUP arrived.
    reload: Arc<AtomicBool>,
    handlers: Vec<SigId>,
}

/// Ends the run from another thread.
#[derive(Debug)]
pub struct StopHandle {
    ended: Arc<AtomicBool>,
    wake: UnixStream,
}

impl Signals {
    /// Catches SIGINT and SIGTERM: they no longer end the program, but a wait.
    ///
    /// # Errors
    /// The system has no more descriptors.
    pub fn catch() -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let mut signals = Self {
            woken,
            wake,
            stop: Arc::default(),
            ended: Arc::default(),
            reload: Arc::default(),
            handlers: Vec::new(),
        };
        for signal in [SIGINT, SIGTERM] {
            signals.add(signal, Arc::clone(&signals.stop))?;
        }
        Ok(signals)
    }

    /// Catches SIGHUP too.
    ///
    /// # Errors
    /// As [`catch`](Self::catch).
    pub(crate) fn catch_reload(&mut self) -> io::Result<()> {
        self.add(SIGHUP, Arc::clone(&self.reload))
    }

    fn add(&mut self, signal: i32, flag: Arc<AtomicBool>) -> io::Result<()> {
        // Actions of a signal run in the order of their registration: the flag is set before the
        // wake-up.
        self.handlers.push(flag::register(signal, flag)?);
        let wake = self.wake.try_clone()?;
        self.handlers.push(low_level::pipe::register(signal, wake)?);
        Ok(())
    }

    /// A descriptor that is readable after a signal.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }

    /// Makes the descriptor unreadable until the next signal. To be called before the flags are
    /// taken.
    pub(crate) fn drain(&mut self) {
        // There is nothing to read if the byte was read with that of another wake-up.
        let _ = self.woken.read(&mut [0; 64]);
    }

    /// The wake-up that signals or outputs asked for since the last call.
    pub(crate) fn take_wake(&self) -> Option<Wake> {
        if self.take_end() {
            return Some(Wake::Stop);
        }
        self.take_reload().then_some(Wake::Reopen)
    }

    /// True if SIGINT or SIGTERM arrived, or an output ended the run, since the last call.
    pub(crate) fn take_end(&self) -> bool {
        self.take_stop() | self.ended.swap(false, Ordering::SeqCst)
    }

    /// True if SIGINT or SIGTERM arrived since the last call.
    pub(crate) fn take_stop(&self) -> bool {
        self.stop.swap(false, Ordering::SeqCst)
    }

    /// True if SIGHUP arrived since the last call.
    fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::SeqCst)
    }

    /// A handle that ends the run.
    ///
    /// # Errors
    /// The system has no more descriptors.
    pub(crate) fn stop_handle(&self) -> io::Result<StopHandle> {
        Ok(StopHandle {
            ended: Arc::clone(&self.ended),
            wake: self.wake.try_clone()?,
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

impl StopHandle {
    /// Ends the run.
    pub fn stop(&self) {
        self.ended.store(true, Ordering::SeqCst);
        // If the pipe is full, the waiting thread wakes anyway.
        let _ = (&self.wake).write(&[0]);
    }
}
