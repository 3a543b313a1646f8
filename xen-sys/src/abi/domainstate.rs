use super::{u16_at, u64_at};

/// `xen_domctl_get_domain_state`, the fields that virtmon reads: Xen 4.21 and later, a stable layout
/// (`public/domctl.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DomainState {
    /// `XEN_DOMCTL_GETDOMSTATE_CAP_*`: what the domain may do.
    pub caps: u16,
    /// Xen's number for this life of the domain, no two alike since it started.
    pub unique_id: u64,
}

impl DomainState {
    /// Up to the end of `unique_id`.
    const BYTES: usize = 16;

    /// Reads the fields; `None` where `bytes` is shorter than they are.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<{ Self::BYTES }>()?;
        Some(Self {
            caps: u16_at(bytes, 2),
            unique_id: u64_at(bytes, 8),
        })
    }

    /// Whether it is a control domain (`_CAP_CONTROL`).
    #[must_use]
    pub const fn is_control(&self) -> bool {
        self.caps & 1 != 0
    }

    /// Whether it is the hardware domain (`_CAP_HARDWARE`).
    #[must_use]
    pub const fn is_hardware(&self) -> bool {
        self.caps & 2 != 0
    }

    /// Whether it runs xenstore (`_CAP_XENSTORE`).
    #[must_use]
    pub const fn is_xenstore(&self) -> bool {
        self.caps & 4 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_from_its_place() {
        let bytes: Vec<u8> = (1..=16).collect();
        let state = DomainState::decode(&bytes).unwrap();
        assert_eq!(state.caps, 0x0403);
        assert_eq!(state.unique_id, 0x100f_0e0d_0c0b_0a09);
        assert!(state.is_control() && state.is_hardware() && !state.is_xenstore());
        assert_eq!(DomainState::decode(&bytes[..15]), None);
    }
}
