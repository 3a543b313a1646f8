//! Which sinks write to which outputs.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use virtmon::sink::{CsvSink, JsonSink, Sink, TableSink};
use virtmon::table::{Disks, Domains, Events, Hosts, Nics, Own, Table, Vcpus};
use virtmon::{Output, OutputError, Runner};
use virtmon_model::Capabilities;

use crate::cli::{Cli, Detail};

/// A table beside a file is for a look now and then.
const BESIDE_A_FILE_NS: u64 = 900_000_000;

/// Opens what the command line asks for.
pub(crate) fn add(
    cli: &Cli,
    capabilities: Capabilities,
    runner: &mut Runner<'_>,
) -> Result<(), OutputError> {
    let to_stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    let open = |path: &Path| match path.to_str() {
        Some("-") => Output::stdout(),
        _ => Output::file(path),
    };
    if let Some(path) = &cli.csv {
        runner.add(CsvSink::<Domains>::of(&cli.columns), open(path)?);
        for &detail in &cli.detail {
            let (name, sink) = csv(detail, &cli.columns);
            runner.add(sink, Output::file(&beside(path, name))?);
        }
    }
    if let Some(path) = &cli.json {
        let domains: Box<dyn Sink> = Box::new(JsonSink::<Domains>::of(&cli.columns));
        let details = cli.detail.iter().map(|&detail| json(detail, &cli.columns));
        let sinks: Vec<Box<dyn Sink>> = std::iter::once(domains).chain(details).collect();
        runner.add(sinks, open(path)?);
    }
    let terminal = io::stdout().is_terminal();
    let table = TableSink::new(capabilities, terminal && colour());
    let table = table.sorted(cli.sort.into(), cli.top);
    if cli.csv.is_none() && cli.json.is_none() {
        runner.add(table, Output::stdout()?);
    } else if terminal && !to_stdout(&cli.csv) && !to_stdout(&cli.json) {
        runner.add(table.at_most_every(BESIDE_A_FILE_NS), Output::stdout()?);
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

fn csv(detail: Detail, columns: &[String]) -> (&'static str, Box<dyn Sink>) {
    fn of<T: Table>(columns: &[String]) -> (&'static str, Box<dyn Sink>) {
        (T::NAME, Box::new(CsvSink::<T>::of(columns)))
    }
    match detail {
        Detail::Vcpu => of::<Vcpus>(columns),
        Detail::Nic => of::<Nics>(columns),
        Detail::Disk => of::<Disks>(columns),
        Detail::Host => of::<Hosts>(columns),
        Detail::Event => of::<Events>(columns),
        Detail::Own => of::<Own>(columns),
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
