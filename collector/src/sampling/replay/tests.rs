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
            wall_ns: 0,
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
    let mut signals = Signals::catch().unwrap();
    let mut ticks = Vec::new();
    let mut snapshot = Snapshot::default();
    while let Wake::Due(tick) = replay.wait(&mut signals).unwrap() {
        let sample = replay.sample(&mut snapshot).unwrap();
        ticks.push((tick, sample.began.mono_ns));
    }
    (ticks, replay.loss().map_or(0, |loss| loss.samples))
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
