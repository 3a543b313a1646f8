//! What writing a frame takes: every sink, and the `csv` crate's plain writer with the same cells.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use virtmon::{Deltas, Frame};
use virtmon_bench::{DOMAINS, encoders, host, tick};

fn sinks(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for domains in DOMAINS {
        let (before, now) = (host(domains.into(), 0), host(domains.into(), 1));
        let mut deltas = Deltas::default();
        deltas.take(&before, tick(0).mono_ns);
        let rates = deltas.take(&now, tick(1).mono_ns);
        let frame = Frame::new(tick(1), &now, rates);
        let mut out = Vec::new();
        for (name, mut sink) in encoders() {
            out.clear();
            sink.encode(&frame, &mut out);
            group.throughput(Throughput::Elements(domains.into()));
            group.bench_function(BenchmarkId::new(name, domains), |b| {
                b.iter(|| {
                    out.clear();
                    sink.encode(black_box(&frame), &mut out);
                    black_box(out.len())
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    targets = sinks
}
criterion_main!(benches);
