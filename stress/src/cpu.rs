//! Load on vCPUs for a part of the time.

use std::hint::black_box;
use std::sync::atomic::Ordering;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::load::{Load, Work, counter};
use crate::report::Figure;
use crate::{cli, clock};

/// Period of the duty cycle. It is short compared with the interval of a monitor, and long compared
/// with the duration of a wake-up.
const PERIOD_NS: u64 = 100_000_000;

/// Creates a thread for each vCPU, pinned to it.
pub(crate) fn prepare(request: &cli::Cpu) -> Result<Load, String> {
    let mine =
        sched_getaffinity(Pid::from_raw(0)).map_err(|e| format!("sched_getaffinity: {e}"))?;
    let all: Vec<usize> = (0..CpuSet::count())
        .filter(|&n| mine.is_set(n) == Ok(true))
        .collect();
    let wanted = request.vcpus.map_or(all.len(), usize::from);
    if wanted > all.len() {
        return Err(format!(
            "--vcpus {wanted}: this process may use {} vCPUs",
            all.len()
        ));
    }
    let time = clock::ns(request.end.time);
    let duty = request.duty / 100.0;
    let (mut works, mut counters) = (Vec::new(), Vec::new());
    for &vcpu in &all[..wanted] {
        let (did, shown) = counter();
        counters.push(shown);
        let work: Work = Box::new(move |start| {
            pin(vcpu)?;
            let used_before = clock::thread_cpu()?;
            let used = || Ok::<u64, String>(clock::thread_cpu()? - used_before);
            let mut began = 0;
            while began < time {
                clock::sleep_until(start + began)?;
                // The CPU time of all periods up to now counts, so a period can catch up with missing
                // time of earlier periods.
                let ends = (began + PERIOD_NS).min(time);
                let enough = part(duty, ends);
                let mut so_far = used()?;
                while so_far < enough && clock::now()? < start + ends {
                    spin();
                    so_far = used()?;
                    did.store(so_far, Ordering::Relaxed);
                }
                began = ends;
            }
            Ok(())
        });
        works.push(work);
    }
    let vcpus = works.len() as u64;
    Ok(Load {
        name: "cpu",
        time: request.end.time,
        works,
        figures: vec![Figure {
            name: "cpu_ns",
            requested: Some(Box::new(move |at| part(duty, at) * vcpus)),
            counters,
            each: 1,
        }],
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a part of a u64 is a u64")]
fn part(duty: f64, ns: u64) -> u64 {
    (duty * ns as f64) as u64
}

fn pin(vcpu: usize) -> Result<(), String> {
    let mut one = CpuSet::new();
    one.set(vcpu)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &one))
        .map_err(|errno| format!("can't run on vCPU {vcpu}: {errno}"))
}

/// Works for some microseconds, between two reads of the clock.
fn spin() {
    let mut x = 1_u64;
    for _ in 0..2_000 {
        x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}
