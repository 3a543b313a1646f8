use std::io::Cursor;

use virtmon_recording::{Header, RecordedSample, Writer};

use super::*;

/// A recording of libvirt without a guest, with samples at these ticks and times.
fn recording(samples: &[(u64, u64)]) -> Vec<u8> {
    let header = Header {
        backend: "libvirt".into(),
        t0_ns: 0,
        interval_ns: 1_000_000,
        host_metadata: vec![0],
    };
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&header, &mut bytes).unwrap();
    for &(tick, mono_ns) in samples {
        let recorded: RecordedSample = RecordedSample {
            tick,
            mono_ns,
            boot_ns: 0,
            wall_ns: 1_000_000_000 + tick,
            sample_ns: 1,
            read: match tick {
                // A sample that failed, and one that is not valid.
                13 => Err(Error::Unavailable("no".into())),
                17 => Ok(&[7; 8]),
                _ => Ok(&[0; 8]),
            },
        };
        writer.push(&recorded, &mut bytes).unwrap();
    }
    bytes
}

/// The ticks of a replay with their times, and the number of samples that are not valid.
fn replayed(samples: &[(u64, u64)], interval_ms: u64) -> (Vec<(u64, u64)>, u64) {
    let bytes = recording(samples);
    let interval = Duration::from_millis(interval_ms);
    let mut replay = Replay::new(&bytes[..], Some(interval), false).unwrap();
    let ticks = ticks(&mut replay);
    (ticks, replay.loss().map_or(0, |loss| loss.samples))
}

/// The ticks of a replay with their times.
fn ticks(replay: &mut dyn Source) -> Vec<(u64, u64)> {
    let mut signals = Signals::catch().unwrap();
    let mut ticks = Vec::new();
    let mut snapshot = Snapshot::default();
    while let Wake::Due(tick) = replay.wait(&mut signals).unwrap() {
        let sample = replay.sample(&mut snapshot).unwrap();
        ticks.push((tick, sample.began.mono_ns));
    }
    ticks
}

/// The first tick after a start, the number of samples, and whether the recording ended before the start.
fn started(samples: &[(u64, u64)], start: SeekTarget) -> (Option<u64>, u64, bool) {
    let bytes = recording(samples);
    let mut replay = Replay::new(Cursor::new(bytes), None, false).unwrap();
    replay.start_at(start).unwrap();
    let first = ticks(&mut replay).first().map(|&(tick, _)| tick);
    (first, replay.samples(), replay.ended_before_start())
}

#[test]
fn a_replay_may_start_at_a_tick_or_a_time() {
    let samples: Vec<_> = (20..1_020).map(|n| (n * 2, 1_000 + n)).collect();
    let at = |start| started(&samples, start);
    assert_eq!(at(SeekTarget::Tick(0)), (Some(40), 1_000, false));
    assert_eq!(at(SeekTarget::Tick(1_001)), (Some(1_002), 519, false));
    assert_eq!(at(SeekTarget::Tick(2_038)), (Some(2_038), 1, false));
    assert_eq!(at(SeekTarget::Tick(2_039)), (None, 0, true));
    let time = |ns: u64| SeekTarget::WallNs(1_000_000_000 + ns);
    assert_eq!(at(time(1_001)), (Some(1_002), 519, false));
    assert_eq!(at(time(2_039)), (None, 0, true));
    // A run begins with a sample that succeeded.
    let failed = started(&[(12, 5), (13, 6), (14, 7)], SeekTarget::Tick(13));
    assert_eq!(failed, (Some(14), 2, false));
}

#[test]
fn a_longer_interval_skips_samples() {
    let samples: Vec<_> = (0..10).map(|n| (n, 1_000 + n)).collect();
    assert_eq!(replayed(&samples, 1), (samples.clone(), 0));
    let third = vec![(0, 1_000), (1, 1_003), (2, 1_006), (3, 1_009)];
    assert_eq!(replayed(&samples, 3), (third, 0));
}

#[test]
fn a_replay_begins_with_a_sample_that_succeeded() {
    let (ticks, lost) = replayed(&[(13, 5), (14, 6)], 1);
    assert_eq!((ticks, lost), (vec![(14, 6)], 0));
    let (ticks, _) = replayed(&[(12, 5), (13, 6)], 1);
    assert_eq!(ticks, [(12, 5), (13, 6)]);
}

#[test]
fn invalid_samples_are_left_out_and_counted() {
    // A clock that runs backwards, a clock that stands still, a repeated tick; bytes of no format.
    let samples = [(0, 50), (1, 40), (2, 50), (0, 60), (17, 70), (3, 80)];
    assert_eq!(replayed(&samples, 1), (vec![(0, 50), (3, 80)], 4));
}
