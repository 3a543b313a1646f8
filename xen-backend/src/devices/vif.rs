//! A network interface that this domain's kernel serves (`xen-netback`).

use std::fs;
use std::io;
use std::path::Path;

use virtmon_model::{Nic, name_from_bytes};

use super::netlink::LinkStats;

/// The interface in this domain that belongs to a guest's NIC.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Vif {
    /// Current name: `vif3.0`, or that of `vifname=` in the guest's configuration.
    pub(crate) name: String,
    /// Interface index. A rename does not change it, and the kernel does not reuse it soon.
    pub(crate) index: u32,
    /// True if QEMU's tap device for an emulated NIC exists.
    has_emulated: bool,
}

impl Vif {
    /// Finds the interface of device `devid` of a domain below `/sys/bus/xen-backend/devices`. It is
    /// the child of the device, under any name. The error is `ENOENT` if this kernel does not serve
    /// the device, or not yet.
    ///
    /// The tap device of an emulated NIC (`vif3.0-emu`) is not a child of the device, so it is not
    /// counted.
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
        // libxl appends this suffix to the vif's name (`TAP_DEVICE_SUFFIX`).
        let tap = format!("/sys/class/net/{name}-emu");
        Ok(Self {
            has_emulated: Path::new(&tap).exists(),
            name,
            index,
        })
    }

    /// Fills in the counters from the guest's side: packets that the host received are those that
    /// the guest sent.
    ///
    /// A guest with an emulated NIC that has sent no packet through its vif may be using the
    /// emulated NIC. Then its counters are unknown, not 0.
    pub(crate) fn fill(&self, nic: &mut Nic, host: &LinkStats) {
        if self.has_emulated && host.rx_packets == 0 {
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

    fn vif(has_emulated: bool) -> Vif {
        Vif {
            name: "vif3.0".into(),
            index: 9,
            has_emulated,
        }
    }

    #[test]
    fn packets_that_the_host_received_are_those_that_the_guest_sent() {
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
    fn a_guest_that_may_use_its_emulated_nic_has_unknown_counters() {
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
    fn the_interface_is_the_child_of_the_device_under_any_name() {
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
