//! The devices of one domain: their lists, and the places of their counters.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use virtmon_model::{Domain, Identity, Rows, name_from_bytes};

use super::class::{DeviceClass, ListState};
use super::counter::is_gone;
use super::links::Links;
use super::vbd::{self, Vbd};
use super::vif::Vif;
use crate::warning;
use crate::xenstore::handler::Answer;
use crate::xenstore::node::DeviceKind;

/// First delay before sysfs is searched again after a change. The delay doubles each time.
const FIRST_DELAY: Duration = Duration::from_millis(125);
/// Longest delay, used while a device is not served by this domain.
const MAX_DELAY: Duration = Duration::from_secs(8);

/// Devices of one incarnation of one domain.
pub(crate) struct GuestDevices {
    pub(crate) identity: Identity,
    pub(crate) vifs: DeviceClass<Vif>,
    pub(crate) vbds: DeviceClass<Vbd>,
    /// Time of the next search of sysfs.
    pub(crate) scan_at: Option<Instant>,
    /// Delay after that search.
    delay: Duration,
}

impl GuestDevices {
    /// A domain whose lists are not read yet.
    pub(crate) fn new(identity: Identity) -> Self {
        let mut guest = Self {
            identity,
            vifs: DeviceClass::default(),
            vbds: DeviceClass::default(),
            scan_at: None,
            delay: FIRST_DELAY,
        };
        // Domain 0 has no frontends, and its physical NICs and disks are not counted here. So its
        // devices are unknown, not absent.
        if !guest.has_frontends() {
            guest.set_list_states(ListState::Unknown);
        }
        guest
    }

    pub(crate) fn has_frontends(&self) -> bool {
        self.identity.id != 0
    }

    pub(crate) fn set_list_states(&mut self, state: ListState) {
        self.vifs.state = state;
        self.vbds.state = state;
    }

    pub(crate) fn has_devices(&self) -> bool {
        !self.vifs.devices.is_empty() || !self.vbds.devices.is_empty()
    }

    /// Sets the path of a disk. Returns true if it changed.
    pub(crate) fn set_path(&mut self, devid: u32, answer: Answer<'_>) -> bool {
        let Some(disk) = self.vbds.device_mut(devid) else {
            return false;
        };
        let path = match answer {
            Answer::Value(path) => name_from_bytes(path),
            Answer::Missing | Answer::Failed => "".into(),
        };
        let is_changed = *disk.path != *path;
        if is_changed {
            disk.path.clear();
            disk.path.push_str(&path);
        }
        is_changed
    }

    /// Sets the size of a disk, in sectors of 512 bytes. Returns true if it changed.
    pub(crate) fn set_size(&mut self, devid: u32, answer: Answer<'_>) -> bool {
        let Some(disk) = self.vbds.device_mut(devid) else {
            return false;
        };
        let bytes = match answer {
            Answer::Value(sectors) => vbd::bytes_of_sectors(sectors),
            Answer::Missing | Answer::Failed => None,
        };
        let is_changed = disk.capacity_bytes != bytes;
        disk.capacity_bytes = bytes;
        is_changed
    }

    /// True if a device is in the list.
    pub(crate) fn has_device(&self, kind: DeviceKind, devid: u32) -> bool {
        match kind {
            DeviceKind::Vif => self.vifs.contains(devid),
            DeviceKind::Vbd => self.vbds.contains(devid),
        }
    }

    /// Sets xenstore's list of one kind of device. Returns true: the row is to be filled again.
    pub(crate) fn set_list(&mut self, kind: DeviceKind, answer: Answer<'_>) -> bool {
        let domid = self.identity.id;
        let names = match answer {
            Answer::Value(names) => names,
            // Without the directory, there is no such device.
            Answer::Missing => b"",
            Answer::Failed => {
                match kind {
                    DeviceKind::Vif => self.vifs.state = ListState::Unknown,
                    DeviceKind::Vbd => self.vbds.state = ListState::Unknown,
                }
                return true;
            }
        };
        match kind {
            DeviceKind::Vif => self
                .vifs
                .set_list(names, |devid| format!("vif{domid}.{devid}")),
            DeviceKind::Vbd => self.vbds.set_list(names, vbd::name),
        }
        self.scan_soon();
        true
    }

    fn scan_soon(&mut self) {
        self.scan_at = self.has_devices().then(Instant::now);
        self.delay = FIRST_DELAY;
    }

    /// Searches sysfs for the devices, if that is due. Returns true if it was due.
    ///
    /// The counters of a backend appear some time after its entry in xenstore, because a hotplug
    /// script runs in between. That script may also rename the interface. So sysfs is searched a few
    /// times after a change. The search goes on while a device is missing, which is always the case
    /// for a device that QEMU, tapdisk or a driver domain serves.
    pub(crate) fn scan_if_due(
        &mut self,
        backends: &Path,
        now: Instant,
        warnings: &mut Rows<String>,
    ) -> bool {
        if self.scan_at.is_none_or(|at| at > now) {
            return false;
        }
        let domid = self.identity.id;
        for device in &mut self.vifs.devices {
            let found = Vif::find(backends, domid, device.devid);
            device.served = ok_or_warn(found, warnings, || format!("vif-{domid}-{}", device.devid));
            if let Some(vif) = &device.served {
                device.name.clone_from(&vif.name);
            }
        }
        let disks = self.vbds.devices.iter_mut();
        for device in disks.filter(|device| device.served.is_none()) {
            let opened = with_more_descriptors(|| Vbd::open(backends, domid, device.devid));
            device.served =
                ok_or_warn(opened, warnings, || format!("vbd-{domid}-{}", device.devid));
        }
        let is_complete = self.vifs.all_served() && self.vbds.all_served();
        self.scan_at = (!is_complete || self.delay < MAX_DELAY).then(|| now + self.delay);
        self.delay = (self.delay * 2).min(MAX_DELAY);
        true
    }

    /// Fills the devices into the domain's row, with the counters that can be read.
    pub(crate) fn fill(
        &mut self,
        domain: &mut Domain,
        links: Option<&Links>,
        warnings: &mut Rows<String>,
    ) {
        let any_vif_gone = self.fill_nics(domain, links);
        let any_vbd_gone = self.fill_disks(domain, warnings);
        if any_vif_gone || any_vbd_gone {
            self.scan_soon();
        }
    }

    /// Fills in the NICs. Returns true if an interface does not exist any more.
    fn fill_nics(&mut self, domain: &mut Domain, links: Option<&Links>) -> bool {
        let mut any_gone = false;
        domain.nics.clear();
        domain.nics.complete = self.vifs.state == ListState::Known;
        domain.nics.pending = self.vifs.state == ListState::Waiting;
        for device in &mut self.vifs.devices {
            let nic = domain.nics.rows.next_row();
            nic.clear();
            nic.name.push_str(&device.name);
            let (Some(vif), Some(links)) = (&device.served, links) else {
                continue;
            };
            match links.get(vif.index) {
                Some(stats) => vif.fill(nic, stats),
                None => {
                    device.served = None;
                    any_gone = true;
                }
            }
        }
        any_gone
    }

    /// Fills in the disks. Returns true if a backend does not exist any more.
    fn fill_disks(&mut self, domain: &mut Domain, warnings: &mut Rows<String>) -> bool {
        let mut any_gone = false;
        domain.disks.clear();
        domain.disks.complete = self.vbds.state == ListState::Known;
        domain.disks.pending = self.vbds.state == ListState::Waiting;
        for device in &mut self.vbds.devices {
            let disk = domain.disks.rows.next_row();
            disk.clear();
            disk.name.push_str(&device.name);
            disk.path.push_str(&device.path);
            disk.capacity_bytes = device.capacity_bytes;
            match device.served.as_ref().map(|vbd| vbd.read(disk)) {
                None | Some(Ok(())) => {}
                Some(Err(error)) if is_gone(&error) => {
                    device.served = None;
                    any_gone = true;
                }
                Some(Err(error)) => warning::push(
                    warnings,
                    format_args!("vbd-{}-{}: {error}", self.identity.id, device.devid),
                ),
            }
        }
        any_gone
    }
}

/// The device that was found in sysfs. A device that does not exist there causes no warning.
fn ok_or_warn<T>(
    result: io::Result<T>,
    warnings: &mut Rows<String>,
    device: impl Fn() -> String,
) -> Option<T> {
    match result {
        Ok(found) => Some(found),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound && !is_gone(&error) {
                warning::push(warnings, format_args!("{}: {error}", device()));
            }
            None
        }
    }
}

/// Opens files. If the limit of descriptors is reached, the function raises it to the hard limit and
/// tries again. Each disk needs seven descriptors, and the usual limit of 1,024 is too low for the
/// disks of a large host.
fn with_more_descriptors<T>(open: impl Fn() -> io::Result<T>) -> io::Result<T> {
    let opened = open();
    if let Err(error) = &opened
        && error.raw_os_error().map(Errno::from_raw) == Some(Errno::EMFILE)
        && let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok()
    {
        return open();
    }
    opened
}
