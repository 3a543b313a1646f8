//! Does a step of the metrics of 1,000 guests with two vCPUs, a NIC and a disk each, as many times as its
//! second argument, and prints the bytes and the time of the last one. `bench/metrics` runs it with an
//! instruction counter. The step is `idle` (a tick that nobody asks for), `copy` (one that is copied for the
//! server), `guests`, `devices`, `vcpus` (a rendering, each with more), `libvirt`, or `gzip`.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::RateTracker;
use virtmon_analysis::tally;
use virtmon_analysis::totals::Totals;
use virtmon_bench::{host, tick};
use virtmon_export::encode::Encoder;
use virtmon_export::encode::openmetrics::format::Format;
use virtmon_export::encode::openmetrics::libvirt::LibvirtEncoder;
use virtmon_export::output::Output;
use virtmon_export::output::latest::Latest;
use virtmon_export::registry::metrics::encoder;
use virtmon_export::registry::table;
use virtmon_export::registry::table_info::TableInfo;
use virtmon_model::{Needs, Snapshot, VcpuState};

const GUESTS: u32 = 1_000;

/// The host, with everything known that Xen reports of a guest's devices.
fn full_host() -> Snapshot {
    let mut snapshot = host(GUESTS, 100_001);
    for domain in &mut *snapshot.domains {
        let id = domain.identity.id;
        domain.stale_ns = 0;
        for nic in &mut *domain.nics.rows {
            nic.name = format!("vif{id}.0");
            (nic.rx_packets, nic.tx_packets) = (Some(1_234_567), Some(7_654_321));
            (nic.rx_errors, nic.tx_errors) = (Some(0), Some(0));
            (nic.rx_drops, nic.tx_drops) = (Some(3), Some(0));
        }
        for disk in &mut *domain.disks.rows {
            disk.name = "xvda".into();
            (disk.rd_requests, disk.wr_requests) = (Some(123_456), Some(654_321));
            (disk.fl_requests, disk.ds_requests) = (Some(1_000), Some(0));
            (disk.queue_full, disk.capacity_bytes) = (Some(0), Some(20 << 30));
        }
        for number in 0..2 {
            let vcpu = domain.vcpus.rows.next_row();
            vcpu.id = number;
            vcpu.state = VcpuState::Blocked;
            vcpu.cpu_time_ns = Some(123_456_789_012);
            vcpu.pcpu = Some(number);
        }
    }
    snapshot
}

fn details(names: &[&str]) -> Vec<&'static TableInfo> {
    names.iter().filter_map(|name| table(name)).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let step = arguments.next().unwrap_or_default();
    let times: u64 = arguments.next().unwrap_or_default().parse()?;
    let snapshot = full_host();
    let mut tracker = RateTracker::default();
    tracker.update(&host(GUESTS, 100_000), 0);
    let rates = tracker.update(&snapshot, 1_000_000_000).to_vec();
    let frame = Frame::new(tick(7), &snapshot, &rates);
    let (mut latest, reader) = Latest::new("http", Needs::default());
    let mut metrics: Box<dyn Encoder> = match &*step {
        "libvirt" => Box::new(LibvirtEncoder::new(Format::OpenMetrics)),
        "guests" => Box::new(encoder(Format::OpenMetrics, &[], false)),
        "vcpus" => {
            let all = details(&["vcpu", "nic", "disk", "host"]);
            Box::new(encoder(Format::OpenMetrics, &all, false))
        }
        _ => Box::new(encoder(
            Format::OpenMetrics,
            &details(&["nic", "disk"]),
            false,
        )),
    };
    let mut totals = Totals::default();
    let mut text = Vec::new();
    let mut took = None;
    metrics.encode(&frame, &mut text);
    for _ in 0..times {
        let began = Instant::now();
        match &*step {
            "idle" => {
                tally::add_tick(&mut totals, black_box(&frame), 0);
                latest.offer(black_box(&frame));
            }
            "copy" => {
                drop(black_box(reader.last()));
                latest.offer(black_box(&frame));
            }
            "gzip" => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
                gzip.write_all(black_box(&text))?;
                took = Some((began.elapsed(), gzip.finish()?.len()));
                continue;
            }
            _ => {
                text.clear();
                metrics.encode(black_box(&frame), &mut text);
            }
        }
        took = Some((began.elapsed(), text.len()));
    }
    if let Some((took, bytes)) = took {
        println!("{bytes} {:.3}", took.as_secs_f64() * 1e3);
    }
    Ok(())
}
