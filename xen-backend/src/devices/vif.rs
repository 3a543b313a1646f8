//! A network interface that this domain's kernel serves (`xen-netback`).

use std::fs;
use std::io;
use std::path::Path;

use virtmon_model::{Nic, name_from_bytes};

use super::netlink::LinkStats;

/// An interface of this domain that is one end of a guest's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Vif {
    /// What it is called now: `vif3.0`, or as `vifname=` in the guest's configuration has it.
    pub(crate) name: String,
    /// Its number, which no rename changes and the kernel does not soon give again.
    pub(crate) index: u32,
    /// Whether QEMU's tap for the emulated card is beside it.
    emulated: bool,
}

impl Vif {
    /// Finds the interface of device `devid` of a domain below `/sys/bus/xen-backend/devices`:
    /// the one that is the device's child, whatever its name. `ENOENT` where this kernel does not
    /// serve it, or not yet.
    ///
    /// The tap of an emulated card (`vif3.0-emu`) is no child of it, and so is not counted too.
    pub(crate) fn find(backends: &Path, domid: u32, devid: u32) -> io::Result<Self> {
        let net = backends.join(format!("vif-{domid}-{devid}/net"));
        let entry = fs::read_dir(&net)?
            .next()
            .ok_or(io::ErrorKind::NotFound)??;
        let index = fs::read_to_string(entry.path().join("ifindex"))?;
        let index = index.trim_end().parse().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "its ifindex is not a number")
        })?;
        let name = String::from(&*name_from_bytes(entry.file_name().as_encoded_bytes()));
        // libxl adds this to the vif's name (`TAP_DEVICE_SUFFIX`).
        let tap = format!("/sys/class/net/{name}-emu");
        Ok(Self {
            emulated: Path::new(&tap).exists(),
            name,
            index,
        })
    }

    /// Turns what the host counted to the guest's side: what the host received, the guest sent.
    ///
    /// A guest that has not sent a packet through its vif and has an emulated card may be using
    /// that one: then its counters are not known, rather than 0.
    pub(crate) fn fill(&self, nic: &mut Nic, host: &LinkStats) {
        if self.emulated && host.rx_packets == 0 {
            return;
        }
        nic.rx_bytes = Some(host.tx_bytes);
        nic.rx_packets = Some(host.tx_packets);
        nic.rx_errors = Some(host.tx_errors);
        nic.rx_drops = Some(host.tx_dropped);
        nic.tx_bytes = Some(host.rx_bytes);
        nic.tx_packets = Some(host.rx_packets);
        nic.tx_errors = Some(host.rx_errors);
        nic.tx_drops = Some(host.rx_dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: LinkStats = LinkStats {
        rx_packets: 1,
        tx_packets: 2,
        rx_bytes: 3,
        tx_bytes: 4,
        rx_errors: 5,
        tx_errors: 6,
        rx_dropped: 7,
        tx_dropped: 8,
    };

    fn vif(emulated: bool) -> Vif {
        Vif {
            name: "vif3.0".into(),
            index: 9,
            emulated,
        }
    }

    #[test]
    fn what_the_host_received_the_guest_sent() {
        let mut nic = Nic::default();
        vif(false).fill(&mut nic, &HOST);
        let expected = Nic {
            name: String::new(),
            tx_packets: Some(1),
            rx_packets: Some(2),
            tx_bytes: Some(3),
            rx_bytes: Some(4),
            tx_errors: Some(5),
            rx_errors: Some(6),
            tx_drops: Some(7),
            rx_drops: Some(8),
        };
        assert_eq!(nic, expected);
    }

    #[test]
    fn a_guest_that_may_be_on_its_emulated_card_is_unknown() {
        let silent = LinkStats {
            rx_packets: 0,
            ..HOST
        };
        let filled = |vif: Vif, host| {
            let mut nic = Nic::default();
            vif.fill(&mut nic, &host);
            nic.tx_packets
        };
        assert_eq!(filled(vif(true), silent), None);
        assert_eq!(filled(vif(true), HOST), Some(1));
        assert_eq!(filled(vif(false), silent), Some(0));
    }

    #[test]
    fn the_interface_is_the_devices_child_whatever_its_name() {
        let root = tempfile::tempdir().unwrap();
        let missing = Vif::find(root.path(), 3, 10).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let net = root.path().join("vif-3-10/net");
        fs::create_dir_all(net.join("web-front")).unwrap();
        fs::write(net.join("web-front/ifindex"), "17\n").unwrap();
        let vif = Vif::find(root.path(), 3, 10).unwrap();
        assert_eq!((&*vif.name, vif.index), ("web-front", 17));
        fs::write(net.join("web-front/ifindex"), "").unwrap();
        Vif::find(root.path(), 3, 10).unwrap_err();
    }
}
