//! Scripted runs: guests with known values at each tick, and screens drawn from them.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use virtmon_analysis::device_rates::{DiskRates, NicRates};
use virtmon_analysis::event::Event;
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::host_rates::HostRates;
use virtmon_analysis::matching::Match;
use virtmon_analysis::rates::{DomainRates, FirstRows};
use virtmon_analysis::vcpu_rates::VcpuRates;
use virtmon_export::output::moment::Moment;
use virtmon_model::{Capabilities, Node, Role, Snapshot, State as DomainState, Uuid, VcpuState};
use virtmon_top::canvas::Canvas;
use virtmon_top::glyphs::Glyphs;
use virtmon_top::palette::Palette;
use virtmon_top::scene::Run;
use virtmon_top::state::{SourceFacts, State};
use virtmon_top::zone::Zone;
use virtmon_top::{keys, view};

pub(crate) mod hosts;

/// 2026-11-24 13:03:07 UTC.
pub(crate) const NOW_NS: u64 = 1_795_525_387_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A guest of a script.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    pub(crate) id: u32,
    pub(crate) name: Option<String>,
    pub(crate) state: DomainState,
    pub(crate) vcpus: u32,
    pub(crate) cpu: Option<f64>,
    pub(crate) ready: Option<f64>,
    pub(crate) mem: Option<u64>,
    /// Bytes received, sent, read and written per second.
    pub(crate) io: Option<[f64; 4]>,
    pub(crate) role: Option<Role>,
    pub(crate) is_new: bool,
    pub(crate) is_reset: bool,
    pub(crate) stale_s: u64,
    pub(crate) error: Option<String>,
    /// How much the values vary with time.
    pub(crate) wave: f64,
}

impl Guest {
    pub(crate) fn new(id: u32, name: &str) -> Self {
        Self {
            id,
            name: Some(name.to_owned()),
            state: DomainState::Running,
            vcpus: 2,
            cpu: Some(0.0),
            ready: Some(0.0),
            mem: Some(1 << 30),
            io: Some([0.0; 4]),
            role: Some(Role::Guest),
            is_new: false,
            is_reset: false,
            stale_s: 0,
            error: None,
            wave: 0.3,
        }
    }

    /// A factor around 1 that varies with the tick; 1 at the last tick.
    fn factor(&self, back: u64) -> f64 {
        let phase = (back * (7 + u64::from(self.id) % 5)) as f64 / 17.0;
        1.0 + self.wave * phase.sin()
    }
}

/// A host of a script, with its guests and the events of each tick.
pub(crate) struct Script {
    pub(crate) guests: Vec<Guest>,
    pub(crate) is_xen: bool,
    pub(crate) pcpus: u32,
    pub(crate) busy_pct: Option<f64>,
    pub(crate) mem_bytes: u64,
    pub(crate) free_bytes: u64,
    /// Events, by the number of seconds before the last tick.
    pub(crate) events: Vec<(u64, Event)>,
    /// Number of ticks.
    pub(crate) ticks: u64,
}

impl Script {
    /// The moments of the run. `change` may change the guests of a tick, by its seconds before the last.
    pub(crate) fn run(&self, change: impl Fn(u64, &mut Vec<Guest>)) -> Run {
        let mut run = Run::default();
        for number in 0..self.ticks {
            let back = self.ticks - 1 - number;
            let mut guests = self.guests.clone();
            change(back, &mut guests);
            guests.sort_by_key(|guest| guest.id);
            let moment = Arc::new(self.moment(number, back, &guests));
            run.log.add(&moment);
            run.history.push(moment, drop);
        }
        run
    }

    fn moment(&self, number: u64, back: u64, guests: &[Guest]) -> Moment {
        let tick = Tick {
            number,
            mono_ns: 1_000 * SECOND_NS + number * SECOND_NS,
            wall: UNIX_EPOCH + Duration::from_nanos(NOW_NS - back * SECOND_NS),
            late_ns: 400_000,
            sample_ns: 1_500_000,
            missed: 0,
        };
        let mut parts = Parts::default();
        self.set_host(&mut parts, back);
        for (at, guest) in guests.iter().enumerate() {
            parts.add(guest, self.is_xen, at, back, number == 0);
        }
        let events = self.events.iter().filter(|(at, _)| *at == back);
        let events: Vec<Event> = events.map(|(_, event)| event.clone()).collect();
        Moment::of(&Frame {
            ready_pct: &parts.ready,
            vcpu_rates: &parts.vcpus,
            nic_rates: &parts.nics,
            disk_rates: &parts.disks,
            pcpu_busy_pct: &parts.pcpus,
            host_rates: HostRates {
                busy_pct: self.busy_pct.filter(|_| number > 0),
                closure_pct: self.busy_pct.map(|_| 99.9),
                ..HostRates::default()
            },
            events: &events,
            ..Frame::new(tick, &parts.snapshot, &parts.rates)
        })
    }

    fn set_host(&self, parts: &mut Parts, back: u64) {
        let host = &mut parts.snapshot.host;
        host.hypervisor = if self.is_xen {
            "Xen 4.17.5"
        } else {
            "QEMU 7.2.22"
        }
        .into();
        host.pcpus = Some(self.pcpus);
        host.mem_bytes = Some(self.mem_bytes);
        host.mem_free_bytes = Some(self.free_bytes);
        if !self.is_xen {
            return;
        }
        host.mem_outstanding_bytes = Some(4 << 30);
        host.mem_scrub_bytes = Some(0);
        let half = self.mem_bytes / 2;
        let free = [self.free_bytes * 9 / 10, self.free_bytes / 10];
        host.nodes.extend(free.map(|free| Node {
            mem_bytes: Some(half),
            mem_free_bytes: Some(free),
        }));
        parts.pcpus = (0..self.pcpus)
            .map(|pcpu| Some(100.0 - f64::from(pcpu * 7 % 13) - (back % 3) as f64))
            .collect();
    }
}

/// A small Xen host.
pub(crate) fn small(guests: Vec<Guest>, ticks: u64) -> Script {
    Script {
        guests,
        is_xen: true,
        pcpus: 4,
        busy_pct: Some(100.0),
        mem_bytes: 8 << 30,
        free_bytes: 4 << 30,
        events: Vec::new(),
        ticks,
    }
}

#[derive(Default)]
struct Parts {
    snapshot: Snapshot,
    rates: Vec<DomainRates>,
    ready: Vec<Option<f64>>,
    vcpus: Vec<VcpuRates>,
    nics: Vec<NicRates>,
    disks: Vec<DiskRates>,
    pcpus: Vec<Option<f64>>,
}

impl Parts {
    fn add(&mut self, guest: &Guest, is_xen: bool, at: usize, back: u64, is_first: bool) {
        let factor = guest.factor(back);
        let is_known = !is_first && guest.stale_s == 0 && !guest.is_reset && !guest.is_new;
        let rate = |value: Option<f64>| value.filter(|_| is_known).map(|value| value * factor);
        let io = |n: usize| rate(guest.io.map(|io| io[n]));
        self.rates.push(DomainRates {
            cpu_pct: rate(guest.cpu),
            net_rx: io(0),
            net_tx: io(1),
            disk_rd: io(2),
            disk_wr: io(3),
            reset: guest.is_reset,
            matched: if is_first || guest.is_new {
                Match::New
            } else {
                Match::Same(at)
            },
            elapsed_ns: is_known.then_some(SECOND_NS),
            first: FirstRows {
                vcpu: u32::try_from(self.vcpus.len()).unwrap(),
                nic: u32::try_from(self.nics.len()).unwrap(),
                disk: u32::try_from(self.disks.len()).unwrap(),
            },
        });
        self.ready
            .push(guest.ready.filter(|_| is_known).map(|pct| pct * factor));
        self.add_domain(guest, is_xen, back);
        self.add_rates(guest, &io, rate(guest.cpu), is_xen);
    }

    fn add_domain(&mut self, guest: &Guest, is_xen: bool, back: u64) {
        let domain = self.snapshot.domains.next_row();
        domain.clear();
        domain.identity.id = guest.id;
        let number = u128::from(guest.id) * 0x1234_5678_9abc_def1_2345_6789;
        let is_control = guest.role == Some(Role::Control);
        domain.identity.uuid = Uuid::from_u128(if is_control { 0 } else { number });
        domain.name = guest.name.as_deref().map(Arc::from);
        domain.state = guest.state;
        domain.role = guest.role.filter(|_| is_xen);
        domain.cpupool = is_xen.then_some(0);
        domain.vcpus_online = (guest.vcpus > 0).then_some(guest.vcpus);
        domain.mem_bytes = guest.mem;
        domain.mem_max_bytes = guest.mem;
        domain.cpu_time_ns = guest.cpu.map(|_| 3_600 * SECOND_NS);
        domain.stale_ns = guest.stale_s.saturating_sub(back) * SECOND_NS;
        domain.error = guest.error.as_deref().map(Arc::from);
        for id in 0..guest.vcpus {
            let vcpu = domain.vcpus.rows.next_row();
            vcpu.id = id;
            vcpu.state = if id % 3 == 2 {
                VcpuState::Blocked
            } else {
                VcpuState::Running
            };
            vcpu.pcpu = is_xen.then_some((guest.id + id * 5) % 16);
            vcpu.delay_ns = (!is_xen).then_some(1);
        }
        if guest.io.is_some() {
            (domain.nics.complete, domain.disks.complete) = (true, true);
            let nic = domain.nics.rows.next_row();
            nic.name = if is_xen {
                format!("vif{}.0", guest.id)
            } else {
                format!("vnet{}", guest.id)
            };
            (nic.rx_errors, nic.tx_errors) = (Some(0), Some(0));
            let disk = domain.disks.rows.next_row();
            disk.name = if is_xen { "xvda".into() } else { "vda".into() };
            disk.path = format!("/dev/vg0/disk-{}", guest.id);
        }
    }

    fn add_rates(
        &mut self,
        guest: &Guest,
        io: &dyn Fn(usize) -> Option<f64>,
        cpu: Option<f64>,
        is_xen: bool,
    ) {
        for n in 0..guest.vcpus {
            let share = f64::from(n + 1) / f64::from(guest.vcpus * (guest.vcpus + 1) / 2);
            self.vcpus.push(VcpuRates {
                cpu_pct: cpu.map(|cpu| cpu * share),
                ready_pct: guest.ready.map(|pct| pct * share * f64::from(guest.vcpus)),
                ..VcpuRates::UNKNOWN
            });
        }
        if guest.io.is_some() {
            self.nics.push(NicRates {
                rx_bytes_s: io(0),
                tx_bytes_s: io(1),
                rx_packets_s: io(0).map(|bytes| bytes / 5_000.0),
                tx_packets_s: io(1).map(|bytes| bytes / 11_000.0),
                rx_drops_s: io(0).map(|_| 0.0),
                tx_drops_s: io(1).map(|_| 0.0),
                reset: false,
            });
            let latency = |rate: Option<f64>| rate.filter(|_| !is_xen).filter(|rate| *rate > 0.0);
            self.disks.push(DiskRates {
                rd_bytes_s: io(2),
                wr_bytes_s: io(3),
                rd_requests_s: io(2).map(|bytes| bytes / 65_536.0),
                wr_requests_s: io(3).map(|bytes| bytes / 27_000.0),
                rd_latency_ns: latency(io(2)).map(|_| 2_000_000),
                wr_latency_ns: latency(io(3)).map(|_| 6_500_000),
                queue_full_s: io(3).filter(|_| is_xen).map(|_| 0.0),
                reset: false,
            });
        }
    }
}

/// A screen of a script.
pub(crate) struct Screen {
    pub(crate) state: State,
    pub(crate) run: Run,
    pub(crate) glyphs: Glyphs,
    pub(crate) palette: Palette,
}

impl Screen {
    pub(crate) fn new(name: &str, run: Run, is_xen: bool) -> Self {
        let facts = SourceFacts {
            name: name.into(),
            backend: if is_xen { "xen" } else { "libvirt" },
            capabilities: Capabilities {
                nics: true,
                disks: true,
                vcpus: true,
            },
            interval_ns: SECOND_NS,
            is_replay: false,
            has_vcpus: true,
        };
        Self {
            state: State::new(facts, Zone::hours_ahead(1)),
            run,
            glyphs: Glyphs::Ascii,
            palette: Palette::DARK,
        }
    }

    /// Draws a screen of this size.
    pub(crate) fn draw(&mut self, width: u16, height: u16) -> Buffer {
        self.state.size = (width.into(), height.into());
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let mut canvas = Canvas::new(&mut buffer, self.glyphs, self.palette);
        view::draw(&self.state, &self.run, &mut canvas);
        buffer
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, code: KeyCode) -> Option<virtmon_top::effect::Effect> {
        keys::press(
            &mut self.state,
            &self.run,
            KeyEvent::new(code, KeyModifiers::NONE),
        )
    }

    /// Presses the keys of a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }
}

/// Lines of a buffer, without trailing blanks.
pub(crate) fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|row| {
        let mut skip = 0;
        let mut line = String::new();
        for cell in row {
            // The second cell of a wide character has no text of its own.
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = virtmon_top::canvas::text_width(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        line.trim_end().to_owned()
    })
    .collect()
}

/// The text of a buffer.
pub(crate) fn text(buffer: &Buffer) -> String {
    lines(buffer).join("\n") + "\n"
}
