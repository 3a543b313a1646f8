//! Duration of encoding a frame: every encoder, and the writer of the `csv` crate with the same cells.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::RateTracker;
use virtmon_bench::{DOMAINS, encoders, host, tick};

fn sinks(c: &mut Criterion) {
    let mut group = c.benchmark_group("encode");
    for domains in DOMAINS {
        // Two snapshots alternate, because a value that is the same as in the previous row costs less.
        let hosts = [host(domains.into(), 1), host(domains.into(), 2)];
        let rates = [1, 2].map(|seconds| {
            let mut deltas = RateTracker::default();
            deltas.update(&host(domains.into(), 0), tick(0).mono_ns);
            deltas.update(&hosts[0], tick(seconds).mono_ns).to_vec()
        });
        let mut out = Vec::new();
        for (name, mut sink) in encoders() {
            let mut number = 0;
            group.throughput(Throughput::Elements(domains.into()));
            group.bench_function(BenchmarkId::new(name, domains), |b| {
                b.iter(|| {
                    number += 1;
                    let odd = usize::from(number % 2 == 1);
                    let frame = Frame::new(tick(number), &hosts[odd], &rates[odd]);
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
