//! NICs and disks of every domain, as far as the kernel of this domain serves them.
//!
//! `domains` holds the devices of all domains, `guest` those of one domain, `class` the devices of
//! one kind. `vif` and `vbd` are the backends of one device. `links` reads the counters of all vifs
//! with the messages of `netlink`; `counter` reads one sysfs attribute.

mod class;
mod counter;
pub(crate) mod domains;
mod guest;
mod links;
mod netlink;
mod vbd;
mod vif;
