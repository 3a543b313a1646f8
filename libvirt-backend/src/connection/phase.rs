use std::sync::atomic::{AtomicU8, Ordering};

/// What a reader is at, for who waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Nothing: it waits for a request.
    Idle,
    /// Connecting, which nothing ends where a far host accepts and is silent.
    Connecting,
    /// A call that libvirt answers by itself: silence is the daemon's, or the network's.
    Daemon,
    /// A call that asks each guest's QEMU, and leaves out those that another call is asking:
    /// silence is one guest's.
    Guests,
}

/// A reader's phase, told from one thread to another.
pub(crate) struct Progress(AtomicU8);

impl Progress {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(Phase::Idle as u8))
    }

    /// Tells that this is what comes now.
    pub(crate) fn is_at(&self, phase: Phase) {
        // Nothing but the phase itself is told by it: what was read comes by a channel.
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    /// What the reader is at.
    pub(crate) fn phase(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            at if at == Phase::Guests as u8 => Phase::Guests,
            at if at == Phase::Connecting as u8 => Phase::Connecting,
            at if at == Phase::Daemon as u8 => Phase::Daemon,
            _ => Phase::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard() {
        let progress = Progress::new();
        assert_eq!(progress.phase(), Phase::Idle);
        for phase in [Phase::Guests, Phase::Connecting, Phase::Daemon, Phase::Idle] {
            progress.is_at(phase);
            assert_eq!(progress.phase(), phase);
        }
    }
}
