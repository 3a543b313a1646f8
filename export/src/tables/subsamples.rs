//! The table of distributions of rates within an interval.

use virtmon_model::Domain;

use crate::schema::cell::Cell;
use crate::schema::column::{Table, columns};
use crate::schema::metric::{ColumnUse, gauge};
use virtmon_analysis::distribution::Distribution;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::subsamples::Distributions;

/// The table of distributions of rates within an interval.
#[derive(Debug)]
pub enum SubsampleTable {}

/// A domain with the distributions of its rates.
#[derive(Debug, Clone, Copy)]
pub struct SubsampleRow<'a> {
    domain: &'a Domain,
    distributions: &'a Distributions,
}

macro_rules! distribution {
    ($pick:expr, $part:ident) => {
        |row| {
            let pick: fn(&Distributions) -> Option<Distribution> = $pick;
            pick(row.distributions)
                .map(|distribution| distribution.$part)
                .into()
        }
    };
    ($pick:expr) => {
        |row| {
            let pick: fn(&Distributions) -> Option<Distribution> = $pick;
            pick(row.distributions)
                .and_then(|distribution| distribution.p99)
                .into()
        }
    };
}

impl Table for SubsampleTable {
    type Row<'a> = SubsampleRow<'a>;
    const NAME: &'static str = "subsample";
    const HELP: &'static str = "One row for each domain and interval, if an interval has several samples (`--sample-interval`): the distribution of the rates between these samples. p99 is the nearest rank: the smallest rate that at least 99 of 100 do not exceed. It is empty if rows could not be written for more than twice an interval.";
    columns! {
        keys |row| row.domain;
        "samples" u64 gauge "samples" "Number of samples of the domain since the row before" {any: "the collector"}
            |row| Cell::Number(row.distributions.samples);
        "cpu_pct_min" f64 gauge "% of a pCPU" "Minimum of cpu_pct between two samples" {any: "cpu_time_ns"} distribution!(|s| s.cpu_pct, min);
        "cpu_pct_mean" f64 gauge "% of a pCPU" "Mean of cpu_pct, weighted by time" {any: "cpu_time_ns"} distribution!(|s| s.cpu_pct, mean);
        "cpu_pct_max" f64 gauge "% of a pCPU" "Maximum of cpu_pct between two samples" {any: "cpu_time_ns"} distribution!(|s| s.cpu_pct, max);
        "cpu_pct_p99" f64 gauge "% of a pCPU" "99th percentile of cpu_pct" {any: "cpu_time_ns"} distribution!(|s| s.cpu_pct);
        "net_rx_min" f64 gauge "bytes/s" "Minimum of the rate of net_rx_bytes between two samples" {any: "net_rx_bytes"} distribution!(|s| s.net_rx, min);
        "net_rx_mean" f64 gauge "bytes/s" "Mean of the rate of net_rx_bytes, weighted by time" {any: "net_rx_bytes"} distribution!(|s| s.net_rx, mean);
        "net_rx_max" f64 gauge "bytes/s" "Maximum of the rate of net_rx_bytes between two samples" {any: "net_rx_bytes"} distribution!(|s| s.net_rx, max);
        "net_rx_p99" f64 gauge "bytes/s" "99th percentile of the rate of net_rx_bytes" {any: "net_rx_bytes"} distribution!(|s| s.net_rx);
        "net_tx_min" f64 gauge "bytes/s" "Minimum of the rate of net_tx_bytes between two samples" {any: "net_tx_bytes"} distribution!(|s| s.net_tx, min);
        "net_tx_mean" f64 gauge "bytes/s" "Mean of the rate of net_tx_bytes, weighted by time" {any: "net_tx_bytes"} distribution!(|s| s.net_tx, mean);
        "net_tx_max" f64 gauge "bytes/s" "Maximum of the rate of net_tx_bytes between two samples" {any: "net_tx_bytes"} distribution!(|s| s.net_tx, max);
        "net_tx_p99" f64 gauge "bytes/s" "99th percentile of the rate of net_tx_bytes" {any: "net_tx_bytes"} distribution!(|s| s.net_tx);
        "disk_rd_min" f64 gauge "bytes/s" "Minimum of the rate of disk_rd_bytes between two samples" {any: "disk_rd_bytes"} distribution!(|s| s.disk_rd, min);
        "disk_rd_mean" f64 gauge "bytes/s" "Mean of the rate of disk_rd_bytes, weighted by time" {any: "disk_rd_bytes"} distribution!(|s| s.disk_rd, mean);
        "disk_rd_max" f64 gauge "bytes/s" "Maximum of the rate of disk_rd_bytes between two samples" {any: "disk_rd_bytes"} distribution!(|s| s.disk_rd, max);
        "disk_rd_p99" f64 gauge "bytes/s" "99th percentile of the rate of disk_rd_bytes" {any: "disk_rd_bytes"} distribution!(|s| s.disk_rd);
        "disk_wr_min" f64 gauge "bytes/s" "Minimum of the rate of disk_wr_bytes between two samples" {any: "disk_wr_bytes"} distribution!(|s| s.disk_wr, min);
        "disk_wr_mean" f64 gauge "bytes/s" "Mean of the rate of disk_wr_bytes, weighted by time" {any: "disk_wr_bytes"} distribution!(|s| s.disk_wr, mean);
        "disk_wr_max" f64 gauge "bytes/s" "Maximum of the rate of disk_wr_bytes between two samples" {any: "disk_wr_bytes"} distribution!(|s| s.disk_wr, max);
        "disk_wr_p99" f64 gauge "bytes/s" "99th percentile of the rate of disk_wr_bytes" {any: "disk_wr_bytes"} distribution!(|s| s.disk_wr);
    }

    const METRICS: &'static [ColumnUse] = &[
        gauge("samples", "virtmon_guest_interval_samples").help("Number of samples of the guest since the tick before"),
        gauge("cpu_pct_min", "virtmon_guest_interval_cpu_ratio").help("CPU time used between two samples, as part of one pCPU, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "min"),
        gauge("cpu_pct_mean", "virtmon_guest_interval_cpu_ratio").help("CPU time used between two samples, as part of one pCPU, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "mean"),
        gauge("cpu_pct_max", "virtmon_guest_interval_cpu_ratio").help("CPU time used between two samples, as part of one pCPU, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "max"),
        gauge("cpu_pct_p99", "virtmon_guest_interval_cpu_ratio").help("CPU time used between two samples, as part of one pCPU, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "p99"),
        gauge("net_rx_min", "virtmon_guest_interval_network_receive_bytes_per_second").help("Bytes received between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "min"),
        gauge("net_rx_mean", "virtmon_guest_interval_network_receive_bytes_per_second").help("Bytes received between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "mean"),
        gauge("net_rx_max", "virtmon_guest_interval_network_receive_bytes_per_second").help("Bytes received between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "max"),
        gauge("net_rx_p99", "virtmon_guest_interval_network_receive_bytes_per_second").help("Bytes received between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "p99"),
        gauge("net_tx_min", "virtmon_guest_interval_network_transmit_bytes_per_second").help("Bytes sent between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "min"),
        gauge("net_tx_mean", "virtmon_guest_interval_network_transmit_bytes_per_second").help("Bytes sent between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "mean"),
        gauge("net_tx_max", "virtmon_guest_interval_network_transmit_bytes_per_second").help("Bytes sent between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "max"),
        gauge("net_tx_p99", "virtmon_guest_interval_network_transmit_bytes_per_second").help("Bytes sent between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "p99"),
        gauge("disk_rd_min", "virtmon_guest_interval_block_read_bytes_per_second").help("Bytes read between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "min"),
        gauge("disk_rd_mean", "virtmon_guest_interval_block_read_bytes_per_second").help("Bytes read between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "mean"),
        gauge("disk_rd_max", "virtmon_guest_interval_block_read_bytes_per_second").help("Bytes read between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "max"),
        gauge("disk_rd_p99", "virtmon_guest_interval_block_read_bytes_per_second").help("Bytes read between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "p99"),
        gauge("disk_wr_min", "virtmon_guest_interval_block_write_bytes_per_second").help("Bytes written between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "min"),
        gauge("disk_wr_mean", "virtmon_guest_interval_block_write_bytes_per_second").help("Bytes written between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "mean"),
        gauge("disk_wr_max", "virtmon_guest_interval_block_write_bytes_per_second").help("Bytes written between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "max"),
        gauge("disk_wr_p99", "virtmon_guest_interval_block_write_bytes_per_second").help("Bytes written between two samples, over the interval: minimum, mean weighted by time, maximum, 99th percentile").with("stat", "p99"),
    ];

    fn rows<'a>(frame: &Frame<'a>, mut each: impl FnMut(&SubsampleRow<'a>)) {
        for (at, domain, _) in frame.domains() {
            if let Some(distributions) = frame.subsamples.get(at) {
                each(&SubsampleRow {
                    domain,
                    distributions,
                });
            }
        }
    }
}
