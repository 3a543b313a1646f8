//! The lines of a report on network interfaces and block devices.

use std::fmt::Write;

use virtmon_model::{Devices, Domain};

use super::line::Line;

/// Reason where an interface has no such values.
pub(super) const NOT_REPORTED: &str = "this interface does not report them";

/// State of the devices of one kind that a domain has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceState {
    /// All are known, with their counters.
    Counted,
    /// All are known. Some have no counters on this host.
    Uncounted,
    /// They have not been looked up yet.
    Pending,
    /// The list is unknown.
    Unknown,
}

impl DeviceState {
    pub(super) fn of<T: Default>(
        devices: &Devices<T>,
        counter: impl Fn(&T) -> Option<u64>,
    ) -> Self {
        match devices {
            _ if devices.pending => Self::Pending,
            _ if !devices.complete => Self::Unknown,
            _ if devices.sum(counter).is_some() => Self::Counted,
            _ => Self::Uncounted,
        }
    }
}

/// True if devices of the domain have not been looked up yet.
pub(super) fn is_pending(domain: &Domain) -> bool {
    domain.nics.pending || domain.disks.pending
}

/// The line of one kind of device, with a reason for each domain that lacks values.
pub(super) fn device_line(
    what: &'static str,
    can: bool,
    domains: &[Domain],
    state: impl Fn(&Domain) -> DeviceState,
) -> Line {
    let count = |wanted| domains.iter().filter(|d| state(d) == wanted).count();
    let counted = count(DeviceState::Counted);
    let mut detail = format!("{counted} of {} domains", domains.len());
    let mut separator = ": ";
    for (wanted, why) in [
        (DeviceState::Pending, "not looked up yet"),
        (
            DeviceState::Uncounted,
            "with a device that this host does not count",
        ),
        (DeviceState::Unknown, "not known"),
    ] {
        let count = count(wanted);
        if can && count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(detail, "{separator}{count} {why}");
            separator = ", ";
        }
    }
    if !can {
        let _ = write!(detail, ": {NOT_REPORTED}");
    }
    let word = match counted {
        _ if counted == domains.len() => "ok",
        0 => "no",
        _ => "part",
    };
    Line { word, what, detail }
}
