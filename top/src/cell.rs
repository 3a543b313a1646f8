//! Values of the columns of a guest: as a number to sort by, and as text.

use virtmon_export::output::moment_rows::GuestRow;
use virtmon_model::State;

use crate::canvas::shown;
use crate::column::Column;
use crate::number::{self, Units};
use crate::palette::Level;

/// The whole that CPU% is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CpuOf {
    /// 100 is one pCPU.
    #[default]
    Pcpu,
    /// 100 is all vCPUs of the guest.
    Guest,
    /// 100 is all pCPUs of the host.
    Host,
}

/// Settings that change how values are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form {
    /// Units of rates.
    pub units: Units,
    /// The whole of CPU%.
    pub cpu_of: CpuOf,
    /// Number of pCPUs of the host.
    pub pcpus: Option<u32>,
}

/// The sign of a value that is not available.
pub const UNKNOWN: &str = "-";
/// The sign of a rate that needs a second sample.
pub const FIRST: &str = "...";

/// The value of a column, as a number to sort by and to compare with. `None` if it is unknown, or text.
#[must_use]
pub fn value(row: &GuestRow, column: Column, form: Form) -> Option<f64> {
    let whole = |value: Option<u64>| value.map(|value| virtmon_analysis::counter::ratio(value, 1));
    match column {
        Column::Id => Some(f64::from(row.identity.id)),
        Column::Vcpu => row.vcpus_online.map(f64::from),
        Column::Cpu | Column::Hist => cpu(row, form),
        Column::Ready => ready(row),
        Column::Time => whole(row.cpu_time_ns),
        Column::User => row.user_pct.get(),
        Column::System => row.system_pct.get(),
        Column::Mem => whole(row.mem_bytes),
        Column::Max => whole(row.mem_max_bytes),
        Column::Used => row.used_pct.get(),
        Column::Rss => whole(row.rss_bytes),
        Column::Swap => row.swap_in_s.get(),
        Column::Rx => row.net_rx.get(),
        Column::Tx => row.net_tx.get(),
        Column::Drop => row.drops_s.get(),
        Column::Packets => row.packets_s.get(),
        Column::Rd => row.disk_rd.get(),
        Column::Wr => row.disk_wr.get(),
        Column::Rio => row.rd_requests_s.get(),
        Column::Wio => row.wr_requests_s.get(),
        Column::Latency => row.latency_ns.get().map(|ns| ns / 1e6),
        Column::Full => row.queue_full_s.get(),
        Column::Pool => row.cpupool.map(f64::from),
        Column::Name | Column::S | Column::State | Column::Uuid => None,
        Column::Project | Column::Note | Column::Error => None,
    }
}

/// CPU% of a guest.
#[must_use]
pub fn cpu(row: &GuestRow, form: Form) -> Option<f64> {
    let pct = row.cpu_pct.get()?;
    let whole = match form.cpu_of {
        CpuOf::Pcpu => return Some(pct),
        CpuOf::Guest => row.vcpus_online?,
        CpuOf::Host => form.pcpus?,
    };
    (whole > 0).then(|| pct / f64::from(whole))
}

/// RDY% of a guest; `None` while it is paused.
#[must_use]
pub fn ready(row: &GuestRow) -> Option<f64> {
    let may_run = !matches!(row.state, State::Paused | State::Shutdown | State::Crashed);
    row.ready_pct.get().filter(|_| may_run)
}

/// Text of RDY%: an estimate has a `~`.
#[must_use]
pub fn ready_text(value: Option<f64>, is_estimated: bool) -> Option<String> {
    let sign = if is_estimated { "~" } else { "" };
    value.map(|value| format!("{sign}{}", number::percent(value)))
}

/// The text of a column in the row of a guest that is not stale.
#[must_use]
pub fn text(row: &GuestRow, column: Column, form: Form) -> String {
    let known = match column {
        Column::Name => Some(name(row)),
        Column::S => Some(state_letter(row.state).to_string()),
        Column::State => Some(row.state.as_str().to_owned()),
        Column::Uuid => Some(row.identity.uuid.to_string()),
        Column::Project => {
            let project = row.instance.as_ref().and_then(|of| of.project.as_deref());
            project.map(shown)
        }
        Column::Error => row.error.as_deref().map(shown),
        Column::Hist | Column::Note => Some(String::new()),
        column if is_rate(column) && !row.has_rates => return FIRST.into(),
        Column::Cpu if row.is_reset && row.cpu_pct.get().is_none() => Some("reset".into()),
        Column::Ready => ready_text(ready(row), row.is_ready_estimated),
        column => value(row, column, form).map(|value| number_text(column, value, form.units)),
    };
    known.unwrap_or_else(|| UNKNOWN.into())
}

/// The text of a number of a column.
#[must_use]
pub fn number_text(column: Column, value: f64, units: Units) -> String {
    match column {
        Column::Cpu | Column::User | Column::System | Column::Latency | Column::Ready => {
            number::percent(value)
        }
        Column::Used => format!("{value:.0}"),
        Column::Time => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was a u64"
            )]
            let ns = value as u64;
            number::cpu_time(ns)
        }
        Column::Rx | Column::Tx => number::network(value, units),
        Column::Mem | Column::Max | Column::Rss | Column::Swap | Column::Rd | Column::Wr => {
            number::amount(value, units)
        }
        Column::Id | Column::Pool | Column::Vcpu => format!("{value:.0}"),
        _ => number::count(value),
    }
}

/// True if the column needs two samples.
#[must_use]
pub fn is_rate(column: Column) -> bool {
    matches!(
        column,
        Column::Cpu
            | Column::User
            | Column::System
            | Column::Swap
            | Column::Rx
            | Column::Tx
            | Column::Drop
            | Column::Packets
            | Column::Rd
            | Column::Wr
            | Column::Rio
            | Column::Wio
            | Column::Latency
            | Column::Full
    )
}

/// Name of a guest, escaped.
#[must_use]
pub fn name(row: &GuestRow) -> String {
    row.name
        .as_deref()
        .filter(|name| !name.is_empty())
        .map_or_else(|| "(no name yet)".into(), shown)
}

/// Letter of a state.
#[must_use]
pub fn state_letter(state: State) -> char {
    match state {
        State::Running => 'r',
        State::Blocked => 'b',
        State::Paused => 'p',
        State::Shutdown => 's',
        State::Crashed => 'c',
        State::Dying => 'd',
        State::Unknown => '?',
    }
}

/// How far a value is from usual.
#[must_use]
pub fn level(row: &GuestRow, column: Column, limits: &Limits) -> Level {
    let value = value(row, column, Form::default());
    let of = |limits: [f64; 2]| value.map_or(Level::Normal, |value| beyond(value, limits));
    match column {
        Column::Ready => of(limits.ready),
        Column::Latency => of(limits.latency),
        Column::Drop | Column::Swap | Column::Full => {
            if value.is_some_and(|value| value > 0.0) {
                Level::Attention
            } else {
                Level::Normal
            }
        }
        Column::Cpu if row.identity.uuid.is_nil() && row.identity.id == 0 => {
            let share = cpu(
                row,
                Form {
                    cpu_of: CpuOf::Guest,
                    ..Form::default()
                },
            );
            share.map_or(Level::Normal, |share| beyond(share, limits.host_cpu))
        }
        _ => Level::Normal,
    }
}

/// Attention from the first limit on, critical from the second; 0 is no limit.
#[must_use]
pub fn beyond(value: f64, [attention, critical]: [f64; 2]) -> Level {
    if critical > 0.0 && value >= critical {
        Level::Critical
    } else if attention > 0.0 && value >= attention {
        Level::Attention
    } else {
        Level::Normal
    }
}

/// Limits of attention and of critical.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// RDY%.
    pub ready: [f64; 2],
    /// CPU of the host, in percent of all pCPUs; and of domain 0, of its vCPUs.
    pub host_cpu: [f64; 2],
    /// Used memory of the host or of a node, in percent.
    pub memory: [f64; 2],
    /// Mean time of a request, in ms.
    pub latency: [f64; 2],
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ready: [5.0, 10.0],
            host_cpu: [80.0, 95.0],
            memory: [96.0, 98.0],
            latency: [25.0, 50.0],
        }
    }
}
