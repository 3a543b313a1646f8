//! The thread of the connections.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener as Listener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::answer::Site;
use crate::connection;

/// Largest number of connections. More of them wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 64;
/// Time until the next attempt if no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest time that a check of a password may delay the end.
const END_TIME: Duration = Duration::from_millis(500);

/// The server, before its thread starts.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    pub(crate) socket: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) site: Arc<Site>,
    /// Ends the server when its other half is dropped.
    pub(crate) end: oneshot::Receiver<()>,
}

/// The event loop of a thread: one thread for all connections, and one at times that checks passwords.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(1)
        .thread_name("http-passwords")
        .build()
}

impl Server {
    /// Serves until the end is requested. `warn` gets a line if the socket fails.
    pub(crate) fn run(self, warn: fn(&str)) {
        let Self {
            runtime,
            socket,
            tls,
            site,
            end,
        } = self;
        runtime.block_on(async {
            tokio::select! {
                biased;
                _ = end => {}
                failed = accept(socket, tls, site) => {
                    if let Err(error) = failed {
                        warn(&format!("the HTTP server has ended: {error}"));
                    }
                }
            }
        });
        runtime.shutdown_timeout(END_TIME);
    }
}

async fn accept(socket: TcpListener, tls: Option<TlsAcceptor>, site: Arc<Site>) -> io::Result<()> {
    let listener = Listener::from_std(socket)?;
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else {
            return Ok(());
        };
        let Ok((stream, _)) = listener.accept().await else {
            // The client has left already, or the process has no descriptor left.
            sleep(PAUSE).await;
            continue;
        };
        let (tls, site) = (tls.clone(), Arc::clone(&site));
        tokio::spawn(async move {
            connection::serve(stream, tls, site).await;
            drop(permit);
        });
    }
}
