//! A host that is far away and gone, without a word: what was sent is taken, and nothing comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

/// Passes connections on to the daemon of this host. Those of a life that is over are never heard of
/// again, and stay.
#[derive(Default)]
struct Peer {
    /// Odd is a life in which it answers.
    life: AtomicUsize,
    /// Connections that virtmon has not ended.
    open: AtomicUsize,
    clients: Mutex<Vec<(usize, TcpStream)>>,
}

impl Peer {
    fn listen(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            let life = self.life.load(SeqCst);
            self.open.fetch_add(1, SeqCst);
            let kept = client.try_clone().unwrap();
            self.clients.lock().unwrap().push((life, kept));
            let daemon = UnixStream::connect("/run/libvirt/libvirt-sock-ro").unwrap();
            let (to_client, from_daemon) =
                (client.try_clone().unwrap(), daemon.try_clone().unwrap());
            let (there, back) = (Arc::clone(&self), Arc::clone(&self));
            spawn(move || {
                there.pass(life, client, &daemon);
                there.open.fetch_sub(1, SeqCst);
                let _ = daemon.shutdown(Shutdown::Both);
            });
            spawn(move || back.pass(life, from_daemon, &to_client));
        }
    }

    /// Takes all that comes, and passes it on in its own life, if that is one.
    fn pass(&self, life: usize, mut from: impl Read, mut to: impl Write) {
        let mut bytes = [0; 65536];
        while let Ok(len @ 1..) = from.read(&mut bytes) {
            let answers = life % 2 == 1 && self.life.load(SeqCst) == life;
            if answers && to.write_all(&bytes[..len]).is_err() {
                return;
            }
        }
    }

    /// Ends the connections of the lives before this one.
    fn end_the_old(&self) {
        let life = self.life.load(SeqCst);
        for (_, old) in self
            .clients
            .lock()
            .unwrap()
            .iter()
            .filter(|(of, _)| *of < life)
        {
            let _ = old.shutdown(Shutdown::Both);
        }
    }
}

/// Threads of this process that read.
fn readers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.trim() == "virtmon-libvirt")
        .count()
}

/// Samples until it is so, for two minutes at the most.
fn until(backend: &mut LibvirtBackend, what: &str, mut is_so: impl FnMut(bool) -> bool) {
    let began = Instant::now();
    let mut snapshot = Snapshot::default();
    while !is_so(
        backend
            .sample(&mut snapshot)
            .is_ok_and(|()| !snapshot.domains.is_empty()),
    ) {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "waited for {what} in vain"
        );
        sleep(Duration::from_millis(100));
    }
}

#[test]
#[ignore = "needs a libvirtd with running guests: make test"]
fn a_peer_that_is_gone_without_a_word_is_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = Arc::new(Peer::default());
    peer.life.store(1, SeqCst);
    let listens = Arc::clone(&peer);
    spawn(move || listens.listen(&listener));
    let uri = format!("qemu+tcp://127.0.0.1:{port}/system");
    let mut backend = LibvirtBackend::open(Some(&uri), &Options::default()).unwrap();
    until(&mut backend, "a reading", |is_read| is_read);
    let before = (readers(), peer.open.load(SeqCst));
    assert_eq!(before, (1, 1));

    // Gone: the connection is ended by virtmon, and the next gets no answer either.
    peer.life.store(2, SeqCst);
    let accepted = || peer.clients.lock().unwrap().len();
    until(&mut backend, "another try", |is_read| {
        assert!(!is_read);
        accepted() == 2
    });
    assert_eq!(peer.open.load(SeqCst), 1);

    // Back, at the same port; what was said to it before is not.
    peer.life.store(3, SeqCst);
    until(
        &mut backend,
        "a reading of a peer that is back",
        |is_read| is_read,
    );
    assert_eq!((accepted(), readers(), peer.open.load(SeqCst)), (3, 2, 2));

    // What was left to itself goes with its connection.
    peer.end_the_old();
    until(&mut backend, "the end of what was left", |_| {
        (readers(), peer.open.load(SeqCst)) == before
    });
}
