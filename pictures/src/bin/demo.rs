//! `demo DIR BASE`: draws the load of guests into BASE.svg and BASE.png. The values are those of
//! virtmon's CSV in DIR. Behind them is the requested load, from the consoles of the guests.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::Path;

use virtmon_lab::{Load, Row, loads, rows, unix_seconds};
use virtmon_pictures::{Axis, Line, Panel, colour, draw};

const MIB: f64 = 1_048_576.0;

/// Pieces of a [`Line`], with gaps between them.
type Pieces = Vec<Vec<(f64, f64)>>;

/// The data to draw, with times of one clock.
struct Demo {
    rows: Vec<Row>,
    /// Wall clock at the first row.
    start: f64,
    end: f64,
}

impl Demo {
    /// Rows of a guest, with their times.
    fn of<'a>(&'a self, guest: &'a str) -> impl Iterator<Item = (f64, &'a Row)> {
        let rows = self
            .rows
            .iter()
            .filter(move |row| row.text("name") == guest);
        rows.map(|row| (unix_seconds(row.text("time")) - self.start, row))
    }

    /// A value that holds from the previous row to its row. Where it is unknown, there is a gap.
    fn steps(&self, guest: &str, value: impl Fn(&Row, &Row, f64) -> Option<f64>) -> Pieces {
        let rows: Vec<_> = self.of(guest).collect();
        let mut pieces = vec![Vec::new()];
        for two in rows.windows(2) {
            let [(before, old), (now, new)] = two else {
                continue;
            };
            match (value(old, new, now - before), pieces.last_mut()) {
                (Some(value), Some(piece)) => piece.extend([(*before, value), (*now, value)]),
                _ => pieces.push(Vec::new()),
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// Rate of a counter, in units per second.
    fn rate(&self, guest: &str, column: &str, unit: f64) -> Pieces {
        self.steps(guest, |old, new, seconds| {
            let moved = new.number(column)? - old.number(column)?;
            (new.text("reset") == "0").then_some(moved / seconds / unit)
        })
    }

    /// Requested amounts of a guest's loads of one kind, with `base` before, between and after them.
    fn requested<'a>(
        &self,
        loads: impl Iterator<Item = &'a Load>,
        base: f64,
        level: impl Fn(&Load) -> Option<f64>,
    ) -> Pieces {
        let mut line = vec![(0.0, base)];
        for load in loads {
            let Some(level) = level(load) else { continue };
            let (begin, end) = (load.begin - self.start, load.end - self.start);
            line.extend([(begin, base), (begin, level), (end, level), (end, base)]);
        }
        line.push((self.end, base));
        vec![line]
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [dir, base] = &words[..] else {
        return Err("usage: demo DIR BASE".into());
    };
    let dir = Path::new(dir);
    let rows = rows(&fs::read_to_string(dir.join("demo.csv"))?);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Err("demo.csv has no rows".into());
    };
    let start = unix_seconds(first.text("time"));
    let end = unix_seconds(last.text("time")) - start;
    let demo = Demo { rows, start, end };
    let loads_of = |guest: &str| -> Result<Vec<Load>, Box<dyn Error>> {
        Ok(loads(&fs::read_to_string(
            dir.join(format!("{guest}.console")),
        )?))
    };
    let panels = [
        cpu(&demo, &loads_of("cpu")?),
        memory(
            &demo,
            &loads_of("memory")?,
            &fs::read_to_string(dir.join("balloon"))?,
        ),
        disk(&demo, &loads_of("disk-net")?),
        network(&demo, &loads_of("disk-net")?),
    ];
    let axis = Axis {
        label: "time [s]".to_owned(),
        end,
    };
    let panels: Vec<_> = panels
        .into_iter()
        .map(|panel| (axis.clone(), panel))
        .collect();
    let heading = "Load of three guests: requested amounts, and the values of virtmon";
    draw(Path::new(base), heading, &panels)
}

/// A figure of a load, per second.
fn per_second(load: &Load, figure: &str, unit: f64) -> Option<f64> {
    Some(load.requested(figure)? / (load.end - load.begin) / unit)
}

fn cpu(demo: &Demo, loads: &[Load]) -> Panel {
    let requested = demo.requested(loads.iter(), 0.0, |load| per_second(load, "cpu_ns", 1e7));
    let seen = |guest| demo.rate(guest, "cpu_time_ns", 1e7);
    Panel {
        title: "CPU of every domain; the guests boot at the start".to_owned(),
        unit: "% of a pCPU".to_owned(),
        lines: vec![
            Line::requested(requested),
            Line::seen("domain 0", colour::BLACK, seen("Domain-0")),
            Line::seen("disk-net", colour::BLUE, seen("disk-net")),
            Line::seen("memory", colour::GREEN, seen("memory")),
            Line::seen("cpu", colour::ORANGE, seen("cpu")),
        ],
    }
}

/// Two values: the memory that eat-memory uses within the guest, which only the guest can report, and
/// the memory that the domain holds, which the balloon changes.
fn memory(demo: &Demo, loads: &[Load], balloon: &str) -> Panel {
    let used = |row: &Row| {
        let used = row.number("guest_total_bytes")? - row.number("guest_usable_bytes")?;
        Some(used / MIB)
    };
    // The requested amount of a load is added to the memory that the guest uses without a load.
    let begin = loads.first().map_or(0.0, |load| load.begin - demo.start);
    let before = demo.of("memory").take_while(|(time, _)| *time < begin);
    let base = before
        .filter_map(|(_, row)| used(row))
        .last()
        .unwrap_or_default();
    let eaten = demo.requested(loads.iter(), base, |load| {
        Some(base + load.requested("held_bytes")? / MIB)
    });
    let mut target = Vec::new();
    for line in balloon.lines() {
        let Some((mib, time)) = line.split_once(' ') else {
            continue;
        };
        let time = (unix_seconds(time) - demo.start).max(0.0);
        let mib = mib.parse().unwrap_or_default();
        target.extend(target.last().map(|&(_, was)| (time, was)));
        target.push((time, mib));
    }
    target.extend(target.last().map(|&(_, was)| (demo.end, was)));
    let domain_size = demo.steps("memory", |_, row, _| Some(row.number("mem_bytes")? / MIB));
    Panel {
        title: "Memory of the guest “memory”".to_owned(),
        unit: "MiB".to_owned(),
        lines: vec![
            Line::requested(eaten),
            Line::requested(vec![target]).unnamed(),
            Line::seen("held, reported by Xen", colour::PURPLE, domain_size),
            Line::seen(
                "in use, reported by the guest",
                colour::GREEN,
                demo.steps("memory", |_, row, _| used(row)),
            ),
        ],
    }
}

fn disk(demo: &Demo, loads: &[Load]) -> Panel {
    let requested =
        |figure: &str| demo.requested(loads.iter(), 0.0, |load| per_second(load, figure, MIB));
    let mut pieces = requested("read_bytes");
    pieces.extend(requested("write_bytes"));
    let seen = |column| demo.rate("disk-net", column, MIB);
    Panel {
        title: "Disk of the guest “disk-net”".to_owned(),
        unit: "MiB/s".to_owned(),
        lines: vec![
            Line::requested(pieces),
            Line::seen("read", colour::SKY, seen("disk_rd_bytes")),
            Line::seen("written", colour::BLUE, seen("disk_wr_bytes")),
        ],
    }
}

/// The bytes are those without Ethernet headers, as xen-netback counts them.
fn network(demo: &Demo, loads: &[Load]) -> Panel {
    let requested = demo.requested(loads.iter(), 0.0, |load| per_second(load, "ip_bytes", 1e3));
    let seen = |column| demo.rate("disk-net", column, 1e3);
    Panel {
        title: "Network of the guest “disk-net”".to_owned(),
        unit: "kB/s".to_owned(),
        lines: vec![
            Line::requested(requested),
            Line::seen("received", colour::SKY, seen("net_rx_bytes")),
            Line::seen("sent", colour::BLUE, seen("net_tx_bytes")),
        ],
    }
}
