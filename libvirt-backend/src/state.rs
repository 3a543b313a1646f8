use virtmon_model::State;

use crate::ffi::{
    VIR_DOMAIN_BLOCKED, VIR_DOMAIN_CRASHED, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PMSUSPENDED,
    VIR_DOMAIN_RUNNING, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTOFF,
};

/// The word for a `virDomainState`.
///
/// `VIR_DOMAIN_SHUTDOWN` is documented as "being shut down", but a request to shut down does not
/// set it: the QEMU driver does when QEMU reports that the guest has powered off, while QEMU is
/// still there (`qemuProcessHandleShutdown`). That is [`State::Shutdown`].
pub(crate) fn from_libvirt(state: u64) -> State {
    match u32::try_from(state) {
        Ok(VIR_DOMAIN_RUNNING) => State::Running,
        Ok(VIR_DOMAIN_BLOCKED) => State::Blocked,
        Ok(VIR_DOMAIN_PAUSED | VIR_DOMAIN_PMSUSPENDED) => State::Paused,
        Ok(VIR_DOMAIN_SHUTDOWN | VIR_DOMAIN_SHUTOFF) => State::Shutdown,
        Ok(VIR_DOMAIN_CRASHED) => State::Crashed,
        // VIR_DOMAIN_NOSTATE, and what later versions add.
        _ => State::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_every_state_and_for_those_to_come() {
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
}
