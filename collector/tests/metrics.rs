//! The metrics in the hands of others: Prometheus' own programs and a strict parser (`make metrics`).
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;
mod libvirt;
mod runs;
mod web;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use runs::{until, virtmon};
use web::{Answer, Server, value};

const DETAILS: &str = "vcpu,nic,disk,host,event,self,stat";

/// A program that does not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// The response of another server; `None` while it does not answer.
fn ask(port: u16, path: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    // 1.0: a body without chunks.
    let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    (!bytes.is_empty()).then(|| Answer::parse(&bytes))
}

/// Passes a text to a program, which must accept it and say nothing.
fn accepted(command: &mut Command, text: &[u8]) {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.trim() == "", "{said}");
}

const STRICT: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode()
assert len(list(text_string_to_metric_families(text))) > 3
";

fn check_all(server: Server) {
    let python = env::var("METRICS_PYTHON").unwrap();
    let openmetrics = "Accept: application/openmetrics-text\r\n";
    // All of them before any check: a replay ends.
    let texts = ["/metrics", "/metrics/libvirt"]
        .map(|path| (server.get(path, ""), server.get(path, openmetrics)));
    drop(server);
    for (text, openmetrics) in texts {
        assert_eq!((text.status, openmetrics.status), (200, 200));
        accepted(
            Command::new("promtool").args(["check", "metrics"]),
            &text.body,
        );
        assert!(openmetrics.body.ends_with(b"# EOF\n"));
        accepted(
            Command::new(&python).args(["-c", STRICT]),
            &openmetrics.body,
        );
    }
}

#[test]
#[ignore = "it needs promtool and prometheus_client: make metrics"]
fn promtool_and_the_strict_parser_accept_everything() {
    let dir = tempfile::tempdir().unwrap();
    let names: [&[u8]; 6] = [
        b"plain",
        b"quote \" and \\ backslash",
        b"line\nfeed\r\ttab",
        // As the backend writes bytes that are not UTF-8.
        b"not utf-8 \\xff\\xfe",
        "Grüße 世界 \u{202e}\u{feff}".as_bytes(),
        b"} 1\nvirtmon_up{x=\"",
    ];
    guests::record_names(&dir.path().join("hostile.vmrec"), &names, 40);
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings");
    let shipped = ["xen.vmrec", "libvirt.vmrec"].map(|name| recordings.join(name));
    for recording in shipped.iter().chain([&dir.path().join("hostile.vmrec")]) {
        let mut command = virtmon(dir.path(), &["--replay", recording.to_str().unwrap()]);
        command.args([
            "--replay-speed",
            "1",
            "--listen",
            "127.0.0.1:0",
            "--detail",
            DETAILS,
        ]);
        let server = Server::start(&mut command);
        check_all(server);
    }
    if !libvirt::is_missing() {
        let mut command = virtmon(
            dir.path(),
            &["--uri", "test:///default", "--interval", "100ms"],
        );
        command.args(["--sample-interval", "20ms"]);
        command.args(["--listen", "127.0.0.1:0", "--detail", DETAILS]);
        check_all(Server::start(&mut command));
    }
}

/// The values of a series in Prometheus, by the time of their scrape in ms.
fn scraped(port: u16, series: &str) -> BTreeMap<String, f64> {
    let query = series
        .replace('"', "%22")
        .replace('{', "%7B")
        .replace('}', "%7D");
    let answer = ask(port, &format!("/api/v1/query?query={query}[10m]")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["status"], "success", "{json}");
    let series = json["data"]["result"].as_array().unwrap();
    assert!(series.len() <= 1, "{json}");
    let values = series
        .iter()
        .flat_map(|series| series["values"].as_array().unwrap());
    values
        .map(|pair| {
            (
                pair[0].to_string(),
                pair[1].as_str().unwrap().parse().unwrap(),
            )
        })
        .collect()
}

/// A scrape shows the last tick, which it names: its values are those of the row of that tick in the CSV,
/// exactly.
#[test]
#[ignore = "it needs prometheus: make metrics"]
fn prometheus_stores_the_values_of_the_csv() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = virtmon(
        dir.path(),
        &["--uri", "test:///default", "--interval", "1s"],
    );
    command.args([
        "--csv",
        "out.csv",
        "--detail",
        "nic,disk",
        "--listen",
        "127.0.0.1:0",
    ]);
    let server = Server::start(&mut command);
    let config = format!(
        "scrape_configs:\n- job_name: virtmon\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['{}']\n",
        server.address
    );
    fs::write(dir.path().join("prometheus.yml"), config).unwrap();
    let port = free_port();
    let prometheus = Command::new("prometheus")
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .current_dir(dir.path())
        .stderr(Stdio::null())
        .spawn();
    let prometheus = Running(prometheus.unwrap());
    until("prometheus is ready", || {
        ask(port, "/-/ready").is_some_and(|ready| ready.status == 200)
    });
    until("30 scrapes are stored", || {
        scraped(port, "virtmon_tick_timestamp_seconds").len() >= 30
    });
    let times = scraped(port, "virtmon_tick_timestamp_seconds");
    let mut compared = 0;
    let mut stored = BTreeMap::new();
    for (series, column, is_ns) in [
        ("virtmon_guest_cpu_seconds_total", "cpu_time_ns", true),
        ("virtmon_guest_memory_bytes", "mem_bytes", false),
        (
            "virtmon_guest_network_receive_bytes_total{device=\"testnet0\"}",
            "net_rx_bytes",
            false,
        ),
        (
            "virtmon_guest_block_write_bytes_total{device=\"vda\"}",
            "disk_wr_bytes",
            false,
        ),
    ] {
        stored.insert(column, (scraped(port, series), is_ns));
    }
    drop(prometheus);
    assert!(server.end().0.success());
    let text = fs::read(dir.path().join("out.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(&*text);
    let names = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    for (scrape, time) in &times {
        let mut of_tick = rows
            .iter()
            .filter(|row| web::seconds(&row[at("time")]) == *time);
        let row = of_tick
            .next()
            .unwrap_or_else(|| panic!("{time}: a tick that is in no row"));
        for (column, (values, is_ns)) in &stored {
            // The last scrapes may have come between the queries.
            let Some(value) = values.get(scrape) else {
                panic!("{column}: no value of {scrape}");
            };
            let of_csv = &row[at(column)];
            let of_csv: f64 = match is_ns {
                // Divided as text: a division of doubles would round twice.
                true => web::decimal(of_csv),
                false => of_csv.to_owned(),
            }
            .parse()
            .unwrap();
            assert_eq!(*value, of_csv, "{column} at {time}");
            compared += 1;
        }
    }
    println!(
        "{compared} values of {} scrapes are those of the CSV",
        times.len()
    );
    assert!(compared >= 4 * 30);
}

/// Samples of a text, by their names and labels without the empty ones.
fn samples(text: &[u8]) -> BTreeMap<String, f64> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("libvirt_"));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.trim_end_matches('}').split("\",");
            let mut labels: Vec<&str> = labels
                .map(|label| label.trim_end_matches('"'))
                .filter(|label| !label.ends_with('='))
                .filter(|label| !label.ends_with("=\""))
                .collect();
            labels.sort_unstable();
            (
                format!("{name} {}", labels.join(" ")),
                value.parse().unwrap(),
            )
        })
        .collect()
}

#[test]
#[ignore = "it needs prometheus-libvirt-exporter: make metrics"]
fn the_exporter_has_the_same_series_with_values_between_two_ticks() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let exporter = Command::new("prometheus-libvirt-exporter")
        .args(["--libvirt.uri", "test:///default"])
        .args(["--web.listen-address", &format!("127.0.0.1:{port}")])
        .stderr(Stdio::null())
        .spawn();
    let _exporter = Running(exporter.unwrap());
    let mut command = virtmon(
        dir.path(),
        &["--uri", "test:///default", "--interval", "100ms"],
    );
    let server = Server::start(command.args(["--listen", "127.0.0.1:0"]));
    until("the exporter answers", || {
        ask(port, "/metrics").is_some_and(|answer| answer.status == 200)
    });
    let before = samples(&server.get("/metrics/libvirt", "").body);
    let theirs = samples(&ask(port, "/metrics").unwrap().body);
    let ticks = |server: &Server| value(&server.metrics(), "virtmon_ticks_total").unwrap();
    let now = ticks(&server);
    until("two more ticks", || ticks(&server) > now + 1.0);
    let after = samples(&server.get("/metrics/libvirt", "").body);
    let names = |samples: &BTreeMap<String, f64>| samples.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&theirs), names(&before));
    assert!(theirs.len() >= 19, "{theirs:?}");
    for (name, value) in &theirs {
        // Text with fewer digits.
        let (low, high) = (before[name] * (1.0 - 1e-12), after[name] * (1.0 + 1e-12));
        assert!(
            low <= *value && *value <= high,
            "{name}: {value} is not in {low}..{high}"
        );
    }
    println!(
        "{} series of the exporter are between two ticks of virtmon",
        theirs.len()
    );
}
