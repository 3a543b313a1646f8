//! NICs and disks of every domain, as far as the kernel of this domain serves them.
//!
//! The list of a domain's devices comes from xenstore, and the place of their counters (`vif`,
//! `vbd`) from sysfs. Both are read only when a domain or a device appears or disappears. A steady
//! tick costs one read of xenstore's connection, one netlink dump for all vifs (`links`) and one
//! `pread` for each counter of a vbd. The statistics of the disk behind a vbd are not used: they
//! cost as much to read, and count something else, because the host merges and splits requests and
//! other users of the disk are included.
//!
//! A device that QEMU (qdisk), tapdisk or a driver domain serves is listed without counters. They
//! are unknown in its row, and so are the sums over the devices of the domain.

use std::path::PathBuf;
use std::time::Instant;

use virtmon_model::{Domain, Rows};

use super::class::ListState;
use super::guest::GuestDevices;
use super::links::Links;
use crate::warning;
use crate::xenstore::handler::Answer;
use crate::xenstore::node::{DeviceKind, Node};

/// Directory of the backends in this domain's kernel.
const BACKENDS: &str = "/sys/bus/xen-backend/devices";

/// Devices of the domains of the last list.
pub(crate) struct Devices {
    backends: PathBuf,
    /// In ascending order of domid.
    guests: Vec<GuestDevices>,
    /// Indices in `guests` of those that have a device.
    with_devices: Vec<usize>,
    links: Links,
    /// Earliest time at which sysfs is to be searched for a guest's devices.
    scan_at: Option<Instant>,
    /// True if the vifs may differ from those that `links` reads.
    is_links_stale: bool,
    /// True if a value changed after the rows were last filled.
    is_changed: bool,
    /// True if a list of devices changed.
    is_list_changed: bool,
}

impl Devices {
    /// The devices in the sysfs of this host.
    pub(crate) fn open() -> Self {
        Self::new(BACKENDS.into())
    }

    fn new(backends: PathBuf) -> Self {
        Self {
            backends,
            guests: Vec::new(),
            with_devices: Vec::new(),
            links: Links::default(),
            scan_at: None,
            is_links_stale: false,
            is_changed: false,
            is_list_changed: false,
        }
    }

    /// Fills the NICs and disks into the rows, with counters that are read now, and returns true if
    /// a value of xenstore changed. `domains` are those of the last [`sync`](Self::sync). If neither
    /// `all` is set nor a value changed, only the rows of domains with devices are filled: all
    /// others are as before. A counter that can't be read is unknown in its row. Unless its device
    /// was simply removed, a line is added to `warnings`. `is_connected` is true if there is a
    /// connection to xenstore.
    pub(crate) fn update(
        &mut self,
        domains: &mut [Domain],
        all: bool,
        warnings: &mut Rows<String>,
        is_connected: bool,
    ) -> bool {
        if std::mem::take(&mut self.is_list_changed) {
            self.schedule_scan();
        }
        let is_changed = std::mem::take(&mut self.is_changed);
        if !is_connected && self.guests.iter().any(GuestDevices::has_frontends) {
            let text = "xenstore can't be reached: the devices of the domains are unknown";
            warning::push(warnings, format_args!("{text}"));
        }
        self.scan_if_due(warnings);
        let read = self.links.read();
        if let Err(error) = &read {
            warning::push(warnings, format_args!("netlink RTM_GETSTATS: {error}"));
        }
        let links = read.is_ok().then_some(&self.links);
        let mut scan_at = self.scan_at;
        // The row of a domain without devices does not change.
        let (some, every) = match all || is_changed {
            true => (&[][..], 0..self.guests.len()),
            false => (&self.with_devices[..], 0..0),
        };
        for index in some.iter().copied().chain(every) {
            let (Some(domain), Some(guest)) = (domains.get_mut(index), self.guests.get_mut(index))
            else {
                continue;
            };
            guest.fill(domain, links, warnings);
            scan_at = earlier(scan_at, guest.scan_at);
        }
        self.scan_at = scan_at;
        if is_changed {
            let guests = self.guests.iter().enumerate();
            let with_devices = guests.filter(|(_, guest)| guest.has_devices());
            self.with_devices.clear();
            self.with_devices
                .extend(with_devices.map(|(index, _)| index));
        }
        is_changed
    }

    /// Sets the value of a node of a domain.
    pub(crate) fn set_node(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        let index = self.guests.binary_search_by_key(&domid, guest_id);
        let Some(guest) = index.ok().and_then(|index| self.guests.get_mut(index)) else {
            return;
        };
        let (is_changed, is_list) = match node {
            Node::Vifs => (guest.set_list(DeviceKind::Vif, answer), true),
            Node::Vbds => (guest.set_list(DeviceKind::Vbd, answer), true),
            Node::DiskParams(devid) => (guest.set_path(devid, answer), false),
            Node::DiskSectors(devid) => (guest.set_size(devid, answer), false),
            _ => (false, false),
        };
        self.is_changed |= is_changed;
        self.is_list_changed |= is_list;
    }

    /// True if a device is in the list of its domain.
    pub(crate) fn has_device(&self, domid: u32, kind: DeviceKind, devid: u32) -> bool {
        let index = self.guests.binary_search_by_key(&domid, guest_id);
        index.is_ok_and(|index| self.guests[index].has_device(kind, devid))
    }

    /// Makes all lists unknown: without a connection to xenstore there are no events.
    pub(crate) fn on_disconnect(&mut self) {
        for guest in &mut self.guests {
            guest.set_list_states(ListState::Unknown);
        }
        self.is_changed = true;
        self.is_list_changed = true;
    }

    /// Makes `guests` the same domains as `domains`, in the same, ascending order.
    pub(crate) fn sync(&mut self, domains: &[Domain]) {
        let guests = self.guests.iter().map(|guest| guest.identity);
        if guests.eq(domains.iter().map(|domain| domain.identity)) {
            return;
        }
        let mut previous = std::mem::take(&mut self.guests).into_iter().peekable();
        for domain in domains {
            let identity = domain.identity;
            while previous.next_if(|g| g.identity.id < identity.id).is_some() {}
            let same_id = previous.next_if(|guest| guest.identity.id == identity.id);
            let same = same_id.filter(|guest| guest.identity == identity);
            self.guests
                .push(same.unwrap_or_else(|| GuestDevices::new(identity)));
        }
        self.is_links_stale = true;
        self.is_changed = true;
    }

    /// Searches sysfs for the devices of the guests for which that is due.
    fn scan_if_due(&mut self, warnings: &mut Rows<String>) {
        if let Some(at) = self.scan_at {
            let now = Instant::now();
            if at <= now {
                for guest in &mut self.guests {
                    self.is_links_stale |= guest.scan_if_due(&self.backends, now, warnings);
                }
                self.schedule_scan();
            }
        }
        if self.is_links_stale {
            let vifs = self.guests.iter().flat_map(|guest| &guest.vifs.devices);
            let served = vifs.filter_map(|device| device.served.as_ref());
            self.links.select(served.map(|vif| vif.index));
            self.is_links_stale = false;
        }
    }

    fn schedule_scan(&mut self) {
        self.is_links_stale = true;
        self.scan_at = self.guests.iter().filter_map(|guest| guest.scan_at).min();
    }
}

fn guest_id(guest: &GuestDevices) -> u32 {
    guest.identity.id
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    [a, b].into_iter().flatten().min()
}

#[cfg(test)]
mod tests;
