use std::cell::Cell;
use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::header::Header;
use crate::writer::Writer;

/// Time by the wall clock of tick 0, and time between two ticks, in ns.
const WALL_NS: u64 = 1_700_000_000_000_000_000;
const INTERVAL_NS: u64 = 1_000_000_000;
/// Samples of a day at an interval of 1 s.
const DAY: u64 = 86_400;

/// A recording of these ticks, whose raw bytes `raw` makes, and the end of each frame.
fn recording(
    ticks: impl IntoIterator<Item = u64>,
    mut raw: impl FnMut(u64, &mut Vec<u8>),
) -> (Vec<u8>, Vec<usize>) {
    let header = Header {
        backend: "xen".into(),
        t0_ns: 0,
        interval_ns: INTERVAL_NS,
        host_metadata: Vec::new(),
    };
    let (mut file, mut body) = (Vec::new(), Vec::new());
    let mut writer = Writer::begin(&header, &mut file).unwrap();
    let mut ends = vec![file.len()];
    for tick in ticks {
        body.clear();
        raw(tick, &mut body);
        let sample: RecordedSample = RecordedSample {
            tick,
            mono_ns: tick * INTERVAL_NS,
            boot_ns: 0,
            wall_ns: WALL_NS + tick * INTERVAL_NS,
            sample_ns: 0,
            read: Ok(&body),
        };
        writer.push(&sample, &mut file).unwrap();
        ends.push(file.len());
    }
    (file, ends)
}

/// Raw bytes of 50 domains. Their counters grow at different rates.
fn fifty_domains(tick: u64, out: &mut Vec<u8>) {
    for domain in 0..50u64 {
        out.extend_from_slice(&domain.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        out.extend_from_slice(&(tick * (1_000_003 + domain * 7_919)).to_le_bytes());
    }
}

/// Pseudo-random bytes, which cannot be compressed.
struct Random(u64);

impl Random {
    fn put(&mut self, count: usize, out: &mut Vec<u8>) {
        for _ in 0..count {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            out.push(self.0.to_le_bytes()[7]);
        }
    }
}

fn opened(file: &[u8]) -> Reader<Cursor<&[u8]>> {
    Reader::open(Cursor::new(file)).unwrap().0
}

/// Number of calls and bytes that a file was read with.
#[derive(Default)]
struct Counts {
    seeks: Cell<u64>,
    bytes: Cell<u64>,
}

/// A file whose calls are counted.
struct Counted<'a> {
    file: Cursor<&'a [u8]>,
    counts: &'a Counts,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.counts
            .bytes
            .set(self.counts.bytes.get() + bytes as u64);
        Ok(bytes)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.counts.seeks.set(self.counts.seeks.get() + 1);
        self.file.seek(to)
    }
}

/// The tick of the first sample after a seek, the number of seeks in the file and of bytes read.
fn sought(file: &[u8], target: SeekTarget) -> (Option<u64>, u64, u64) {
    let counts = Counts::default();
    let source = Counted {
        file: Cursor::new(file),
        counts: &counts,
    };
    let (mut reader, _) = Reader::open(source).unwrap();
    reader.seek(target).unwrap();
    let tick = reader.read().unwrap().map(|sample| sample.tick);
    (tick, counts.seeks.get(), counts.bytes.get())
}

/// The ticks of all samples from here on.
fn rest<R: Read>(reader: &mut Reader<R>) -> Vec<u64> {
    let mut ticks = Vec::new();
    while let Some(sample) = reader.read().unwrap() {
        ticks.push(sample.tick);
    }
    ticks
}

/// The expected ticks after a seek: those of a linear scan, from the first one at or after the target on.
fn scanned(file: &[u8], target: SeekTarget) -> Vec<u64> {
    let (mut reader, _) = Reader::open(file).unwrap();
    let mut ticks = Vec::new();
    let mut is_reached = false;
    while let Some(sample) = reader.read().unwrap() {
        is_reached |= target.is_reached(&sample);
        if is_reached {
            ticks.push(sample.tick);
        }
    }
    ticks
}

#[test]
fn a_seek_in_a_day_reads_a_small_part_of_the_file() {
    let (mut file, ends) = recording((0..DAY).map(|tick| tick * 2), fifty_domains);
    let check = |file: &[u8], target, expected, max_bytes| {
        let (tick, seeks, bytes) = sought(file, target);
        assert_eq!(tick, expected, "{target:?}");
        assert!(
            seeks <= 25 && bytes <= max_bytes,
            "{target:?}: {seeks} seeks, {bytes} bytes"
        );
    };
    const BYTES: u64 = 4 << 20;
    let wall = |tick: u64| SeekTarget::WallNs(WALL_NS + tick * INTERVAL_NS);
    for n in [0, 1, 63, 64, 12_345, DAY / 2, 77_777, DAY - 2, DAY - 1] {
        check(&file, SeekTarget::Tick(n * 2), Some(n * 2), BYTES);
        check(&file, wall(n * 2), Some(n * 2), BYTES);
    }
    check(&file, SeekTarget::WallNs(0), Some(0), BYTES);
    check(&file, SeekTarget::Tick(100_001), Some(100_002), BYTES);
    check(&file, SeekTarget::Tick(DAY * 2), None, BYTES);
    check(&file, SeekTarget::WallNs(u64::MAX), None, BYTES);

    // Damage in the target's own key frame, in the ones before and after, and over a longer part.
    let key = 43_264;
    for frame in [key - 64, key, key + 64] {
        file[ends[frame] + HEADER_BYTES + 2] ^= 1;
    }
    check(
        &file,
        SeekTarget::Tick(key as u64 * 2 + 10),
        Some((key as u64 + 128) * 2),
        BYTES,
    );
    file[ends[20_000]..ends[21_000]].fill(0);
    check(&file, SeekTarget::Tick(41_000), Some(21_056 * 2), 2 * BYTES);
    check(&file, SeekTarget::Tick(60_000), Some(60_000), 2 * BYTES);
    file.truncate(file.len() - 5);
    check(
        &file,
        SeekTarget::Tick((DAY - 2) * 2),
        Some((DAY - 2) * 2),
        BYTES,
    );
    check(&file, SeekTarget::Tick((DAY - 1) * 2), None, BYTES);
}

/// Appends a key frame of an early tick. zstd does not compress its bytes, because they are random, and
/// finds none of them in an earlier one.
fn put_imitation(number: u32, random: &mut Random, out: &mut Vec<u8>) {
    let mut body = vec![0, number.to_le_bytes()[3] & 1];
    random.put(300 + number as usize % 500, &mut body);
    let body = zstd::bulk::compress(&body, 3).unwrap();
    let header = FrameHeader {
        packed: u32::try_from(body.len()).unwrap(),
        unpacked: 302 + number % 500,
        number,
        key: number,
    };
    header.encode(&body, out);
}

/// Frames that a guest puts into its own values have another tick. A seek never returns them, and they
/// never mislead it.
#[test]
fn frames_within_a_body_are_not_samples() {
    let mut random = Random(1);
    let (file, ends) = recording(0..2_000, |tick, out| {
        random.put(100, out);
        let number = u32::try_from(tick).unwrap().wrapping_mul(2_654_435_761);
        put_imitation(number, &mut random, out);
        random.put(100, out);
    });
    let is_misled = |end: &&usize| {
        let mut reader = opened(&file);
        reader.move_to((**end + 40) as u64).unwrap();
        reader.advance().unwrap();
        RecordedSample::decode(&reader.body).is_some_and(|sample| sample.tick < 2)
    };
    let misled = ends.iter().filter(is_misled).count();
    assert!(
        misled > 1_900,
        "{misled} imitations are in the file as they are"
    );
    for target in (0..2_000).step_by(97) {
        let (tick, ..) = sought(&file, SeekTarget::Tick(target));
        assert_eq!(tick, Some(target));
    }
}

#[test]
fn long_frames_are_skipped_by_their_headers() {
    let mut random = Random(1);
    let (file, _) = recording(0..300, |_, out| random.put(150_000, out));
    for target in [0, 100, 191, 192, 193, 299] {
        let (tick, _, bytes) = sought(&file, SeekTarget::Tick(target));
        assert_eq!(tick, Some(target));
        assert!(bytes < file.len() as u64, "{bytes} bytes");
    }
}

#[test]
fn a_hostile_file_takes_bounded_work() {
    let (mut file, ends) = recording(0..10, fifty_domains);
    file.truncate(ends[1]);
    // Every header claims a long frame, and none of them is whole.
    let mut claim = SYNC.to_vec();
    claim.extend_from_slice(&(8u32 << 20).to_le_bytes());
    claim.extend_from_slice(&[0; 12]);
    while file.len() < 10 << 20 {
        file.extend_from_slice(&claim);
    }
    let counts = Counts::default();
    let source = Counted {
        file: Cursor::new(&file),
        counts: &counts,
    };
    let (mut reader, _) = Reader::open(source).unwrap();
    reader.seek_to_key(SeekTarget::Tick(5)).unwrap();
    assert!(counts.seeks.get() <= 70);
    assert!(counts.bytes.get() <= 20 * MAX_PROBE_BYTES);
}

#[test]
fn a_seek_keeps_the_loss_and_may_go_back() {
    let (mut file, ends) = recording(0..1_000, fifty_domains);
    file[ends[10] + HEADER_BYTES + 2] ^= 1;
    let mut reader = opened(&file);
    reader.seek(SeekTarget::Tick(900)).unwrap();
    assert_eq!(rest(&mut reader), (900..1_000).collect::<Vec<_>>());
    assert_eq!(reader.loss().samples, 0);
    reader.seek(SeekTarget::Tick(5)).unwrap();
    reader.seek_to_key(SeekTarget::Tick(1)).unwrap();
    assert_eq!(rest(&mut reader).len(), 999);
    assert_eq!(reader.loss().samples, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_seek_gives_the_samples_of_a_linear_scan(
        frames in 1..1_500u64,
        step in 1..4u64,
        padding in 0..300usize,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3usize), 0..30),
        target in 0..7_000u64,
        is_time in any::<bool>(),
    ) {
        let mut random = Random(frames);
        let (mut file, ends) = recording((0..frames).map(|n| n * step + 3), |_, out| {
            random.put(padding, out);
        });
        for (at, byte, cut) in damage {
            let at = ends[0] + at.index(file.len() - ends[0] + 1);
            let end = (at + cut).min(file.len());
            file.splice(at..end, [byte]);
        }
        let target = match is_time {
            true => SeekTarget::WallNs(WALL_NS + target * INTERVAL_NS),
            false => SeekTarget::Tick(target),
        };
        let mut reader = opened(&file);
        reader.seek(target).unwrap();
        prop_assert_eq!(rest(&mut reader), scanned(&file, target));
        reader.seek_to_key(target).unwrap();
        let found = rest(&mut reader).iter().position(|&tick| {
            match target {
                SeekTarget::Tick(target) => tick >= target,
                SeekTarget::WallNs(wall_ns) => WALL_NS + tick * INTERVAL_NS >= wall_ns,
            }
        });
        prop_assert_eq!(found.is_some(), !scanned(&file, target).is_empty());
    }
}
