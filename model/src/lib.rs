//! The vocabulary of virtmon: a hypervisor host and its domains at one moment.
//!
//! A [`Backend`] fills a [`Snapshot`], and all other code reads it. Counters are raw and cumulative.
//! The name of a field ends with its unit (`_ns`, `_bytes`). A value that the hypervisor does not
//! report is `None`, never 0.
//!
//! ```
//! use virtmon_model::Snapshot;
//!
//! let mut snapshot = Snapshot::default();
//! let domain = snapshot.domains.next_row();
//! domain.clear();
//! domain.identity.id = 3;
//! domain.cpu_time_ns = Some(1_000_000_000);
//!
//! // The list of NICs is not known to be complete, so the sum over them is unknown.
//! assert_eq!(domain.nics.sum(|nic| nic.rx_bytes), None);
//! domain.nics.complete = true;
//! assert_eq!(domain.nics.sum(|nic| nic.rx_bytes), Some(0));
//! ```
#![forbid(unsafe_code)]

mod backend;
mod device;
mod domain;
mod error;
mod host;
mod instance;
mod memory;
mod name;
mod notification;
mod rows;
mod snapshot;
pub mod timestamps;
mod vcpu;

pub use backend::{Backend, Capabilities, Needs};
pub use device::{Devices, Disk, Nic};
pub use domain::{Domain, Identity, Role, Stat, State};
pub use error::{Error, Result};
pub use host::{Host, Node};
pub use instance::Instance;
pub use memory::Memory;
pub use name::name_from_bytes;
pub use notification::{DeviceClass, Notification, NotificationKind};
pub use rows::Rows;
pub use snapshot::Snapshot;
pub use timestamps::Timestamps;
pub use uuid::Uuid;
pub use vcpu::{Vcpu, VcpuState};
