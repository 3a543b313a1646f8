//! The program `virtmon`.
#![forbid(unsafe_code)]

mod backends;
mod check;
mod cli;
mod privileges;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

use virtmon::sink::{CsvSink, TableSink};
use virtmon::{Limit, Output, OutputError, RunError, Runner, Ticker, schema};
use virtmon_model::{Error, Wanted};

use crate::cli::{Cli, Command};

/// A table beside a file is for a look now and then.
const BESIDE_A_FILE_NS: u64 = 900_000_000;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            // --help or --version; a reader that has gone does not mind.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&cli::one_line(&error));
            return ExitCode::from(2);
        }
    };
    let done = match &cli.command {
        Some(Command::Schema) => print(&schema::markdown()).map(|()| true),
        Some(Command::Check { uri }) => {
            let report = check::check(backends::open_all(uri.as_deref()));
            print(&report.text).map(|()| report.readable)
        }
        None => run(&cli).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(match error {
                RunError::Read(_) | RunError::Clock(_) => 1,
                RunError::Output(OutputError::Open { .. }) => 1,
                RunError::Output(_) => 3,
            })
        }
    }
}

fn print(text: &str) -> Result<(), RunError> {
    Ok(Output::stdout()?.write_tick(text.as_bytes())?)
}

fn run(cli: &Cli) -> Result<(), RunError> {
    let wanted = Wanted::default();
    let uri = cli.uri.as_deref();
    let path = cli.xen_path.into();
    let mut backend = backends::open(cli.backend, uri, path, wanted, &mut complain)?;
    let capabilities = backend.capabilities();
    let mut on_failure = |error: &Error| complain(&error.to_string());
    let mut runner = Runner::new(backend.as_mut(), &mut on_failure);
    let to_stdout = cli.csv.as_deref() == Some(Path::new("-"));
    match &cli.csv {
        Some(_) if to_stdout => runner.add(CsvSink::default(), Output::stdout()?),
        Some(path) => runner.add(CsvSink::default(), Output::file(path)?),
        None => {}
    }
    let terminal = io::stdout().is_terminal();
    if cli.csv.is_none() {
        runner.add(
            TableSink::new(capabilities, terminal && colour()),
            Output::stdout()?,
        );
    } else if terminal && !to_stdout {
        let table = TableSink::new(capabilities, colour()).at_most_every(BESIDE_A_FILE_NS);
        runner.add(table, Output::stdout()?);
    }
    let limit = match (cli.count, cli.duration) {
        (Some(count), _) => Limit::Count(count),
        (None, Some(duration)) => Limit::Duration(duration),
        (None, None) => Limit::None,
    };
    if let Some(user) = &cli.user {
        privileges::become_user(user)?;
    }
    runner.run(Ticker::start(cli.interval)?, limit)
}

/// Whether a terminal is to be coloured: see <https://no-color.org>.
fn colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Says one line on stderr.
fn complain(line: &str) {
    eprintln!("virtmon: {line}");
}
