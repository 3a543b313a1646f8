//! Entry point of the fuzz targets: the code that handles messages of xenstore.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use virtmon_model::{Domain, Identity, Rows, Uuid};

use crate::devices::domains::Devices;
use crate::node_updates::NodeUpdates;
use crate::warning;
use crate::xenstore::domains::XenstoreDomains;
use crate::xenstore::mirror::state::Mirror;

/// Mirrors three domains over a connection on which these bytes arrive, a piece of them after each
/// round of requests.
///
/// # Panics
/// There are no sockets, or the queues are not bounded.
#[expect(clippy::expect_used, reason = "a fuzz target ends at the first fault")]
pub fn xenstore(data: &[u8]) {
    let (here, mut there) = UnixStream::pair().expect("there are sockets");
    for socket in [&here, &there] {
        socket
            .set_nonblocking(true)
            .expect("sockets can be non-blocking");
    }
    let mut mirror = Mirror::from_socket(here.into());
    let (mut xenstore_domains, mut devices) = (XenstoreDomains::default(), Devices::open());
    let mut domains: Vec<Domain> = [0, 3, 0x7fef].into_iter().map(domain).collect();
    let mut warnings = Rows::default();
    for (round, piece) in data.chunks(512).enumerate() {
        if round % 4 == 3 {
            // Another domain has this domid now.
            domains[1].identity.uuid = Uuid::from_u128(round as u128);
        }
        mirror.sync(&domains);
        xenstore_domains.sync(&domains);
        devices.sync(&domains);
        // The socket accepts no more bytes than its buffer holds.
        let is_sent = there.write(piece).is_ok();
        let mut updates = NodeUpdates {
            domains: &mut xenstore_domains,
            devices: &mut devices,
        };
        let mut is_alive = |identity: Identity| identity.id != 0x7fef || round % 2 == 0;
        if round % 2 == 0 {
            mirror.exchange(&mut updates, &mut is_alive);
        } else {
            let until = Instant::now() + Duration::from_secs(1);
            mirror.drain(until, &mut updates, &mut is_alive);
        }
        mirror.warnings(&mut |text| warning::push(&mut warnings, text));
        warnings.clear();
        xenstore_domains.update(&mut domains, true);
        devices.update(&mut domains, true, &mut warnings, mirror.is_connected());
        warnings.clear();
        let queued = mirror.queued_bytes();
        assert!(queued < 1 << 20, "{queued} bytes are queued");
        let _ = there.read(&mut [0; 64 << 10]);
        if !is_sent || !mirror.is_connected() {
            return;
        }
    }
}

fn domain(id: u32) -> Domain {
    let mut domain = Domain::default();
    domain.identity.id = id;
    domain
}
