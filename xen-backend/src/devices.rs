//! The NICs and disks of every domain, as the kernel of this domain serves them.
//!
//! xenstore tells which devices a domain has (`frontends`), sysfs where this kernel shows their
//! counters (`vif`, `vbd`); both only when a domain or a device comes or goes. In a steady tick
//! there is one look at xenstore's connection, one netlink dump for all vifs (`links`) and a
//! `pread` for each counter of a vbd. The files of the disk behind a vbd tell no less dearly and
//! not the same: they count what the host merges and splits, and what others do with that disk.
//!
//! A device that QEMU (qdisk), tapdisk or a driver domain serves is listed and has no counters
//! here: its row says so, and the sums over it are unknown.

mod class;
mod counter;
mod frontends;
mod guest;
mod links;
mod netlink;
mod vbd;
mod vif;

use std::fmt::{Arguments, Write};
use std::path::PathBuf;
use std::time::Instant;

use virtmon_model::{Domain, Rows};

use self::frontends::Frontends;
use self::guest::Guest;
use self::links::Links;
use crate::xenstore::{Connection, Still};

/// The backends that this domain's kernel has.
const BACKENDS: &str = "/sys/bus/xen-backend/devices";

/// The devices of the domains that were last seen.
pub(crate) struct Devices {
    backends: PathBuf,
    frontends: Frontends,
    /// In ascending order of domid.
    guests: Vec<Guest>,
    /// The places in it of those that have a device.
    equipped: Vec<usize>,
    links: Links,
    last_serial: u32,
    /// When the first of the guests is to be looked at in sysfs.
    look_at: Option<Instant>,
    /// Whether the guests may have other vifs than `links` reads.
    relink: bool,
}

impl Devices {
    /// The devices that this host's xenstore and sysfs tell of.
    pub(crate) fn open() -> Self {
        Self::over(Connection::open().ok(), BACKENDS.into())
    }

    fn over(connection: Option<Connection>, backends: PathBuf) -> Self {
        Self {
            backends,
            frontends: Frontends::over(connection),
            guests: Vec::new(),
            equipped: Vec::new(),
            links: Links::default(),
            last_serial: 0,
            look_at: None,
            relink: false,
        }
    }

    /// Gives every domain its NICs and disks, with their counters read now, and says whether there
    /// are others than before. `domains` are in ascending order of domid. Unless `all` is set, they
    /// are those of the last call and have what is known of them but the news. What can't be read
    /// is unknown in its row, and said in `troubles` where it is not simply gone. `still` is asked as
    /// by the names' [`Store`](crate::store::Store).
    pub(crate) fn give(
        &mut self,
        domains: &mut [Domain],
        mut all: bool,
        troubles: &mut Rows<String>,
        still: Still<'_>,
    ) -> bool {
        let mut news = all && self.follow(domains);
        if self.frontends.exchange(&mut self.guests, still) {
            self.schedule();
            news = true;
        }
        all |= news;
        if !self.frontends.is_connected() && self.guests.iter().any(Guest::has_frontends) {
            let why = "xenstore can't be reached: which devices the domains have is not known";
            trouble(troubles, format_args!("{why}"));
        }
        self.look(troubles);
        let read = self.links.read();
        if let Err(error) = &read {
            trouble(troubles, format_args!("netlink RTM_GETSTATS: {error}"));
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
            guest.fill(domain, links, troubles);
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

    /// Makes `guests` the same domains as `domains`, in the same order. Says whether they were not.
    fn follow(&mut self, domains: &[Domain]) -> bool {
        let guests = self.guests.iter().map(|guest| guest.identity);
        if guests.eq(domains.iter().map(|domain| domain.identity)) {
            return false;
        }
        let mut before = std::mem::take(&mut self.guests).into_iter().peekable();
        for domain in domains {
            let identity = domain.identity;
            while let Some(gone) = before.next_if(|g| g.identity.id < identity.id) {
                self.frontends.forget(&gone);
            }
            let same_id = before.next_if(|guest| guest.identity.id == identity.id);
            let guest = match same_id {
                Some(guest) if guest.identity == identity => guest,
                other => {
                    if let Some(gone) = other {
                        self.frontends.forget(&gone);
                    }
                    self.last_serial = self.last_serial.wrapping_add(1);
                    let mut guest = Guest::new(identity, self.last_serial);
                    self.frontends.meet(&mut guest);
                    guest
                }
            };
            self.guests.push(guest);
        }
        for gone in before {
            self.frontends.forget(&gone);
        }
        self.relink = true;
        true
    }

    /// Looks at sysfs where it is time.
    fn look(&mut self, troubles: &mut Rows<String>) {
        if let Some(at) = self.look_at {
            let now = Instant::now();
            if at <= now {
                for guest in &mut self.guests {
                    self.relink |= guest.look(&self.backends, now, troubles);
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

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    [a, b].into_iter().flatten().min()
}

/// Adds a line to what could not be read.
fn trouble(troubles: &mut Rows<String>, what: Arguments<'_>) {
    let line = troubles.next_row();
    line.clear();
    // Writing to a String can't fail.
    let _ = line.write_fmt(what);
}

#[cfg(test)]
mod tests;
