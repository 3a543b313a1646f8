use super::*;

/// A message of a dump with a distinct value in every field.
pub(crate) fn newstats(sequence: u32, index: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(232u32.to_ne_bytes());
    bytes.extend(RTM_NEWSTATS.to_ne_bytes());
    bytes.extend(2u16.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(4711u32.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(index.to_ne_bytes());
    bytes.extend(1u32.to_ne_bytes());
    bytes.extend(204u16.to_ne_bytes());
    bytes.extend(IFLA_STATS_LINK_64.to_ne_bytes());
    for word in 1..=25u64 {
        bytes.extend((u64::from(index) * 1000 + word).to_ne_bytes());
    }
    assert_eq!(bytes.len(), 232);
    bytes
}

pub(crate) fn end(sequence: u32, kind: u16, errno: i32) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(20u32.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(2u16.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(errno.to_ne_bytes());
    bytes
}

fn decoded(datagram: &[u8]) -> (Part, Vec<(u32, LinkStats)>) {
    let mut links = Vec::new();
    let part = decode(datagram, 7, |index, stats| links.push((index, *stats)));
    (part, links)
}

#[test]
fn every_field_has_its_place() {
    let datagram = [
        newstats(7, 2),
        newstats(6, 3),
        newstats(7, 12),
        end(7, NLMSG_DONE, 0),
    ];
    let (part, links) = decoded(&datagram.concat());
    assert_eq!(part, Part::Last);
    let stats = |base: u64| LinkStats {
        rx_packets: base + 1,
        tx_packets: base + 2,
        rx_bytes: base + 3,
        tx_bytes: base + 4,
        rx_errors: base + 5,
        tx_errors: base + 6,
        rx_dropped: base + 7,
        tx_dropped: base + 8,
    };
    assert_eq!(links, [(2, stats(2000)), (12, stats(12_000))]);
    assert_eq!(decoded(&newstats(7, 2)).0, Part::More);
}

#[test]
fn a_refusal_has_its_errno() {
    assert_eq!(decoded(&end(7, NLMSG_ERROR, -95)).0, Part::Refused(95));
}

#[test]
fn truncated_and_random_bytes_are_invalid_and_never_read_past() {
    let whole = newstats(7, 2);
    for bytes in 1..whole.len() {
        assert_eq!(decoded(&whole[..bytes]).0, Part::Invalid, "{bytes}");
    }
    for at in 0..whole.len() {
        for value in [0, 1, 3, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            decoded(&damaged);
        }
    }
    assert_eq!(decoded(&[0; 64]).0, Part::Invalid);
}

#[test]
fn the_request_has_its_length_and_sequence() {
    let request = request(7);
    assert_eq!(u32_at(&request, 0), u32::try_from(request.len()).ok());
    assert_eq!(u32_at(&request, 8), Some(7));
}
