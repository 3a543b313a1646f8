use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;
use std::{fs, thread};

use virtmon_analysis::frame::{Frame, Tick};
use virtmon_export::output::{Output, RunLink};
use virtmon_model::Snapshot;

use super::*;
use crate::files::open::Claims;
use crate::files::settings::Settings;

/// Encodes the number of a tick as a line.
struct Lines;

impl Encoder for Lines {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{}\n", frame.tick.number).as_bytes());
    }
}

#[derive(Default)]
struct Link(AtomicBool);

impl RunLink for Link {
    fn tick_delivered(&self) {}

    fn end_run(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn start(file: TickFile) -> (Stream<Lines>, Arc<Link>) {
    let mut stream = FileTransport::stream(Lines, file).unwrap();
    let link = Arc::new(Link::default());
    stream.attach(Arc::clone(&link) as Arc<dyn RunLink>);
    (stream, link)
}

fn offer(stream: &mut Stream<Lines>, number: u64) {
    let tick = Tick {
        number,
        mono_ns: number,
        wall: UNIX_EPOCH,
        late_ns: 0,
        sample_ns: 0,
        missed: 0,
    };
    stream.offer(&Frame::new(tick, &Snapshot::default(), &[]));
}

fn until(mut is: impl FnMut() -> bool) {
    while !is() {
        thread::yield_now();
    }
}

#[test]
fn a_panic_while_a_file_is_reopened_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let settings = Settings {
        warn: |line| panic!("{line}"),
        ..Settings::default()
    };
    let file = TickFile::open(&path, Vec::new(), settings, &mut Claims::default()).unwrap();
    let (mut stream, link) = start(file);
    assert!(stream.can_reopen());
    offer(&mut stream, 1);
    until(|| stream.progress().delivered_ticks == 1);
    // A directory in the file's place cannot be opened as a file.
    fs::rename(&path, dir.path().join("moved")).unwrap();
    fs::create_dir(&path).unwrap();
    stream.reopen();
    until(|| link.0.load(Ordering::SeqCst));
    let ended = stream.close(&mut || false);
    assert!(matches!(ended, Err(OutputError::Panicked)), "{ended:?}");
}

/// The reader of standard output closes it: the run ends without an error, and the other output has
/// all ticks.
#[test]
fn a_closed_standard_output_is_a_normal_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let (reader, pipe) = io::pipe().unwrap();
    drop(reader);
    let stdout = TickFile::stdout_to(pipe.into(), &mut Claims::default()).unwrap();
    let (mut closed, link) = start(stdout);
    let (mut whole, _) = start(TickFile::file(&path).unwrap());
    for number in 1..=3 {
        offer(&mut closed, number);
        offer(&mut whole, number);
    }
    until(|| link.0.load(Ordering::SeqCst));
    closed.close(&mut || false).unwrap();
    whole.close(&mut || false).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n3\n");
}
