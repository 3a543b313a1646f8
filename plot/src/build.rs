//! Panels from what the second pass collected, and why others are missing.

use crate::collect::Collect;
use crate::draw::theme::COLOURS_OF_A_DASH;
use crate::follow::visitor::Value;
use crate::options::{Options, PanelKind};
use crate::panel::{Line, LineInk, Panel, Quantity};
use crate::series::Series;
use crate::survey::{RANKED, READY, Survey};

/// A panel that is not drawn, and the cause.
pub type Missing = (PanelKind, String);

/// Largest ratio of the sum of the others to the largest line of a guest. Above it, the lines of the guests
/// would lie on the axis.
const MAX_RATIO: f64 = 5.0;

/// What the panels are made of.
pub struct Build<'a> {
    /// The options.
    pub options: &'a Options,
    /// The first pass.
    pub survey: &'a Survey,
    /// The second pass.
    pub collect: Collect,
    /// Labels of the guests.
    pub labels: &'a [String],
    /// Names of the runs that are compared; empty if there is one.
    pub runs: &'a [String],
    /// Panels that are not drawn.
    pub missing: Vec<Missing>,
}

impl Build<'_> {
    /// The panels, in their order.
    pub fn panels(&mut self) -> Vec<Panel> {
        let mut panels = Vec::new();
        for kind in PanelKind::ALL {
            if kind == PanelKind::Events || !self.options.has_panel(kind) {
                continue;
            }
            let panel = match kind {
                PanelKind::Host => self.host(),
                PanelKind::Latency => self.latency(),
                PanelKind::Timing => self.timing(),
                _ => self.ranked(kind),
            };
            match panel {
                Ok(panel) => panels.push(panel),
                Err(why) => self.missing.push((kind, why)),
            }
        }
        panels
    }

    /// Label of a line of a run.
    fn label(&self, run: usize, label: &str) -> String {
        match self.runs.get(run) {
            Some(run) if self.runs.len() > 1 => format!("{label} ({run})"),
            _ => label.to_owned(),
        }
    }

    fn ranked(&mut self, kind: PanelKind) -> Result<Panel, String> {
        let Some(at) = RANKED.iter().position(|(ranked, _)| *ranked == kind) else {
            return Err("it is not known".to_owned());
        };
        let ranked = self.collect.choice.panels[at].clone();
        if ranked.top.is_empty() && ranked.others.is_empty() {
            return Err(self.why_unknown(kind));
        }
        let single = ranked.single();
        let mut lines = Vec::new();
        let tops = std::mem::take(&mut self.collect.tops[at]);
        for (guest, series) in ranked.top.iter().zip(tops) {
            let label = self.labels.get(*guest).cloned().unwrap_or_default();
            let slot = self.collect.choice.slot(*guest);
            let mut line = Line::new(label, LineInk::Guest(slot), slot, series);
            if kind == PanelKind::Cpu
                && let Some(spread) = self.collect.spreads.remove(guest)
            {
                line.spread = Some(Box::new(spread));
            }
            lines.push(line);
        }
        if let Some(guest) = single {
            self.add_details(kind, guest, &mut lines);
        }
        let rule = if at == READY { "highest" } else { "sum" };
        let count = ranked.others.len();
        for (run, series) in std::mem::take(&mut self.collect.others[at])
            .into_iter()
            .enumerate()
        {
            if !series.is_empty() {
                let label = self.label(run, &format!("others ({count}), {rule}"));
                let mut line = Line::new(label, LineInk::Others, run, series);
                if is_off_scale(&line, &lines) {
                    line.is_off_scale = true;
                    line.label.push_str(", off scale");
                }
                lines.push(line);
            }
        }
        let (title, quantity) = self.title(kind, single.is_some());
        Ok(Panel {
            kind,
            title,
            quantity,
            lines,
        })
    }

    /// Replaces the only line of a panel by its parts, or adds what belongs to it.
    fn add_details(&mut self, kind: PanelKind, guest: usize, lines: &mut Vec<Line>) {
        let details: &[(Value, &str)] = match kind {
            PanelKind::Memory => &[
                (Value::MemoryMax, "limit"),
                (Value::MemoryTarget, "target"),
                (Value::MemoryUsed, "used, by the guest's report"),
            ],
            PanelKind::Network => &[(Value::Received, "received"), (Value::Sent, "sent")],
            PanelKind::Disk => &[(Value::Read, "read"), (Value::Written, "written")],
            _ => return,
        };
        let Some(first) = lines.first_mut() else {
            return;
        };
        let name = first.label.clone();
        let mut slot = 0;
        if kind == PanelKind::Memory {
            first.label = format!("{name} held");
            slot = 1;
        } else {
            lines.clear();
        }
        for (value, word) in details {
            if let Some(series) = self.collect.details.remove(&(guest, *value as usize)) {
                let label = format!("{name} {word}");
                // Their dashes differ too: memory held is often at its limit.
                lines.push(Line::new(
                    label,
                    LineInk::Guest(slot),
                    slot * COLOURS_OF_A_DASH,
                    series,
                ));
            }
            slot += 1;
        }
    }

    fn title(&self, kind: PanelKind, is_single: bool) -> (String, Quantity) {
        let rate = if self.options.has_bits {
            Quantity::BitRate
        } else {
            Quantity::ByteRate
        };
        let (title, quantity) = match kind {
            PanelKind::Cpu => ("CPU by guest", Quantity::Percent("of a pCPU")),
            PanelKind::Ready if self.survey.has_ready_estimate => {
                ("Ready, estimate", Quantity::Percent("per vCPU"))
            }
            PanelKind::Ready => ("Ready", Quantity::Percent("per vCPU")),
            PanelKind::Memory if is_single => ("Memory", Quantity::Bytes),
            PanelKind::Memory => ("Memory held", Quantity::Bytes),
            PanelKind::Network if is_single => ("Network", rate),
            PanelKind::Network => ("Network, received + sent", rate),
            PanelKind::Disk if is_single => ("Disk", Quantity::ByteRate),
            _ => ("Disk, read + written", Quantity::ByteRate),
        };
        (title.to_owned(), quantity)
    }

    fn why_unknown(&self, kind: PanelKind) -> String {
        let columns: &[&str] = match kind {
            PanelKind::Cpu => &["cpu_pct"],
            PanelKind::Memory => &["mem_bytes"],
            PanelKind::Network => &["net_rx_bytes", "net_tx_bytes"],
            PanelKind::Disk => &["disk_rd_bytes", "disk_wr_bytes"],
            _ => &[],
        };
        let lacking = columns
            .iter()
            .find(|column| self.survey.lacking.contains(column));
        match lacking {
            Some(column) => format!("no such column: {column}"),
            None if kind == PanelKind::Ready && !self.survey.has_ready_column => {
                "there is no vcpu table with ready_pct (--detail vcpu)".to_owned()
            }
            None => "the value is unknown at every tick".to_owned(),
        }
    }

    fn host(&mut self) -> Result<Panel, String> {
        let pcpus = self.collect.pcpus();
        let busy = std::mem::take(&mut self.collect.host);
        let mut lines = Vec::new();
        for (run, series) in busy.into_iter().enumerate() {
            if !series.is_empty() {
                lines.push(Line::new(
                    self.label(run, "host, busy"),
                    LineInk::Host,
                    0,
                    series,
                ));
            }
        }
        let (Some(pcpus), false) = (pcpus, lines.is_empty()) else {
            return Err("there is no host table with busy_pct (--detail host)".to_owned());
        };
        let all = std::mem::take(&mut self.collect.all_domains);
        for (run, series) in all.into_iter().enumerate() {
            if !series.is_empty() {
                let label = self.label(run, "all domains, sum");
                let series = series.divided(pcpus);
                lines.push(Line::new(label, LineInk::Others, run, series));
            }
        }
        Ok(Panel {
            kind: PanelKind::Host,
            title: "Host CPU".to_owned(),
            quantity: Quantity::Percent("of all pCPUs"),
            lines,
        })
    }

    fn latency(&mut self) -> Result<Panel, String> {
        let mut lines = Vec::new();
        for (guest, series) in std::mem::take(&mut self.collect.latency) {
            let name = self.labels.get(guest).cloned().unwrap_or_default();
            let slot = self.collect.choice.slot(guest);
            for (series, (word, dash)) in series.into_iter().zip([("read", 0), ("write", 3)]) {
                if !series.is_empty() {
                    let label = format!("{name} {word}");
                    lines.push(Line::new(label, LineInk::Guest(slot), dash, series));
                }
            }
        }
        if lines.is_empty() {
            let why =
                "it needs a disk table with latencies (--detail disk), and one to three guests";
            return Err(why.to_owned());
        }
        Ok(Panel {
            kind: PanelKind::Latency,
            title: "Disk latency".to_owned(),
            quantity: Quantity::Time,
            lines,
        })
    }

    fn timing(&mut self) -> Result<Panel, String> {
        let is_late = match (self.survey.max_late_ns, self.survey.interval_ns()) {
            (Some(late), Some(interval)) => late > interval / 10,
            _ => false,
        };
        let is_named = self.options.panels.contains(&PanelKind::Timing);
        if !is_late && self.survey.missed == 0 && !is_named {
            return Err(
                "no tick is missed, and none is late by a tenth of the interval".to_owned(),
            );
        }
        let grid = self.collect.grid();
        let empty = || Series::new(grid);
        let late = std::mem::replace(&mut self.collect.late, empty());
        let missed = std::mem::replace(&mut self.collect.missed, empty());
        if late.is_empty() {
            return Err("no such column: late_ns".to_owned());
        }
        let mut lines = vec![Line::new("late", LineInk::Host, 0, late)];
        if !missed.is_empty() {
            let sum = missed.stats.sum();
            lines.push(Line {
                is_dots: true,
                sum: Some(sum),
                ..Line::new("missed ticks, total", LineInk::Attention, 0, missed)
            });
        }
        Ok(Panel {
            kind: PanelKind::Timing,
            title: "Timing: late, missed".to_owned(),
            quantity: Quantity::Time,
            lines,
        })
    }
}

/// True if the line would leave no room for the lines of guests.
fn is_off_scale(line: &Line, guests: &[Line]) -> bool {
    let max = |line: &Line| line.series.stats.max().unwrap_or(0.0);
    let largest = guests.iter().map(max).fold(0.0, f64::max);
    largest > 0.0 && max(line) > MAX_RATIO * largest
}
