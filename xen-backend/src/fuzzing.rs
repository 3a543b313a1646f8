//! What the fuzz targets call: the part of this crate that reads what others send.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use virtmon_model::{Domain, Rows, Uuid};

use crate::devices::Devices;
use crate::learner::Learner;
use crate::store::Store;
use crate::xenstore::Mirror;

/// Has three domains followed over a connection on which these bytes come, some after each request
/// that goes.
///
/// # Panics
/// There are no sockets, or something is not bounded.
#[expect(
    clippy::expect_used,
    reason = "a fuzz target ends where something is wrong"
)]
pub fn xenstore(data: &[u8]) {
    let (here, mut there) = UnixStream::pair().expect("there are sockets");
    for socket in [&here, &there] {
        socket.set_nonblocking(true).expect("they need not block");
    }
    let mut mirror = Mirror::on(here.into());
    let (mut store, mut devices) = (Store::default(), Devices::open());
    let mut domains: Vec<Domain> = [0, 3, 0x7fef].into_iter().map(domain).collect();
    let mut warnings = Rows::default();
    for (round, piece) in data.chunks(512).enumerate() {
        if round % 4 == 3 {
            // One of them is another's now.
            domains[1].identity.uuid = Uuid::from_u128(round as u128);
        }
        mirror.follow(&domains);
        store.follow(&domains);
        devices.follow(&domains);
        // Its end takes no more than a socket holds.
        let sent = there.write(piece).is_ok();
        let mut learner = Learner(&mut store, &mut devices);
        let mut still = |identity: virtmon_model::Identity| identity.id != 0x7fef || round % 2 == 0;
        if round % 2 == 0 {
            mirror.exchange(&mut learner, &mut still);
        } else {
            mirror.drain(
                Instant::now() + Duration::from_secs(1),
                &mut learner,
                &mut still,
            );
        }
        mirror.warnings(&mut |why| crate::devices::trouble(&mut warnings, why));
        warnings.clear();
        store.give(&mut domains, true);
        devices.give(&mut domains, true, &mut warnings, mirror.is_connected());
        warnings.clear();
        assert!(mirror.held() < 1 << 20, "{} bytes are held", mirror.held());
        let _ = there.read(&mut [0; 64 << 10]);
        if !sent || !mirror.is_connected() {
            return;
        }
    }
}

fn domain(id: u32) -> Domain {
    let mut domain = Domain::default();
    domain.identity.id = id;
    domain
}
