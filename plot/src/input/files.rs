//! The files of the command line, put together to runs, and the tables that lie beside them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use virtmon_export::printable::Printable;

use crate::error::PlotError;
use crate::input::names::FileName;
use crate::input::reader::CsvReader;
use crate::rows::Table;

/// Largest number of files of a run.
const MAX_FILES: usize = 100_000;

/// A file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The path.
    pub path: PathBuf,
    /// Time of its first tick by its name, and its number in that second; `None` for the last part.
    pub stamp: Option<(i64, u32)>,
    /// True if the file is compressed.
    pub is_compressed: bool,
    /// Its length, in bytes.
    pub bytes: u64,
}

/// The files of one run.
#[derive(Debug, Default)]
pub struct Run {
    /// Name in messages: the domain table's path.
    pub name: String,
    /// The files of each table, oldest first.
    pub parts: BTreeMap<Table, Vec<Part>>,
}

/// The runs of the files of the command line, in their order.
///
/// # Errors
/// A file cannot be read, is not a table of virtmon, or no domain table is there.
pub fn runs(paths: &[PathBuf]) -> Result<Vec<Run>, PlotError> {
    let mut bases: Vec<PathBuf> = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    for path in paths {
        let (name, part) = part(path)?;
        let Some(table) = table_of(&part)? else {
            continue;
        };
        let at = bases.iter().position(|base| *base == name.base);
        let at = at.unwrap_or_else(|| {
            bases.push(name.base.clone());
            runs.push(Run {
                name: shown(&name.base),
                ..Run::default()
            });
            runs.len() - 1
        });
        let parts = runs[at].parts.entry(table).or_default();
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    for (base, run) in bases.iter().zip(&mut runs) {
        add_beside(base, run).map_err(|source| PlotError::Read {
            file: run.name.clone(),
            source,
        })?;
        for parts in run.parts.values_mut() {
            parts.sort_by_key(|part| (part.stamp.is_none(), part.stamp));
        }
        if !run.parts.contains_key(&Table::Domain) {
            let file = run.name.clone();
            return Err(PlotError::NoDomains { file });
        }
    }
    match runs.is_empty() {
        true => Err(PlotError::NoDomains {
            file: paths.first().map_or_else(String::new, |path| shown(path)),
        }),
        false => Ok(runs),
    }
}

/// A path in messages.
#[must_use]
pub fn shown(path: &Path) -> String {
    Printable::message(&path.display().to_string()).to_string()
}

fn part(path: &Path) -> Result<(FileName, Part), PlotError> {
    let failed = |source| PlotError::Read {
        file: shown(path),
        source,
    };
    let meta = fs::metadata(path).map_err(failed)?;
    if !meta.is_file() {
        // It is read twice.
        let refused = io::Error::other("not a regular file");
        return Err(failed(refused));
    }
    let name = FileName::parse(path).unwrap_or_else(|| FileName {
        base: path.to_owned(),
        table: None,
        stamp: None,
        is_compressed: false,
    });
    let part = Part {
        path: path.to_owned(),
        stamp: name.stamp,
        is_compressed: name.is_compressed,
        bytes: meta.len(),
    };
    Ok((name, part))
}

/// The table of a file, by its columns; `None` if pictures do not need it.
fn table_of(part: &Part) -> Result<Option<Table>, PlotError> {
    let file = || shown(&part.path);
    let failed = |source| PlotError::Read {
        file: file(),
        source,
    };
    let from = File::open(&part.path).map_err(failed)?;
    let mut reader = CsvReader::open(Box::new(from), part.is_compressed).map_err(failed)?;
    let header = reader.header().map_err(|error| PlotError::NotATable {
        file: file(),
        why: error.to_string(),
    })?;
    let Some(header) = header else {
        return Err(PlotError::Empty { file: file() });
    };
    Table::of(&header).map_err(|why| PlotError::NotATable { file: file(), why })
}

/// Adds the tables that were not given and that lie beside those that were.
fn add_beside(base: &Path, run: &mut Run) -> io::Result<()> {
    let given: Vec<Table> = run.parts.keys().copied().collect();
    let directory = match base.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut files = 0;
    for entry in fs::read_dir(directory)? {
        let path = base.with_file_name(entry?.file_name());
        let Some(name) = FileName::parse(&path).filter(|name| name.base == base) else {
            continue;
        };
        let named = name.table.unwrap_or(Table::Domain.name());
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == named) else {
            continue;
        };
        if given.contains(&table) || !path.is_file() {
            continue;
        }
        files += 1;
        if files > MAX_FILES {
            break;
        }
        if let Ok((_, part)) = part(&path)
            && matches!(table_of(&part), Ok(Some(found)) if found == table)
        {
            run.parts.entry(table).or_default().push(part);
        }
    }
    Ok(())
}
