//! Complete ticks with recordings of real hosts: frames, decoding, rates, events, and the rows of
//! every table as CSV and JSON Lines. They are written to /dev/null, so that no disk is measured.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use virtmon::files::TickFile;
use virtmon::files::transport::FileTransport;
use virtmon::runner::Runner;
use virtmon::runner::limit::Limit;
use virtmon::sampling::replay::Replay;
use virtmon::sampling::signals::Signals;
use virtmon::sampling::source::Source;
use virtmon::sampling::wake::Wake;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::JsonEncoder;
use virtmon_export::tables::device::{DiskTable, NicTable};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::event::EventTable;
use virtmon_export::tables::host::HostTable;
use virtmon_export::tables::vcpu::VcpuTable;
use virtmon_model::Snapshot;

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../recordings/{name}.vmrec"))
}

/// Decodes all samples of a recording, and returns their number.
fn decode(bytes: &[u8]) -> u64 {
    let mut snapshot = Snapshot::default();
    let Ok(mut replay) = Replay::new(bytes, None, false) else {
        return 0;
    };
    let Ok(mut signals) = Signals::catch() else {
        return 0;
    };
    while let Ok(Wake::Due(_)) = replay.wait(&mut signals) {
        black_box(replay.sample(&mut snapshot).is_ok());
    }
    replay.samples()
}

fn run(bytes: &[u8], sink: impl Encoder + 'static) {
    let mut runner = Runner::new(|_| {});
    let Ok(mut replay) = Replay::new(bytes, None, false) else {
        return;
    };
    if let Ok(file) = TickFile::file(Path::new("/dev/null"))
        && let Ok(stream) = FileTransport::stream(sink, file)
    {
        runner.add(stream);
    }
    let _ = runner.run(&mut replay, Limit::None);
}

fn every_table() -> Vec<Box<dyn Encoder>> {
    vec![
        Box::new(CsvEncoder::<DomainTable>::default()),
        Box::new(CsvEncoder::<VcpuTable>::default()),
        Box::new(CsvEncoder::<NicTable>::default()),
        Box::new(CsvEncoder::<DiskTable>::default()),
        Box::new(CsvEncoder::<HostTable>::default()),
        Box::new(CsvEncoder::<EventTable>::default()),
        Box::new(JsonEncoder::<DomainTable>::of(&[])),
    ]
}

fn replay(c: &mut Criterion) {
    for name in ["xen", "libvirt"] {
        let Ok(bytes) = std::fs::read(recording(name)) else {
            continue;
        };
        let mut group = c.benchmark_group(format!("replay/{name}"));
        group.measurement_time(Duration::from_secs(4));
        group.throughput(Throughput::Elements(decode(&bytes)));
        group.bench_function("decode", |b| b.iter(|| decode(black_box(&bytes))));
        group.bench_function("csv", |b| {
            b.iter(|| run(black_box(&bytes), CsvEncoder::<DomainTable>::default()));
        });
        group.bench_function("every table", |b| {
            b.iter(|| run(black_box(&bytes), every_table()));
        });
        group.finish();
    }
}

criterion_group!(benches, replay);
criterion_main!(benches);
