//! The NICs and disks of every domain, as the kernel of this domain serves them.
//!
//! xenstore tells which devices a domain has, sysfs where this kernel shows their
//! counters (`vif`, `vbd`); both only when a domain or a device comes or goes. In a steady tick
//! there is one look at xenstore's connection, one netlink dump for all vifs (`links`) and a
//! `pread` for each counter of a vbd. The files of the disk behind a vbd tell no less dearly and
//! not the same: they count what the host merges and splits, and what others do with that disk.
//!
//! A device that QEMU (qdisk), tapdisk or a driver domain serves is listed and has no counters
//! here: its row says so, and the sums over it are unknown.

mod class;
mod counter;
mod guest;
mod links;
mod netlink;
mod vbd;
mod vif;

use std::fmt::{Arguments, Write};
use std::path::PathBuf;
use std::time::Instant;

use virtmon_model::{Domain, Rows};

use self::class::Listing;
use self::guest::Guest;
use self::links::Links;
use crate::xenstore::{Answer, Kind, Node};

/// The backends that this domain's kernel has.
const BACKENDS: &str = "/sys/bus/xen-backend/devices";

/// The devices of the domains that were last seen.
pub(crate) struct Devices {
    backends: PathBuf,
    /// In ascending order of domid.
    guests: Vec<Guest>,
    /// The places in it of those that have a device.
    equipped: Vec<usize>,
    links: Links,
    /// When the first of the guests is to be looked at in sysfs.
    look_at: Option<Instant>,
    /// Whether the guests may have other vifs than `links` reads.
    relink: bool,
    /// Whether anything was learnt since the rows were last filled.
    news: bool,
    /// Whether a list was.
    listed: bool,
}

impl Devices {
    /// The devices that this host's sysfs tells of.
    pub(crate) fn open() -> Self {
        Self::over(BACKENDS.into())
    }

    fn over(backends: PathBuf) -> Self {
        Self {
            backends,
            guests: Vec::new(),
            equipped: Vec::new(),
            links: Links::default(),
            look_at: None,
            relink: false,
            news: false,
            listed: false,
        }
    }

    /// Gives every domain its NICs and disks, with their counters read now, and says whether there
    /// are others than before. `domains` are those that are followed. Unless `all` is set, they have
    /// what is known of them but the news. What can't be read is unknown in its row, and said in
    /// `warnings` where it is not simply gone; `connected` says whether xenstore is there.
    pub(crate) fn give(
        &mut self,
        domains: &mut [Domain],
        mut all: bool,
        warnings: &mut Rows<String>,
        connected: bool,
    ) -> bool {
        if std::mem::take(&mut self.listed) {
            self.schedule();
        }
        let news = std::mem::take(&mut self.news);
        all |= news;
        if !connected && self.guests.iter().any(Guest::has_frontends) {
            let why = "xenstore can't be reached: which devices the domains have is not known";
            trouble(warnings, format_args!("{why}"));
        }
        self.look(warnings);
        let read = self.links.read();
        if let Err(error) = &read {
            trouble(warnings, format_args!("netlink RTM_GETSTATS: {error}"));
        }
        let links = read.is_ok().then_some(&self.links);
        let mut look_at = self.look_at;
        // A domain that has no device has nothing that could move.
        let (some, every) = match all {
            true => (&[][..], 0..self.guests.len()),
            false => (&self.equipped[..], 0..0),
        };
        for place in some.iter().copied().chain(every) {
            let (Some(domain), Some(guest)) = (domains.get_mut(place), self.guests.get_mut(place))
            else {
                continue;
            };
            guest.fill(domain, links, warnings);
            look_at = earlier(look_at, guest.look_at);
        }
        self.look_at = look_at;
        if news {
            let guests = self.guests.iter().enumerate();
            let equipped = guests.filter(|(_, guest)| guest.is_equipped());
            self.equipped.clear();
            self.equipped.extend(equipped.map(|(place, _)| place));
        }
        news
    }

    /// Takes in what a node of a domain holds.
    pub(crate) fn learn(&mut self, domid: u32, node: Node, answer: Answer<'_>) {
        let Some(guest) = guest_mut(&mut self.guests, domid) else {
            return;
        };
        let (news, listed) = match node {
            Node::Vifs | Node::Vbds => {
                let kind = if node == Node::Vifs {
                    Kind::Vif
                } else {
                    Kind::Vbd
                };
                match answer {
                    Answer::Value(names) => guest.list(kind, names),
                    // No such directory: no such device.
                    Answer::Missing => guest.list(kind, b""),
                    Answer::Failed => guest.set_listing_of(kind, Listing::Unknown),
                }
                (true, true)
            }
            Node::DiskParams(devid) => (guest.learn_path(devid, answer), false),
            Node::DiskSectors(devid) => (guest.learn_size(devid, answer), false),
            _ => (false, false),
        };
        self.news |= news;
        self.listed |= listed;
    }

    /// Whether a device of a domain is listed.
    pub(crate) fn lists(&self, domid: u32, kind: Kind, devid: u32) -> bool {
        let place = self.guests.binary_search_by_key(&domid, |g| g.identity.id);
        place.is_ok_and(|at| self.guests[at].has(kind, devid))
    }

    /// xenstore is lost: nobody tells of changes any more.
    pub(crate) fn lost(&mut self) {
        for guest in &mut self.guests {
            guest.set_listing(Listing::Unknown);
        }
        self.news = true;
        self.listed = true;
    }

    /// Makes `guests` the same domains as `domains`, in the same, ascending order.
    pub(crate) fn follow(&mut self, domains: &[Domain]) {
        let guests = self.guests.iter().map(|guest| guest.identity);
        if guests.eq(domains.iter().map(|domain| domain.identity)) {
            return;
        }
        let mut before = std::mem::take(&mut self.guests).into_iter().peekable();
        for domain in domains {
            let identity = domain.identity;
            while before.next_if(|g| g.identity.id < identity.id).is_some() {}
            let same_id = before.next_if(|guest| guest.identity.id == identity.id);
            let kept = same_id.filter(|guest| guest.identity == identity);
            self.guests
                .push(kept.unwrap_or_else(|| Guest::new(identity)));
        }
        self.relink = true;
        self.news = true;
    }

    /// Looks at sysfs where it is time.
    fn look(&mut self, warnings: &mut Rows<String>) {
        if let Some(at) = self.look_at {
            let now = Instant::now();
            if at <= now {
                for guest in &mut self.guests {
                    self.relink |= guest.look(&self.backends, now, warnings);
                }
                self.schedule();
            }
        }
        if self.relink {
            let slots = self.guests.iter().flat_map(|guest| &guest.vifs.slots);
            let served = slots.filter_map(|slot| slot.served.as_ref());
            self.links.want(served.map(|vif| vif.index));
            self.relink = false;
        }
    }

    fn schedule(&mut self) {
        self.relink = true;
        self.look_at = self.guests.iter().filter_map(|guest| guest.look_at).min();
    }
}

fn guest_mut(guests: &mut [Guest], domid: u32) -> Option<&mut Guest> {
    let place = guests.binary_search_by_key(&domid, |guest| guest.identity.id);
    guests.get_mut(place.ok()?)
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    [a, b].into_iter().flatten().min()
}

/// Adds a line to what could not be read.
pub(crate) fn trouble(warnings: &mut Rows<String>, what: Arguments<'_>) {
    let line = warnings.next_row();
    line.clear();
    // Writing to a String can't fail.
    let _ = line.write_fmt(what);
}

#[cfg(test)]
mod tests;
