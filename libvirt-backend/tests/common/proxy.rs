//! A proxy between virtmon and the daemon, which may be slow or stop answering.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Forwards connections to the daemon of this host, in numbered periods. The connections of a period that is
/// over stay open and get no answer any more.
#[derive(Default)]
pub(crate) struct Proxy {
    /// Number of the current period. The proxy answers in odd periods.
    pub(crate) period: AtomicUsize,
    /// Number of connections that virtmon has not closed.
    pub(crate) open: AtomicUsize,
    /// Time that every connection but the first waits for its first answer, in ms.
    pub(crate) slow_ms: AtomicU64,
    /// The period and the socket of each connection.
    pub(crate) clients: Mutex<Vec<(usize, TcpStream)>>,
}

impl Proxy {
    /// Starts listening, and returns the URI of the daemon behind the proxy.
    pub(crate) fn start(self: &Arc<Self>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Arc::clone(self);
        spawn(move || proxy.listen(&listener));
        format!("qemu+tcp://127.0.0.1:{port}/system")
    }

    /// Number of connections so far.
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
            let period = self.period.load(SeqCst);
            self.open.fetch_add(1, SeqCst);
            let kept = client.try_clone().unwrap();
            self.clients.lock().unwrap().push((period, kept));
            let daemon = UnixStream::connect("/run/libvirt/libvirt-sock-ro").unwrap();
            let (to_client, from_daemon) =
                (client.try_clone().unwrap(), daemon.try_clone().unwrap());
            let (forth, back) = (Arc::clone(&self), Arc::clone(&self));
            spawn(move || {
                sleep(Duration::from_millis(slow_ms));
                forth.forward(period, client, &daemon);
                forth.open.fetch_sub(1, SeqCst);
                let _ = daemon.shutdown(Shutdown::Both);
            });
            spawn(move || back.forward(period, from_daemon, &to_client));
        }
    }

    /// Reads all bytes, and forwards them during the period of the connection if the proxy answers in it.
    fn forward(&self, period: usize, mut from: impl Read, mut to: impl Write) {
        let mut bytes = [0; 65536];
        while let Ok(len @ 1..) = from.read(&mut bytes) {
            let answers = period % 2 == 1 && self.period.load(SeqCst) == period;
            if answers && to.write_all(&bytes[..len]).is_err() {
                return;
            }
        }
    }

    /// Closes the connections of earlier periods.
    pub(crate) fn close_old(&self) {
        let period = self.period.load(SeqCst);
        for (_, old) in self
            .clients
            .lock()
            .unwrap()
            .iter()
            .filter(|(of, _)| *of < period)
        {
            let _ = old.shutdown(Shutdown::Both);
        }
    }
}
