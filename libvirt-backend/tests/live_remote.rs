//! A host that is far away: libvirt's own remote protocol over TCP, each message held up on its way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

/// How long a message of the client is on its way.
const DELAY: Duration = Duration::from_millis(60);

/// Passes on what comes, each piece after a while.
fn pass(mut from: impl Read, mut to: impl Write, delay: Duration) {
    let mut bytes = [0; 65536];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        sleep(delay);
        if to.write_all(&bytes[..len]).is_err() {
            return;
        }
    }
}

fn connect(client: TcpStream) {
    let daemon = UnixStream::connect("/run/libvirt/libvirt-sock-ro").unwrap();
    let (to_client, from_daemon) = (client.try_clone().unwrap(), daemon.try_clone().unwrap());
    let end = client.try_clone().unwrap();
    spawn(move || pass(&client, &daemon, DELAY));
    spawn(move || {
        pass(&from_daemon, &to_client, Duration::ZERO);
        let _ = end.shutdown(Shutdown::Both);
    });
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_host_far_away_is_read_and_its_distance_shows() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(move || listener.incoming().flatten().for_each(connect));

    let options = Options::default();
    let mut near = LibvirtBackend::open(Some("qemu:///system"), &options).unwrap();
    let uri = format!("qemu+tcp://127.0.0.1:{port}/system");
    let mut far = LibvirtBackend::open(Some(&uri), &options).unwrap();
    let (mut here, mut there) = (Snapshot::default(), Snapshot::default());
    near.sample(&mut here).unwrap();
    for _ in 0..3 {
        let began = Instant::now();
        far.sample(&mut there).unwrap();
        // Two calls, one after the other.
        assert!(began.elapsed() >= 2 * DELAY, "{:?}", began.elapsed());
    }
    assert!(here.domains.len() >= 2);
    let names = |snapshot: &Snapshot| -> Vec<_> {
        let row = |row: &virtmon_model::Domain| (row.identity, row.name.clone(), row.mem_bytes);
        snapshot.domains.iter().map(row).collect()
    };
    assert_eq!(names(&here), names(&there));
    assert!(there.domains.iter().all(|row| row.stale_ns == 0));
}
