//! Which sinks write to which outputs.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::files::Output;
use crate::files::error::OutputError;
use crate::files::open::Claims;
use crate::files::settings::{Content, Settings};
use crate::runner::Runner;
use virtmon_export::encode::Sink;
use virtmon_export::encode::csv::CsvSink;
use virtmon_export::encode::json::{JsonLines, JsonSink};
use virtmon_export::encode::recording::RecordSink;
use virtmon_export::encode::text_table::TableSink;
use virtmon_export::schema::column::Table;
use virtmon_export::tables::device::{Disks, Nics};
use virtmon_export::tables::domain::Domains;
use virtmon_export::tables::event::Events;
use virtmon_export::tables::host::Hosts;
use virtmon_export::tables::openstack::Nova;
use virtmon_export::tables::self_stats::Own;
use virtmon_export::tables::stat::Stats;
use virtmon_export::tables::subsamples::Bursts;
use virtmon_export::tables::vcpu::Vcpus;
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
        csv::<Domains>(cli, path, runner, claims)?;
        if cli.every.is_some() {
            csv_beside::<Bursts>(cli, path, runner, claims)?;
        }
        for &detail in &cli.detail {
            match detail {
                Detail::Vcpu => csv_beside::<Vcpus>(cli, path, runner, claims)?,
                Detail::Nic => csv_beside::<Nics>(cli, path, runner, claims)?,
                Detail::Disk => csv_beside::<Disks>(cli, path, runner, claims)?,
                Detail::Host => csv_beside::<Hosts>(cli, path, runner, claims)?,
                Detail::Event => csv_beside::<Events>(cli, path, runner, claims)?,
                Detail::Own => csv_beside::<Own>(cli, path, runner, claims)?,
                Detail::Stat => csv_beside::<Stats>(cli, path, runner, claims)?,
                Detail::Nova => csv_beside::<Nova>(cli, path, runner, claims)?,
            }
        }
    }
    if let Some(path) = &cli.json {
        let domains: Box<dyn Sink> = Box::new(JsonSink::<Domains>::of(&cli.columns));
        let details = cli.detail.iter().map(|&detail| json(detail, &cli.columns));
        let mut sinks: Vec<Box<dyn Sink>> = std::iter::once(domains).chain(details).collect();
        if cli.every.is_some() {
            sinks.push(Box::new(JsonSink::<Bursts>::of(&cli.columns)));
        }
        let output = open(cli, path, Vec::new(), claims)?;
        runner.add(JsonLines::new(sinks, &cli.columns), output);
    }
    if let Some(path) = &cli.record {
        let settings = Settings {
            append: false,
            content: Content::Recording,
            ..settings(cli)
        };
        runner.add(
            RecordSink,
            Output::open(path, Vec::new(), settings, claims)?,
        );
    }
    if let Some(at_most_every_ns) = table(cli) {
        let table = TableSink::new(capabilities, io::stdout().is_terminal() && colour());
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
    let sink = CsvSink::<T>::of(&cli.columns).safe(cli.csv_safe);
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

fn json(detail: Detail, columns: &[String]) -> Box<dyn Sink> {
    match detail {
        Detail::Vcpu => Box::new(JsonSink::<Vcpus>::of(columns)),
        Detail::Nic => Box::new(JsonSink::<Nics>::of(columns)),
        Detail::Disk => Box::new(JsonSink::<Disks>::of(columns)),
        Detail::Host => Box::new(JsonSink::<Hosts>::of(columns)),
        Detail::Event => Box::new(JsonSink::<Events>::of(columns)),
        Detail::Own => Box::new(JsonSink::<Own>::of(columns)),
        Detail::Stat => Box::new(JsonSink::<Stats>::of(columns)),
        Detail::Nova => Box::new(JsonSink::<Nova>::of(columns)),
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
