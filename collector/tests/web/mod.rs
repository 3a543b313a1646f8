//! Runs that serve HTTP, and a client without politeness.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A run that serves, ended by its process id.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    stderr: BufReader<ChildStderr>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// Starts a command that listens, and waits for its address.
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut server = Self {
            child,
            address: String::new(),
            stderr,
        };
        let mut said = String::new();
        while server.address.is_empty() {
            let start = said.len();
            let read = server.stderr.read_line(&mut said).unwrap();
            assert!(read > 0, "it does not listen: {said}");
            if let Some((_, url)) = said[start..].split_once("listening on ") {
                let url = url.trim().trim_end_matches('/');
                url.rsplit('/')
                    .next()
                    .unwrap()
                    .clone_into(&mut server.address);
            }
        }
        server
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        // A test that hangs is worse than one that fails.
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
    }

    /// The response to a request with these headers, each ended by CRLF.
    pub(crate) fn get(&self, path: &str, headers: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    /// Metrics of the last tick, in OpenMetrics.
    pub(crate) fn metrics(&self) -> String {
        let answer = self.get("/metrics", "Accept: application/openmetrics-text\r\n");
        assert_eq!(answer.status, 200, "{answer:?}");
        String::from_utf8(answer.body).unwrap()
    }

    /// Ends the run as a service manager does. The result is its status, and what it wrote to stderr.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        kill(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGTERM,
        )
        .unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }

    /// Waits for the end of the run.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Self {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: bytes[end + 4..].to_vec(),
        }
    }
}

/// Number of a sample with this name and these labels, or its beginning.
pub(crate) fn value(metrics: &str, sample: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(sample))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Seconds since 1970 of a time in the CSV, as a reader of the metrics has them.
pub(crate) fn seconds(time: &str) -> f64 {
    let time = humantime::parse_rfc3339(time).unwrap();
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
        .parse()
        .unwrap()
}

/// A number of ns as seconds, in text: a division of doubles would round twice.
pub(crate) fn decimal(ns: &str) -> String {
    let ns: u64 = ns.parse().unwrap();
    format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)
}
