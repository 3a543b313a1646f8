use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::thread;

use virtmon_model::{Capabilities, Snapshot};

use super::*;

#[test]
fn ticks_are_on_schedule_and_missed_ones_are_skipped() {
    let interval = Duration::from_millis(5);
    let mut signals = Signals::catch().unwrap();
    let mut ticker = Ticker::start(interval).unwrap();
    let mut last = 0;
    for round in 0..20 {
        if round == 10 {
            thread::sleep(interval * 4);
        }
        let Wake::Due(tick) = ticker.wait(&mut signals).unwrap() else {
            panic!("no signal was sent");
        };
        let now = clock::mono_ns().unwrap();
        assert!(now >= ticker.due_ns(tick), "tick {tick} came early");
        assert!(tick > last);
        if round == 10 {
            assert!(
                tick >= last + 4,
                "the ticks slept through are not caught up"
            );
        }
        last = tick;
    }
    assert_eq!(ticker.due_ns(3) - ticker.due_ns(0), 15_000_000);
}

#[test]
fn a_schedule_may_begin_at_a_whole_second() {
    let mut signals = Signals::catch().unwrap();
    let mut ticker = Ticker::start_aligned(Duration::from_millis(5)).unwrap();
    assert!(ticker.is_before_first());
    assert!(matches!(ticker.wait(&mut signals).unwrap(), Wake::Due(_)));
    // Both clocks at one moment, however busy the machine is.
    let (mono_ns, wall) = loop {
        let before = clock::mono_ns().unwrap();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        if clock::mono_ns().unwrap() - before < 1_000_000 {
            break (before, wall);
        }
    };
    let of_tick_0 = wall - Duration::from_nanos(mono_ns - ticker.due_ns(0));
    let beside = of_tick_0
        .subsec_micros()
        .min(1_000_000 - of_tick_0.subsec_micros());
    assert!(beside < 100_000, "{of_tick_0:?}");
    assert!(matches!(ticker.wait(&mut signals).unwrap(), Wake::Due(1..)));
}

/// A backend with bytes to drain as long as its peer has sent some.
struct Fed {
    stream: UnixStream,
    look_at: Instant,
    spacing: Duration,
    drains: Vec<Duration>,
}

impl Backend for Fed {
    fn name(&self) -> &'static str {
        "fed"
    }

    fn description(&self) -> String {
        String::new()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::from_bits(0)
    }

    fn sample(&mut self, _into: &mut Snapshot) -> virtmon_model::Result<()> {
        Ok(())
    }

    fn descriptor(&self) -> Option<(BorrowedFd<'_>, Instant)> {
        Some((self.stream.as_fd(), self.look_at))
    }

    fn drain(&mut self, until: Instant) {
        let now = Instant::now();
        self.drains.push(until.saturating_duration_since(now));
        // A byte each time: there is always one more.
        self.stream.read_exact(&mut [0]).unwrap();
        self.look_at = now + self.spacing;
    }
}

fn fed(spacing: Duration) -> (Fed, UnixStream) {
    let (stream, mut peer) = UnixStream::pair().unwrap();
    std::io::Write::write_all(&mut peer, &[0; 4096]).unwrap();
    let fed = Fed {
        stream,
        look_at: Instant::now(),
        spacing,
        drains: Vec::new(),
    };
    (fed, peer)
}

#[test]
fn a_backend_drains_between_ticks_and_no_tick_is_lost() {
    let (mut fed, _peer) = fed(Duration::from_millis(1));
    let mut signals = Signals::catch().unwrap();
    let mut ticker = Ticker::start(Duration::from_millis(20)).unwrap();
    let mut ticks = 0;
    while ticks < 10 || fed.drains.is_empty() {
        assert!(matches!(
            ticker.wait_with(&mut signals, Some(&mut fed)).unwrap(),
            Wake::Due(_)
        ));
        ticks += 1;
    }
    let most = fed.drains.iter().max().unwrap();
    assert!(*most <= MAX_DRAIN, "{most:?}");
}

#[test]
fn a_backend_does_not_drain_before_its_time() {
    let (mut fed, _peer) = fed(Duration::from_secs(3600));
    let mut signals = Signals::catch().unwrap();
    let mut ticker = Ticker::start(Duration::from_millis(5)).unwrap();
    for _ in 0..5 {
        ticker.wait_with(&mut signals, Some(&mut fed)).unwrap();
    }
    assert!(fed.drains.len() <= 1, "{:?}", fed.drains);
}

#[test]
fn a_backend_does_not_drain_close_to_a_tick() {
    let (mut fed, _peer) = fed(Duration::ZERO);
    let mut signals = Signals::catch().unwrap();
    let mut ticker = Ticker::start(QUIET_BEFORE_TICK).unwrap();
    for _ in 0..20 {
        ticker.wait_with(&mut signals, Some(&mut fed)).unwrap();
    }
    assert!(fed.drains.is_empty());
}

#[test]
fn an_invalid_interval_is_refused() {
    assert!(Ticker::start(Duration::ZERO).is_err());
    assert!(Ticker::start(Duration::MAX).is_err());
}
