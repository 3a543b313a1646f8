//! The layouts, release by release, on x86_64 and other little-endian 64-bit machines.
//!
//! The decoders take bytes and the version as arguments: what one Xen wrote, any machine reads.

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

/// Bytes of a page: what `tot_pages` and its kin count (`XC_PAGE_SIZE`).
pub const PAGE_BYTES: u64 = 4096;

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(field(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(field(bytes, at))
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&bytes[at..at + N]);
    field
}
