//! The devices of one domain: which there are, and where their counters are read.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use virtmon_model::{Domain, Identity, Rows, name_from_bytes};

use super::class::{Class, Listing};
use super::counter::is_gone;
use super::links::Links;
use super::trouble;
use super::vbd::{self, Vbd};
use super::vif::Vif;
use crate::xenstore::{Answer, Kind};

/// How long after a change sysfs is looked at again, at first; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(125);
/// How long at most, while a device is served nowhere in this domain.
const LAST_PAUSE: Duration = Duration::from_secs(8);

/// One life of one domain.
pub(crate) struct Guest {
    pub(crate) identity: Identity,
    pub(crate) vifs: Class<Vif>,
    pub(crate) vbds: Class<Vbd>,
    /// When to look at sysfs next, and how long to leave it alone then.
    pub(crate) look_at: Option<Instant>,
    pause: Duration,
}

impl Guest {
    /// A domain whose devices xenstore is to tell.
    pub(crate) fn new(identity: Identity) -> Self {
        let mut guest = Self {
            identity,
            vifs: Class::default(),
            vbds: Class::default(),
            look_at: None,
            pause: FIRST_PAUSE,
        };
        // Domain 0 has no frontends, and its own cards and disks are not counted here: what it
        // sends and reads is unknown, not 0.
        if !guest.has_frontends() {
            guest.set_listing(Listing::Unknown);
        }
        guest
    }

    pub(crate) fn has_frontends(&self) -> bool {
        self.identity.id != 0
    }

    pub(crate) fn set_listing(&mut self, listing: Listing) {
        self.vifs.listing = listing;
        self.vbds.listing = listing;
    }

    pub(crate) fn is_equipped(&self) -> bool {
        !self.vifs.slots.is_empty() || !self.vbds.slots.is_empty()
    }

    pub(crate) fn set_listing_of(&mut self, kind: Kind, listing: Listing) {
        match kind {
            Kind::Vif => self.vifs.listing = listing,
            Kind::Vbd => self.vbds.listing = listing,
        }
    }

    /// Takes in what is behind a disk. Says whether that is news.
    pub(crate) fn learn_path(&mut self, devid: u32, answer: Answer<'_>) -> bool {
        let Some(slot) = self.vbds.slot_mut(devid) else {
            return false;
        };
        let path = match answer {
            Answer::Value(path) => name_from_bytes(path),
            Answer::Missing | Answer::Failed => "".into(),
        };
        let is_news = *slot.path != *path;
        if is_news {
            slot.path.clear();
            slot.path.push_str(&path);
        }
        is_news
    }

    /// Takes in the size of a disk, in sectors of 512 bytes. Says whether that is news.
    pub(crate) fn learn_size(&mut self, devid: u32, answer: Answer<'_>) -> bool {
        let Some(slot) = self.vbds.slot_mut(devid) else {
            return false;
        };
        let bytes = match answer {
            Answer::Value(sectors) => vbd::bytes_of_sectors(sectors),
            Answer::Missing | Answer::Failed => None,
        };
        let is_news = slot.capacity_bytes != bytes;
        slot.capacity_bytes = bytes;
        is_news
    }

    /// Whether a device is listed already.
    pub(crate) fn has(&self, kind: Kind, devid: u32) -> bool {
        match kind {
            Kind::Vif => self.vifs.has(devid),
            Kind::Vbd => self.vbds.has(devid),
        }
    }

    /// Takes in xenstore's list of one kind of device.
    pub(crate) fn list(&mut self, kind: Kind, names: &[u8]) {
        let domid = self.identity.id;
        match kind {
            Kind::Vif => self.vifs.list(names, |devid| format!("vif{domid}.{devid}")),
            Kind::Vbd => self.vbds.list(names, vbd::name),
        }
        self.look_soon();
    }

    fn look_soon(&mut self) {
        self.look_at = self.is_equipped().then(Instant::now);
        self.pause = FIRST_PAUSE;
    }

    /// Looks at sysfs for the devices, if it is time. Says whether it did.
    ///
    /// A backend's counters come a while after its entry in xenstore, for a hotplug script runs in
    /// between, and that script may rename the interface. So it is looked at a few times, and
    /// then no more, unless a device is missing still: one that QEMU, tapdisk or a driver domain
    /// serves always is.
    pub(crate) fn look(
        &mut self,
        backends: &Path,
        now: Instant,
        warnings: &mut Rows<String>,
    ) -> bool {
        if self.look_at.is_none_or(|at| at > now) {
            return false;
        }
        let domid = self.identity.id;
        for slot in &mut self.vifs.slots {
            slot.served = found(Vif::find(backends, domid, slot.devid), warnings, || {
                format!("vif-{domid}-{}", slot.devid)
            });
            if let Some(vif) = &slot.served {
                slot.name.clone_from(&vif.name);
            }
        }
        for slot in self.vbds.slots.iter_mut().filter(|s| s.served.is_none()) {
            let opened = with_more_descriptors(|| Vbd::open(backends, domid, slot.devid));
            slot.served = found(opened, warnings, || format!("vbd-{domid}-{}", slot.devid));
        }
        let settled = self.vifs.all_served() && self.vbds.all_served();
        self.look_at = (!settled || self.pause < LAST_PAUSE).then(|| now + self.pause);
        self.pause = (self.pause * 2).min(LAST_PAUSE);
        true
    }

    /// Gives the domain's row its devices, with their counters as far as they can be read.
    pub(crate) fn fill(
        &mut self,
        domain: &mut Domain,
        links: Option<&Links>,
        warnings: &mut Rows<String>,
    ) {
        let mut gone = false;
        domain.nics.clear();
        domain.nics.complete = self.vifs.listing == Listing::Known;
        for slot in &mut self.vifs.slots {
            let nic = domain.nics.rows.next_row();
            nic.clear();
            nic.name.push_str(&slot.name);
            let (Some(vif), Some(links)) = (&slot.served, links) else {
                continue;
            };
            match links.get(vif.index) {
                Some(stats) => vif.fill(nic, stats),
                None => {
                    slot.served = None;
                    gone = true;
                }
            }
        }
        domain.disks.clear();
        domain.disks.complete = self.vbds.listing == Listing::Known;
        for slot in &mut self.vbds.slots {
            let disk = domain.disks.rows.next_row();
            disk.clear();
            disk.name.push_str(&slot.name);
            disk.path.push_str(&slot.path);
            disk.capacity_bytes = slot.capacity_bytes;
            match slot.served.as_ref().map(|vbd| vbd.read(disk)) {
                None | Some(Ok(())) => {}
                Some(Err(error)) if is_gone(&error) => {
                    slot.served = None;
                    gone = true;
                }
                Some(Err(error)) => trouble(
                    warnings,
                    format_args!("vbd-{}-{}: {error}", self.identity.id, slot.devid),
                ),
            }
        }
        if gone {
            self.look_soon();
        }
    }
}

/// What sysfs had of a device. That it is not there is no trouble.
fn found<T>(
    looked: io::Result<T>,
    warnings: &mut Rows<String>,
    device: impl Fn() -> String,
) -> Option<T> {
    match looked {
        Ok(found) => Some(found),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound && !is_gone(&error) {
                trouble(warnings, format_args!("{}: {error}", device()));
            }
            None
        }
    }
}

/// Opens files, and where this process may not have more, asks for all that it could have: each
/// disk takes seven descriptors, and the usual limit of 1,024 is less than a host's disks need.
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
