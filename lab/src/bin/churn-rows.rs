//! Reads virtmon's CSV from standard input while it is written, and writes a summary for the test. Ten
//! minutes with a thousand rows at each tick are too much data to copy out of the lab.
//!
//! Writes `ticks.csv` with a line for each tick, `lives.csv` with a line for each life of a domain that
//! has a row, and `faults` with a line for each row that cannot be correct.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write, stdin};

use csv::{ByteRecord, ReaderBuilder};

/// A life of a domain, from its rows. Ticks have numbers in the order of their rows.
struct Life {
    id: u16,
    uuid: Vec<u8>,
    first: usize,
    last: usize,
    rows: usize,
    /// First tick with the state dying.
    dying: Option<usize>,
    /// Number of rows with a reset.
    resets: usize,
    /// True if the first row has a reset.
    first_reset: bool,
    /// Last name.
    name: Vec<u8>,
    /// Number of different names, one after the other.
    names: usize,
    cpu_time_ns: u64,
    /// Number of times that the CPU time ran backwards, by at most `SKEW_NS`.
    backwards: usize,
    max_pct: f64,
}

/// Largest accepted difference between the clocks of the pCPUs. Xen measures the CPU time of a vCPU with
/// the clock of the pCPU on which it runs. Emulated clocks differ by some milliseconds, and by 130 ms on
/// a machine with four times its capacity of work.
const SKEW_NS: u64 = 500_000_000;

/// The values that all rows of a tick share.
#[derive(Default, Clone, Copy)]
struct Tick {
    number: u64,
    mono_ns: u64,
    late_ns: u64,
    sample_ns: u64,
    missed: u64,
    rows: usize,
}

/// Indexes of the columns that are read.
struct Columns {
    tick: [usize; 5],
    id: usize,
    uuid: usize,
    name: usize,
    state: usize,
    cpu_time_ns: usize,
    cpu_pct: usize,
    vcpus_online: usize,
    reset: usize,
}

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self, Box<dyn Error>> {
        let place = |name: &str| {
            let place = header.iter().position(|column| column == name.as_bytes());
            place.ok_or_else(|| format!("there is no column {name}"))
        };
        let [tick, mono, late, sample, missed] =
            ["tick", "mono_ns", "late_ns", "sample_ns", "missed"].map(place);
        Ok(Self {
            tick: [tick?, mono?, late?, sample?, missed?],
            id: place("id")?,
            uuid: place("uuid")?,
            name: place("name")?,
            state: place("state")?,
            cpu_time_ns: place("cpu_time_ns")?,
            cpu_pct: place("cpu_pct")?,
            vcpus_online: place("vcpus_online")?,
            reset: place("reset")?,
        })
    }

    fn tick(&self, row: &ByteRecord) -> Result<Tick, Box<dyn Error>> {
        let mut values = [0; 5];
        for (value, &place) in values.iter_mut().zip(&self.tick) {
            *value = number(&row[place])?;
        }
        let [number, mono_ns, late_ns, sample_ns, missed] = values;
        Ok(Tick {
            number,
            mono_ns,
            late_ns,
            sample_ns,
            missed,
            rows: 0,
        })
    }
}

fn number(cell: &[u8]) -> Result<u64, Box<dyn Error>> {
    Ok(std::str::from_utf8(cell)?.parse()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut reader = ReaderBuilder::new()
        .buffer_capacity(1 << 20)
        .from_reader(stdin());
    let columns = Columns::of(reader.byte_headers()?)?;
    let mut faults = BufWriter::new(File::create("faults")?);
    let mut ticks: Vec<Tick> = Vec::new();
    let mut lives: Vec<Life> = Vec::new();
    // The latest life of each domid.
    let mut owners: HashMap<u16, usize> = HashMap::new();
    let mut last_id = None;
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        if ticks
            .last()
            .is_none_or(|tick| row[columns.tick[0]] != *tick.number.to_string().as_bytes())
        {
            ticks.push(columns.tick(&row)?);
            last_id = None;
        }
        let at = ticks.len() - 1;
        ticks[at].rows += 1;
        let id = u16::try_from(number(&row[columns.id])?)?;
        if last_id.is_some_and(|last| last >= id) {
            writeln!(faults, "duplicate or out of order: {row:?}")?;
        }
        last_id = Some(id);

        let owner = owners.get(&id).copied();
        let place = owner.filter(|&place| lives[place].uuid == row[columns.uuid]);
        let place = place.unwrap_or_else(|| {
            lives.push(Life {
                id,
                uuid: row[columns.uuid].to_vec(),
                first: at,
                last: at,
                rows: 0,
                dying: None,
                resets: 0,
                first_reset: &row[columns.reset] == b"1",
                name: Vec::new(),
                names: 0,
                cpu_time_ns: 0,
                backwards: 0,
                max_pct: 0.0,
            });
            owners.insert(id, lives.len() - 1);
            lives.len() - 1
        });
        let life = &mut lives[place];
        if life.rows > 0 && life.last + 1 != at {
            writeln!(faults, "missing in the previous tick: {row:?}")?;
        }
        let cpu_time_ns = number(&row[columns.cpu_time_ns])?;
        let back_ns = life.cpu_time_ns.saturating_sub(cpu_time_ns);
        if back_ns > SKEW_NS {
            writeln!(faults, "CPU time ran backwards: {row:?}")?;
        }
        life.backwards += usize::from(back_ns > 0);
        match std::str::from_utf8(&row[columns.cpu_pct])? {
            "" if back_ns > 0 && &row[columns.reset] == b"1" => {}
            _ if back_ns > 0 => {
                writeln!(faults, "a rate of a counter that ran backwards: {row:?}")?
            }
            "" if life.rows > 0 => writeln!(faults, "no rate: {row:?}")?,
            "" => {}
            _ if life.rows == 0 => writeln!(faults, "a rate in the first row: {row:?}")?,
            percent => {
                let percent: f64 = percent.parse()?;
                life.max_pct = life.max_pct.max(percent);
                let elapsed_ns = ticks[at].mono_ns - ticks[at - 1].mono_ns;
                // CPU time is read after mono_ns, within sample_ns, and with clocks that differ. The
                // clock of an emulated machine with two CPUs also stops for moments; Xen's does not.
                let max_ns = 1.25 * (elapsed_ns + ticks[at].sample_ns) as f64 + SKEW_NS as f64;
                let max_ratio = max_ns / elapsed_ns as f64;
                let vcpus = number(&row[columns.vcpus_online])? as f64;
                let expected = 100.0 * (cpu_time_ns - life.cpu_time_ns) as f64 / elapsed_ns as f64;
                if (percent - expected).abs() > 0.001 {
                    writeln!(
                        faults,
                        "the rate differs from the counters, {expected}: {row:?}"
                    )?;
                }
                if !(0.0..=100.0 * vcpus * max_ratio + 1.0).contains(&percent) {
                    writeln!(faults, "an impossible rate: {row:?}")?;
                }
            }
        }
        life.cpu_time_ns = cpu_time_ns;
        life.resets += usize::from(&row[columns.reset] == b"1");
        if &row[columns.state] == b"dying" {
            life.dying.get_or_insert(at);
        }
        if !row[columns.name].is_empty() && life.name != row[columns.name] {
            life.name = row[columns.name].to_vec();
            life.names += 1;
        }
        life.rows += 1;
        life.last = at;
    }
    faults.flush()?;

    let mut out = BufWriter::new(File::create("ticks.csv")?);
    writeln!(out, "tick,mono_ns,late_ns,sample_ns,missed,rows")?;
    for Tick {
        number,
        mono_ns,
        late_ns,
        sample_ns,
        missed,
        rows,
    } in ticks
    {
        writeln!(
            out,
            "{number},{mono_ns},{late_ns},{sample_ns},{missed},{rows}"
        )?;
    }
    out.flush()?;
    let mut out = BufWriter::new(File::create("lives.csv")?);
    writeln!(
        out,
        "id,uuid,name,names,first,last,rows,dying,resets,first_reset,backwards,max_pct"
    )?;
    for life in lives {
        let [uuid, name] = [&life.uuid, &life.name].map(|text| String::from_utf8_lossy(text));
        let dying = life.dying.map_or(String::new(), |at| at.to_string());
        writeln!(
            out,
            "{},{uuid},{name},{},{},{},{},{dying},{},{},{},{}",
            life.id,
            life.names,
            life.first,
            life.last,
            life.rows,
            life.resets,
            u8::from(life.first_reset),
            life.backwards,
            life.max_pct
        )?;
    }
    Ok(out.flush()?)
}
