//! The text table of the terminal.

use std::cmp::Reverse;
use std::fmt::{self, Display, Write};

use virtmon_model::{Capabilities, Domain};

use crate::encode::Encoder;
use crate::printable::Printable;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::rates::DomainRates;

/// Text table: one line for the host and the tick, then one line per domain.
#[derive(Debug)]
pub struct TextTable {
    capabilities: Capabilities,
    colour: bool,
    /// Minimum time between two ticks that are shown, in ns.
    gap_ns: u64,
    shown_ns: Option<u64>,
    sort: Sort,
    top: usize,
    /// Indices of the domains in the snapshot, in the order shown.
    order: Vec<usize>,
    text: String,
}

/// Sort key of the domains. Id and name ascend; all others descend, unknown values last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Id.
    #[default]
    Id,
    /// Name.
    Name,
    /// CPU time used since the tick before.
    Cpu,
    /// CPU time used in total.
    Time,
    /// Memory held.
    Memory,
    /// Bytes received and sent per second.
    Net,
    /// Bytes read and written per second.
    Disk,
}

const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

impl TextTable {
    /// Creates a table with the columns that a backend reports. `colour` is for a terminal.
    #[must_use]
    pub fn new(capabilities: Capabilities, colour: bool) -> Self {
        Self {
            capabilities,
            colour,
            gap_ns: 0,
            shown_ns: None,
            sort: Sort::Id,
            top: usize::MAX,
            order: Vec::new(),
            text: String::new(),
        }
    }

    /// Sets the minimum time between two ticks that are shown, in ns: the ticks of a table beside a
    /// file may be too frequent to be read.
    #[must_use]
    pub fn at_most_every(mut self, gap_ns: u64) -> Self {
        self.gap_ns = gap_ns;
        self
    }

    /// Sets the order of the domains, and the maximum number shown.
    #[must_use]
    pub fn sorted(mut self, sort: Sort, top: Option<usize>) -> Self {
        self.sort = sort;
        self.top = top.unwrap_or(usize::MAX);
        self
    }

    fn sort(&mut self, frame: &Frame<'_>) {
        self.order.clear();
        self.order.extend(frame.domains().map(|(at, _, _)| at));
        let domain = |at: &usize| &frame.snapshot.domains[*at];
        let sum = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
        // The sort is stable: equal domains stay in the order of their ids.
        match self.sort {
            Sort::Id => {}
            Sort::Name => self
                .order
                .sort_by(|a, b| domain(a).name.cmp(&domain(b).name)),
            Sort::Time => self.order.sort_by_key(|at| Reverse(domain(at).cpu_time_ns)),
            Sort::Memory => self.order.sort_by_key(|at| Reverse(domain(at).mem_bytes)),
            Sort::Cpu | Sort::Net | Sort::Disk => {
                let rate = |at: &usize| {
                    let rates = &frame.rates[*at];
                    let rate = match self.sort {
                        Sort::Net => sum(rates.net_rx, rates.net_tx),
                        Sort::Disk => sum(rates.disk_rd, rates.disk_wr),
                        _ => rates.cpu_pct,
                    };
                    rate.unwrap_or(f64::NEG_INFINITY)
                };
                self.order.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
            }
        }
        self.order.truncate(self.top);
    }
}

impl Encoder for TextTable {
    fn encode(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) {
        if frame.failed {
            return;
        }
        let now = frame.tick.mono_ns;
        if self.shown_ns.is_some_and(|shown| now - shown < self.gap_ns) {
            return;
        }
        self.text.clear();
        if self.shown_ns.replace(now).is_some() {
            self.text.push('\n');
        }
        // Formatting into a String can't fail.
        let _ = self.put(frame);
        out.extend_from_slice(self.text.as_bytes());
    }
}

impl TextTable {
    fn put(&mut self, frame: &Frame<'_>) -> fmt::Result {
        put_host(&mut self.text, frame)?;
        let widest = frame.domains().map(|(_, domain, _)| name(domain).width());
        let width = widest.max().unwrap_or(0).max(12);
        let (before, after) = if self.colour { (BOLD, PLAIN) } else { ("", "") };
        write!(
            self.text,
            "{before}{:>5} {:width$} {:8} {:>7} {:>10} {:>5} {:>8} {:>8}",
            "ID", "NAME", "STATE", "CPU%", "TIME(s)", "VCPUS", "MEM", "MAX",
        )?;
        if self.capabilities.nics {
            write!(self.text, " {:>8} {:>8}", "RX/s", "TX/s")?;
        }
        if self.capabilities.disks {
            write!(self.text, " {:>8} {:>8}", "RD/s", "WR/s")?;
        }
        writeln!(self.text, "{after}")?;
        self.sort(frame);
        for n in 0..self.order.len() {
            let at = self.order[n];
            self.put_domain(&frame.snapshot.domains[at], &frame.rates[at], width)?;
        }
        Ok(())
    }

    fn put_domain(&mut self, domain: &Domain, rates: &DomainRates, width: usize) -> fmt::Result {
        let text = &mut self.text;
        let seconds = domain.cpu_time_ns.map(|value| Decimal {
            value,
            unit: 1_000_000_000,
        });
        let name = name(domain);
        write!(
            text,
            "{:>5} {name}{:pad$} {:8} {:>7} {:>10} {:>5} {:>8} {:>8}",
            domain.identity.id,
            "",
            domain.state.as_str(),
            cell(rates.cpu_pct.map(|pct| format!("{pct:.1}"))),
            cell(seconds),
            cell(domain.vcpus_online),
            cell(domain.mem_bytes.map(Bytes)),
            cell(domain.mem_max_bytes.map(Bytes)),
            pad = width.saturating_sub(name.width()),
        )?;
        let per_second = [
            (self.capabilities.nics, rates.net_rx, rates.net_tx),
            (self.capabilities.disks, rates.disk_rd, rates.disk_wr),
        ];
        for (is_reported, first, second) in per_second {
            if is_reported {
                let [first, second] = [first, second].map(|rate| cell(rate.map(whole).map(Bytes)));
                write!(text, " {first:>8} {second:>8}")?;
            }
        }
        if domain.stale_ns > 0 {
            write!(text, "  {} old", Duration(domain.stale_ns))?;
        }
        if rates.reset {
            text.push_str("  reset");
        }
        text.push('\n');
        Ok(())
    }
}

fn put_host(text: &mut String, frame: &Frame<'_>) -> fmt::Result {
    let (tick, host) = (frame.tick, &frame.snapshot.host);
    let time = humantime::format_rfc3339_millis(tick.wall);
    write!(text, "{time}  {}", Printable::name(&host.hypervisor))?;
    if let Some(pcpus) = host.pcpus {
        write!(text, ", {pcpus} {}", plural(pcpus.into(), "pCPU"))?;
    }
    if let Some(bytes) = host.mem_bytes {
        write!(text, ", {} memory", Bytes(bytes))?;
    }
    if let Some(bytes) = host.mem_free_bytes {
        write!(text, ", {} free", Bytes(bytes))?;
    }
    let domains = frame.snapshot.domains.len() as u64;
    write!(text, ", {domains} {}", plural(domains, "domain"))?;
    write!(text, ", read in {}", Duration(tick.sample_ns))?;
    if tick.missed > 0 {
        let ticks = plural(tick.missed, "tick");
        write!(text, ", {} {ticks} missed", tick.missed)?;
    }
    text.push('\n');
    Ok(())
}

fn plural(count: u64, word: &str) -> String {
    format!("{word}{}", if count == 1 { "" } else { "s" })
}

/// Text of a value; a dash if it is unknown.
fn cell(value: Option<impl Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is never negative, and a float's cast saturates"
)]
fn whole(rate: f64) -> u64 {
    rate.round() as u64
}

/// Name of a domain, safe for a terminal.
fn name(domain: &Domain) -> Printable<'_> {
    Printable::name(domain.name.as_deref().unwrap_or("-"))
}

/// A whole number of small units, shown in large units with one decimal, rounded down as `xl`
/// and `xentop` do.
struct Decimal {
    value: u64,
    unit: u64,
}

impl Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.value / (self.unit / 10).max(1);
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

/// A number of bytes in the largest binary unit that gives at least 1: `96.0M`.
struct Bytes(u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
        if self.0 < 1024 {
            return write!(f, "{}", self.0);
        }
        let power = (self.0.ilog2() / 10).min(6);
        // In tenths, by a product that does not overflow.
        let tenths = (u128::from(self.0) * 10) >> (10 * power);
        let unit = UNITS[power as usize - 1];
        write!(f, "{}.{}{unit}", tenths / 10, tenths % 10)
    }
}

/// A time in ns, shown in us, ms or s.
struct Duration(u64);

impl Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            0..1_000_000 => (1_000, "us"),
            1_000_000..1_000_000_000 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        write!(
            f,
            "{} {name}",
            Decimal {
                value: self.0,
                unit
            }
        )
    }
}

#[cfg(test)]
mod tests;
