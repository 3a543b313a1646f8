//! The raw control ABI of Xen: layouts of the public headers, and the calls that use them.
//!
//! - [`abi`]: the layouts of each interface version, and decoders of bytes. No calls.
//! - [`Privcmd`]: hypercalls through the kernel's device, into [`HypercallBuffer`]s that are kept.
//! - [`Xenctrl`]: libxenctrl, loaded at run time.
//! - [`xs_wire`]: constants of the xenstore protocol. No calls.
//!
//! The README of this crate describes the generated bindings, and the reason for not using
//! `xenctrl-sys`.
//!
//! ```
//! use xen_sys::abi::{Abi, DomainInfo};
//!
//! // The newest interface version, and an entry of its list: domain 3 with 1 s of CPU time.
//! let abi = Abi::ALL[Abi::ALL.len() - 1];
//! let mut entry = vec![0; abi.domaininfo_bytes];
//! entry[0] = 3;
//! entry[56..64].copy_from_slice(&1_000_000_000u64.to_le_bytes());
//!
//! let info = DomainInfo::decode(&entry).expect("the entry is long enough");
//! assert_eq!((info.domain, info.cpu_time), (3, 1_000_000_000));
//! ```

pub mod abi;
mod bindings;
mod buffer;
mod logger;
mod privcmd;
mod xenctrl;
pub mod xs_wire;

pub use buffer::{HypercallBuffer, Memory};
pub use privcmd::{Privcmd, PrivcmdError};
pub use xenctrl::{OpenError, Xenctrl};
