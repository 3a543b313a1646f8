//! Layouts of Xen's control structures, by release, on x86_64.
//!
//! The decoders take bytes and the interface version as arguments, so any machine can decode the
//! bytes that any Xen wrote. All structures have the same layout on other little-endian 64-bit
//! machines, except for `xen_domctl_getdomaininfo`: with the headers of Xen 4.17 it is 8 bytes longer
//! on aarch64.

mod bytes;
mod domaininfo;
mod domainstate;
mod physinfo;
mod vcpuinfo;
mod version;

pub use domaininfo::DomainInfo;
pub use domainstate::DomainState;
pub use physinfo::PhysInfo;
pub use vcpuinfo::VcpuInfo;
pub use version::{Abi, DOMCTL_VERSIONS, Release};

/// Size of a page, the unit of all counts of pages such as `tot_pages` (`XC_PAGE_SIZE`).
pub const PAGE_BYTES: u64 = 4096;
