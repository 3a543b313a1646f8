//! The parts of a tick that run in virtmon itself: decoding the list, computing rates, and all work
//! from a snapshot to the bytes of its CSV. Also the lateness of the ticker.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use virtmon::sampling::clock;
use virtmon::sampling::signals::Signals;
use virtmon::sampling::ticker::Ticker;
use virtmon::sampling::wake::Wake;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::RateTracker;
use virtmon_bench::{DOMAINS, domain_list, host, tick};
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::tables::domain::DomainTable;
use xen_sys::abi::DomainInfo;

const STRIDE: usize = 112;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for domains in DOMAINS {
        let bytes = domain_list(domains, STRIDE);
        group.throughput(Throughput::Elements(domains.into()));
        group.bench_function(BenchmarkId::from_parameter(domains), |b| {
            b.iter(|| {
                for info in black_box(&bytes).chunks_exact(STRIDE) {
                    black_box(DomainInfo::decode(info));
                }
            });
        });
    }
    group.finish();
}

fn deltas(c: &mut Criterion) {
    let mut group = c.benchmark_group("deltas");
    for domains in DOMAINS {
        let snapshots = [host(domains.into(), 0), host(domains.into(), 1)];
        let mut deltas = RateTracker::default();
        let mut number = 0;
        group.throughput(Throughput::Elements(domains.into()));
        group.bench_function(BenchmarkId::from_parameter(domains), |b| {
            b.iter(|| {
                number += 1;
                let snapshot = &snapshots[usize::from(number % 2 == 0)];
                let rates = deltas.update(black_box(snapshot), tick(number).mono_ns);
                black_box(&rates);
            });
        });
    }
    group.finish();
}

fn whole(c: &mut Criterion) {
    let mut group = c.benchmark_group("tick");
    for domains in DOMAINS {
        let snapshots = [host(domains.into(), 0), host(domains.into(), 1)];
        let mut deltas = RateTracker::default();
        let mut sink = CsvEncoder::<DomainTable>::default();
        let mut out = Vec::new();
        let mut number = 0;
        group.throughput(Throughput::Elements(domains.into()));
        group.bench_function(BenchmarkId::from_parameter(domains), |b| {
            b.iter(|| {
                number += 1;
                let tick = tick(number);
                let snapshot = black_box(&snapshots[usize::from(number % 2 == 0)]);
                let rates = deltas.update(snapshot, tick.mono_ns);
                out.clear();
                sink.encode(&Frame::new(tick, snapshot, rates), &mut out);
                black_box(out.len())
            });
        });
    }
    group.finish();
}

/// The time of an iteration is the time from its deadline to the return of the ticker.
fn lateness(c: &mut Criterion) {
    let mut group = c.benchmark_group("lateness");
    group.sample_size(20);
    for interval in [1, 10].map(Duration::from_millis) {
        group.bench_function(BenchmarkId::from_parameter(format!("{interval:?}")), |b| {
            b.iter_custom(|ticks| {
                let mut late_ns = 0;
                if let (Ok(mut ticker), Ok(mut signals)) =
                    (Ticker::start(interval), Signals::catch())
                {
                    for _ in 0..ticks {
                        if let (Ok(Wake::Due(tick)), Ok(now)) =
                            (ticker.wait(&mut signals), clock::now())
                        {
                            late_ns += now.mono_ns.saturating_sub(ticker.due_ns(tick));
                        }
                    }
                }
                Duration::from_nanos(late_ns)
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    targets = decode, deltas, whole, lateness
}
criterion_main!(benches);
