//! The states of a domain, and the reasons for them.

use virtmon_model::State;

use crate::ffi::bindings::{
    VIR_DOMAIN_BLOCKED, VIR_DOMAIN_CRASHED, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PMSUSPENDED,
    VIR_DOMAIN_RUNNING, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTOFF,
};

/// The state for a `virDomainState`.
///
/// `VIR_DOMAIN_SHUTDOWN` is documented as "being shut down", but a request to shut down does not
/// set it: the QEMU driver sets it when QEMU reports that the guest has powered off, while QEMU still
/// runs (`qemuProcessHandleShutdown`). That is [`State::Shutdown`].
pub(crate) fn from_libvirt(state: u64) -> State {
    match u32::try_from(state) {
        Ok(VIR_DOMAIN_RUNNING) => State::Running,
        Ok(VIR_DOMAIN_BLOCKED) => State::Blocked,
        Ok(VIR_DOMAIN_PAUSED | VIR_DOMAIN_PMSUSPENDED) => State::Paused,
        Ok(VIR_DOMAIN_SHUTDOWN | VIR_DOMAIN_SHUTOFF) => State::Shutdown,
        Ok(VIR_DOMAIN_CRASHED) => State::Crashed,
        // VIR_DOMAIN_NOSTATE, and states that later versions add.
        _ => State::Unknown,
    }
}

/// The reason for a `virDomainState`, in the words of libvirt.h (`virDomainRunningReason` and the
/// corresponding types of the other states). `None` if libvirt does not know the reason, or if virtmon does
/// not know libvirt's number.
pub(crate) fn reason(state: u64, reason: u64) -> Option<&'static str> {
    let words: &[&str] = match u32::try_from(state) {
        Ok(VIR_DOMAIN_RUNNING) => &[
            "booted",
            "migrated",
            "restored",
            "from snapshot",
            "unpaused",
            "migration canceled",
            "save canceled",
            "wakeup",
            "crashed",
            "post-copy",
            "post-copy failed",
        ],
        Ok(VIR_DOMAIN_PAUSED) => &[
            "user",
            "migration",
            "save",
            "dump",
            "I/O error",
            "watchdog",
            "from snapshot",
            "shutting down",
            "snapshot",
            "crashed",
            "starting up",
            "post-copy",
            "post-copy failed",
        ],
        Ok(VIR_DOMAIN_SHUTDOWN) => &["user"],
        Ok(VIR_DOMAIN_CRASHED) => &["panicked"],
        _ => &[],
    };
    // 0 is unknown in every state.
    let at = usize::try_from(reason).ok()?.checked_sub(1)?;
    words.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word_and_an_unknown_number_is_unknown() {
        let words: Vec<&str> = (0..9).map(|state| from_libvirt(state).as_str()).collect();
        assert_eq!(
            words,
            [
                "unknown", "running", "blocked", "paused", "shutdown", "shutdown", "crashed",
                "paused", "unknown"
            ]
        );
        assert_eq!(from_libvirt(u64::MAX), State::Unknown);
    }

    #[test]
    fn a_known_reason_has_a_word() {
        assert_eq!(reason(1, 1), Some("booted"));
        assert_eq!(reason(1, 11), Some("post-copy failed"));
        assert_eq!(reason(3, 5), Some("I/O error"));
        assert_eq!(reason(3, 13), Some("post-copy failed"));
        for (state, unknown) in [(1, 0), (1, 12), (3, 14), (2, 1), (99, 1), (1, u64::MAX)] {
            assert_eq!(reason(state, unknown), None);
        }
    }
}
