//! The command line: one struct of options for each heading of `--help`.

use std::ffi::OsString;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgGroup, CommandFactory, Parser, Subcommand};
use virtmon_export::registry::format::SchemaFormat;

pub mod duration;
pub mod libvirt;
#[cfg(feature = "http")]
pub mod listen;
#[cfg(feature = "plot")]
pub mod plot;
pub mod process;
pub mod rotate;
pub mod source;
pub mod tables;
pub mod timing;
#[cfg(feature = "top")]
pub mod top;
mod validate;

use libvirt::LibvirtArgs;
#[cfg(feature = "http")]
use listen::ListenArgs;
use process::ProcessArgs;
use source::SourceArgs;
use tables::TableArgs;
use timing::TimingArgs;

const EXAMPLES: &str = "\
Examples:
  sudo virtmon                                    table every second on this host
  sudo virtmon --backend xen --csv out.csv        all Xen domains to a CSV file, until Ctrl-C
  virtmon --backend libvirt --count 5             five samples of a KVM host
  virtmon --uri qemu:///system --csv - | head     CSV to a pipe
  sudo virtmon --interval 10ms --duration 1m --csv burst.csv
  sudo virtmon --csv out.csv --detail vcpu,event  also writes out.vcpu.csv and out.event.csv
  sudo virtmon --sample-interval 10ms --csv out.csv   min, mean, max and p99 of each second's
                                                  rates: out.subsample.csv
  sudo virtmon --csv out.csv --append --rotate 24h --keep 14d   one compressed file a day, two
                                                  weeks of them
  virtmon --json - --columns time,name,cpu_pct    JSON Lines of three columns
  virtmon --replay recordings/xen.vmrec           replay a recording; no Xen or libvirt needed
  sudo virtmon --listen 19177 --detail nic,disk   metrics for Prometheus at 127.0.0.1:19177/metrics
  virtmon --sort cpu --top 10 --exclude Domain-0  the ten busiest guests
  sudo virtmon top                                guests, the host and events in the terminal

Exit status: 0 success or ended by a signal, 1 the host or recording cannot be read, 2 usage error,
3 an output failed.";

/// Collect per-guest statistics of a Xen or KVM host at a fixed interval.
///
/// Without an output option a table is printed every interval.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true)]
#[command(group = ArgGroup::new("table_file").args(["csv", "json"]).multiple(true))]
#[command(group = ArgGroup::new("any_file").args(["csv", "json", "record"]).multiple(true))]
pub struct Cli {
    #[command(subcommand)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub command: Option<Command>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub source: SourceArgs,

    #[command(flatten)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub timing: TimingArgs,

    #[command(flatten)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub tables: TableArgs,

    #[cfg(feature = "http")]
    #[command(flatten)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub http: ListenArgs,

    #[command(flatten)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub libvirt: LibvirtArgs,

    #[command(flatten)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub process: ProcessArgs,
}

/// A command other than a run.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Report what this host provides, and why the rest is not available
    Check {
        /// Try this libvirt connection
        #[arg(long, value_name = "URI")]
        uri: Option<String>,
    },
    /// Print the tables, their columns and units
    Schema {
        /// Print them in this form
        #[arg(long, value_name = "FORMAT", default_value = "markdown", value_parser = schema_format_parser())]
        format: SchemaFormat,
    },
    /// Show guests, the host and events in the terminal, live or from a recording
    #[cfg(feature = "top")]
    Top(Box<top::TopArgs>),
    /// Draw CSV files or a recording as SVG, PNG or HTML
    #[cfg(feature = "plot")]
    Plot(Box<plot::PlotArgs>),
    /// Print a shell's completion script for virtmon
    Completions {
        /// Shell to generate for
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

impl Cli {
    /// True if an HTTP server shows the tables' values.
    pub(crate) fn listens(&self) -> bool {
        #[cfg(feature = "http")]
        return self.http.listen.is_some();
        #[cfg(not(feature = "http"))]
        return false;
    }

    /// Parses the words of a command line; the first is the program's name.
    pub fn read(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(words)?;
        let mut seen = Vec::new();
        cli.tables.detail.retain(|&detail| {
            let is_new = !seen.contains(&detail);
            seen.push(detail);
            is_new
        });
        match cli.validate() {
            Some(problem) => Err(Self::command().error(ErrorKind::ArgumentConflict, problem)),
            None => Ok(cli),
        }
    }
}

/// Parser of a form of the schema.
fn schema_format_parser() -> impl TypedValueParser<Value = SchemaFormat> {
    PossibleValuesParser::new(SchemaFormat::ALL.map(|(word, _)| word))
        .try_map(|word| SchemaFormat::parse(&word).ok_or("there is no such form"))
}

/// Shell completion script.
pub(crate) fn completions(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "virtmon", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Manual page in troff.
pub(crate) fn man() -> String {
    let mut text = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut text);
    String::from_utf8_lossy(&text).into_owned() + include_str!("manual.roff")
}

/// The problem of a command line, in one line.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let problem = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = problem.split_whitespace().collect();
    let problem = words.join(" ");
    let problem = problem.strip_prefix("error: ").unwrap_or(&problem);
    format!("{problem} (see virtmon --help)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_problem_is_one_line() {
        for wrong in [
            &["virtmon", "--interval", "0"][..],
            &["virtmon", "--backend", "vmware"],
            &["virtmon", "--count", "1", "--duration", "1s"],
            &["virtmon", "--bogus"],
            &["virtmon", "stray"],
            &["virtmon", "--csv"],
            &["virtmon", "--columns", "name"],
            &["virtmon", "--fsync"],
        ] {
            let line = one_line(&Cli::read(wrong).unwrap_err());
            assert!(!line.contains('\n') && line.len() > 30, "{line:?}");
        }
    }
}
