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

use crate::process::journal;
use crate::program::cli::{Cli, Detail};

/// A table beside a file is for a look now and then.
const BESIDE_A_FILE_NS: u64 = 900_000_000;

/// Opens what the command line asks for. `claims` has the file that is replayed.
pub(crate) fn add(
    cli: &Cli,
    capabilities: Capabilities,
    runner: &mut Runner<'_>,
    mut claims: Claims,
) -> Result<(), OutputError> {
    let claims = &mut claims;
    if let Some(path) = &cli.csv {
        csv::<DomainTable>(cli, path, runner, claims)?;
        if cli.every.is_some() {
            csv_beside::<SubsampleTable>(cli, path, runner, claims)?;
        }
        for &detail in &cli.detail {
            match detail {
                Detail::Vcpu => csv_beside::<VcpuTable>(cli, path, runner, claims)?,
                Detail::Nic => csv_beside::<NicTable>(cli, path, runner, claims)?,
                Detail::Disk => csv_beside::<DiskTable>(cli, path, runner, claims)?,
                Detail::Host => csv_beside::<HostTable>(cli, path, runner, claims)?,
                Detail::Event => csv_beside::<EventTable>(cli, path, runner, claims)?,
                Detail::Own => csv_beside::<SelfTable>(cli, path, runner, claims)?,
                Detail::Stat => csv_beside::<StatTable>(cli, path, runner, claims)?,
                Detail::Nova => csv_beside::<NovaTable>(cli, path, runner, claims)?,
            }
        }
    }
    if let Some(path) = &cli.json {
        let domains: Box<dyn Encoder> = Box::new(JsonEncoder::<DomainTable>::of(&cli.columns));
        let details = cli.detail.iter().map(|&detail| json(detail, &cli.columns));
        let mut sinks: Vec<Box<dyn Encoder>> = std::iter::once(domains).chain(details).collect();
        if cli.every.is_some() {
            sinks.push(Box::new(JsonEncoder::<SubsampleTable>::of(&cli.columns)));
        }
        let output = open(cli, path, Vec::new(), claims)?;
        runner.add(JsonLinesEncoder::new(sinks, &cli.columns), output);
    }
    if let Some(path) = &cli.record {
        let settings = Settings {
            append: false,
            content: Content::Recording,
            ..settings(cli)
        };
        runner.add(
            RecordingEncoder,
            Output::open(path, Vec::new(), settings, claims)?,
        );
    }
    if let Some(at_most_every_ns) = table(cli) {
        let table = TextTable::new(capabilities, io::stdout().is_terminal() && colour());
        let table = table.sorted(cli.sort.into(), cli.top);
        runner.add(
            table.at_most_every(at_most_every_ns),
            Output::stdout(claims)?,
        );
    }
    Ok(())
}

/// The files that the command line names, those beside them left out: they lie in the same
/// directories.
pub(crate) fn files(cli: &Cli) -> Vec<PathBuf> {
    let named = [&cli.csv, &cli.json, &cli.record].into_iter().flatten();
    let files = named.filter(|path| path.as_os_str() != "-");
    files.cloned().collect()
}

/// How the command line has outputs written.
fn settings(cli: &Cli) -> Settings {
    Settings {
        append: cli.append,
        fsync: cli.fsync,
        rotate: cli.rotate,
        keep: cli.keep,
        content: Content::Lines,
        tell: journal::warning,
    }
}

/// Whether the table is shown, and after how many ns again at the earliest.
pub(crate) fn table(cli: &Cli) -> Option<u64> {
    let stdout = [Path::new("-"), Path::new("/dev/stdout")];
    let to_stdout =
        |path: &Option<PathBuf>| path.as_deref().is_some_and(|path| stdout.contains(&path));
    if cli.csv.is_none() && cli.json.is_none() {
        Some(0)
    } else if io::stdout().is_terminal() && !to_stdout(&cli.csv) && !to_stdout(&cli.json) {
        Some(BESIDE_A_FILE_NS)
    } else {
        None
    }
}

/// `out.csv` becomes `out.vcpu.csv`.
fn beside(path: &Path, name: &str) -> PathBuf {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => path.with_extension(format!("{name}.{extension}")),
        None => path.with_extension(name),
    }
}

fn csv_beside<T: Table>(
    cli: &Cli,
    path: &Path,
    runner: &mut Runner<'_>,
    claims: &mut Claims,
) -> Result<(), OutputError> {
    csv::<T>(cli, &beside(path, T::NAME), runner, claims)
}

fn csv<T: Table>(
    cli: &Cli,
    path: &Path,
    runner: &mut Runner<'_>,
    claims: &mut Claims,
) -> Result<(), OutputError> {
    let sink = CsvEncoder::<T>::of(&cli.columns).safe(cli.csv_safe);
    // The output writes it: each file that it begins has one.
    let output = open(cli, path, sink.header(), claims)?;
    runner.add(sink.without_header(true), output);
    Ok(())
}

/// Opens a file, or the standard output for `-`.
fn open(
    cli: &Cli,
    path: &Path,
    header: Vec<u8>,
    claims: &mut Claims,
) -> Result<Output, OutputError> {
    match path.to_str() {
        Some("-") => Ok(Output::stdout(claims)?.with_header(header)),
        _ => Output::open(path, header, settings(cli), claims),
    }
}

fn json(detail: Detail, columns: &[String]) -> Box<dyn Encoder> {
    match detail {
        Detail::Vcpu => Box::new(JsonEncoder::<VcpuTable>::of(columns)),
        Detail::Nic => Box::new(JsonEncoder::<NicTable>::of(columns)),
        Detail::Disk => Box::new(JsonEncoder::<DiskTable>::of(columns)),
        Detail::Host => Box::new(JsonEncoder::<HostTable>::of(columns)),
        Detail::Event => Box::new(JsonEncoder::<EventTable>::of(columns)),
        Detail::Own => Box::new(JsonEncoder::<SelfTable>::of(columns)),
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
