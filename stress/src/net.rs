//! Network load: packets at a fixed rate.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::load::{Load, counter};
use crate::memory::Random;
use crate::pace::{Pace, paced};
use crate::report::Figure;
use crate::{cli, clock};

/// Creates one thread that sends. The socket is not connected, so that an ICMP error of the receiver
/// ("port unreachable") does not end the load.
pub(crate) fn prepare(request: &cli::Net) -> Result<Load, String> {
    let any: SocketAddr = match request.to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket =
        UdpSocket::bind(any).map_err(|error| format!("can't open a UDP socket: {error}"))?;
    socket
        .set_broadcast(true)
        .map_err(|error| format!("SO_BROADCAST: {error}"))?;
    let mut data = vec![0; request.size.into()];
    Random(1).fill(&mut data);
    let to = request.to;
    let pace = Pace {
        per_second: request.packets.into(),
        unit: 1,
    };
    let (did, shown) = counter();
    let work = paced(
        pace,
        clock::ns(request.end.time),
        did,
        move |_| match socket.send_to(&data, to) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{to}: {error}")),
        },
    );
    let headers = if request.to.is_ipv4() { 20 + 8 } else { 40 + 8 };
    let payload = u64::from(request.size);
    // A monitor may count any of these amounts.
    let figures = [
        ("packets", 1),
        ("payload_bytes", payload),
        ("ip_bytes", payload + headers),
        ("frame_bytes", payload + headers + ETHERNET),
    ];
    Ok(Load {
        name: "net",
        time: request.end.time,
        works: vec![work],
        figures: figures
            .into_iter()
            .map(|(name, each)| Figure {
                name,
                requested: Some(Box::new(move |at| pace.steps_by(at) * each)),
                counters: vec![shown.clone()],
                each,
            })
            .collect(),
    })
}

/// Size of an Ethernet header: two addresses and a type.
const ETHERNET: u64 = 14;
