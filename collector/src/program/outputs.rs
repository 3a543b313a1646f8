//! Which sinks write to which outputs.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::files::Output;
use crate::files::error::OutputError;
use crate::files::open::Claims;
use crate::files::settings::{Content, Settings};
use crate::runner::Runner;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::csv::CsvEncoder;
use virtmon_export::encode::json::{JsonEncoder, JsonLinesEncoder};
use virtmon_export::encode::recording::RecordingEncoder;
use virtmon_export::encode::text_table::TextTable;
use virtmon_export::schema::column::Table;
use virtmon_export::tables::device::{DiskTable, NicTable};
use virtmon_export::tables::domain::DomainTable;
use virtmon_export::tables::event::EventTable;
use virtmon_export::tables::host::HostTable;
use virtmon_export::tables::openstack::NovaTable;
use virtmon_export::tables::self_stats::SelfTable;
use virtmon_export::tables::stat::StatTable;
use virtmon_export::tables::subsamples::SubsampleTable;
use virtmon_export::tables::vcpu::VcpuTable;
use virtmon_model::Capabilities;

use crate::program::cli::tables::Detail;
use crate::program::config::OutputConfig;

/// Opens what the command line asks for. `claims` has the file that is replayed.
pub(crate) fn add(
    config: &OutputConfig,
    capabilities: Capabilities,
    runner: &mut Runner,
    mut claims: Claims,
) -> Result<(), OutputError> {
    let claims = &mut claims;
    if let Some(path) = &config.csv {
        csv::<DomainTable>(config, path, runner, claims)?;
        if config.has_subsamples {
            csv_beside::<SubsampleTable>(config, path, runner, claims)?;
        }
        for &detail in &config.details {
            match detail {
                Detail::Vcpu => csv_beside::<VcpuTable>(config, path, runner, claims)?,
                Detail::Nic => csv_beside::<NicTable>(config, path, runner, claims)?,
                Detail::Disk => csv_beside::<DiskTable>(config, path, runner, claims)?,
                Detail::Host => csv_beside::<HostTable>(config, path, runner, claims)?,
                Detail::Event => csv_beside::<EventTable>(config, path, runner, claims)?,
                Detail::SelfStats => csv_beside::<SelfTable>(config, path, runner, claims)?,
                Detail::Stat => csv_beside::<StatTable>(config, path, runner, claims)?,
                Detail::Nova => csv_beside::<NovaTable>(config, path, runner, claims)?,
            }
        }
    }
    if let Some(path) = &config.json {
        let domains: Box<dyn Encoder> = Box::new(JsonEncoder::<DomainTable>::of(&config.columns));
        let details = config
            .details
            .iter()
            .map(|&detail| json(detail, &config.columns));
        let mut sinks: Vec<Box<dyn Encoder>> = std::iter::once(domains).chain(details).collect();
        if config.has_subsamples {
            sinks.push(Box::new(JsonEncoder::<SubsampleTable>::of(&config.columns)));
        }
        let output = open(config, path, Vec::new(), claims)?;
        runner.add(JsonLinesEncoder::new(sinks, &config.columns), output);
    }
    if let Some(path) = &config.record {
        let settings = Settings {
            append: false,
            content: Content::Recording,
            ..config.settings
        };
        runner.add(
            RecordingEncoder,
            Output::open(path, Vec::new(), settings, claims)?,
        );
    }
    if let Some(table_config) = config.table {
        let table = TextTable::new(capabilities, io::stdout().is_terminal() && colour());
        let table = table.sorted(table_config.sort, table_config.top);
        runner.add(
            table.at_most_every(table_config.min_interval_ns),
            Output::stdout(claims)?,
        );
    }
    Ok(())
}

/// `out.csv` becomes `out.vcpu.csv`.
fn beside(path: &Path, name: &str) -> PathBuf {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => path.with_extension(format!("{name}.{extension}")),
        None => path.with_extension(name),
    }
}

fn csv_beside<T: Table>(
    config: &OutputConfig,
    path: &Path,
    runner: &mut Runner,
    claims: &mut Claims,
) -> Result<(), OutputError> {
    csv::<T>(config, &beside(path, T::NAME), runner, claims)
}

fn csv<T: Table>(
    config: &OutputConfig,
    path: &Path,
    runner: &mut Runner,
    claims: &mut Claims,
) -> Result<(), OutputError> {
    let sink = CsvEncoder::<T>::of(&config.columns).safe(config.is_csv_safe);
    // The output writes it: each file that it begins has one.
    let output = open(config, path, sink.header(), claims)?;
    runner.add(sink.without_header(true), output);
    Ok(())
}

/// Opens a file, or the standard output for `-`.
fn open(
    config: &OutputConfig,
    path: &Path,
    header: Vec<u8>,
    claims: &mut Claims,
) -> Result<Output, OutputError> {
    match path.to_str() {
        Some("-") => Ok(Output::stdout(claims)?.with_header(header)),
        _ => Output::open(path, header, config.settings, claims),
    }
}

fn json(detail: Detail, columns: &[String]) -> Box<dyn Encoder> {
    match detail {
        Detail::Vcpu => Box::new(JsonEncoder::<VcpuTable>::of(columns)),
        Detail::Nic => Box::new(JsonEncoder::<NicTable>::of(columns)),
        Detail::Disk => Box::new(JsonEncoder::<DiskTable>::of(columns)),
        Detail::Host => Box::new(JsonEncoder::<HostTable>::of(columns)),
        Detail::Event => Box::new(JsonEncoder::<EventTable>::of(columns)),
        Detail::SelfStats => Box::new(JsonEncoder::<SelfTable>::of(columns)),
        Detail::Stat => Box::new(JsonEncoder::<StatTable>::of(columns)),
        Detail::Nova => Box::new(JsonEncoder::<NovaTable>::of(columns)),
    }
}

/// Whether a terminal is to be coloured: see <https://no-color.org>.
fn colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_lie_beside_the_file() {
        for (file, table) in [
            ("out.csv", "out.vcpu.csv"),
            ("/a.b/out", "/a.b/out.vcpu"),
            ("x.y.csv", "x.y.vcpu.csv"),
        ] {
            assert_eq!(beside(Path::new(file), "vcpu"), Path::new(table));
        }
    }
}
