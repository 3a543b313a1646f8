//! Decoders of recordings, by the name of the backend that was recorded.

use libvirt_backend::LibvirtReplay;
use virtmon_model::{Capabilities, Result, Snapshot};
use virtmon_recording::Header;
use xen_backend::XenReplay;

/// Turns the raw bytes of recorded samples into snapshots.
pub(crate) enum Decoder {
    Xen(XenReplay),
    Libvirt(Box<LibvirtReplay>),
}

impl Decoder {
    /// The decoder of a recording; `None` if its backend is not known.
    ///
    /// # Errors
    /// The host metadata in the header is not valid.
    pub(crate) fn new(header: &Header) -> Option<Result<Self>> {
        let metadata = &header.host_metadata;
        match &*header.backend {
            "xen" => Some(XenReplay::new(metadata).map(Self::Xen)),
            "libvirt" => {
                let replay = LibvirtReplay::new(metadata);
                Some(replay.map(|replay| Self::Libvirt(Box::new(replay))))
            }
            _ => None,
        }
    }

    /// Capabilities of the recorded backend.
    pub(crate) fn capabilities(&self) -> Capabilities {
        match self {
            Self::Xen(xen) => xen.capabilities(),
            Self::Libvirt(libvirt) => libvirt.capabilities(),
        }
    }

    /// Decodes a sample; `None` if its bytes are not valid.
    pub(crate) fn decode(&mut self, raw: &[u8], into: &mut Snapshot) -> Option<()> {
        match self {
            Self::Xen(xen) => xen.sample(raw, into),
            Self::Libvirt(libvirt) => libvirt.sample(raw, into),
        }
    }

    /// Approximate memory of the last snapshot, in bytes.
    pub(crate) fn decoded_bytes(&self) -> usize {
        match self {
            Self::Xen(xen) => xen.used_bytes(),
            Self::Libvirt(libvirt) => libvirt.taken(),
        }
    }
}
