//! The configuration of a run, resolved once from the command line.

pub mod listen;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use libvirt_backend::Options as LibvirtOptions;
use virtmon_analysis::filter::DomainFilter;
use virtmon_export::encode::text_table::Sort;
use virtmon_export::registry::table_info::TableInfo;
use virtmon_export::schema::info::TableNeeds;
use virtmon_model::Needs;
use virtmon_recording::SeekTarget;

use crate::files::settings::{Content, Settings};
use crate::process::journal;
use crate::program::backends::BackendConfig;
use crate::program::cli::Cli;
use crate::program::cli::source::{BackendChoice, ReplaySpeed};
use crate::program::config::listen::ListenConfig;
use crate::runner::limit::Limit;

/// Shortest time between two tables on a terminal while rows go to a file.
const TABLE_BESIDE_FILE_NS: u64 = 900_000_000;

/// Values to sample for the table on standard output.
pub(crate) const NEEDS_OF_TEXT_TABLE: Needs = Needs {
    vcpus: false,
    host: true,
    raw: false,
};

/// Configuration of a run.
#[derive(Debug)]
pub struct Config {
    /// The host or recording that is sampled.
    pub source: SourceConfig,
    /// The domains that have rows.
    pub filter: DomainFilter,
    /// Number of samples in each interval, if there is more than one by option.
    pub samples_per_interval: Option<u64>,
    /// End of the run.
    pub limit: Limit,
    /// The outputs.
    pub outputs: OutputConfig,
}

/// The host or recording that is sampled.
#[derive(Debug)]
pub enum SourceConfig {
    /// This host.
    Live(LiveConfig),
    /// A recording.
    Replay(ReplayConfig),
}

/// Configuration of a run on this host.
#[derive(Debug)]
pub struct LiveConfig {
    /// The backend, or the automatic choice.
    pub backend: BackendChoice,
    /// Options of opening the backend.
    pub options: BackendConfig,
    /// Time between samples.
    pub sample_interval: Duration,
    /// True if tick 0 is at a whole second of the wall clock.
    pub align: bool,
    /// The user that the process becomes.
    pub user: Option<String>,
}

/// Configuration of a replay.
#[derive(Debug)]
pub struct ReplayConfig {
    /// The recording.
    pub file: PathBuf,
    /// Time between samples; the recording's if `None`.
    pub sample_interval: Option<Duration>,
    /// First tick or time of the replay; the start of the recording if `None`.
    pub from: Option<SeekTarget>,
    /// True if the replay takes as long as the recording did.
    pub is_paced: bool,
}

/// The outputs of a run.
#[derive(Debug)]
pub struct OutputConfig {
    /// File of the CSV tables; `-` is standard output.
    pub csv: Option<PathBuf>,
    /// True if CSV text that a spreadsheet would take for a formula gets an apostrophe.
    pub is_csv_safe: bool,
    /// File of the JSON Lines; `-` is standard output.
    pub json: Option<PathBuf>,
    /// File of the recording.
    pub record: Option<PathBuf>,
    /// Tables other than that of the domains.
    pub details: Vec<&'static TableInfo>,
    /// True if there is a table of the samples within each interval.
    pub has_subsamples: bool,
    /// Names of the columns; all columns if empty.
    pub columns: Vec<String>,
    /// Settings of files.
    pub settings: Settings,
    /// The table on standard output.
    pub table: Option<TableConfig>,
    /// The HTTP server.
    pub listen: Option<ListenConfig>,
}

/// The table on standard output.
#[derive(Debug, Clone, Copy)]
pub struct TableConfig {
    /// Shortest time between two tables, in ns.
    pub min_interval_ns: u64,
    /// Sort key.
    pub sort: Sort,
    /// Largest number of guests; all if `None`.
    pub top: Option<usize>,
}

impl Config {
    /// Resolves the command line.
    ///
    /// # Errors
    /// A pattern of `--domain` or `--exclude` is not valid. The error is a message for the user.
    pub fn resolve(cli: &Cli) -> Result<Self, String> {
        let filter = DomainFilter::new(&cli.source.domain, &cli.source.exclude)
            .map_err(|error| format!("--domain, --exclude: {error} (see virtmon --help)"))?;
        let outputs = OutputConfig::resolve(cli);
        let source = match &cli.source.replay {
            Some(file) => SourceConfig::Replay(ReplayConfig {
                file: file.clone(),
                sample_interval: cli.timing.sample_interval.or(cli.timing.interval),
                from: cli.source.replay_from,
                is_paced: cli.source.replay_speed == ReplaySpeed::Recorded,
            }),
            None => SourceConfig::Live(LiveConfig::resolve(cli, outputs.needs())),
        };
        Ok(Self {
            source,
            filter,
            samples_per_interval: cli.timing.samples_per_interval(),
            limit: match (cli.timing.count, cli.timing.duration) {
                (Some(count), _) => Limit::Count(count),
                (None, Some(duration)) => Limit::Duration(duration),
                (None, None) => Limit::None,
            },
            outputs,
        })
    }
}

impl LiveConfig {
    fn resolve(cli: &Cli, needs: Needs) -> Self {
        let (timing, tables) = (&cli.timing, &cli.tables);
        let table_needs = tables.needs();
        Self {
            backend: cli.source.backend,
            options: BackendConfig {
                uri: cli.libvirt.uri.clone(),
                path: cli.source.xen_path.into(),
                is_realtime: cli.process.realtime,
                libvirt: LibvirtOptions {
                    needs,
                    // A recording holds samples, and no notifications.
                    events: table_needs.notifications && tables.record.is_none(),
                    nova: table_needs.instances,
                    stats: table_needs.stats,
                    groups: cli.libvirt.stats_group.clone(),
                    group_intervals: cli.libvirt.group_interval.clone(),
                },
            },
            sample_interval: timing.sample_interval.unwrap_or(timing.row_interval()),
            align: timing.align,
            user: cli.process.user.clone(),
        }
    }
}

impl OutputConfig {
    fn resolve(cli: &Cli) -> Self {
        let tables = &cli.tables;
        Self {
            csv: tables.csv.clone(),
            is_csv_safe: tables.csv_safe,
            json: tables.json.clone(),
            record: tables.record.clone(),
            details: tables.detail.clone(),
            has_subsamples: cli.timing.sample_interval.is_some(),
            columns: tables.columns.clone(),
            settings: Settings {
                append: tables.append,
                fsync: tables.fsync,
                rotate: tables.rotate,
                keep: tables.keep,
                content: Content::Lines,
                warn: journal::warning,
            },
            table: min_table_interval(cli).map(|min_interval_ns| TableConfig {
                min_interval_ns,
                sort: tables.sort.into(),
                top: tables.top,
            }),
            listen: ListenConfig::resolve(cli),
        }
    }

    /// Values to sample for these outputs.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let has_tables = self.csv.is_some() || self.json.is_some() || self.listen.is_some();
        let tables = has_tables.then(|| self.needs_of_tables());
        let record = self.record.as_ref().map(|_| self.needs_of_recording());
        let table = self.table.map(|_| NEEDS_OF_TEXT_TABLE);
        let mut all = Needs::default();
        for needs in [tables, record, table].into_iter().flatten() {
            all.vcpus |= needs.vcpus;
            all.host |= needs.host;
            all.raw |= needs.raw;
        }
        all
    }

    /// Values to sample for the tables, in files or in metrics.
    pub(crate) fn needs_of_tables(&self) -> Needs {
        Needs {
            vcpus: self.table_needs().vcpus,
            host: self.table_needs().host,
            raw: false,
        }
    }

    /// Values to sample for the recording.
    pub(crate) fn needs_of_recording(&self) -> Needs {
        Needs {
            vcpus: self.table_needs().vcpus,
            // What a recording lacks cannot be sampled later.
            host: true,
            raw: true,
        }
    }

    /// Values to sample and compute for the detail tables.
    #[must_use]
    pub fn table_needs(&self) -> TableNeeds {
        TableNeeds::of(&self.details)
    }

    /// The files that the command line names. The other tables' files are in the same directories.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let named = [&self.csv, &self.json, &self.record].into_iter().flatten();
        let files = named.filter(|path| path.as_os_str() != "-");
        files.cloned().collect()
    }
}

/// Shortest time between two tables on standard output, in ns; `None` if there is no such table.
fn min_table_interval(cli: &Cli) -> Option<u64> {
    let stdout = [Path::new("-"), Path::new("/dev/stdout")];
    let is_stdout =
        |path: &Option<PathBuf>| path.as_deref().is_some_and(|path| stdout.contains(&path));
    let (csv, json) = (&cli.tables.csv, &cli.tables.json);
    if csv.is_none() && json.is_none() && !cli.listens() {
        Some(0)
    } else if io::stdout().is_terminal() && !is_stdout(csv) && !is_stdout(json) {
        Some(TABLE_BESIDE_FILE_NS)
    } else {
        None
    }
}
