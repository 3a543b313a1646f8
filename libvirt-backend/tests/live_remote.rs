//! A remote host: libvirt's own remote protocol over TCP, with a delay for each message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

/// Delay of a message of the client.
const DELAY: Duration = Duration::from_millis(60);

/// Number of calls of libvirt's remote protocol. Each begins with its length and its program.
fn calls(mut bytes: &[u8]) -> usize {
    const REMOTE: [u8; 4] = 0x2000_8086_u32.to_be_bytes();
    let mut count = 0;
    while let Some((len, rest)) = bytes.split_first_chunk() {
        count += usize::from(rest.starts_with(&REMOTE));
        let len = u32::from_be_bytes(*len) as usize;
        bytes = bytes.get(len.max(4)..).unwrap_or_default();
    }
    count
}

/// Forwards data, each piece after a delay. Counts the calls that share a piece with others: a client that
/// waits for each reply sends none.
fn forward(mut from: impl Read, mut to: impl Write, delay: Duration, together: &AtomicUsize) {
    let mut bytes = [0; 65536];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        together.fetch_add(calls(&bytes[..len]).saturating_sub(1), SeqCst);
        sleep(delay);
        if to.write_all(&bytes[..len]).is_err() {
            return;
        }
    }
}

fn connect(client: TcpStream, together: Arc<AtomicUsize>) {
    let daemon = UnixStream::connect("/run/libvirt/libvirt-sock-ro").unwrap();
    let (to_client, from_daemon) = (client.try_clone().unwrap(), daemon.try_clone().unwrap());
    let end = client.try_clone().unwrap();
    spawn(move || forward(&client, &daemon, DELAY, &together));
    spawn(move || {
        forward(
            &from_daemon,
            &to_client,
            Duration::ZERO,
            &AtomicUsize::new(0),
        );
        let _ = end.shutdown(Shutdown::Both);
    });
}

/// A port that forwards to the daemon with a delay, and the number of calls that were sent with others.
fn remote() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let together = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&together);
    spawn(move || {
        let clients = listener.incoming().flatten();
        clients.for_each(|client| connect(client, Arc::clone(&counts)));
    });
    (port, together)
}

/// The daemon also has the test driver, which takes calls for each domain.
#[test]
#[ignore = "needs a libvirtd: make test"]
fn domains_that_take_calls_of_their_own_are_queried_in_parallel() {
    const DOMAINS: usize = 8;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("node.xml");
    let mut xml = "<node>".to_owned();
    for n in 0..DOMAINS {
        write!(
            xml,
            "<domain type='test'><name>web{n}</name><memory>65536</memory><os><type>hvm</type></os>
            <devices><interface type='network'><source network='default'/><target dev='web{n}'/></interface>
            <disk type='file' device='disk'><source file='/tmp/web.img'/><target dev='vda'/></disk>
            </devices></domain>"
        )
        .unwrap();
    }
    fs::write(&file, xml + "</node>").unwrap();
    let (port, together) = remote();
    let uri = format!("test+tcp://127.0.0.1:{port}{}", file.display());
    let mut backend = LibvirtBackend::open(Some(&uri), &Options::default()).unwrap();
    let mut snapshot = Snapshot::default();
    common::sample(&mut backend, &mut snapshot);
    assert_eq!(snapshot.domains.len(), DOMAINS);
    for row in &*snapshot.domains {
        assert!(row.cpu_time_ns.is_some(), "{row:?}");
        assert!(row.nics.rows[0].rx_bytes.is_some() && row.disks.rows[0].rd_bytes.is_some());
    }
    assert!(together.load(SeqCst) > 0);
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn the_duration_of_a_remote_sample_contains_the_delay() {
    let (port, _) = remote();
    let options = Options::default();
    let mut local = LibvirtBackend::open(Some("qemu:///system"), &options).unwrap();
    let uri = format!("qemu+tcp://127.0.0.1:{port}/system");
    let mut remote = LibvirtBackend::open(Some(&uri), &options).unwrap();
    let (mut local_snapshot, mut remote_snapshot) = (Snapshot::default(), Snapshot::default());
    local.sample(&mut local_snapshot).unwrap();
    for _ in 0..3 {
        let start = Instant::now();
        remote.sample(&mut remote_snapshot).unwrap();
        // Two calls, one after the other.
        assert!(start.elapsed() >= 2 * DELAY, "{:?}", start.elapsed());
    }
    assert!(local_snapshot.domains.len() >= 2);
    let names = |snapshot: &Snapshot| -> Vec<_> {
        let row = |row: &virtmon_model::Domain| (row.identity, row.name.clone(), row.mem_bytes);
        snapshot.domains.iter().map(row).collect()
    };
    assert_eq!(names(&local_snapshot), names(&remote_snapshot));
    assert!(remote_snapshot.domains.iter().all(|row| row.stale_ns == 0));
}
