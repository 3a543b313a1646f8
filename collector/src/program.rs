//! The program: the command line, and the commands.

mod backends;
mod check;
pub mod cli;
mod groups;
mod outputs;
mod run;
mod run_info;

use std::io::{self, Write};

use crate::files::Output;
use crate::files::error::OutputError;
use crate::files::open::Claims;
use crate::process::journal;
use crate::program::cli::{Cli, Command};
use crate::runner::RunError;
use crate::sampling::replay::ReplayError;
use virtmon_analysis::filter::DomainFilter;
use virtmon_export::schema::markdown;

/// How the program ends, as README's table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The run ended at its limit, at its source's end, or by a signal.
    Done = 0,
    /// The host or the recording could not be read.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// An output failed.
    Output = 3,
}

/// Ends the process at once, with all of its threads wherever they are: libvirt's, which nobody
/// waits for, must not run while the C library takes down what they use.
pub fn leave(status: Status) -> ! {
    // A reader that has gone does not mind.
    let _ = io::stdout().flush();
    journal::finish();
    signal_hook::low_level::exit(status as i32)
}

/// Reads the command line, runs the command, and reports its error.
pub fn run() -> Status {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            // --help or --version; a reader that has gone does not mind.
            let _ = error.print();
            return Status::Done;
        }
        Err(error) => {
            journal::error(&cli::one_line(&error));
            return Status::Usage;
        }
    };
    let done = match &cli.command {
        Some(Command::Schema) => print(&markdown::markdown()).map(|()| true),
        Some(Command::Check { uri }) => {
            let report = check::check(backends::open_all(uri.as_deref()));
            print(&report.text).map(|()| report.readable)
        }
        Some(Command::Completions { shell }) => print(&cli::completions(*shell)).map(|()| true),
        Some(Command::Man) => print(&cli::man()).map(|()| true),
        None => match DomainFilter::new(&cli.domain, &cli.exclude) {
            Ok(choice) => run::run(&cli, choice).map(|()| true),
            Err(error) => {
                journal::error(&format!(
                    "--domain, --exclude: {error} (see virtmon --help)"
                ));
                return Status::Usage;
            }
        },
    };
    match done {
        Ok(true) => Status::Done,
        Ok(false) => Status::Failed,
        Err(error) => failed(&error),
    }
}

/// Says why a run ended early.
fn failed(error: &RunError) -> Status {
    // A panic has said what went wrong by itself.
    if !matches!(error, RunError::Output(OutputError::Panicked)) {
        journal::error(&error.to_string());
    }
    match error {
        RunError::TooShort { .. } => Status::Usage,
        RunError::Replay {
            source: ReplayError::Interval { .. },
            ..
        } => Status::Usage,
        RunError::Replay { .. } | RunError::Damaged { .. } => Status::Failed,
        RunError::Read(_) | RunError::Clock(_) => Status::Failed,
        RunError::Output(OutputError::Twice { .. }) => Status::Usage,
        RunError::Output(error) if error.is_at_start() => Status::Failed,
        RunError::Output(_) => Status::Output,
    }
}

fn print(text: &str) -> Result<(), RunError> {
    match Output::stdout(&mut Claims::default())?.write_tick(text.as_bytes()) {
        Ok(_) | Err(OutputError::ReaderClosed) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
