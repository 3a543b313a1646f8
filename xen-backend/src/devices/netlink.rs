//! Messages of rtnetlink with the counters of network interfaces: all of a host in one dump.
//!
//! `RTM_GETSTATS` (kernel 4.7 and later) with the filter `IFLA_STATS_LINK_64` answers with 232
//! bytes for each interface: its index and its `struct rtnl_link_stats64`, which holds the same
//! counters as `/sys/class/net/*/statistics`. `RTM_GETLINK` has them too, among one or two kilobytes
//! of other attributes. Layouts: `linux/netlink.h`, `linux/if_link.h`.

/// Size of the request.
pub(crate) const REQUEST_BYTES: usize = HEADER_BYTES + STATS_MSG_BYTES;

/// `struct nlmsghdr`: length, type, flags, sequence number, port.
const HEADER_BYTES: usize = 16;
/// `struct if_stats_msg`: family, padding, interface index, filter.
const STATS_MSG_BYTES: usize = 12;
/// `struct nlattr`: length, type.
const ATTRIBUTE_BYTES: usize = 4;

const NLMSG_ERROR: u16 = 2;
pub(crate) const NLMSG_DONE: u16 = 3;
const RTM_NEWSTATS: u16 = 92;
const RTM_GETSTATS: u16 = 94;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const IFLA_STATS_LINK_64: u16 = 1;

/// The request for a dump. The answers carry the same `sequence`.
pub(crate) fn request(sequence: u32) -> [u8; REQUEST_BYTES] {
    let mut bytes = [0; REQUEST_BYTES];
    bytes[0..4].copy_from_slice(&28u32.to_ne_bytes());
    bytes[4..6].copy_from_slice(&RTM_GETSTATS.to_ne_bytes());
    bytes[6..8].copy_from_slice(&DUMP.to_ne_bytes());
    bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
    // IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)
    bytes[24..28].copy_from_slice(&1u32.to_ne_bytes());
    bytes
}

/// Counters of one interface, from the host's side: `rx` counts what the host received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LinkStats {
    pub(crate) rx_packets: u64,
    pub(crate) tx_packets: u64,
    pub(crate) rx_bytes: u64,
    pub(crate) tx_bytes: u64,
    pub(crate) rx_errors: u64,
    pub(crate) tx_errors: u64,
    pub(crate) rx_dropped: u64,
    pub(crate) tx_dropped: u64,
}

impl LinkStats {
    /// Decodes the first eight words of `struct rtnl_link_stats64`. Later kernels only append words.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let word = |n: usize| u64_at(bytes, n * 8);
        Some(Self {
            rx_packets: word(0)?,
            tx_packets: word(1)?,
            rx_bytes: word(2)?,
            tx_bytes: word(3)?,
            rx_errors: word(4)?,
            tx_errors: word(5)?,
            rx_dropped: word(6)?,
            tx_dropped: word(7)?,
        })
    }
}

/// Result of decoding a datagram of the dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// More datagrams follow.
    More,
    /// It was the last datagram.
    Last,
    /// The kernel refused the request with this errno.
    Refused(i32),
    /// It is truncated, or not a netlink message.
    Invalid,
}

/// Decodes one datagram and passes each interface's index and counters to `link`. Answers to other
/// requests than `sequence` are ignored.
pub(crate) fn decode(
    mut datagram: &[u8],
    sequence: u32,
    mut link: impl FnMut(u32, &LinkStats),
) -> Part {
    while !datagram.is_empty() {
        let Some((kind, this_sequence, body, rest)) = message(datagram) else {
            return Part::Invalid;
        };
        datagram = rest;
        if this_sequence != sequence {
            continue;
        }
        match kind {
            NLMSG_DONE => return Part::Last,
            NLMSG_ERROR => {
                return match body.first_chunk::<4>() {
                    Some(errno) => Part::Refused(i32::from_ne_bytes(*errno).wrapping_neg()),
                    None => Part::Invalid,
                };
            }
            RTM_NEWSTATS => {
                let (Some(index), Some(attributes)) =
                    (u32_at(body, 4), body.get(STATS_MSG_BYTES..))
                else {
                    return Part::Invalid;
                };
                match link_stats(attributes) {
                    Ok(Some(stats)) => link(index, &stats),
                    Ok(None) => {}
                    Err(Truncated) => return Part::Invalid,
                }
            }
            _ => {}
        }
    }
    Part::More
}

/// An attribute is longer than the bytes that are left.
struct Truncated;

fn link_stats(mut attributes: &[u8]) -> Result<Option<LinkStats>, Truncated> {
    while !attributes.is_empty() {
        let (Some(bytes), Some(kind)) = (u16_at(attributes, 0), u16_at(attributes, 2)) else {
            return Err(Truncated);
        };
        let value = attributes
            .get(ATTRIBUTE_BYTES..bytes.into())
            .ok_or(Truncated)?;
        if kind == IFLA_STATS_LINK_64 {
            return LinkStats::decode(value).map(Some).ok_or(Truncated);
        }
        attributes = attributes.get(aligned(bytes.into())..).unwrap_or_default();
    }
    Ok(None)
}

/// The first message of a datagram: its type, sequence number and body, and the bytes after it.
fn message(datagram: &[u8]) -> Option<(u16, u32, &[u8], &[u8])> {
    let bytes = usize::try_from(u32_at(datagram, 0)?).ok()?;
    let body = datagram.get(HEADER_BYTES..bytes)?;
    let rest = datagram.get(aligned(bytes)..).unwrap_or_default();
    Some((u16_at(datagram, 4)?, u32_at(datagram, 8)?, body, rest))
}

/// `NLMSG_ALIGN` and `NLA_ALIGN`.
const fn aligned(bytes: usize) -> usize {
    bytes.next_multiple_of(4)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
pub(crate) mod tests;
