//! Combinations of options that are refused.

use std::path::PathBuf;

use virtmon_export::registry;

use crate::program::cli::Cli;
use crate::program::cli::source::BackendChoice;
use crate::program::cli::tables::is_stdout;

/// The largest number of samples in an interval. A hundredth of each domain's rates is kept.
const MAX_SAMPLES_PER_INTERVAL: u128 = 100_000;

impl Cli {
    /// The first combination of options that is refused, as a message.
    pub(super) fn validate(&self) -> Option<String> {
        let problem = self.backend_problem();
        let problem = problem.or_else(|| self.sample_interval_problem());
        let problem = problem.or_else(|| self.detail_problem());
        let problem = problem.or_else(|| self.file_problem());
        problem.or_else(|| self.column_problem())
    }

    fn backend_problem(&self) -> Option<String> {
        if self.source.backend != BackendChoice::Xen {
            return None;
        }
        if self.libvirt.uri.is_some() {
            return Some(
                "--uri is a libvirt connection, and --backend xen does not use one".into(),
            );
        }
        self.has_group_options().then(|| {
            "--stats-group and --group-interval are options of libvirt, not of --backend xen".into()
        })
    }

    fn has_group_options(&self) -> bool {
        !(self.libvirt.stats_group.is_empty() && self.libvirt.group_interval.is_empty())
    }

    fn sample_interval_problem(&self) -> Option<String> {
        let sample = self.timing.sample_interval?;
        let interval = self.timing.row_interval();
        if sample > interval || !interval.as_nanos().is_multiple_of(sample.as_nanos()) {
            return Some("--interval must be a multiple of --sample-interval".into());
        }
        if sample.as_nanos() * MAX_SAMPLES_PER_INTERVAL < interval.as_nanos() {
            return Some(format!(
                "--interval may be {MAX_SAMPLES_PER_INTERVAL} times --sample-interval at most"
            ));
        }
        let has_output = self.tables.has_table_file() || self.listens();
        (!has_output || is_stdout(&self.tables.csv)).then(|| {
            "--sample-interval needs --csv FILE, to write its table beside, --json or --listen"
                .into()
        })
    }

    fn detail_problem(&self) -> Option<String> {
        let tables = &self.tables;
        if !self.libvirt.stats_group.is_empty() && !tables.needs().stats {
            return Some("--stats-group needs --detail stat, the table of its values".into());
        }
        if tables.detail.is_empty() {
            return None;
        }
        if !tables.has_table_file() && tables.record.is_none() && !self.listens() {
            return Some(
                "--detail needs --csv FILE, to write its tables beside, --json, --record or --listen"
                    .into(),
            );
        }
        is_stdout(&tables.csv)
            .then(|| "--detail needs files: --csv FILE, or --json - for one stream".into())
    }

    fn file_problem(&self) -> Option<String> {
        let tables = &self.tables;
        if is_stdout(&tables.csv) && is_stdout(&tables.json) {
            return Some("--csv - and --json - cannot both use standard output".into());
        }
        let is_file = |path: &Option<PathBuf>| path.is_some() && !is_stdout(path);
        let files = [&tables.csv, &tables.json, &tables.record];
        if tables.rotate.is_some() && !files.into_iter().any(is_file) {
            return Some("--rotate is for --csv FILE, --json FILE and --record FILE".into());
        }
        tables.record.as_ref()?;
        if tables.append {
            return Some("--record begins a new file, so it cannot be used with --append".into());
        }
        if self.has_group_options() || tables.needs().instances {
            return Some(
                "--record keeps libvirt's usual groups only: no --stats-group, --group-interval or \
                 --detail nova"
                    .into(),
            );
        }
        is_stdout(&tables.record).then(|| "--record needs a file".into())
    }

    fn column_problem(&self) -> Option<String> {
        let known = registry::column_names();
        let mut columns = self.tables.columns.iter();
        let unknown = columns.find(|name| !known.contains(&name.as_str()));
        unknown.map(|name| format!("--columns: no table has {name:?} (see virtmon schema)"))
    }
}
