use proptest::prelude::*;
use virtmon_model::Error;

use super::*;
use crate::Writer;

fn header() -> Header {
    Header {
        backend: "xen".into(),
        t0_ns: 5,
        interval_ns: 1_000_000,
        host_metadata: b"host_metadata".to_vec(),
    }
}

/// The raw bytes of a reading: much like those of the one before.
fn raw(tick: u64) -> Vec<u8> {
    let words = (0..100).map(|n| if n % 9 == 0 { n * tick } else { n });
    words.flat_map(u64::to_le_bytes).collect()
}

/// A recording, and where each frame ends in it.
fn recording(readings: u64) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&header(), &mut bytes).unwrap();
    let mut ends = vec![bytes.len()];
    for tick in 0..readings {
        let raw = raw(tick);
        let kept: RecordedSample = RecordedSample {
            tick,
            mono_ns: tick * 1_000_000 + 7,
            boot_ns: tick + 3,
            wall_ns: u64::MAX - tick,
            sample_ns: 3,
            read: Ok(&raw),
        };
        writer.push(&kept, &mut bytes).unwrap();
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// The ticks that are read, each held against what was written, and what was lost.
fn replay(bytes: &[u8]) -> (Vec<u64>, Loss) {
    let (mut reader, found) = Reader::open(bytes).unwrap();
    assert_eq!(found, header());
    let mut ticks = Vec::new();
    while let Some(kept) = reader.read().unwrap() {
        assert_eq!(kept.mono_ns, kept.tick * 1_000_000 + 7);
        assert_eq!(kept.boot_ns, kept.tick + 3);
        assert_eq!(kept.wall_ns, u64::MAX - kept.tick);
        assert_eq!(kept.read.unwrap(), raw(kept.tick));
        ticks.push(kept.tick);
    }
    (ticks, reader.loss())
}

#[test]
fn what_is_written_is_read_and_is_small() {
    let (bytes, ends) = recording(200);
    assert_eq!(replay(&bytes), ((0..200).collect(), Loss::default()));
    let mean = (bytes.len() - ends[0]) / 200;
    assert!(mean * 5 < raw(1).len(), "{mean} bytes a reading");
}

#[test]
fn failures_are_kept_in_their_words() {
    let os = || std::io::Error::from_raw_os_error(13);
    let failures = || {
        [
            Error::Unavailable("no Xen".into()),
            Error::Denied("not root".into()),
            Error::UnsupportedAbi("0x99".into()),
            Error::call("XEN_SYSCTL_physinfo", os()),
        ]
    };
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&header(), &mut bytes).unwrap();
    for failure in failures() {
        let kept = RecordedSample {
            tick: 0,
            mono_ns: 0,
            boot_ns: 0,
            wall_ns: 0,
            sample_ns: 0,
            read: Err(failure),
        };
        writer.push(&kept, &mut bytes).unwrap();
    }
    let (mut reader, _) = Reader::open(&bytes[..]).unwrap();
    for failure in failures() {
        let read = reader.read().unwrap().unwrap().read.unwrap_err();
        assert_eq!(read.to_string(), failure.to_string());
        assert_eq!(
            std::mem::discriminant(&read),
            std::mem::discriminant(&failure)
        );
    }
}

#[test]
fn a_file_cut_anywhere_gives_the_readings_before_the_cut() {
    let (bytes, ends) = recording(5);
    for cut in ends[0]..bytes.len() {
        let whole = ends.iter().filter(|&&end| end <= cut).count() - 1;
        let (ticks, loss) = replay(&bytes[..cut]);
        assert_eq!(ticks, (0..whole as u64).collect::<Vec<_>>());
        assert_eq!(loss.bytes, (cut - ends[whole]) as u64);
    }
    for cut in 0..ends[0] {
        assert!(Reader::open(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn damage_costs_itself_and_a_key_frame_those_up_to_the_next() {
    let (whole, ends) = recording(130);
    let damaged = |frame: usize| {
        let mut bytes = whole.clone();
        bytes[ends[frame] + HEADER_BYTES + 2] ^= 1;
        replay(&bytes)
    };
    let (ticks, loss) = damaged(70);
    assert_eq!(ticks, (0..130).filter(|&n| n != 70).collect::<Vec<_>>());
    assert_eq!(loss.readings, 1);
    assert_eq!(loss.bytes, (ends[71] - ends[70]) as u64);
    let (ticks, loss) = damaged(64);
    assert_eq!(ticks, (0..64).chain(128..130).collect::<Vec<_>>());
    assert_eq!(loss.readings, 64);

    let mut missing = whole[..ends[10]].to_vec();
    missing.extend_from_slice(&whole[ends[12]..]);
    let (ticks, loss) = replay(&missing);
    assert_eq!(ticks.len(), 128);
    assert_eq!((loss.readings, loss.bytes), (2, 0));
}

#[test]
fn what_is_no_recording_or_a_later_one_is_refused() {
    let refused = |bytes: &[u8]| Reader::open(bytes).err().unwrap();
    assert!(matches!(refused(b""), OpenError::NotARecording));
    assert!(matches!(
        refused(b"schema,tick,time"),
        OpenError::NotARecording
    ));
    let (mut bytes, _) = recording(1);
    bytes[20] ^= 1;
    assert!(matches!(refused(&bytes), OpenError::Header));
    bytes[8] = 2;
    assert!(matches!(refused(&bytes), OpenError::Newer(2)));
}

proptest! {
    #[test]
    fn no_damage_makes_a_reading_that_was_not_written(
        at in any::<proptest::sample::Index>(),
        with in proptest::collection::vec(any::<u8>(), 0..40),
        cut in 0..60usize,
    ) {
        let (mut bytes, ends) = recording(70);
        let at = ends[0] + at.index(bytes.len() - ends[0]);
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, with);
        // Each that is read is held against what was written.
        let (ticks, _) = replay(&bytes);
        prop_assert!(ticks.is_sorted());
        let before = ends.iter().filter(|&&end| end <= at).count() - 1;
        prop_assert!(ticks.len() >= before);
    }
}
