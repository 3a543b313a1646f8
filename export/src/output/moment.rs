//! A compact copy of a frame, for views that look back.
//!
//! It has what a view shows and no more: a tenth of the size of a whole frame with its two snapshots. It is
//! made in the thread that calls [`Moment::copy`], into buffers that are used again.

use std::sync::Arc;

use virtmon_analysis::event::Event;
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::self_stats::SelfStats;
use virtmon_model::Node;

use crate::output::moment_number::{Number, Range};
use crate::output::moment_rows::{DiskRow, GuestRow, NicRow, VcpuRow};

/// What a view shows of one tick.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The tick.
    pub tick: Tick,
    /// True if the sample failed: there are events and no values.
    pub is_failed: bool,
    /// The host.
    pub host: HostRow,
    /// The selected domains, in ascending order of id.
    pub guests: Vec<GuestRow>,
    /// vCPUs of all guests, guest by guest.
    pub vcpus: Vec<VcpuRow>,
    /// Network interfaces of all guests, guest by guest.
    pub nics: Vec<NicRow>,
    /// Block devices of all guests, guest by guest.
    pub disks: Vec<DiskRow>,
    /// Changes since the sample before, and notifications.
    pub events: Vec<Event>,
    /// virtmon's own cost.
    pub self_stats: Option<SelfStats>,
}

/// Values of the host.
#[derive(Debug, Clone, Default)]
pub struct HostRow {
    /// Hypervisor and its version.
    pub hypervisor: Arc<str>,
    /// Number of pCPUs that are online.
    pub pcpus: Option<u32>,
    /// Number of domains, selected or not.
    pub domains: usize,
    /// Number of values that could not be read.
    pub warnings: usize,
    /// Time that the pCPUs were not idle, in percent of one pCPU.
    pub busy_pct: Number,
    /// CPU time of all domains and idle time, in percent of the time of all pCPUs.
    pub closure_pct: Number,
    /// Memory, in bytes.
    pub mem_bytes: Option<u64>,
    /// Memory that no domain holds, in bytes.
    pub mem_free_bytes: Option<u64>,
    /// Memory that must be cleaned first, in bytes.
    pub mem_scrub_bytes: Option<u64>,
    /// Memory claimed by domains and not yet allocated, in bytes.
    pub mem_outstanding_bytes: Option<u64>,
    /// Busy time of each pCPU, in percent; unknown for one that is offline.
    pub pcpu_busy_pct: Vec<Number>,
    /// Memory of each NUMA node.
    pub nodes: Vec<Node>,
}

impl Moment {
    /// An empty moment, to be filled.
    #[must_use]
    pub fn empty(tick: Tick) -> Self {
        Self {
            tick,
            is_failed: false,
            host: HostRow::default(),
            guests: Vec::new(),
            vcpus: Vec::new(),
            nics: Vec::new(),
            disks: Vec::new(),
            events: Vec::new(),
            self_stats: None,
        }
    }

    /// A copy of what a frame shows.
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Self {
        let mut moment = Self::empty(frame.tick);
        moment.copy(frame, None);
        moment
    }

    /// Replaces the values by those of a frame, and keeps the buffers. `before` is an earlier moment, whose
    /// names are shared: a moment of the same guests and devices then allocates nothing.
    pub fn copy(&mut self, frame: &Frame<'_>, before: Option<&Self>) {
        self.tick = frame.tick;
        self.is_failed = frame.failed;
        self.self_stats = frame.self_stats;
        self.events.clear();
        self.events.extend_from_slice(frame.events);
        self.guests.clear();
        self.vcpus.clear();
        self.nics.clear();
        self.disks.clear();
        self.host.copy(frame, before.map(|before| &before.host));
        for (at, domain, rates) in frame.domains() {
            let mut row = GuestRow::of(frame, at, domain, rates);
            let guests = before.map_or(&[][..], |before| &before.guests);
            let same = guests.get(self.guests.len());
            let same = same.filter(|same| same.identity == domain.identity);
            let same = before.zip(same);
            row.vcpus = append(
                &mut self.vcpus,
                VcpuRow::all(domain, frame.vcpus_of(domain, rates)),
            );
            row.nics = append(
                &mut self.nics,
                NicRow::all(
                    domain,
                    frame.nics_of(domain, rates),
                    same.map_or(&[], |(before, row)| before.nics_of(row)),
                ),
            );
            row.disks = append(
                &mut self.disks,
                DiskRow::all(
                    domain,
                    frame.disks_of(domain, rates),
                    same.map_or(&[], |(before, row)| before.disks_of(row)),
                ),
            );
            self.guests.push(row);
        }
    }

    /// vCPUs of a guest.
    #[must_use]
    pub fn vcpus_of(&self, guest: &GuestRow) -> &[VcpuRow] {
        slice(&self.vcpus, guest.vcpus)
    }

    /// Network interfaces of a guest.
    #[must_use]
    pub fn nics_of(&self, guest: &GuestRow) -> &[NicRow] {
        slice(&self.nics, guest.nics)
    }

    /// Block devices of a guest.
    #[must_use]
    pub fn disks_of(&self, guest: &GuestRow) -> &[DiskRow] {
        slice(&self.disks, guest.disks)
    }

    /// Approximate memory, in bytes. Names are shared with other moments and do not count.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&self.guests[..])
            + size_of_val(&self.vcpus[..])
            + size_of_val(&self.nics[..])
            + size_of_val(&self.disks[..])
            + size_of_val(&self.host.pcpu_busy_pct[..])
            + self.events.iter().map(event_bytes).sum::<usize>()
    }
}

/// Approximate memory of an event. Its texts are not shared.
fn event_bytes(event: &Event) -> usize {
    size_of::<Event>() + event.device.len() + event.cause.len()
}

impl HostRow {
    fn copy(&mut self, frame: &Frame<'_>, before: Option<&Self>) {
        let host = &frame.snapshot.host;
        if let Some(before) = before {
            self.hypervisor = Arc::clone(&before.hypervisor);
        }
        if *self.hypervisor != *host.hypervisor {
            self.hypervisor = Arc::from(&*host.hypervisor);
        }
        self.pcpus = host.pcpus;
        self.domains = frame.snapshot.domains.len();
        self.warnings = frame.snapshot.warnings.len();
        self.busy_pct = frame.host_rates.busy_pct.into();
        self.closure_pct = frame.host_rates.closure_pct.into();
        self.mem_bytes = host.mem_bytes;
        self.mem_free_bytes = host.mem_free_bytes;
        self.mem_scrub_bytes = host.mem_scrub_bytes;
        self.mem_outstanding_bytes = host.mem_outstanding_bytes;
        self.pcpu_busy_pct.clear();
        self.pcpu_busy_pct
            .extend(frame.pcpu_busy_pct.iter().map(|&pct| Number::from(pct)));
        self.nodes.clone_from(&host.nodes);
    }
}

/// Appends rows, and returns their range.
fn append<T>(rows: &mut Vec<T>, more: impl Iterator<Item = T>) -> Range {
    let first = rows.len();
    rows.extend(more);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (number(first), number(rows.len() - first))
}

fn slice<T>(rows: &[T], (first, count): Range) -> &[T] {
    let first = first as usize;
    rows.get(first..first.saturating_add(count as usize))
        .unwrap_or_default()
}
