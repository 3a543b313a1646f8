//! TLS, with a certificate from files.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_export::output::Output;
use virtmon_http::listen::Listening;
use virtmon_http::metrics;
use virtmon_http::output::{HttpOutput, Settings};
use virtmon_model::{Needs, Snapshot};

fn offer(output: &mut HttpOutput, number: u64) {
    let tick = Tick {
        number,
        mono_ns: number,
        wall: UNIX_EPOCH,
        late_ns: 0,
        sample_ns: 0,
        missed: 0,
    };
    output.offer(&Frame::new(tick, &Snapshot::default(), &[]));
}

/// The response to a request, over TLS.
fn get(address: &str, certificate: &[u8]) -> String {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap());
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut tls = StreamOwned::new(client.unwrap(), stream);
    tls.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = Vec::new();
    // A server need not say goodbye.
    let _ = tls.read_to_end(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn metrics_are_served_over_tls_and_not_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = own.cert.pem();
    fs::write(dir.path().join("cert.pem"), &certificate).unwrap();
    fs::write(dir.path().join("key.pem"), own.signing_key.serialize_pem()).unwrap();
    let config = dir.path().join("web.yml");
    fs::write(
        &config,
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n",
    )
    .unwrap();
    let listening = Listening::open("127.0.0.1:0".parse().unwrap(), Some(&config)).unwrap();
    let url = listening.url();
    let address = url
        .strip_prefix("https://")
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let settings = Settings {
        needs: Needs::default(),
        interval: Duration::from_secs(60),
        host: String::new(),
        warn: |line| panic!("{line}"),
    };
    let routes = metrics::routes(&[], false);
    let mut output = HttpOutput::start(listening, routes, settings).unwrap();
    // The server may still be about to ask for the first tick.
    let answer = std::thread::scope(|scope| {
        let client = scope.spawn(|| get(&address, certificate.as_bytes()));
        let mut number = 0;
        while !client.is_finished() {
            offer(&mut output, number);
            number += 1;
            std::thread::sleep(Duration::from_millis(1));
        }
        client.join().unwrap()
    });
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\nvirtmon_up 1\n"));
    // Plain HTTP gets no answer that is one.
    let mut plain = TcpStream::connect(&address).unwrap();
    plain
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    plain
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    output.close(&mut || false).unwrap();
    assert!(
        TcpStream::connect(&address).is_err(),
        "the port is free again"
    );
}
