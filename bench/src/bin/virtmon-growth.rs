//! Measures the cost of a sample of this Xen host, and of a sample with its CSV, in ns. With the lab's
//! `--icount`, one ns is one instruction. Prints lines of six words: numbers of domains, vCPUs, NICs
//! and disks, step, cost.
#![forbid(unsafe_code)]

use std::error::Error;
use std::thread;
use std::time::Duration;

use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::RateTracker;
use virtmon_bench::{instructions::cost_of, tick};
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::tables::device::{DiskTable, NicTable};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::vcpu::VcpuTable;
use virtmon_model::{Backend, Domain, Needs, Snapshot};
use xen_backend::{Options, XenBackend, XenPath};

/// Number of samples before the measured ones. In these samples the backend reads the data of new
/// domains, a few domains per sample.
const WARM_UP: u32 = 200;

/// Pause after each of these samples, in which xenstored handles its requests. Otherwise xenstored
/// would share the pCPU with the measured code.
const PAUSE: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    measure(false)?;
    measure(true)
}

/// Measures and prints the costs. With `all`, samples include every vCPU, and the CSV includes tables
/// of vCPUs, NICs and disks.
fn measure(all: bool) -> Result<(), Box<dyn Error>> {
    let options = Options {
        path: XenPath::Privcmd,
        needs: Needs {
            vcpus: all,
            host: false,
            ..Needs::default()
        },
    };
    let mut backend = XenBackend::open(options, &mut |_| {})?;
    let mut snapshots = [Snapshot::default(), Snapshot::default()];
    for _ in 0..WARM_UP {
        for snapshot in &mut snapshots {
            backend.sample(snapshot)?;
        }
        thread::sleep(PAUSE);
    }
    let domains = &snapshots[0].domains;
    let count = |rows: fn(&Domain) -> usize| domains.iter().map(rows).sum::<usize>();
    let size = format!(
        "{} {} {} {}",
        domains.len(),
        count(|domain| domain.vcpus.rows.len()),
        count(|domain| domain.nics.rows.len()),
        count(|domain| domain.disks.rows.len()),
    );
    let calls = match domains.len() {
        0..100 => 50,
        100..500 => 10,
        _ => 1,
    };

    let mut turn = 0;
    let cost = cost_of(calls, || {
        turn += 1;
        drop(backend.sample(&mut snapshots[turn % 2]));
    });
    let detail = if all { "_all" } else { "" };
    println!("{size} sample{detail} {cost}");

    let mut sinks: Vec<Box<dyn Encoder>> = vec![Box::new(CsvEncoder::<DomainTable>::default())];
    if all {
        sinks.push(Box::new(CsvEncoder::<VcpuTable>::default()));
        sinks.push(Box::new(CsvEncoder::<NicTable>::default()));
        sinks.push(Box::new(CsvEncoder::<DiskTable>::default()));
    }
    let (mut deltas, mut out, mut number) = (RateTracker::default(), Vec::new(), 0);
    let cost = cost_of(calls, || {
        number += 1;
        turn += 1;
        let snapshot = &mut snapshots[turn % 2];
        drop(backend.sample(snapshot));
        let tick = tick(number);
        let rates = deltas.update(snapshot, tick.mono_ns);
        out.clear();
        sinks.encode(&Frame::new(tick, snapshot, rates), &mut out);
    });
    println!("{size} csv{detail} {cost}");
    Ok(())
}
