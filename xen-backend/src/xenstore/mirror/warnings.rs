//! Warnings about values that are unknown because of xenstore.

use std::fmt::Arguments;

use super::state::Mirror;
use super::storm::POLL_INTERVAL;

impl Mirror {
    /// Passes each current warning to `warn`.
    pub(crate) fn warnings(&self, warn: &mut dyn FnMut(Arguments<'_>)) {
        if self.connection.is_none() {
            warn(format_args!(
                "xenstore can't be reached: the names of new domains are unknown"
            ));
        } else if self.waiting > 0 && self.timeout.is_zero() {
            warn(format_args!(
                "xenstore does not answer: the names of new domains are unknown"
            ));
        }
        match *self.suspended {
            [] => {}
            [(domid, _)] => warn(format_args!(
                "domain {domid} writes to xenstore without a pause: the values that its agent \
                 reports are unknown, and its devices are listed every {POLL_INTERVAL:?}"
            )),
            [(domid, _), ref others @ ..] => warn(format_args!(
                "domain {domid} and {} others write to xenstore without a pause: the values that \
                 their agents report are unknown, and their devices are listed every \
                 {POLL_INTERVAL:?}",
                others.len()
            )),
        }
    }
}
