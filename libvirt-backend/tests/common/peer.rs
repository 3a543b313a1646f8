//! A daemon that is reached through a peer of the test's, which may be slow or fall silent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Passes connections on to the daemon of this host. Those of a life that is over are never heard of
/// again, and stay.
#[derive(Default)]
pub(crate) struct Peer {
    /// Odd is a life in which it answers.
    pub(crate) life: AtomicUsize,
    /// Connections that virtmon has not ended.
    pub(crate) open: AtomicUsize,
    /// How long every connection but the first waits for its first answer, in ms.
    pub(crate) slow_ms: AtomicU64,
    pub(crate) clients: Mutex<Vec<(usize, TcpStream)>>,
}

impl Peer {
    /// Starts listening, and returns the URI of what is behind it.
    pub(crate) fn start(self: &Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let listens = Arc::clone(self);
        spawn(move || listens.listen(&listener));
        format!("qemu+tcp://127.0.0.1:{port}/system")
    }

    /// Connections so far.
    pub(crate) fn accepted(&self) -> usize {
        self.clients.lock().unwrap().len()
    }

    fn listen(self: Arc<Self>, listener: &TcpListener) {
        for (number, client) in listener.incoming().flatten().enumerate() {
            let slow_ms = if number > 0 {
                self.slow_ms.load(SeqCst)
            } else {
                0
            };
            let life = self.life.load(SeqCst);
            self.open.fetch_add(1, SeqCst);
            let kept = client.try_clone().unwrap();
            self.clients.lock().unwrap().push((life, kept));
            let daemon = UnixStream::connect("/run/libvirt/libvirt-sock-ro").unwrap();
            let (to_client, from_daemon) =
                (client.try_clone().unwrap(), daemon.try_clone().unwrap());
            let (there, back) = (Arc::clone(&self), Arc::clone(&self));
            spawn(move || {
                sleep(Duration::from_millis(slow_ms));
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
    pub(crate) fn end_the_old(&self) {
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
