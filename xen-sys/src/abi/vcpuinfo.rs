//! Answer of `XEN_DOMCTL_getvcpuinfo`.

use super::bytes::{u32_at, u64_at};

/// Fields of `xen_domctl_getvcpuinfo`. Their offsets are the same in every known version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VcpuInfo {
    /// True if the guest has brought the vCPU up.
    pub online: bool,
    /// True if the vCPU waits for an event.
    pub blocked: bool,
    /// True if the vCPU is running on a pCPU.
    pub running: bool,
    /// CPU time used by the vCPU, in ns, since it was created.
    pub cpu_time: u64,
    /// Number of the pCPU on which the vCPU runs, or ran last.
    pub cpu: u32,
}

impl VcpuInfo {
    /// Size of the structure.
    pub const BYTES: usize = 24;

    /// Decodes the fields; `None` if `bytes` is too short.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<{ Self::BYTES }>()?;
        Some(Self {
            online: bytes[4] != 0,
            blocked: bytes[5] != 0,
            running: bytes[6] != 0,
            // Xen can leave the same flag set as in the CPU time of a domain.
            cpu_time: u64_at(bytes, 8) & !(1 << 63),
            cpu: u32_at(bytes, 16),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;
    use crate::bindings::xen_domctl_getvcpuinfo as raw;

    #[test]
    fn the_offsets_are_those_of_the_headers() {
        assert_eq!(size_of::<raw>(), VcpuInfo::BYTES);
        assert_eq!(offset_of!(raw, vcpu), 0);
        assert_eq!(offset_of!(raw, online), 4);
        assert_eq!(offset_of!(raw, blocked), 5);
        assert_eq!(offset_of!(raw, running), 6);
        assert_eq!(offset_of!(raw, cpu_time), 8);
        assert_eq!(offset_of!(raw, cpu), 16);
    }

    #[test]
    fn every_field_is_decoded_from_its_offset() {
        let mut bytes: Vec<u8> = (1..=24).collect();
        (bytes[5], bytes[15]) = (0, 0x90);
        let info = VcpuInfo::decode(&bytes).unwrap();
        assert!(info.online && !info.blocked && info.running);
        assert_eq!(info.cpu_time, 0x100f_0e0d_0c0b_0a09);
        assert_eq!(info.cpu, 0x1413_1211);
        assert_eq!(VcpuInfo::decode(&bytes[..23]), None);
    }
}
