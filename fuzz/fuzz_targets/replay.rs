//! A recording, through all of the program: frames, the decoders of the backends, rates, events and
//! every table.
//!
//! A changed byte makes a checksum fail, so the code after the check would never run. Therefore most
//! mutations change the content of a frame, and the recording is encoded again.
#![no_main]

use std::path::Path;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::replay::Replay;
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
use virtmon_recording::{Header, Reader, RecordedSample, Writer};

/// Most samples of a mutated recording. More samples are slower and reach no further code.
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
    let file = TickFile::file(Path::new("/dev/null")).expect("/dev/null exists");
    runner.add(FileTransport::stream(encoders, file).expect("a thread can be started"));
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
    let Some((mut header, mut samples)) = decode(&data[..size], roll(64)) else {
        return fuzzer_mutate(data, size, max_size);
    };
    for _ in 0..=roll(3) {
        mutate(&mut header, &mut samples, &mut roll);
    }
    let recording = encode(&header, &samples);
    if recording.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..recording.len()].copy_from_slice(&recording);
    recording.len()
});

struct Sample {
    /// Tick, monotonic clock, boot clock, wall clock, duration.
    numbers: [u64; 5],
    raw: Vec<u8>,
}

/// The header, and some samples from number `from` on.
fn decode(data: &[u8], from: u32) -> Option<(Header, Vec<Sample>)> {
    let (mut reader, header) = Reader::open(data).ok()?;
    let mut samples = Vec::new();
    while let Ok(Some(sample)) = reader.read() {
        if let Ok(raw) = sample.read {
            samples.push(Sample {
                numbers: [
                    sample.tick,
                    sample.mono_ns,
                    sample.boot_ns,
                    sample.wall_ns,
                    sample.sample_ns,
                ],
                raw: raw.to_vec(),
            });
        }
    }
    let from = (from as usize).min(samples.len().saturating_sub(MAX_SAMPLES));
    samples.drain(..from);
    samples.truncate(MAX_SAMPLES);
    Some((header, samples))
}

fn mutate(header: &mut Header, samples: &mut Vec<Sample>, roll: &mut impl FnMut(u32) -> u32) {
    let count = u32::try_from(samples.len()).unwrap_or(0);
    if count == 0 || roll(16) == 0 {
        mutate_bytes(&mut header.host_metadata, roll);
        return;
    }
    let at = roll(count) as usize;
    match roll(10) {
        0 => {
            let number = &mut samples[at].numbers[roll(5) as usize];
            *number = match roll(4) {
                0 => u64::MAX - u64::from(roll(3)),
                1 => u64::from(roll(3)),
                2 => number.wrapping_add(u64::from(roll(1 << 20))),
                _ => number.wrapping_sub(u64::from(roll(1 << 20))),
            };
        }
        1 => {
            // A domain disappears, or a sample is from another time.
            let other = roll(count) as usize;
            samples.swap(at, other);
        }
        2 => drop(samples.remove(at)),
        3 => header.interval_ns = 1_000_000 << roll(40),
        _ => mutate_bytes(&mut samples[at].raw, roll),
    }
}

fn mutate_bytes(bytes: &mut Vec<u8>, roll: &mut impl FnMut(u32) -> u32) {
    let size = bytes.len();
    bytes.resize(size + 256, 0);
    // libFuzzer rarely writes numbers at the end of their range.
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

fn encode(header: &Header, samples: &[Sample]) -> Vec<u8> {
    let mut out = Vec::new();
    let Ok(mut writer) = Writer::begin(header, &mut out) else {
        return out;
    };
    for Sample { numbers, raw } in samples {
        let [tick, mono_ns, boot_ns, wall_ns, sample_ns] = *numbers;
        let sample: RecordedSample = RecordedSample {
            tick,
            mono_ns,
            boot_ns,
            wall_ns,
            sample_ns,
            read: Ok(raw),
        };
        let _ = writer.push(&sample, &mut out);
    }
    out
}
