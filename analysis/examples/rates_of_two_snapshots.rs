//! Makes the rates of two snapshots of the same domain, a second apart:
//!
//!     cargo run -p virtmon-analysis --example rates_of_two_snapshots

use virtmon_analysis::rates::RateTracker;
use virtmon_model::{Snapshot, State};

/// A host with one domain that has used this CPU time, and whose NIC has received these bytes.
fn snapshot(cpu_time_ns: u64, rx_bytes: u64) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let domain = snapshot.domains.next_row();
    domain.identity.id = 1;
    domain.state = State::Running;
    domain.cpu_time_ns = Some(cpu_time_ns);
    domain.nics.complete = true;
    let nic = domain.nics.rows.next_row();
    nic.name.push_str("vif1.0");
    nic.rx_bytes = Some(rx_bytes);
    snapshot
}

/// CPU time in percent of a pCPU, and received bytes a second, between two samples that are a second
/// apart.
fn rates(before: &Snapshot, after: &Snapshot) -> (Option<f64>, Option<f64>) {
    let mut tracker = RateTracker::default();
    // There is nothing to compare the first sample with: its rates are unknown.
    assert_eq!(tracker.update(before, 1_000_000_000)[0].cpu_pct, None);
    let rates = &tracker.update(after, 2_000_000_000)[0];
    (rates.cpu_pct, rates.net_rx)
}

fn main() {
    let (cpu_pct, rx_bytes_s) = rates(&snapshot(0, 0), &snapshot(250_000_000, 4_096));
    println!("CPU {cpu_pct:?} %, received {rx_bytes_s:?} bytes/s");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_a_second_of_cpu_time_is_25_percent() {
        let known = rates(&snapshot(1, 10), &snapshot(250_000_001, 4_106));
        assert_eq!(known, (Some(25.0), Some(4_096.0)));
    }

    #[test]
    fn a_counter_that_started_again_has_no_rate() {
        let reset = rates(&snapshot(250_000_000, 4_096), &snapshot(1, 4_096));
        assert_eq!(reset, (None, None));
    }
}
