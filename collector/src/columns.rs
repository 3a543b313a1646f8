//! The columns: one table of them makes every header, every row and the schema.

use std::time::SystemTime;

use virtmon_model::{Domain, Uuid};

use crate::{Rates, Tick};

/// The version of the tables' columns: a number in each row's first cell. It changes when a column
/// changes its meaning or its place, not when one is added behind the others.
pub const SCHEMA: u64 = 1;

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Not known: an empty cell.
    Unknown,
    /// A whole number.
    Number(u64),
    /// A number with three decimals.
    Decimal(f64),
    /// A word or a name.
    Text(&'a str),
    /// A moment: RFC 3339, UTC, with nanoseconds.
    Time(SystemTime),
    /// A uuid, in lower case with hyphens.
    Uuid(Uuid),
}

impl From<Option<u64>> for Cell<'_> {
    fn from(value: Option<u64>) -> Self {
        value.map_or(Self::Unknown, Self::Number)
    }
}

/// One column of a table, with `F` to read its value from a row.
pub struct Column<F> {
    /// Its name in the header.
    pub name: &'static str,
    /// The unit of its numbers, empty where it has none.
    pub unit: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Where the Xen backend has it from.
    pub xen: &'static str,
    /// Where the libvirt backend has it from.
    pub libvirt: &'static str,
    /// Its value in a row.
    pub cell: F,
}

/// Reads a tick's value.
pub type OfTick = fn(&Tick) -> Cell<'static>;
/// Reads a domain's value: from the domain itself, or from what changed of it.
pub type OfDomain = for<'a> fn(&'a Domain, &Rates) -> Cell<'a>;

const CLOCK: &str = "the collector's clock";

/// What every table's rows begin with: the facts of the tick.
pub static TICK: [Column<OfTick>; 7] = [
    Column {
        name: "schema",
        unit: "",
        help: "version of this table's columns",
        xen: "constant",
        libvirt: "constant",
        cell: |_| Cell::Number(SCHEMA),
    },
    Column {
        name: "tick",
        unit: "",
        help: "number of the tick, from 0: it was due at t0 + tick x interval",
        xen: CLOCK,
        libvirt: CLOCK,
        cell: |tick| Cell::Number(tick.number),
    },
    Column {
        name: "time",
        unit: "RFC 3339, UTC",
        help: "wall clock when reading began; it may step",
        xen: "CLOCK_REALTIME",
        libvirt: "CLOCK_REALTIME",
        cell: |tick| Cell::Time(tick.wall),
    },
    Column {
        name: "mono_ns",
        unit: "ns",
        help: "monotonic clock when reading began; rates divide by its differences",
        xen: "CLOCK_MONOTONIC",
        libvirt: "CLOCK_MONOTONIC",
        cell: |tick| Cell::Number(tick.mono_ns),
    },
    Column {
        name: "late_ns",
        unit: "ns",
        help: "how long after its due time reading began: due = mono_ns - late_ns",
        xen: CLOCK,
        libvirt: CLOCK,
        cell: |tick| Cell::Number(tick.late_ns),
    },
    Column {
        name: "sample_ns",
        unit: "ns",
        help: "how long reading all domains took",
        xen: CLOCK,
        libvirt: CLOCK,
        cell: |tick| Cell::Number(tick.sample_ns),
    },
    Column {
        name: "missed",
        unit: "ticks",
        help: "ticks without rows since the tick before in this file",
        xen: CLOCK,
        libvirt: CLOCK,
        cell: |tick| Cell::Number(tick.missed),
    },
];

/// The columns of the domains table, behind those of [`TICK`].
pub static DOMAIN: [Column<OfDomain>; 15] = [
    Column {
        name: "id",
        unit: "",
        help: "Xen's domid, or libvirt's id of a running domain; ids come again",
        xen: "xen_domctl_getdomaininfo.domain",
        libvirt: "virDomainGetID",
        cell: |domain, _| Cell::Number(domain.identity.id.into()),
    },
    Column {
        name: "uuid",
        unit: "",
        help: "the domain's uuid; all zeros is Xen's domain 0",
        xen: "xen_domctl_getdomaininfo.handle",
        libvirt: "virDomainGetUUID",
        cell: |domain, _| Cell::Uuid(domain.identity.uuid),
    },
    Column {
        name: "name",
        unit: "",
        help: "the domain's name; bytes that are not UTF-8 are written \\xNN; empty while it has none",
        xen: "xenstore /local/domain/<id>/name",
        libvirt: "virDomainGetName",
        cell: |domain, _| domain.name.as_deref().map_or(Cell::Unknown, Cell::Text),
    },
    Column {
        name: "state",
        unit: "",
        help: "running, blocked, paused, shutdown, crashed, dying or unknown",
        xen: "xen_domctl_getdomaininfo.flags",
        libvirt: "state.state",
        cell: |domain, _| Cell::Text(domain.state.as_str()),
    },
    Column {
        name: "cpu_time_ns",
        unit: "ns",
        help: "CPU time used by all its vCPUs since it was made",
        xen: "xen_domctl_getdomaininfo.cpu_time",
        libvirt: "cpu.time",
        cell: |domain, _| domain.cpu_time_ns.into(),
    },
    Column {
        name: "cpu_pct",
        unit: "% of a pCPU",
        help: "CPU time used since the row before, as percent of one pCPU: two busy vCPUs show 200; empty on the first row and at a reset",
        xen: "made of cpu_time_ns and mono_ns",
        libvirt: "made of cpu_time_ns and mono_ns",
        cell: |_, rates| rates.cpu_pct.map_or(Cell::Unknown, Cell::Decimal),
    },
    Column {
        name: "vcpus_online",
        unit: "vCPUs",
        help: "vCPUs that are online",
        xen: "xen_domctl_getdomaininfo.nr_online_vcpus",
        libvirt: "vcpu.current",
        cell: |domain, _| domain.vcpus_online.map(u64::from).into(),
    },
    Column {
        name: "mem_bytes",
        unit: "bytes",
        help: "memory that it holds now",
        xen: "xen_domctl_getdomaininfo.tot_pages",
        libvirt: "balloon.current",
        cell: |domain, _| domain.mem_bytes.into(),
    },
    Column {
        name: "mem_max_bytes",
        unit: "bytes",
        help: "memory that it may hold; empty where there is no limit",
        xen: "xen_domctl_getdomaininfo.max_pages",
        libvirt: "balloon.maximum",
        cell: |domain, _| domain.mem_max_bytes.into(),
    },
    Column {
        name: "net_rx_bytes",
        unit: "bytes",
        help: "bytes that the guest received, over all its NICs; empty where any is unknown",
        xen: "rtnetlink `RTM_GETSTATS`, `tx_bytes` of each vif: what dom0 sent to it",
        libvirt: "net.<n>.rx.bytes",
        cell: |domain, _| domain.nics.sum(|nic| nic.rx_bytes).into(),
    },
    Column {
        name: "net_tx_bytes",
        unit: "bytes",
        help: "bytes that the guest sent, over all its NICs; empty where any is unknown",
        xen: "rtnetlink `RTM_GETSTATS`, `rx_bytes` of each vif: what dom0 received of it",
        libvirt: "net.<n>.tx.bytes",
        cell: |domain, _| domain.nics.sum(|nic| nic.tx_bytes).into(),
    },
    Column {
        name: "disk_rd_bytes",
        unit: "bytes",
        help: "bytes that the guest read, over all its disks; empty where any is unknown",
        xen: "`/sys/bus/xen-backend/devices/vbd-*/statistics/rd_sect` x 512",
        libvirt: "block.<n>.rd.bytes",
        cell: |domain, _| domain.disks.sum(|disk| disk.rd_bytes).into(),
    },
    Column {
        name: "disk_wr_bytes",
        unit: "bytes",
        help: "bytes that the guest wrote, over all its disks; empty where any is unknown",
        xen: "`/sys/bus/xen-backend/devices/vbd-*/statistics/wr_sect` x 512",
        libvirt: "block.<n>.wr.bytes",
        cell: |domain, _| domain.disks.sum(|disk| disk.wr_bytes).into(),
    },
    Column {
        name: "reset",
        unit: "0 or 1",
        help: "the counters are not those of the row before: it rebooted, the id has another owner, or a counter ran backwards",
        xen: "made of the readings",
        libvirt: "made of the readings",
        cell: |_, rates| Cell::Number(rates.reset.into()),
    },
    Column {
        name: "stale",
        unit: "ns",
        help: "0 when the values were read at this tick, else how old they are",
        xen: "0",
        libvirt: "0, or the age of the whole row where its QEMU does not answer",
        cell: |domain, _| Cell::Number(domain.stale_ns),
    },
];
