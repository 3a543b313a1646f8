//! The table of rates within an interval.

use virtmon_model::Domain;

use crate::schema::cell::Cell;
use crate::schema::column::Table;
use crate::schema::column::columns;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::subsamples::{Distribution, Distributions};

/// The table of what an average hides.
#[derive(Debug)]
pub enum SubsampleTable {}

/// A domain, and how its rates were spread within the interval.
#[derive(Debug, Clone, Copy)]
pub struct SubsampleRow<'a> {
    domain: &'a Domain,
    distributions: &'a Distributions,
}

macro_rules! spread {
    ($pick:expr, $part:ident) => {
        |row| {
            let pick: fn(&Distributions) -> Option<Distribution> = $pick;
            pick(row.distributions).map(|spread| spread.$part).into()
        }
    };
    ($pick:expr) => {
        |row| {
            let pick: fn(&Distributions) -> Option<Distribution> = $pick;
            pick(row.distributions).and_then(|spread| spread.p99).into()
        }
    };
}

impl Table for SubsampleTable {
    type Row<'a> = SubsampleRow<'a>;
    const NAME: &'static str = "subsample";
    const HELP: &'static str = "With `--sample-interval`: one row for each domain and interval, of the rates between the readings in it. p99 is the nearest rank: the smallest rate that at least 99 of 100 do not exceed; it is empty where rows could not be written for so long that there are more than twice the readings of an interval.";
    columns! {
        "id" [""] "the domain's id" ("the domain table")
            |row| Cell::Number(row.domain.identity.id.into());
        "uuid" [""] "the domain's uuid" ("the domain table")
            |row| Cell::Uuid(row.domain.identity.uuid);
        "name" [""] "the domain's name" ("the domain table")
            |row| row.domain.name.as_deref().into();
        "samples" ["samples"] "readings of it since the row before" ("the collector")
            |row| Cell::Number(row.distributions.samples);
        "cpu_pct_min" ["% of a pCPU"] "least cpu_pct between two readings" ("cpu_time_ns") spread!(|s| s.cpu_pct, min);
        "cpu_pct_mean" ["% of a pCPU"] "mean, weighted by time" ("cpu_time_ns") spread!(|s| s.cpu_pct, mean);
        "cpu_pct_max" ["% of a pCPU"] "greatest" ("cpu_time_ns") spread!(|s| s.cpu_pct, max);
        "cpu_pct_p99" ["% of a pCPU"] "99th percentile" ("cpu_time_ns") spread!(|s| s.cpu_pct);
        "net_rx_min" ["bytes/s"] "least rate of net_rx_bytes" ("net_rx_bytes") spread!(|s| s.net_rx, min);
        "net_rx_mean" ["bytes/s"] "mean, weighted by time" ("net_rx_bytes") spread!(|s| s.net_rx, mean);
        "net_rx_max" ["bytes/s"] "greatest" ("net_rx_bytes") spread!(|s| s.net_rx, max);
        "net_rx_p99" ["bytes/s"] "99th percentile" ("net_rx_bytes") spread!(|s| s.net_rx);
        "net_tx_min" ["bytes/s"] "least rate of net_tx_bytes" ("net_tx_bytes") spread!(|s| s.net_tx, min);
        "net_tx_mean" ["bytes/s"] "mean, weighted by time" ("net_tx_bytes") spread!(|s| s.net_tx, mean);
        "net_tx_max" ["bytes/s"] "greatest" ("net_tx_bytes") spread!(|s| s.net_tx, max);
        "net_tx_p99" ["bytes/s"] "99th percentile" ("net_tx_bytes") spread!(|s| s.net_tx);
        "disk_rd_min" ["bytes/s"] "least rate of disk_rd_bytes" ("disk_rd_bytes") spread!(|s| s.disk_rd, min);
        "disk_rd_mean" ["bytes/s"] "mean, weighted by time" ("disk_rd_bytes") spread!(|s| s.disk_rd, mean);
        "disk_rd_max" ["bytes/s"] "greatest" ("disk_rd_bytes") spread!(|s| s.disk_rd, max);
        "disk_rd_p99" ["bytes/s"] "99th percentile" ("disk_rd_bytes") spread!(|s| s.disk_rd);
        "disk_wr_min" ["bytes/s"] "least rate of disk_wr_bytes" ("disk_wr_bytes") spread!(|s| s.disk_wr, min);
        "disk_wr_mean" ["bytes/s"] "mean, weighted by time" ("disk_wr_bytes") spread!(|s| s.disk_wr, mean);
        "disk_wr_max" ["bytes/s"] "greatest" ("disk_wr_bytes") spread!(|s| s.disk_wr, max);
        "disk_wr_p99" ["bytes/s"] "99th percentile" ("disk_wr_bytes") spread!(|s| s.disk_wr);
    }

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
