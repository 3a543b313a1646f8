//! The names of prometheus-libvirt-exporter, for dashboards that were made for it.
//!
//! They are those of Debian's prometheus-libvirt-exporter 0.2.0, with its labels. Values are from the same
//! frame as all others. `source_bridge` is left out: no sample has it.

use virtmon_analysis::frame::Frame;
use virtmon_model::{Disk, Domain, Nic, State};

use crate::encode::Encoder;
use crate::encode::openmetrics::families::{Families, FamilyId, push_head};
use crate::encode::openmetrics::format::Format;
use crate::encode::openmetrics::text::{push_label, push_number};
use crate::schema::cell::Cell;
use crate::schema::metric::Metric;
use crate::schema::metric::MetricKind::{self, Counter, Gauge};

/// A family: name without `_total`, type, description, value.
type Entry<T> = (&'static str, MetricKind, &'static str, fn(&T) -> Cell<'_>);

/// Families of guests.
pub const DOMAIN: &[Entry<Domain>] = &[
    (
        "libvirt_domain_state_code",
        Gauge,
        "State of the guest, as libvirt numbers it",
        state_code,
    ),
    (
        "libvirt_domain_info_maximum_memory_bytes",
        Gauge,
        "Maximum memory of the guest",
        |domain| domain.mem_max_bytes.into(),
    ),
    (
        "libvirt_domain_info_memory_usage_bytes",
        Gauge,
        "Memory held by the guest",
        |domain| domain.mem_bytes.into(),
    ),
    (
        "libvirt_domain_info_virtual_cpus",
        Gauge,
        "Number of online vCPUs",
        |domain| domain.vcpus_online.into(),
    ),
    (
        "libvirt_domain_info_cpu_time_seconds",
        Counter,
        "CPU time used by all vCPUs",
        |domain| domain.cpu_time_ns.into(),
    ),
];

/// Families of block devices.
pub const DISK: &[Entry<Disk>] = &[
    (
        "libvirt_domain_block_stats_read_bytes",
        Counter,
        "Bytes read by the guest",
        |disk| disk.rd_bytes.into(),
    ),
    (
        "libvirt_domain_block_stats_read_requests",
        Counter,
        "Reads",
        |disk| disk.rd_requests.into(),
    ),
    (
        "libvirt_domain_block_stats_read_seconds",
        Counter,
        "Time spent in reads",
        |disk| disk.rd_time_ns.into(),
    ),
    (
        "libvirt_domain_block_stats_write_bytes",
        Counter,
        "Bytes written by the guest",
        |disk| disk.wr_bytes.into(),
    ),
    (
        "libvirt_domain_block_stats_write_requests",
        Counter,
        "Writes",
        |disk| disk.wr_requests.into(),
    ),
    (
        "libvirt_domain_block_stats_write_seconds",
        Counter,
        "Time spent in writes",
        |disk| disk.wr_time_ns.into(),
    ),
    (
        "libvirt_domain_block_stats_flush_requests",
        Counter,
        "Flushes",
        |disk| disk.fl_requests.into(),
    ),
    (
        "libvirt_domain_block_stats_flush_seconds",
        Counter,
        "Time spent in flushes",
        |disk| disk.fl_time_ns.into(),
    ),
];

/// Families of network interfaces.
pub const NIC: &[Entry<Nic>] = &[
    (
        "libvirt_domain_interface_stats_receive_bytes",
        Counter,
        "Bytes received by the guest",
        |nic| nic.rx_bytes.into(),
    ),
    (
        "libvirt_domain_interface_stats_receive_packets",
        Counter,
        "Packets received by the guest",
        |nic| nic.rx_packets.into(),
    ),
    (
        "libvirt_domain_interface_stats_receive_errors",
        Counter,
        "Packets for the guest that had errors",
        |nic| nic.rx_errors.into(),
    ),
    (
        "libvirt_domain_interface_stats_receive_drops",
        Counter,
        "Packets for the guest that were dropped",
        |nic| nic.rx_drops.into(),
    ),
    (
        "libvirt_domain_interface_stats_transmit_bytes",
        Counter,
        "Bytes sent by the guest",
        |nic| nic.tx_bytes.into(),
    ),
    (
        "libvirt_domain_interface_stats_transmit_packets",
        Counter,
        "Packets sent by the guest",
        |nic| nic.tx_packets.into(),
    ),
    (
        "libvirt_domain_interface_stats_transmit_errors",
        Counter,
        "Packets of the guest that had errors",
        |nic| nic.tx_errors.into(),
    ),
    (
        "libvirt_domain_interface_stats_transmit_drops",
        Counter,
        "Packets of the guest that were dropped",
        |nic| nic.tx_drops.into(),
    ),
];

/// Families of the host.
pub const HOST: &[(&str, &str)] = &[
    (
        "libvirt_up",
        "1 if the last sample succeeded, 0 if it failed",
    ),
    ("libvirt_domains_number", "Number of domains"),
];

/// Encodes frames under the names of prometheus-libvirt-exporter.
pub struct LibvirtEncoder {
    families: Families,
    up: FamilyId,
    domains: FamilyId,
    domain: Vec<Series<Domain>>,
    disk: Vec<Series<Disk>>,
    nic: Vec<Series<Nic>>,
    /// Labels of the current row.
    labels: Vec<u8>,
}

struct Series<T> {
    family: FamilyId,
    name: Vec<u8>,
    shift: u32,
    value: fn(&T) -> Cell<'_>,
}

impl LibvirtEncoder {
    /// Creates an encoder of this form.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let mut families = Families::new(format);
        let [up, domains] =
            [HOST[0], HOST[1]].map(|(name, help)| families.id(&Metric::new(name, Gauge), help));
        Self {
            up,
            domains,
            domain: series(DOMAIN, &mut families),
            disk: series(DISK, &mut families),
            nic: series(NIC, &mut families),
            families,
            labels: Vec::new(),
        }
    }

    fn add_domain(&mut self, domain: &Domain) {
        let families = &mut self.families;
        let labels = &mut self.labels;
        labels.clear();
        push_label(labels, "domain", domain.name.as_deref().into());
        push_label(labels, "uuid", Cell::Uuid(domain.identity.uuid));
        let end = labels.len();
        add(&self.domain, domain, labels, families);
        for (n, disk) in domain.disks.rows.iter().enumerate() {
            let mut before = domain.disks.rows.iter().take(n);
            if before.any(|other| other.name == disk.name) {
                continue;
            }
            labels.truncate(end);
            push_label(labels, "source_file", Cell::Text(&disk.path));
            push_label(labels, "target_device", Cell::Text(&disk.name));
            add(&self.disk, disk, labels, families);
        }
        for (n, nic) in domain.nics.rows.iter().enumerate() {
            let mut before = domain.nics.rows.iter().take(n);
            if before.any(|other| other.name == nic.name) {
                continue;
            }
            labels.truncate(end);
            push_label(labels, "target_device", Cell::Text(&nic.name));
            add(&self.nic, nic, labels, families);
        }
    }
}

impl Encoder for LibvirtEncoder {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let counts = [
            (self.up, HOST[0].0, u64::from(!frame.failed)),
            (self.domains, HOST[1].0, frame.snapshot.domains.len() as u64),
        ];
        for (family, name, value) in counts {
            let samples = self.families.samples(family);
            push_head(samples, name.as_bytes(), &[], &[]);
            push_number(samples, Cell::Number(value), 0);
            samples.push(b'\n');
        }
        for (_, domain, _) in frame.domains() {
            self.add_domain(domain);
        }
        self.families.take(out);
    }
}

fn series<T>(entries: &[Entry<T>], families: &mut Families) -> Vec<Series<T>> {
    let series = entries.iter().map(|&(name, kind, help, value)| {
        let metric = Metric::new(name, kind);
        Series {
            family: families.id(&metric, help),
            name: [name, metric.suffix()].concat().into_bytes(),
            shift: metric.shift(),
            value,
        }
    });
    series.collect()
}

fn add<T>(series: &[Series<T>], row: &T, labels: &[u8], families: &mut Families) {
    for entry in series {
        let samples = families.samples(entry.family);
        let start = samples.len();
        push_head(samples, &entry.name, labels, &[]);
        if push_number(samples, (entry.value)(row), entry.shift) {
            samples.push(b'\n');
        } else {
            samples.truncate(start);
        }
    }
}

/// libvirt's number of a state (`virDomainState`).
fn state_code(domain: &Domain) -> Cell<'_> {
    Cell::Number(match domain.state {
        State::Unknown => return Cell::Unknown,
        State::Running => 1,
        State::Blocked => 2,
        State::Paused => 3,
        // A guest that has an id is not off yet.
        State::Shutdown | State::Dying => 4,
        State::Crashed => 6,
    })
}
