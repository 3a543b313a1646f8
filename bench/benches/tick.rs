//! The parts of a tick that are virtmon's own: decoding the list, making rates, writing rows.
//! The `csv` crate writing the same cells stands beside the last one.

use std::hint::black_box;
use std::time::SystemTime;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use virtmon::sink::{CsvSink, Sink};
use virtmon::table::{Cell, DomainRow, Domains, Table, Ticks};
use virtmon::{Deltas, Frame, Tick};
use virtmon_bench::{domain_list, host};
use xen_sys::abi::DomainInfo;

const DOMAINS: [u16; 4] = [1, 10, 100, 1000];
const STRIDE: usize = 112;

const fn tick(number: u64) -> Tick {
    Tick {
        number,
        mono_ns: 86_400_000_000_000 + number * 1_000_000_000,
        wall: SystemTime::UNIX_EPOCH,
        late_ns: 52_000,
        sample_ns: 81_000,
        missed: 0,
    }
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for domains in DOMAINS {
        let bytes = domain_list(domains, STRIDE);
        group.throughput(Throughput::Elements(domains.into()));
        group.bench_function(BenchmarkId::from_parameter(domains), |b| {
            b.iter(|| {
                let infos = black_box(&bytes).chunks_exact(STRIDE);
                infos
                    .filter_map(DomainInfo::decode)
                    .fold(0, |sum: u64, info| {
                        sum.wrapping_add(info.cpu_time ^ u64::from(info.handle[1]))
                    })
            });
        });
    }
    group.finish();
}

fn deltas(c: &mut Criterion) {
    let mut group = c.benchmark_group("deltas");
    for domains in DOMAINS {
        let readings = [host(domains.into(), 0), host(domains.into(), 1)];
        let mut deltas = Deltas::default();
        let mut number = 0;
        group.throughput(Throughput::Elements(domains.into()));
        group.bench_function(BenchmarkId::from_parameter(domains), |b| {
            b.iter(|| {
                number += 1;
                let reading = &readings[usize::from(number % 2 == 0)];
                let rates = deltas.take(black_box(reading), tick(number).mono_ns);
                black_box(&rates);
            });
        });
    }
    group.finish();
}

fn csv(c: &mut Criterion) {
    let mut group = c.benchmark_group("csv");
    for domains in DOMAINS {
        let (before, now) = (host(domains.into(), 0), host(domains.into(), 1));
        let mut deltas = Deltas::default();
        deltas.take(&before, tick(0).mono_ns);
        let rates = deltas.take(&now, tick(1).mono_ns);
        let frame = Frame::new(tick(1), &now, rates);
        group.throughput(Throughput::Elements(domains.into()));
        let mut sink = CsvSink::<Domains>::default();
        let mut out = Vec::new();
        group.bench_function(BenchmarkId::new("virtmon", domains), |b| {
            b.iter(|| {
                out.clear();
                sink.encode(black_box(&frame), &mut out);
                black_box(out.len())
            });
        });
        group.bench_function(BenchmarkId::new("csv-crate", domains), |b| {
            b.iter(|| {
                out.clear();
                with_the_csv_crate(black_box(&frame), &mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}

fn with_the_csv_crate(frame: &Frame<'_>, out: &mut Vec<u8>) {
    let mut writer = csv::Writer::from_writer(out);
    for (domain, rates) in frame.snapshot.domains.iter().zip(frame.rates) {
        let row = DomainRow {
            domain,
            rates,
            wall_ns: frame.tick.wall_ns(),
        };
        let cells = Ticks::COLUMNS
            .iter()
            .map(|column| (column.cell)(&frame.tick));
        let cells = cells.chain(Domains::COLUMNS.iter().map(|column| (column.cell)(&row)));
        for cell in cells {
            let written = match cell {
                Cell::Unknown => writer.write_field(""),
                Cell::Number(number) => writer.write_field(number.to_string()),
                Cell::Decimal(number) => writer.write_field(format!("{number:.3}")),
                Cell::Word(text) | Cell::Text(text) => writer.write_field(text),
                Cell::Time(time) => {
                    writer.write_field(humantime::format_rfc3339_nanos(time).to_string())
                }
                Cell::Uuid(uuid) => writer.write_field(uuid.to_string()),
            };
            written.unwrap_or_default();
        }
        writer.write_record(None::<&[u8]>).unwrap_or_default();
    }
    writer.flush().unwrap_or_default();
}

criterion_group!(benches, decode, deltas, csv);
criterion_main!(benches);
