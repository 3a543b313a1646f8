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

impl Life {
    fn new(columns: &Columns, row: &ByteRecord, id: u16, tick: usize) -> Self {
        Self {
            id,
            uuid: row[columns.uuid].to_vec(),
            first: tick,
            last: tick,
            rows: 0,
            dying: None,
            resets: 0,
            first_reset: &row[columns.reset] == b"1",
            name: Vec::new(),
            names: 0,
            cpu_time_ns: 0,
            backwards: 0,
            max_pct: 0.0,
        }
    }

    /// Adds a row of a tick, after all checks.
    fn add(&mut self, columns: &Columns, row: &ByteRecord, cpu_time_ns: u64, tick: usize) {
        self.cpu_time_ns = cpu_time_ns;
        self.resets += usize::from(&row[columns.reset] == b"1");
        if &row[columns.state] == b"dying" {
            self.dying.get_or_insert(tick);
        }
        if !row[columns.name].is_empty() && self.name != row[columns.name] {
            self.name = row[columns.name].to_vec();
            self.names += 1;
        }
        self.rows += 1;
        self.last = tick;
    }
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

/// The content of the three files.
struct Summary {
    columns: Columns,
    faults: BufWriter<File>,
    ticks: Vec<Tick>,
    lives: Vec<Life>,
    /// Index of the latest life of each domid.
    owners: HashMap<u16, usize>,
    /// Domid of the previous row of the same tick.
    last_id: Option<u16>,
}

impl Summary {
    fn add(&mut self, row: &ByteRecord) -> Result<(), Box<dyn Error>> {
        let number_cell = &row[self.columns.tick[0]];
        let is_same = |tick: &Tick| number_cell == tick.number.to_string().as_bytes();
        if !self.ticks.last().is_some_and(is_same) {
            self.ticks.push(self.columns.tick(row)?);
            self.last_id = None;
        }
        let at = self.ticks.len() - 1;
        self.ticks[at].rows += 1;
        let id = u16::try_from(number(&row[self.columns.id])?)?;
        if self.last_id.is_some_and(|last| last >= id) {
            writeln!(self.faults, "duplicate or out of order: {row:?}")?;
        }
        self.last_id = Some(id);

        let place = self.life(row, id, at);
        if self.lives[place].rows > 0 && self.lives[place].last + 1 != at {
            writeln!(self.faults, "missing in the previous tick: {row:?}")?;
        }
        let cpu_time_ns = number(&row[self.columns.cpu_time_ns])?;
        self.check_cpu_time(row, place, cpu_time_ns, at)?;
        self.lives[place].add(&self.columns, row, cpu_time_ns, at);
        Ok(())
    }

    /// Index of the life that a row belongs to. A row with another uuid begins a new life.
    fn life(&mut self, row: &ByteRecord, id: u16, tick: usize) -> usize {
        let owner = self.owners.get(&id).copied();
        if let Some(place) = owner.filter(|&at| self.lives[at].uuid == row[self.columns.uuid]) {
            return place;
        }
        let place = self.lives.len();
        self.lives.push(Life::new(&self.columns, row, id, tick));
        self.owners.insert(id, place);
        place
    }

    fn check_cpu_time(
        &mut self,
        row: &ByteRecord,
        place: usize,
        cpu_time_ns: u64,
        at: usize,
    ) -> Result<(), Box<dyn Error>> {
        let (life, faults) = (&mut self.lives[place], &mut self.faults);
        let back_ns = life.cpu_time_ns.saturating_sub(cpu_time_ns);
        if back_ns > SKEW_NS {
            writeln!(faults, "CPU time ran backwards: {row:?}")?;
        }
        life.backwards += usize::from(back_ns > 0);
        match std::str::from_utf8(&row[self.columns.cpu_pct])? {
            "" if back_ns > 0 && &row[self.columns.reset] == b"1" => {}
            _ if back_ns > 0 => {
                writeln!(faults, "a rate of a counter that ran backwards: {row:?}")?
            }
            "" if life.rows > 0 => writeln!(faults, "no rate: {row:?}")?,
            "" => {}
            _ if life.rows == 0 => writeln!(faults, "a rate in the first row: {row:?}")?,
            percent => {
                let percent: f64 = percent.parse()?;
                life.max_pct = life.max_pct.max(percent);
                let elapsed_ns = self.ticks[at].mono_ns - self.ticks[at - 1].mono_ns;
                // CPU time is read after mono_ns, within sample_ns, and with clocks that differ. The
                // clock of an emulated machine with two CPUs also stops for moments; Xen's does not.
                let max_ns = 1.25 * (elapsed_ns + self.ticks[at].sample_ns) as f64 + SKEW_NS as f64;
                let max_ratio = max_ns / elapsed_ns as f64;
                let vcpus = number(&row[self.columns.vcpus_online])? as f64;
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
        Ok(())
    }
}

fn write_ticks(ticks: &[Tick]) -> Result<(), Box<dyn Error>> {
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
    Ok(out.flush()?)
}

fn write_lives(lives: &[Life]) -> Result<(), Box<dyn Error>> {
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

fn main() -> Result<(), Box<dyn Error>> {
    let mut reader = ReaderBuilder::new()
        .buffer_capacity(1 << 20)
        .from_reader(stdin());
    let mut summary = Summary {
        columns: Columns::of(reader.byte_headers()?)?,
        faults: BufWriter::new(File::create("faults")?),
        ticks: Vec::new(),
        lives: Vec::new(),
        owners: HashMap::new(),
        last_id: None,
    };
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        summary.add(&row)?;
    }
    summary.faults.flush()?;
    write_ticks(&summary.ticks)?;
    write_lives(&summary.lives)
}
