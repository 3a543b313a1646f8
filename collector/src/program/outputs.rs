//! The outputs of the command line: their encoders, their files, and the streams between them.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use virtmon_export::encode::Encoder;
use virtmon_export::encode::json::JsonLinesEncoder;
use virtmon_export::encode::recording::RecordingEncoder;
use virtmon_export::encode::text_table::TextTable;
use virtmon_export::output::stream::{Stream, StreamConfig};
use virtmon_export::registry::table_info::TableInfo;
use virtmon_export::registry::{DOMAIN, SUBSAMPLE};
use virtmon_model::{Capabilities, Needs};

use crate::files::TickFile;
use crate::files::compress::Compressor;
use crate::files::error::OpenError;
use crate::files::open::Claims;
use crate::files::settings::{Content, Settings};
use crate::files::transport::FileTransport;
use crate::process::journal;
use crate::program::config::{NEEDS_OF_TEXT_TABLE, OutputConfig, TableConfig};
use crate::program::error::ProgramError;
use crate::runner::Runner;

/// One output with open files, one for each encoder.
struct Opened {
    needs: Needs,
    encoders: Vec<Box<dyn Encoder>>,
    files: Vec<TickFile>,
}

/// Opens the outputs of the command line and starts their threads. `claims` has the file that is
/// replayed.
pub(crate) fn add(
    config: &OutputConfig,
    capabilities: Capabilities,
    runner: &mut Runner,
    mut claims: Claims,
) -> Result<(), ProgramError> {
    // All files are open before the first thread starts.
    let outputs = open(config, capabilities, &mut claims)?;
    let mut files = outputs.iter().flat_map(|output| &output.files);
    let compressor = if files.any(TickFile::is_rotated) {
        let compressor = Compressor::start(journal::warning).map_err(ProgramError::Thread)?;
        Some(Arc::new(compressor))
    } else {
        None
    };
    for output in outputs {
        let name = output.files.first().map_or("", TickFile::name);
        let stream = StreamConfig {
            needs: output.needs,
            warn: journal::warning,
            ..StreamConfig::new(name)
        };
        let transport = FileTransport::new(output.files, compressor.clone());
        let stream = Stream::start(stream, output.encoders, transport);
        runner.add(stream.map_err(ProgramError::Thread)?);
    }
    Ok(())
}

fn open(
    config: &OutputConfig,
    capabilities: Capabilities,
    claims: &mut Claims,
) -> Result<Vec<Opened>, OpenError> {
    let mut outputs = Vec::new();
    if let Some(path) = &config.csv {
        outputs.push(open_csv(config, path, claims)?);
    }
    if let Some(path) = &config.json {
        outputs.push(open_json(config, path, claims)?);
    }
    if let Some(path) = &config.record {
        let settings = Settings {
            append: false,
            content: Content::Recording,
            ..config.settings
        };
        outputs.push(Opened {
            needs: config.needs_of_recording(),
            encoders: vec![Box::new(RecordingEncoder)],
            files: vec![TickFile::open(path, Vec::new(), settings, claims)?],
        });
    }
    if let Some(table) = config.table {
        outputs.push(open_text_table(table, capabilities, claims)?);
    }
    Ok(outputs)
}

/// The CSV tables: one output, so that they stay in step.
fn open_csv(config: &OutputConfig, path: &Path, claims: &mut Claims) -> Result<Opened, OpenError> {
    let mut output = Opened {
        needs: config.needs_of_tables(),
        encoders: Vec::new(),
        files: Vec::new(),
    };
    let mut csv = Csv {
        config,
        path,
        claims,
        output: &mut output,
    };
    csv.add(&DOMAIN, path)?;
    if config.has_subsamples {
        csv.add_beside(&SUBSAMPLE)?;
    }
    for table in &config.details {
        csv.add_beside(table)?;
    }
    Ok(output)
}

/// The CSV output while its tables are added.
struct Csv<'a> {
    config: &'a OutputConfig,
    path: &'a Path,
    claims: &'a mut Claims,
    output: &'a mut Opened,
}

impl Csv<'_> {
    fn add_beside(&mut self, table: &TableInfo) -> Result<(), OpenError> {
        self.add(table, &beside(self.path, table.name))
    }

    fn add(&mut self, table: &TableInfo, path: &Path) -> Result<(), OpenError> {
        let config = self.config;
        let table = (table.csv)(&config.columns, config.is_csv_safe);
        // The file writes the header: each file that it begins has one.
        let file = open_file(config, path, table.header, self.claims)?;
        self.output.encoders.push(table.encoder);
        self.output.files.push(file);
        Ok(())
    }
}

fn open_json(config: &OutputConfig, path: &Path, claims: &mut Claims) -> Result<Opened, OpenError> {
    let columns = &config.columns;
    let tables = std::iter::once(&DOMAIN).chain(config.details.iter().copied());
    let tables = tables.chain(config.has_subsamples.then_some(&SUBSAMPLE));
    let tables = tables.map(|table| (table.json)(columns)).collect();
    Ok(Opened {
        needs: config.needs_of_tables(),
        encoders: vec![Box::new(JsonLinesEncoder::new(tables, columns))],
        files: vec![open_file(config, path, Vec::new(), claims)?],
    })
}

fn open_text_table(
    config: TableConfig,
    capabilities: Capabilities,
    claims: &mut Claims,
) -> Result<Opened, OpenError> {
    let table = TextTable::new(capabilities, io::stdout().is_terminal() && has_colours());
    let table = table.sorted(config.sort, config.top);
    Ok(Opened {
        needs: NEEDS_OF_TEXT_TABLE,
        encoders: vec![Box::new(table.at_most_every(config.min_interval_ns))],
        files: vec![TickFile::stdout(claims)?],
    })
}

/// Opens a file, or standard output for `-`.
fn open_file(
    config: &OutputConfig,
    path: &Path,
    header: Vec<u8>,
    claims: &mut Claims,
) -> Result<TickFile, OpenError> {
    match path.to_str() {
        Some("-") => Ok(TickFile::stdout(claims)?.with_header(header)),
        _ => TickFile::open(path, header, config.settings, claims),
    }
}

/// The file of another table: `out.csv` becomes `out.vcpu.csv`.
fn beside(path: &Path, name: &str) -> PathBuf {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => path.with_extension(format!("{name}.{extension}")),
        None => path.with_extension(name),
    }
}

/// True if a terminal may be coloured: see <https://no-color.org>.
fn has_colours() -> bool {
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
