//! The counters of the vifs, by one dump a tick over a netlink socket that stays open.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvmsg, send, socket,
};

use super::netlink::{self, LinkStats, Part};

/// As much as the kernel puts into one datagram of a dump (`SKB_WITH_OVERHEAD(32768)` in
/// `netlink_recvmsg`): 140 interfaces.
const DATAGRAM_BYTES: usize = 32 << 10;

struct Link {
    index: u32,
    stats: Option<LinkStats>,
}

/// The interfaces that are asked for.
#[derive(Default)]
pub(crate) struct Links {
    socket: Option<OwnedFd>,
    datagram: Vec<u8>,
    sequence: u32,
    /// In ascending order of index.
    wanted: Vec<Link>,
}

impl Links {
    /// Makes these interface indices the ones that are read from now on.
    pub(crate) fn want(&mut self, indices: impl Iterator<Item = u32>) {
        self.wanted.clear();
        self.wanted
            .extend(indices.map(|index| Link { index, stats: None }));
        self.wanted.sort_unstable_by_key(|link| link.index);
    }

    /// Reads the counters of all that are wanted; none wanted costs nothing. After an error all
    /// are unknown.
    pub(crate) fn read(&mut self) -> io::Result<()> {
        for link in &mut self.wanted {
            link.stats = None;
        }
        if self.wanted.is_empty() {
            return Ok(());
        }
        let done = self.dump();
        if done.is_err() {
            for link in &mut self.wanted {
                link.stats = None;
            }
            // A dump that was left half way would be in the way of the next (EBUSY).
            self.socket = None;
        }
        done
    }

    /// The counters that were read last; `None` where the interface was not there.
    pub(crate) fn get(&self, index: u32) -> Option<&LinkStats> {
        let place = self.wanted.binary_search_by_key(&index, |link| link.index);
        self.wanted.get(place.ok()?)?.stats.as_ref()
    }

    fn dump(&mut self) -> io::Result<()> {
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => none.insert(route_socket()?),
        };
        let socket = socket.as_raw_fd();
        self.datagram.resize(DATAGRAM_BYTES, 0);
        self.sequence = self.sequence.wrapping_add(1);
        send(socket, &netlink::request(self.sequence), MsgFlags::empty())?;
        loop {
            // The kernel makes the next part of a dump before recv returns, so that there is
            // always one to take; if ever there is none, no tick waits for it.
            let (bytes, sender) = match receive(socket, &mut self.datagram) {
                Err(Errno::EINTR) => continue,
                came => came?,
            };
            // Another process with CAP_NET_ADMIN can send here, too.
            if !is_kernel(sender) {
                continue;
            }
            let datagram = self.datagram.get(..bytes).ok_or(Errno::EMSGSIZE)?;
            let wanted = &mut self.wanted;
            let part = netlink::decode(datagram, self.sequence, |index, stats| {
                if let Ok(place) = wanted.binary_search_by_key(&index, |link| link.index) {
                    wanted[place].stats = Some(*stats);
                }
            });
            match part {
                Part::More => {}
                Part::Last => return Ok(()),
                Part::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
                Part::Garbled => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

/// Receives a datagram, without waiting: how long it was, and who sent it.
fn receive(socket: RawFd, datagram: &mut [u8]) -> nix::Result<(usize, Option<NetlinkAddr>)> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let mut into = [IoSliceMut::new(datagram)];
    let came = recvmsg::<NetlinkAddr>(socket, &mut into, None, flags)?;
    Ok((came.bytes, came.address))
}

/// Whether the kernel sent it: its port is 0, and it gives no other the same.
fn is_kernel(sender: Option<NetlinkAddr>) -> bool {
    sender.is_some_and(|sender| sender.pid() == 0)
}

fn route_socket() -> nix::Result<OwnedFd> {
    socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every Linux has `lo`, and what it sends it receives.
    #[test]
    fn the_loopback_interface_is_read_again_and_again() {
        let index = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
        let index = index.trim().parse().unwrap();
        let mut links = Links::default();
        links.read().unwrap();
        assert!(links.socket.is_none(), "nothing wanted, nothing asked");
        links.want([u32::MAX, index].into_iter());
        for _ in 0..3 {
            links.read().unwrap();
            let stats = links.get(index).unwrap();
            assert_eq!(stats.rx_bytes, stats.tx_bytes);
            assert_eq!(links.get(u32::MAX), None);
            assert_eq!(links.get(index + 1_000_000), None);
        }
    }
    #[test]
    fn what_another_process_sends_is_passed_over() {
        use nix::sys::socket::{getsockname, sendto};

        use super::netlink::tests::{end, newstats};

        let index = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
        let index = index.trim().parse().unwrap();
        let missing = 4_000_000;
        let mut links = Links::default();
        links.want([index, missing].into_iter());
        links.read().unwrap();

        // Another answer to the next request is there before the kernel's.
        let sequence = links.sequence + 1;
        let to: NetlinkAddr = getsockname(links.socket.as_ref().unwrap().as_raw_fd()).unwrap();
        let forger = route_socket().unwrap();
        for forged in [
            newstats(sequence, missing),
            end(sequence, netlink::NLMSG_DONE, 0),
        ] {
            sendto(forger.as_raw_fd(), &forged, &to, MsgFlags::empty()).unwrap();
        }
        links.read().unwrap();
        assert_eq!(links.get(missing), None);
        assert!(links.get(index).is_some());
        assert!(!is_kernel(None) && !is_kernel(Some(to)));
    }
}
