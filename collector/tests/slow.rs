//! An output that takes nothing delays no sample. A FIFO that nobody reads is a disk that stands
//! still: the pipe takes 64 KiB, then a write waits.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod libvirt;

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::Value;
use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::process::self_monitor::SelfMonitor;
use virtmon::runner::Runner;
use virtmon::runner::error::RunError;
use virtmon::runner::limit::Limit;
use virtmon::sampling::clock;
use virtmon::sampling::live::Live;
use virtmon::sampling::ticker::Ticker;
use virtmon_analysis::frame::Frame;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::JsonEncoder;
use virtmon_export::output::stream::{Stream, StreamConfig};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::event::EventTable;
use virtmon_export::tables::self_stats::SelfTable;
use virtmon_model::{Backend, Capabilities, Result, Snapshot};

/// No machine is as busy as this.
const LONG: Duration = Duration::from_secs(60);

/// Ten domains that take 1 ms of CPU time between samples.
struct Script {
    samples: Arc<AtomicU64>,
    /// From this sample on, each waits until nothing is to be drained.
    gate: u64,
    undrained: Arc<AtomicU64>,
}

impl Backend for Script {
    fn name(&self) -> &'static str {
        "script"
    }

    fn description(&self) -> String {
        "a script".into()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: false,
            disks: false,
            vcpus: false,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        let sample = self.samples.fetch_add(1, Ordering::SeqCst);
        if sample >= self.gate {
            until("the pipe is drained", || {
                self.undrained.load(Ordering::SeqCst) == 0
            });
        }
        into.domains.clear();
        for id in 0..10 {
            let domain = into.domains.next_row();
            domain.clear();
            domain.identity.id = id;
            domain.cpu_time_ns = Some(sample * 1_000_000);
        }
        Ok(())
    }
}

/// A line of this number of bytes a tick.
struct Bulk(usize);

impl Encoder for Bulk {
    fn encode(&mut self, _: &Frame<'_>, out: &mut Vec<u8>) {
        out.push(b'"');
        out.resize(out.len() + self.0, b'x');
        out.extend_from_slice(b"\"\n");
    }
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < LONG, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A FIFO, and its reading end that lets a writer open it.
fn fifo(dir: &Path) -> (PathBuf, File) {
    let path = dir.join("fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let mut options = OpenOptions::new();
    let nonblocking = OFlag::O_NONBLOCK.bits();
    let reader = options.read(true).custom_flags(nonblocking).open(&path);
    let reader = reader.unwrap();
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    (path, reader)
}

/// What one run wrote into a FIFO that was read only after this many samples: its rows, the time
/// when the test began to read it, and the ticks that the run counted as dropped.
fn run(bulk: usize, stalled_for: u64, count: u64) -> (Vec<Value>, u64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let (path, mut reader) = fifo(dir.path());
    let samples = Arc::new(AtomicU64::new(0));
    let undrained = Arc::new(AtomicU64::new(1));
    let script = Script {
        samples: Arc::clone(&samples),
        gate: stalled_for + 1,
        undrained: Arc::clone(&undrained),
    };
    let runner = thread::spawn(move || {
        let mut script = script;
        let mut runner = Runner::new(|_| {});
        let encoders: Vec<Box<dyn Encoder>> = vec![
            Box::new(JsonEncoder::<DomainTable>::of(&[])),
            Box::new(JsonEncoder::<EventTable>::of(&[])),
            Box::new(JsonEncoder::<SelfTable>::of(&[])),
            Box::new(Bulk(bulk)),
        ];
        let file = TickFile::file(&path).unwrap();
        runner.add(FileTransport::stream(encoders, file).unwrap());
        runner.set_self_monitor(SelfMonitor::start(None));
        let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
        let done: std::result::Result<(), RunError> =
            runner.run(&mut Live::new(&mut script, ticker), Limit::Count(count));
        done.unwrap();
        runner.dropped().map(|(_, ticks)| ticks).sum::<u64>()
    });
    until("samples go on while nobody reads", || {
        samples.load(Ordering::SeqCst) > stalled_for
    });
    let read_from = clock::now().unwrap().mono_ns;
    let mut text = Vec::new();
    // All that the queue can hold is behind this much and a pipe.
    let enough = (bulk as u64 * stalled_for).min(60 << 20);
    reader.by_ref().take(enough).read_to_end(&mut text).unwrap();
    undrained.store(0, Ordering::SeqCst);
    reader.read_to_end(&mut text).unwrap();
    let dropped = runner.join().unwrap();
    assert!(text.ends_with(b"\n"));
    let rows = text.split(|&byte| byte == b'\n').filter(|l| !l.is_empty());
    let rows = rows.map(|line| serde_json::from_slice(line).unwrap());
    (rows.collect(), read_from, dropped)
}

fn of<'a>(rows: &'a [Value], table: &'a str) -> impl Iterator<Item = &'a Value> {
    rows.iter().filter(move |row| row["table"] == table)
}

fn sum(rows: &[Value], table: &str, column: &str) -> u64 {
    of(rows, table).filter_map(|row| row[column].as_u64()).sum()
}

#[test]
fn samples_go_on_and_nothing_is_lost() {
    let (rows, read_from, dropped) = run(1_000, 400, 420);
    assert_eq!(dropped, 0);
    let ticks: Vec<&Value> = of(&rows, "self").collect();
    assert_eq!(ticks.len(), 420);
    assert_eq!(of(&rows, "domain").count(), 4_200);
    // 400 samples were made while the pipe was full, and say so.
    let mono_ns = |row: &Value| row["mono_ns"].as_u64().unwrap();
    assert!(ticks[..400].iter().all(|row| mono_ns(row) < read_from));
    assert!(
        ticks
            .windows(2)
            .all(|two| mono_ns(two[0]) < mono_ns(two[1]))
    );
    for row in &ticks[1..] {
        assert!(row["sample_ns"].as_u64().unwrap() > 0);
        assert_eq!(row["dropped"], 0);
    }
}

#[test]
fn ticks_that_a_full_queue_drops_are_counted() {
    let (rows, read_from, dropped) = run(1 << 20, 100, 120);
    let ticks: Vec<&Value> = of(&rows, "self").collect();
    // The queue holds 64 MiB, the pipe one tick more at most.
    assert!((30..=40).contains(&dropped), "{dropped}");
    assert_eq!(ticks.len() as u64 + dropped, 120);
    // Which is the one gap, and every table with it says how long it was.
    assert_eq!(sum(&rows, "self", "dropped"), dropped);
    assert_eq!(
        of(&rows, "event").count(),
        1,
        "{:?}",
        of(&rows, "event").next()
    );
    let event = of(&rows, "event").next().unwrap();
    assert_eq!(event["event"], "output_dropped");
    assert_eq!(event["new"], dropped);
    assert!(event["missed"].as_u64().unwrap() >= dropped);
    assert!(event["mono_ns"].as_u64().unwrap() > read_from);
    // A rate is of all the time since the row before: 1 ms for each sample in it.
    let gap = of(&rows, "domain").find(|row| row["tick"] == event["tick"] && row["id"] == 3);
    let at = ticks.iter().position(|row| row["tick"] == event["tick"]);
    let ns = |row: &Value| row["mono_ns"].as_u64().unwrap();
    let elapsed = ns(event) - ns(ticks[at.unwrap() - 1]);
    let expected = (dropped + 1) as f64 * 1e6 * 100.0 / elapsed as f64;
    let pct = gap.unwrap()["cpu_pct"].as_f64().unwrap();
    assert!((pct - expected).abs() < 0.01, "{pct}, not {expected}");
}

/// The numbers of the rows' column of this name.
fn column(rows: &[csv::StringRecord], at: usize) -> Vec<u64> {
    rows.iter().map(|row| row[at].parse().unwrap()).collect()
}

#[test]
fn a_blocked_fifo_costs_the_csv_file_beside_it_no_tick() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mut reader) = fifo(dir.path());
    let csv = dir.path().join("out.csv");
    let samples = Arc::new(AtomicU64::new(0));
    let undrained = Arc::new(AtomicU64::new(1));
    let mut script = Script {
        samples: Arc::clone(&samples),
        gate: 101,
        undrained: Arc::clone(&undrained),
    };
    let csv_file = csv.clone();
    let runner = thread::spawn(move || {
        let mut runner = Runner::new(|_| {});
        let tables: Vec<Box<dyn Encoder>> = vec![
            Box::new(JsonEncoder::<DomainTable>::of(&[])),
            Box::new(JsonEncoder::<EventTable>::of(&[])),
            Box::new(JsonEncoder::<SelfTable>::of(&[])),
            Box::new(Bulk(1 << 16)),
        ];
        // A queue of a few ticks, so that it is full soon.
        let config = StreamConfig {
            max_queue_bytes: 1 << 19,
            ..StreamConfig::new("fifo")
        };
        let transport = FileTransport::new(vec![TickFile::file(&path).unwrap()], None);
        runner.add(Stream::start(config, vec![tables], transport).unwrap());
        let file = TickFile::file(&csv_file).unwrap();
        let encoder = CsvEncoder::<DomainTable>::default();
        runner.add(FileTransport::stream(encoder, file).unwrap());
        runner.set_self_monitor(SelfMonitor::start(None));
        let ticker = Ticker::start(Duration::from_millis(2)).unwrap();
        let mut live = Live::new(&mut script, ticker);
        runner.run(&mut live, Limit::Count(104)).unwrap();
        let dropped: Vec<u64> = runner.dropped().map(|(_, ticks)| ticks).collect();
        dropped
    });
    until("samples go on while nobody reads", || {
        samples.load(Ordering::SeqCst) > 100
    });
    let mut text = Vec::new();
    reader
        .by_ref()
        .take(1 << 19)
        .read_to_end(&mut text)
        .unwrap();
    undrained.store(0, Ordering::SeqCst);
    reader.read_to_end(&mut text).unwrap();
    let dropped = runner.join().unwrap();
    let rows = text.split(|&byte| byte == b'\n').filter(|l| !l.is_empty());
    let rows: Vec<Value> = rows
        .map(|row| serde_json::from_slice(row).unwrap())
        .collect();

    // The CSV file has a row of each domain in every tick that was sampled.
    let csv = csv::Reader::from_path(&csv).unwrap().into_records();
    let csv: Vec<csv::StringRecord> = csv.map(|row| row.unwrap()).collect();
    assert_eq!(csv.len(), 104 * 10);
    let ticks = column(&csv, 1);
    let missed = column(&csv, 6);
    for at in (10..csv.len()).step_by(10) {
        assert_eq!(ticks[at], ticks[at - 10] + missed[at] + 1);
    }

    // The FIFO has the others, and each tick that it lacks is in the next one's `missed`.
    let own: Vec<&Value> = of(&rows, "self").collect();
    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    let [from_fifo, from_csv] = dropped[..] else {
        panic!("two outputs: {dropped:?}");
    };
    assert_eq!(from_csv, 0);
    assert!(from_fifo >= 50, "{from_fifo}");
    assert_eq!(own.len() as u64 + from_fifo, 104);
    for two in own.windows(2) {
        let gap = number(two[1], "tick") - number(two[0], "tick") - 1;
        assert_eq!(number(two[1], "missed"), gap);
    }
    // The self table counts them once, and an event names the output.
    assert_eq!(sum(&rows, "self", "dropped"), from_fifo);
    let events: Vec<&Value> = of(&rows, "event").collect();
    assert!(!events.is_empty());
    for event in &events {
        assert_eq!(event["event"], "output_dropped");
        assert_eq!(event["device"], "fifo");
    }
    assert_eq!(sum(&rows, "event", "new"), from_fifo);
}

/// The program writing into a FIFO that nobody reads, some ticks after that is full, and since
/// when it is.
fn stuck(dir: &Path) -> (Child, File, u64) {
    let (path, reader) = fifo(dir);
    let child = Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", "test:///default", "--interval", "4ms", "--csv"])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let writer = File::options().write(true).open(&path).unwrap();
    until("the pipe is full", || {
        let mut fds = [PollFd::new(writer.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO).unwrap() == 0
    });
    // Some ticks more, that the queue holds: the sampling thread waits once for each.
    let full = clock::now().unwrap().mono_ns;
    let enough = waits(&child) + 50;
    until("samples go on", || waits(&child) >= enough);
    (child, reader, full)
}

/// How often the first thread has waited.
fn waits(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.unwrap().trim().parse().unwrap()
}

fn terminate(child: &Child) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
}

#[test]
fn a_signal_lets_the_whole_queue_be_written() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (child, mut reader, full) = stuck(dir.path());
    terminate(&child);
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
    let rows = csv::Reader::from_reader(&text[..]).into_records();
    let ticks: Vec<[u64; 3]> = rows
        .map(|row| row.unwrap())
        .map(|row| [1, 6, 3].map(|column| row[column].parse().unwrap()))
        .collect();
    // Every tick has its row, or is counted by the next one.
    assert!(
        ticks
            .windows(2)
            .all(|two| two[1][0] == two[0][0] + two[1][1] + 1)
    );
    // Those that the queue held when the signal came are among them.
    assert!(ticks.iter().filter(|tick| tick[2] > full).count() > 20);
}

#[test]
fn a_second_signal_gives_up_the_queue() {
    if libvirt::is_missing() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut child, reader, _) = stuck(dir.path());
    terminate(&child);
    thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "its ticks are lost");
    terminate(&child);
    until("it ends", || child.try_wait().unwrap().is_some());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("a second signal ended the run"), "{stderr}");
    drop(reader);
}
