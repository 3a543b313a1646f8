//! The phase of a worker, shared with the thread that waits for it.

use std::sync::atomic::{AtomicU8, Ordering};

/// The phase of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// It waits for a request.
    Idle,
    /// It connects. This may take for ever, if a remote host accepts and does not answer.
    Connecting,
    /// It is in a call that libvirt answers by itself. If there is no answer, the daemon or the network is
    /// the cause.
    Daemon,
    /// It is in a call that queries each guest's QEMU and leaves out those that another call is querying.
    /// If there is no answer, one guest is the cause.
    Guests,
}

/// A phase that one thread writes and another reads.
pub(crate) struct PhaseCell(AtomicU8);

impl PhaseCell {
    /// A cell with the phase [`Phase::Idle`].
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(Phase::Idle as u8))
    }

    /// Enters a phase.
    pub(crate) fn set(&self, phase: Phase) {
        // The cell carries nothing but the phase itself; samples go through a channel.
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    /// The current phase.
    pub(crate) fn get(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            phase if phase == Phase::Guests as u8 => Phase::Guests,
            phase if phase == Phase::Connecting as u8 => Phase::Connecting,
            phase if phase == Phase::Daemon as u8 => Phase::Daemon,
            _ => Phase::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cell_returns_the_phase_that_was_set() {
        let cell = PhaseCell::new();
        assert_eq!(cell.get(), Phase::Idle);
        for phase in [Phase::Guests, Phase::Connecting, Phase::Daemon, Phase::Idle] {
            cell.set(phase);
            assert_eq!(cell.get(), phase);
        }
    }
}
