//! Answer of `XEN_DOMCTL_get_domain_state`.

use super::bytes::{u16_at, u64_at};

/// Fields of `xen_domctl_get_domain_state` that virtmon reads. Xen 4.21 and later have this call, with
/// a stable layout (`public/domctl.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DomainState {
    /// Capabilities of the domain (`XEN_DOMCTL_GETDOMSTATE_CAP_*`).
    pub caps: u16,
    /// Xen's number for this incarnation of the domain. It is unique since the start of Xen.
    pub unique_id: u64,
}

impl DomainState {
    /// Size up to the end of `unique_id`.
    const BYTES: usize = 16;

    /// Decodes the fields; `None` if `bytes` is too short.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<{ Self::BYTES }>()?;
        Some(Self {
            caps: u16_at(bytes, 2),
            unique_id: u64_at(bytes, 8),
        })
    }

    /// True if this is a control domain (`_CAP_CONTROL`).
    #[must_use]
    pub const fn is_control(&self) -> bool {
        self.caps & 1 != 0
    }

    /// True if this is the hardware domain (`_CAP_HARDWARE`).
    #[must_use]
    pub const fn is_hardware(&self) -> bool {
        self.caps & 2 != 0
    }

    /// True if this domain runs xenstore (`_CAP_XENSTORE`).
    #[must_use]
    pub const fn is_xenstore(&self) -> bool {
        self.caps & 4 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_decoded_from_its_offset() {
        let bytes: Vec<u8> = (1..=16).collect();
        let state = DomainState::decode(&bytes).unwrap();
        assert_eq!(state.caps, 0x0403);
        assert_eq!(state.unique_id, 0x100f_0e0d_0c0b_0a09);
        assert!(state.is_control() && state.is_hardware() && !state.is_xenstore());
        assert_eq!(DomainState::decode(&bytes[..15]), None);
    }
}
