//! A recording, through the whole program: frames, the backends' decoders, rates, events, every
//! table.
//!
//! A byte that is changed anywhere fails a checksum, and what is behind would never be reached. So
//! most changes are made to what a frame holds, and the recording is made anew around it.
#![no_main]

use std::path::Path;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::JsonEncoder;
use virtmon_export::encode::recording::RecordingEncoder;
use virtmon_export::encode::text_table::TextTable;
use virtmon_export::tables::device::{DiskTable, NicTable};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::event::EventTable;
use virtmon_export::tables::host::HostTable;
use virtmon_export::tables::self_stats::SelfTable;
use virtmon_export::tables::subsamples::SubsampleTable;
use virtmon_export::tables::vcpu::VcpuTable;
use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::replay::Replay;
use virtmon_recording::{Header, RecordedSample, Reader, Writer};

/// So many readings of a recording are gone on with: more are slower, and no other.
const MAX_SAMPLES: usize = 8;

fuzz_target!(|data: &[u8]| {
    let Ok(mut replay) = Replay::new(data, None, false) else {
        return;
    };
    let mut runner = Runner::new(|_| {});
    if data.len() % 2 == 1 {
        runner.set_samples_per_tick(2);
    }
    let encoders: Vec<Box<dyn Encoder>> = vec![
        Box::new(CsvEncoder::<DomainTable>::default()),
        Box::new(CsvEncoder::<VcpuTable>::default()),
        Box::new(CsvEncoder::<NicTable>::default()),
        Box::new(CsvEncoder::<DiskTable>::default()),
        Box::new(CsvEncoder::<HostTable>::default()),
        Box::new(CsvEncoder::<EventTable>::default()),
        Box::new(CsvEncoder::<SelfTable>::default()),
        Box::new(CsvEncoder::<SubsampleTable>::default()),
        Box::new(JsonEncoder::<DomainTable>::of(&[])),
        Box::new(TextTable::new(replay.capabilities(), true)),
        Box::new(RecordingEncoder),
    ];
    let file = TickFile::file(Path::new("/dev/null")).expect("it is there");
    runner.add(FileTransport::stream(encoders, file).expect("a thread more"));
    let _ = runner.run(&mut replay, Limit::Count(1_000));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut dice = seed;
    let mut roll = |sides: u32| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 8) % sides
    };
    if roll(4) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let Some((mut header, mut readings)) = taken_apart(&data[..size], roll(64)) else {
        return fuzzer_mutate(data, size, max_size);
    };
    for _ in 0..=roll(3) {
        mutate(&mut header, &mut readings, &mut roll);
    }
    let whole = put_together(&header, &readings);
    if whole.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..whole.len()].copy_from_slice(&whole);
    whole.len()
});

struct Owned {
    /// Tick, monotonic clock, boot clock, wall clock, duration.
    numbers: [u64; 5],
    raw: Vec<u8>,
}

/// The header and some readings from one on.
fn taken_apart(data: &[u8], from: u32) -> Option<(Header, Vec<Owned>)> {
    let (mut reader, header) = Reader::open(data).ok()?;
    let mut readings = Vec::new();
    while let Ok(Some(kept)) = reader.read() {
        if let Ok(raw) = kept.read {
            readings.push(Owned {
                numbers: [
                    kept.tick,
                    kept.mono_ns,
                    kept.boot_ns,
                    kept.wall_ns,
                    kept.sample_ns,
                ],
                raw: raw.to_vec(),
            });
        }
    }
    let from = (from as usize).min(readings.len().saturating_sub(MAX_SAMPLES));
    readings.drain(..from);
    readings.truncate(MAX_SAMPLES);
    Some((header, readings))
}

fn mutate(header: &mut Header, readings: &mut Vec<Owned>, roll: &mut impl FnMut(u32) -> u32) {
    let count = u32::try_from(readings.len()).unwrap_or(0);
    if count == 0 || roll(16) == 0 {
        mutate_bytes(&mut header.host_metadata, roll);
        return;
    }
    let at = roll(count) as usize;
    match roll(10) {
        0 => {
            let number = &mut readings[at].numbers[roll(5) as usize];
            *number = match roll(4) {
                0 => u64::MAX - u64::from(roll(3)),
                1 => u64::from(roll(3)),
                2 => number.wrapping_add(u64::from(roll(1 << 20))),
                _ => number.wrapping_sub(u64::from(roll(1 << 20))),
            };
        }
        1 => {
            // A domain that goes, or a reading of another time.
            let other = roll(count) as usize;
            readings.swap(at, other);
        }
        2 => drop(readings.remove(at)),
        3 => header.interval_ns = 1_000_000 << roll(40),
        _ => mutate_bytes(&mut readings[at].raw, roll),
    }
}

fn mutate_bytes(bytes: &mut Vec<u8>, roll: &mut impl FnMut(u32) -> u32) {
    let size = bytes.len();
    bytes.resize(size + 256, 0);
    // By itself libFuzzer seldom writes what is at the end of a number's range.
    let size = if size >= 8 && roll(3) == 0 {
        let at = roll(u32::try_from(size - 7).unwrap_or(u32::MAX)) as usize;
        let with = [u64::MAX, 0, 1 << 63, u64::MAX >> 1, 0xffff_ffff][roll(5) as usize];
        bytes[at..at + 8].copy_from_slice(&with.to_le_bytes());
        size
    } else {
        let room = bytes.len();
        fuzzer_mutate(bytes, size, room)
    };
    bytes.truncate(size);
}

fn put_together(header: &Header, readings: &[Owned]) -> Vec<u8> {
    let mut out = Vec::new();
    let Ok(mut writer) = Writer::begin(header, &mut out) else {
        return out;
    };
    for Owned { numbers, raw } in readings {
        let [tick, mono_ns, boot_ns, wall_ns, sample_ns] = *numbers;
        let kept: RecordedSample = RecordedSample {
            tick,
            mono_ns,
            boot_ns,
            wall_ns,
            sample_ns,
            read: Ok(raw),
        };
        let _ = writer.push(&kept, &mut out);
    }
    out
}
