use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::UNIX_EPOCH;

use virtmon_analysis::frame::Tick;
use virtmon_model::Snapshot;

use super::*;

/// Encodes the number of a tick and of the ticks missed before it.
struct Numbers;

impl Encoder for Numbers {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let Tick { number, missed, .. } = frame.tick;
        out.extend_from_slice(format!("{number}:{missed}").as_bytes());
    }
}

/// A transport that does what the test says, batch by batch.
struct Scripted {
    results: Receiver<Result<(), OutputError>>,
    sent: Sender<String>,
}

impl Transport for Scripted {
    fn send(&mut self, batch: &Batch) -> Result<u64, OutputError> {
        self.results.recv().unwrap()?;
        let text = String::from_utf8(batch.parts.concat()).unwrap();
        self.sent.send(text).unwrap();
        Ok(batch.bytes())
    }
}

#[derive(Default)]
struct Link {
    delivered: AtomicU64,
    ended: AtomicU64,
}

impl RunLink for Link {
    fn tick_delivered(&self) {
        self.delivered.fetch_add(1, Ordering::SeqCst);
    }

    fn end_run(&self) {
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

struct Bench {
    stream: Stream<Numbers>,
    results: Sender<Result<(), OutputError>>,
    sent: Receiver<String>,
    link: Arc<Link>,
}

fn bench(on_error: OnError) -> Bench {
    let (results, from_test) = mpsc::channel();
    let (to_test, sent) = mpsc::channel();
    let config = StreamConfig {
        on_error,
        max_queue_bytes: 6,
        ..StreamConfig::new("scripted")
    };
    let transport = Scripted {
        results: from_test,
        sent: to_test,
    };
    let mut stream = Stream::start(config, vec![Numbers, Numbers], transport).unwrap();
    let link = Arc::new(Link::default());
    stream.attach(Arc::clone(&link) as Arc<dyn RunLink>);
    Bench {
        stream,
        results,
        sent,
        link,
    }
}

fn offer(stream: &mut Stream<Numbers>, number: u64) -> Offer {
    let tick = Tick {
        number,
        mono_ns: number,
        wall: UNIX_EPOCH,
        late_ns: 0,
        sample_ns: 0,
        missed: 0,
    };
    stream.offer(&Frame::new(tick, &Snapshot::default(), &[]))
}

fn until(mut is: impl FnMut() -> bool) {
    while !is() {
        thread::yield_now();
    }
}

fn failure() -> OutputError {
    OutputError::write("scripted", io::Error::other("no"))
}

#[test]
fn a_full_queue_drops_whole_ticks_and_the_next_one_counts_them() {
    let mut bench = bench(OnError::End);
    // Six bytes a tick: the first one fills the queue.
    assert_eq!(offer(&mut bench.stream, 0), Offer::Accepted);
    assert!(!bench.stream.has_room());
    assert_eq!(offer(&mut bench.stream, 1), Offer::Dropped);
    assert_eq!(offer(&mut bench.stream, 2), Offer::Dropped);
    bench.results.send(Ok(())).unwrap();
    assert_eq!(bench.sent.recv().unwrap(), "0:00:0");
    until(|| bench.stream.has_room());
    bench.results.send(Ok(())).unwrap();
    assert_eq!(offer(&mut bench.stream, 3), Offer::Accepted);
    bench.stream.close(&mut || false).unwrap();
    assert_eq!(bench.sent.recv().unwrap(), "3:23:2");
    let progress = bench.stream.progress();
    let expected = Progress {
        delivered_ticks: 2,
        delivered_bytes: 12,
        ..Progress::default()
    };
    assert_eq!(progress, expected);
    assert_eq!(bench.link.delivered.load(Ordering::SeqCst), 2);
    assert_eq!(bench.link.ended.load(Ordering::SeqCst), 0);
}

#[test]
fn an_error_ends_the_run_by_default() {
    let mut bench = bench(OnError::End);
    bench.results.send(Err(failure())).unwrap();
    offer(&mut bench.stream, 0);
    until(|| bench.link.ended.load(Ordering::SeqCst) == 1);
    until(|| offer(&mut bench.stream, 1) == Offer::Closed);
    let ended = bench.stream.close(&mut || false);
    assert!(matches!(ended, Err(OutputError::Write { .. })), "{ended:?}");
}

#[test]
fn a_reader_that_closes_the_stream_ends_the_run_without_an_error() {
    let mut bench = bench(OnError::Retry(Duration::ZERO));
    bench.results.send(Err(OutputError::ReaderClosed)).unwrap();
    offer(&mut bench.stream, 0);
    until(|| bench.link.ended.load(Ordering::SeqCst) == 1);
    bench.stream.close(&mut || false).unwrap();
}

#[test]
fn a_tick_is_sent_again_or_dropped_by_policy() {
    for (on_error, lost) in [(OnError::Retry(Duration::ZERO), 0), (OnError::Drop, 1)] {
        let mut bench = bench(on_error);
        bench.results.send(Err(failure())).unwrap();
        offer(&mut bench.stream, 0);
        bench.results.send(Ok(())).unwrap();
        bench.results.send(Ok(())).unwrap();
        until(|| bench.stream.has_room());
        offer(&mut bench.stream, 1);
        bench.stream.close(&mut || false).unwrap();
        assert_eq!(bench.stream.progress().lost_ticks, lost);
        let sent: Vec<String> = bench.sent.try_iter().collect();
        let expected = ["0:00:0", "1:01:0"];
        assert_eq!(sent, expected[usize::try_from(lost).unwrap()..]);
        assert_eq!(bench.link.ended.load(Ordering::SeqCst), 0);
    }
}

#[test]
fn a_blocked_destination_is_given_up_on_request() {
    let mut bench = bench(OnError::End);
    offer(&mut bench.stream, 0);
    let ended = bench.stream.close(&mut || true);
    assert!(
        matches!(ended, Err(OutputError::Abandoned { ticks: 1 })),
        "{ended:?}"
    );
    bench.results.send(Ok(())).unwrap();
}

#[test]
fn a_panic_in_the_thread_ends_the_run() {
    let mut bench = bench(OnError::End);
    drop(bench.results);
    offer(&mut bench.stream, 0);
    until(|| bench.link.ended.load(Ordering::SeqCst) == 1);
    let ended = bench.stream.close(&mut || false);
    assert!(matches!(ended, Err(OutputError::Panicked)), "{ended:?}");
}
