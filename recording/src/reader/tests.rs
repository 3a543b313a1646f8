use proptest::prelude::*;
use virtmon_model::Error;

use super::*;
use crate::writer::Writer;

fn header() -> Header {
    Header {
        backend: "xen".into(),
        t0_ns: 5,
        interval_ns: 1_000_000,
        host_metadata: b"host_metadata".to_vec(),
    }
}

/// Raw bytes of a sample, similar to those of the sample before.
fn raw(tick: u64) -> Vec<u8> {
    let words = (0..100).map(|n| if n % 9 == 0 { n * tick } else { n });
    words.flat_map(u64::to_le_bytes).collect()
}

/// A recording, and the end of each frame in it.
fn recording(samples: u64) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(&header(), &mut bytes).unwrap();
    let mut ends = vec![bytes.len()];
    for tick in 0..samples {
        let raw = raw(tick);
        let sample: RecordedSample = RecordedSample {
            tick,
            mono_ns: tick * 1_000_000 + 7,
            boot_ns: tick + 3,
            wall_ns: u64::MAX - tick,
            sample_ns: 3,
            read: Ok(&raw),
        };
        writer.push(&sample, &mut bytes).unwrap();
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// Checks each sample that is read against the written one. Returns the ticks and the loss.
fn replay(bytes: &[u8]) -> (Vec<u64>, Loss) {
    let (mut reader, found) = Reader::open(bytes).unwrap();
    assert_eq!(found, header());
    let mut ticks = Vec::new();
    while let Some(sample) = reader.read().unwrap() {
        assert_eq!(sample.mono_ns, sample.tick * 1_000_000 + 7);
        assert_eq!(sample.boot_ns, sample.tick + 3);
        assert_eq!(sample.wall_ns, u64::MAX - sample.tick);
        assert_eq!(sample.read.unwrap(), raw(sample.tick));
        ticks.push(sample.tick);
    }
    (ticks, reader.loss())
}

#[test]
fn written_samples_are_read_and_are_small() {
    let (bytes, ends) = recording(200);
    assert_eq!(replay(&bytes), ((0..200).collect(), Loss::default()));
    let mean = (bytes.len() - ends[0]) / 200;
    assert!(mean * 5 < raw(1).len(), "{mean} bytes a sample");
}

#[test]
fn errors_keep_their_text_and_kind() {
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
        let sample = RecordedSample {
            tick: 0,
            mono_ns: 0,
            boot_ns: 0,
            wall_ns: 0,
            sample_ns: 0,
            read: Err(failure),
        };
        writer.push(&sample, &mut bytes).unwrap();
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
fn a_file_cut_anywhere_has_the_samples_before_the_cut() {
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
fn a_damaged_frame_costs_its_sample_and_a_key_frame_those_up_to_the_next() {
    let (whole, ends) = recording(130);
    let damaged = |frame: usize| {
        let mut bytes = whole.clone();
        bytes[ends[frame] + HEADER_BYTES + 2] ^= 1;
        replay(&bytes)
    };
    let (ticks, loss) = damaged(70);
    assert_eq!(ticks, (0..130).filter(|&n| n != 70).collect::<Vec<_>>());
    assert_eq!(loss.samples, 1);
    assert_eq!(loss.bytes, (ends[71] - ends[70]) as u64);
    let (ticks, loss) = damaged(64);
    assert_eq!(ticks, (0..64).chain(128..130).collect::<Vec<_>>());
    assert_eq!(loss.samples, 64);

    let mut missing = whole[..ends[10]].to_vec();
    missing.extend_from_slice(&whole[ends[12]..]);
    let (ticks, loss) = replay(&missing);
    assert_eq!(ticks.len(), 128);
    assert_eq!((loss.samples, loss.bytes), (2, 0));
}

#[test]
fn other_files_and_later_versions_are_refused() {
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
    fn no_damage_makes_a_sample_that_was_not_written(
        at in any::<proptest::sample::Index>(),
        with in proptest::collection::vec(any::<u8>(), 0..40),
        cut in 0..60usize,
    ) {
        let (mut bytes, ends) = recording(70);
        let at = ends[0] + at.index(bytes.len() - ends[0]);
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, with);
        // `replay` checks each sample against the written one.
        let (ticks, _) = replay(&bytes);
        prop_assert!(ticks.is_sorted());
        let before = ends.iter().filter(|&&end| end <= at).count() - 1;
        prop_assert!(ticks.len() >= before);
    }
}
