//! `--listen`: what it serves, what it refuses, and clients that mean no good.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;
mod libvirt;
mod runs;
mod web;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use runs::{place, refused, until, virtmon};
use web::{Server, value};

/// A run of the test driver that listens.
fn serve(dir: &Path, options: &[&str]) -> Server {
    let source = ["--uri", "test:///default", "--listen", "127.0.0.1:0"];
    Server::start(&mut virtmon(dir, &[&source, options].concat()))
}

/// A paced replay of five guests that listens.
fn serve_replay(dir: &Path, options: &[&str]) -> Server {
    let source = [
        "--replay",
        "in.vmrec",
        "--replay-speed",
        "1",
        "--listen",
        "127.0.0.1:0",
    ];
    Server::start(&mut virtmon(dir, &[&source, options].concat()))
}

#[test]
fn metrics_are_the_values_of_the_tick_in_the_csv() {
    let dir = tempfile::tempdir().unwrap();
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings/xen.vmrec");
    let source = [
        "--replay",
        recording.to_str().unwrap(),
        "--replay-speed",
        "1",
    ];
    let options = [
        "--replay-from",
        "38",
        "--listen",
        "127.0.0.1:0",
        "--csv",
        "out.csv",
    ];
    let server = Server::start(virtmon(dir.path(), &source).args(options));
    let mut seen = BTreeMap::new();
    until("four ticks are seen", || {
        let metrics = server.metrics();
        let time = value(&metrics, "virtmon_tick_timestamp_seconds").unwrap();
        seen.insert(time.to_string(), metrics);
        seen.len() == 4
    });
    assert!(server.wait().success());
    let text = fs::read(dir.path().join("out.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(&*text);
    let names = reader.headers().unwrap().clone();
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    let mut compared = 0;
    for row in reader.records() {
        let row = row.unwrap();
        let time = web::seconds(&row[at("time")]);
        let Some(metrics) = seen.get(&time.to_string()) else {
            continue;
        };
        let (uuid, id, name) = (&row[at("uuid")], &row[at("id")], &row[at("name")]);
        let labels = format!("{{uuid=\"{uuid}\",guest=\"{name}\",id=\"{id}\"}}");
        let cpu = value(metrics, &format!("virtmon_guest_cpu_seconds_total{labels}"));
        let ns: f64 = row[at("cpu_time_ns")].parse().unwrap();
        assert_eq!(cpu, Some(ns / 1e9), "{labels}");
        let memory = value(metrics, &format!("virtmon_guest_memory_bytes{labels}"));
        assert_eq!(memory, row[at("mem_bytes")].parse().ok(), "{labels}");
        let guests = metrics.matches("virtmon_guest_memory_bytes{").count();
        let rows_of_tick = String::from_utf8_lossy(&text);
        let rows_of_tick = rows_of_tick.matches(&row[at("time")]).count();
        assert_eq!(guests, rows_of_tick, "a guest that has gone has no series");
        compared += 1;
    }
    assert!(compared >= 4, "{compared} rows");
}

#[test]
fn both_forms_and_the_other_paths_are_served_and_standard_output_is_silent() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_virtmon"));
    let options = [
        "--uri",
        "test:///default",
        "--interval",
        "20ms",
        "--listen",
        "127.0.0.1:0",
    ];
    let stdout = fs::File::create(dir.path().join("stdout")).unwrap();
    let server = Server::start(
        command
            .args(options)
            .args(["--detail", "nic,self"])
            .stdout(stdout),
    );
    let text = server.get("/metrics", "");
    assert!(
        text.status == 200
            && text
                .head
                .contains("content-type: text/plain; version=0.0.4")
    );
    let text = String::from_utf8(text.body).unwrap();
    assert!(text.contains("# TYPE virtmon_guest_network_receive_bytes_total counter\n"));
    assert!(text.contains(",device=\"testnet0\"} "));
    assert!(value(&text, "virtmon_cpu_seconds_total").unwrap() > 0.0);
    assert!(server.metrics().ends_with("# EOF\n"));
    let gzip = server.get("/metrics", "Accept-Encoding: gzip\r\n");
    assert!(gzip.head.contains("content-encoding: gzip") && gzip.body.starts_with(&[0x1f, 0x8b]));
    let libvirt = String::from_utf8(server.get("/metrics/libvirt", "").body).unwrap();
    assert_eq!(value(&libvirt, "libvirt_domains_number"), Some(1.0));
    assert_eq!(server.get("/healthz", "").status, 200);
    assert_eq!(server.get("/", "").status, 200);
    assert_eq!(server.get("/other", "").status, 404);
    let (status, said) = server.end();
    assert!(status.success() && said.is_empty(), "{said}");
    assert_eq!(fs::read(dir.path().join("stdout")).unwrap(), b"");
}

#[test]
fn only_reading_is_allowed_and_a_page_of_another_site_reads_nothing() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &["--interval", "20ms"]);
    let head = server.ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(head.status == 200 && head.body.is_empty());
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = server.ask(&format!(
            "{method} /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ));
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.head.contains("allow: get, head"));
    }
    let body = "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET / HTT";
    assert_eq!(server.ask(body).status, 413);
    for (host, status) in [
        ("localhost:19177", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:19177", 421),
        ("", 421),
    ] {
        let request =
            |path| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(server.ask(&request("/")).status, status, "{host}");
        assert_eq!(
            server.ask(&request("/metrics")).status,
            200,
            "scrapers use any name"
        );
    }
    assert!(server.end().0.success());
}

#[test]
fn an_address_or_a_file_that_cannot_be_used_is_one_line() {
    let dir = place();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let run = |options: &[&str]| {
        let source = ["--replay", "in.vmrec"];
        virtmon(dir.path(), &[&source, options].concat())
            .output()
            .unwrap()
    };
    refused(&run(&["--listen", &taken]), 1, "in use");
    refused(&run(&["--listen", "192.0.2.1:19177"]), 1, "192.0.2.1:19177");
    for wrong in [
        "x",
        ":80",
        "127.0.0.1",
        "127.0.0.1:99999",
        "localhost:80",
        "",
    ] {
        refused(&run(&["--listen", wrong]), 2, "an address is a port");
    }
    refused(&run(&["--listen-config", "web.yml"]), 2, "--listen");
    let listen = ["--listen", "127.0.0.1:0", "--listen-config", "web.yml"];
    refused(&run(&listen), 1, "web.yml: No such file");
    for (text, words) in [
        ("basic_auth_users:\n  ann: plain\n", "not a bcrypt hash"),
        (
            "tls_server_config:\n  cert_file: web.yml\n  key_file: web.yml\n",
            "no certificate",
        ),
        ("\u{1b}[2J: 1\n", "\\u{1b}"),
    ] {
        fs::write(dir.path().join("web.yml"), text).unwrap();
        refused(&run(&listen), 1, words);
    }
}

#[test]
fn a_password_or_a_token_is_needed_where_the_file_says_so() {
    let dir = place();
    // The password is "pass".
    let hash = "$2y$04$abcdefghijklmnopqrstuufznL8bkzdtHwLhca4To/v9Lo9bA7fR6";
    let config = format!("basic_auth_users:\n  ann: {hash}\nbearer_token_file: token\n");
    fs::write(dir.path().join("web.yml"), config).unwrap();
    fs::write(dir.path().join("token"), "secret\n").unwrap();
    let server = serve_replay(dir.path(), &["--listen-config", "web.yml"]);
    for path in ["/metrics", "/", "/healthz", "/other"] {
        let answer = server.get(path, "");
        assert!(
            answer.status == 401 && answer.head.contains("www-authenticate: basic"),
            "{path}"
        );
    }
    let bearer = "Authorization: Bearer secret\r\n";
    assert_eq!(server.get("/", bearer).status, 200);
    assert_eq!(
        server.get("/", "Authorization: Bearer other\r\n").status,
        401
    );
    // "ann:pass" and "ann:wrong" in base 64.
    assert_eq!(
        server
            .get("/", "Authorization: Basic YW5uOnBhc3M=\r\n")
            .status,
        200
    );
    assert_eq!(
        server
            .get("/", "Authorization: Basic YW5uOndyb25n\r\n")
            .status,
        401
    );
    assert!(server.end().0.success());
}

#[test]
fn hostile_clients_cost_no_tick_and_no_other_client() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = serve(
        dir.path(),
        &["--interval", "20ms", "--detail", "vcpu,nic,disk,host"],
    );
    // Garbage, and heads without an end.
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    for request in [
        "\0\u{1}\u{2}garbage\r\n\r\n",
        "GET\r\n\r\n",
        "\r\n",
        &long,
        &many,
    ] {
        let mut stream = server.connect();
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{request:.20?}");
    }
    // Readers that take nothing of many responses.
    let slow: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = server.connect();
            let request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(server.get("/healthz", "").status, 200);
    // Connections that say nothing: they take every place, until the time for a head is over.
    let idle: Vec<_> = (0..1000)
        .filter_map(|_| {
            std::net::TcpStream::connect_timeout(
                &server.address.parse().unwrap(),
                std::time::Duration::from_millis(5),
            )
            .ok()
        })
        .collect();
    assert!(idle.len() > 64);
    drop(slow);
    let files = fs::read_dir(format!("/proc/{}/fd", server.child.id()))
        .unwrap()
        .count();
    assert!(files < 200, "{files} descriptors");
    let mut ticks = Vec::new();
    until("the places are free again", || {
        // A scrape waits in the kernel's queue, behind the others.
        let answer = server.get("/metrics", "");
        ticks.push(value(
            &String::from_utf8_lossy(&answer.body),
            "virtmon_ticks_total",
        ));
        answer.status == 200
    });
    assert!(
        ticks.last().unwrap().unwrap() > 10.0,
        "ticks went on: {ticks:?}"
    );
    let (status, said) = server.end();
    assert!(status.success() && !said.contains("dropped"), "{said}");
}
