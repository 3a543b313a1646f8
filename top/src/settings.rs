//! The file of the settings: `top.toml`. It is written on a key only.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cell::CpuOf;
use crate::column::{Column, Shown};
use crate::filter::Filter;
use crate::number::Units;
use crate::state::State;
use crate::zone::Zone;

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// The file of the settings, in the directory of the user's configuration.
#[must_use]
pub fn path(var: impl Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let set = |name: &str| {
        var(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(base.join("virtmon").join("top.toml"))
}

/// Text of the file; `None` if there is none.
///
/// # Errors
/// The file is too large, or cannot be read.
pub fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(metadata) if metadata.len() > MAX_BYTES => Err(io::Error::other("it is too large")),
        Ok(_) => fs::read_to_string(file).map(Some),
    }
}

/// Applies the settings of a text. Returns what was not understood: the rest is applied.
#[must_use]
pub fn apply(text: &str, state: &mut State) -> Vec<String> {
    let mut problems = Vec::new();
    let mut section = String::new();
    for (n, line) in text.lines().enumerate() {
        let line = without_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name.trim().to_owned();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            problems.push(format!("line {}: no value", n + 1));
            continue;
        };
        let key = match &*section {
            "" => key.trim().to_owned(),
            section => format!("{section}.{}", key.trim()),
        };
        if let Err(problem) = set(state, &key, value.trim()) {
            problems.push(format!("line {}: {key}: {problem}", n + 1));
        }
    }
    problems
}

/// A line without its comment. A `#` in quotes is none.
fn without_comment(line: &str) -> &str {
    let mut is_quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

fn set(state: &mut State, key: &str, value: &str) -> Result<(), &'static str> {
    match key {
        "units" => {
            state.units = match text(value)? {
                "iec" => Units::Iec,
                "bits" => Units::Bits,
                "exact" => Units::Exact,
                _ => return Err("not iec, bits or exact"),
            };
        }
        "cpu_of" => {
            state.cpu_of = match text(value)? {
                "pcpu" => CpuOf::Pcpu,
                "guest" => CpuOf::Guest,
                "host" => CpuOf::Host,
                _ => return Err("not pcpu, guest or host"),
            };
        }
        "tz" => {
            state.zone = match text(value)? {
                "local" => Zone::local(),
                "utc" => Zone::utc(),
                _ => return Err("not local or utc"),
            };
        }
        "mouse" => state.has_mouse = boolean(value)?,
        "guests.sort" => {
            let word = text(value)?;
            let (column, descends) = match word.strip_prefix('-') {
                Some(word) => (word, true),
                None => (word, false),
            };
            let column = Column::parse(column).ok_or("no such column")?;
            state.table.sort.column = column;
            state.table.sort.is_reversed = descends == column.ascends();
        }
        "guests.filter" => {
            let word = text(value)?;
            state.table.filter = (Filter::parse(word), word.to_owned());
        }
        "guests.columns" => state.table.columns = Some(columns(value)?),
        "guests.guests_only" => state.table.guests_only = boolean(value)?,
        "guests.hide_idle" => state.table.hides_idle = boolean(value)?,
        "limits.rdy" => state.limits.ready = pair(value)?,
        "limits.host_cpu" => state.limits.host_cpu = pair(value)?,
        "limits.memory" => state.limits.memory = pair(value)?,
        "limits.lat" => state.limits.latency = pair(value)?,
        _ => return Err("there is no such setting"),
    }
    Ok(())
}

fn text(value: &str) -> Result<&str, &'static str> {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.ok_or("not a text in quotes")
}

fn boolean(value: &str) -> Result<bool, &'static str> {
    value.parse().map_err(|_| "not true or false")
}

fn list(value: &str) -> Result<impl Iterator<Item = &str>, &'static str> {
    let inner = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or("not a list on one line")?;
    Ok(inner
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty()))
}

fn pair(value: &str) -> Result<[f64; 2], &'static str> {
    let numbers: Vec<f64> = list(value)?.filter_map(|item| item.parse().ok()).collect();
    match numbers[..] {
        [a, b] if a.is_finite() && b.is_finite() => Ok([a, b]),
        _ => Err("not two numbers"),
    }
}

fn columns(value: &str) -> Result<Vec<Shown>, &'static str> {
    let mut columns: Vec<Shown> = Vec::new();
    for item in list(value)? {
        let item = text(item)?;
        let (key, width) = match item.split_once(':') {
            Some((key, width)) => (
                key,
                Some(width.parse::<usize>().map_err(|_| "a width is a number")?),
            ),
            None => (item, None),
        };
        let column = Column::parse(key).ok_or("no such column")?;
        if columns.iter().all(|shown| shown.column != column) {
            columns.push(Shown {
                column,
                width: width.map(|width| width.clamp(1, 64)),
            });
        }
    }
    if columns.is_empty() {
        Err("no column")
    } else {
        Ok(columns)
    }
}

/// The settings of a state as the text of a file.
#[must_use]
pub fn render(state: &State) -> String {
    let units = match state.units {
        Units::Iec => "iec",
        Units::Bits => "bits",
        Units::Exact => "exact",
    };
    let cpu_of = match state.cpu_of {
        CpuOf::Pcpu => "pcpu",
        CpuOf::Guest => "guest",
        CpuOf::Host => "host",
    };
    let table = &state.table;
    let descends = table.sort.descends();
    let sign = if descends { "-" } else { "" };
    let mut text = format!(
        "units = \"{units}\"\ncpu_of = \"{cpu_of}\"\nmouse = {}\n\n[guests]\nsort = \"{sign}{}\"\nguests_only = {}\nhide_idle = {}\n",
        state.has_mouse,
        table.sort.column.facts().key,
        table.guests_only,
        table.hides_idle,
    );
    if let Some(columns) = &table.columns {
        let columns = columns.iter().map(|shown| match shown.width {
            Some(width) => format!("\"{}:{width}\"", shown.column.facts().key),
            None => format!("\"{}\"", shown.column.facts().key),
        });
        let columns: Vec<String> = columns.collect();
        text.push_str(&format!("columns = [{}]\n", columns.join(", ")));
    }
    // The form has no escapes: such a filter stays with its run.
    if !table.filter.1.is_empty() && !table.filter.1.contains('"') {
        text.push_str(&format!("filter = \"{}\"\n", table.filter.1));
    }
    let limits = &state.limits;
    let pair = |[a, b]: [f64; 2]| format!("[{a}, {b}]");
    text.push_str(&format!(
        "\n[limits]\nrdy = {}\nhost_cpu = {}\nmemory = {}\nlat = {}\n",
        pair(limits.ready),
        pair(limits.host_cpu),
        pair(limits.memory),
        pair(limits.latency),
    ));
    text
}

/// Writes the settings: a new file beside the old one, which then takes its place.
///
/// # Errors
/// The directory or the file cannot be written.
pub fn write(file: &Path, state: &State) -> io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let new = file.with_extension(format!("toml.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut opened = options.write(true).create_new(true).open(&new)?;
    let written = opened
        .write_all(render(state).as_bytes())
        .and_then(|()| opened.sync_all())
        .and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
