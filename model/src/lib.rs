//! The vocabulary of virtmon: what a hypervisor host looks like at one moment.
//!
//! A [`Backend`] fills a [`Snapshot`]; everything downstream reads it. Values are raw and
//! cumulative, in SI base units named in the field (`_ns`, `_bytes`), and `None` where the
//! hypervisor does not tell: never a zero in place of an unknown.
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
