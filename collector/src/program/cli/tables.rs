//! Options of tables and files.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use virtmon_export::encode::text_table::Sort;
use virtmon_export::registry;
use virtmon_export::registry::table_info::TableInfo;
use virtmon_export::schema::info::TableNeeds;

use crate::files::keep::Keep;
use crate::files::rotate::Rotate;
use crate::program::cli::rotate;

/// Options of tables and files.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables and files")]
pub struct TableArgs {
    /// Write the domains table as CSV to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// Put an apostrophe before CSV text that a spreadsheet would take for a formula: text that
    /// begins with = + - @ or a tab
    #[arg(long, requires = "csv")]
    pub csv_safe: bool,

    /// Write all tables as JSON Lines to this file; - is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Record the raw samples to this file, for --replay on any machine. Xen's vCPUs are recorded
    /// only with --detail vcpu
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Write more tables: in --json, and beside --csv FILE (out.csv has out.vcpu.csv)
    #[arg(long, value_name = "TABLE,...", value_delimiter = ',', value_parser = detail_parser())]
    pub detail: Vec<&'static TableInfo>,

    /// Write only these columns, in the tables' own order (see virtmon schema)
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        requires = "table_file"
    )]
    pub columns: Vec<String>,

    /// Continue files of an earlier run. An incomplete last tick is moved to FILE.torn first, and a
    /// file of other columns is renamed like a finished one
    #[arg(long, requires = "table_file")]
    pub append: bool,

    /// Begin new files at a size or time: 100MiB, 1h, 24h. A finished file becomes
    /// out-20261123T060000Z.csv.zst, by the UTC time of its first tick. A time is aligned to the wall
    /// clock: 24h is midnight UTC
    #[arg(long, value_name = "SIZE|TIME", value_parser = rotate::parse)]
    pub rotate: Option<Rotate>,

    /// Remove the oldest finished files of each output, and keep this many (14), those with ticks of
    /// this time up to now (14d), or this many bytes (2GiB)
    #[arg(long, value_name = "COUNT|TIME|SIZE", requires = "rotate", value_parser = rotate::parse_keep)]
    pub keep: Option<Keep>,

    /// Sync every tick to the disk
    #[arg(long, requires = "any_file")]
    pub fsync: bool,

    /// Sort the table on the terminal; all keys but id and name sort in descending order
    #[arg(long, value_name = "KEY", value_enum, default_value_t = SortKey::Id)]
    pub sort: SortKey,

    /// Show only the first N guests in the table on the terminal
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
}

impl TableArgs {
    /// True if tables are written to a file or to standard output.
    pub(crate) fn has_table_file(&self) -> bool {
        self.csv.is_some() || self.json.is_some()
    }

    /// Values to sample and compute for the detail tables.
    pub(crate) fn needs(&self) -> TableNeeds {
        TableNeeds::of(&self.detail)
    }
}

/// True if the path of an output is `-`, standard output.
pub(crate) fn is_stdout(path: &Option<PathBuf>) -> bool {
    path.as_deref() == Some(Path::new("-"))
}

/// Parser of a table's name in `--detail`.
fn detail_parser() -> impl TypedValueParser<Value = &'static TableInfo> {
    let tables = registry::detail_tables();
    let values = tables.map(|table| {
        let help = table.detail.unwrap_or_default();
        PossibleValue::new(table.name).help(help)
    });
    PossibleValuesParser::new(values)
        .try_map(|name| registry::table(&name).ok_or("there is no such table"))
}

/// The sort key of the table on the terminal.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    Id,
    Name,
    Cpu,
    Time,
    Mem,
    Net,
    Disk,
}

impl From<SortKey> for Sort {
    fn from(key: SortKey) -> Self {
        match key {
            SortKey::Id => Self::Id,
            SortKey::Name => Self::Name,
            SortKey::Cpu => Self::Cpu,
            SortKey::Time => Self::Time,
            SortKey::Mem => Self::Memory,
            SortKey::Net => Self::Net,
            SortKey::Disk => Self::Disk,
        }
    }
}
