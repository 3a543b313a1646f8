//! One connection, with limits for everything that its client decides.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::answer::Site;
use crate::deadline::Deadline;

/// Longest time for the head of a request, from the end of the response before it.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Longest time for a response to be taken.
const SEND_TIME: Duration = Duration::from_secs(30);
/// Longest time to agree on TLS.
const TLS_TIME: Duration = Duration::from_secs(10);
/// Largest size of the head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// Largest number of headers of a request.
const MAX_HEADERS: usize = 64;

/// Serves a connection until it ends. Its errors are the client's.
pub(crate) async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, site: Arc<Site>) {
    // A small answer is not to wait for more. Without it, it is late and no more.
    let _ = stream.set_nodelay(true);
    let stream = Deadline::new(stream, SEND_TIME);
    match tls {
        None => serve_http(stream, site).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(TLS_TIME, tls.accept(stream)).await {
                serve_http(stream, site).await;
            }
        }
    }
}

async fn serve_http(stream: impl AsyncRead + AsyncWrite + Unpin, site: Arc<Site>) {
    let service = service_fn(|request| {
        let site = Arc::clone(&site);
        async move { site.answer(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    // The client has left, or has sent something else than requests.
    let _ = connection.await;
}
