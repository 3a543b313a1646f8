//! Counters of all vifs: one netlink dump per tick over a socket that stays open.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvmsg, send, socket,
};

use super::netlink::{self, LinkStats, Part};

/// Size that the kernel uses at most for one datagram of a dump (`SKB_WITH_OVERHEAD(32768)` in
/// `netlink_recvmsg`): 140 interfaces.
const DATAGRAM_BYTES: usize = 32 << 10;

struct Link {
    index: u32,
    stats: Option<LinkStats>,
}

/// The selected interfaces.
#[derive(Default)]
pub(crate) struct Links {
    socket: Option<OwnedFd>,
    datagram: Vec<u8>,
    sequence: u32,
    /// In ascending order of index.
    selected: Vec<Link>,
}

impl Links {
    /// Selects the interfaces to read, by their indices.
    pub(crate) fn select(&mut self, indices: impl Iterator<Item = u32>) {
        self.selected.clear();
        self.selected
            .extend(indices.map(|index| Link { index, stats: None }));
        self.selected.sort_unstable_by_key(|link| link.index);
    }

    /// Reads the counters of the selected interfaces. Without any, there is no system call. After an
    /// error all counters are unknown.
    pub(crate) fn read(&mut self) -> io::Result<()> {
        for link in &mut self.selected {
            link.stats = None;
        }
        if self.selected.is_empty() {
            return Ok(());
        }
        let done = self.dump();
        if done.is_err() {
            for link in &mut self.selected {
                link.stats = None;
            }
            // An incomplete dump on this socket would make the next one fail with EBUSY.
            self.socket = None;
        }
        done
    }

    /// The counters of the last read; `None` if the interface did not exist.
    pub(crate) fn get(&self, index: u32) -> Option<&LinkStats> {
        let place = self
            .selected
            .binary_search_by_key(&index, |link| link.index);
        self.selected.get(place.ok()?)?.stats.as_ref()
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
            // The kernel creates the next part of a dump before recv returns, so there is always one
            // to read. If there is none, the read fails and does not wait.
            let (bytes, sender) = match receive(socket, &mut self.datagram) {
                Err(Errno::EINTR) => continue,
                received => received?,
            };
            // Another process with CAP_NET_ADMIN can also send to this socket.
            if !is_kernel(sender) {
                continue;
            }
            let datagram = self.datagram.get(..bytes).ok_or(Errno::EMSGSIZE)?;
            let selected = &mut self.selected;
            let part = netlink::decode(datagram, self.sequence, |index, stats| {
                if let Ok(place) = selected.binary_search_by_key(&index, |link| link.index) {
                    selected[place].stats = Some(*stats);
                }
            });
            match part {
                Part::More => {}
                Part::Last => return Ok(()),
                Part::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
                Part::Invalid => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

/// Receives a datagram, without blocking. Returns its length and its sender.
fn receive(socket: RawFd, datagram: &mut [u8]) -> nix::Result<(usize, Option<NetlinkAddr>)> {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let mut into = [IoSliceMut::new(datagram)];
    let received = recvmsg::<NetlinkAddr>(socket, &mut into, None, flags)?;
    Ok((received.bytes, received.address))
}

/// True if the kernel is the sender: its port is 0, and no other socket gets that port.
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

    /// Every Linux has `lo`, which receives all that it sends.
    #[test]
    fn the_loopback_interface_can_be_read_many_times() {
        let index = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
        let index = index.trim().parse().unwrap();
        let mut links = Links::default();
        links.read().unwrap();
        assert!(links.socket.is_none(), "no interface, no dump");
        links.select([u32::MAX, index].into_iter());
        for _ in 0..3 {
            links.read().unwrap();
            let stats = links.get(index).unwrap();
            assert_eq!(stats.rx_bytes, stats.tx_bytes);
            assert_eq!(links.get(u32::MAX), None);
            assert_eq!(links.get(index + 1_000_000), None);
        }
    }

    #[test]
    fn datagrams_of_another_process_are_ignored() {
        use nix::sys::socket::{getsockname, sendto};

        use super::netlink::tests::{end, newstats};

        let index = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
        let index = index.trim().parse().unwrap();
        let missing = 4_000_000;
        let mut links = Links::default();
        links.select([index, missing].into_iter());
        links.read().unwrap();

        // A forged answer to the next request arrives before the kernel's answer.
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
