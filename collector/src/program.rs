//! The program: the command line, and the commands.

mod backends;
mod check;
pub mod cli;
pub mod config;
mod error;
mod listen;
mod outputs;
#[cfg(feature = "plot")]
mod plot;
mod run;
mod run_info;
pub mod status;
#[cfg(feature = "top")]
mod top;

use std::io::{self, Write};

use crate::files::TickFile;
use crate::files::open::Claims;
use crate::process::journal;
use crate::program::cli::{Cli, Command};
use crate::program::config::Config;
use crate::program::error::ProgramError;
use crate::program::status::Status;
use virtmon_export::output::error::OutputError;

/// Ends the process at once, with all of its threads in whatever they do. libvirt's threads, which
/// nothing waits for, must not run while the C library frees what they use.
pub fn leave(status: Status) -> ! {
    // A closed standard output is not an error here.
    let _ = io::stdout().flush();
    journal::finish();
    signal_hook::low_level::exit(status as i32)
}

/// Parses the command line, runs the command, and reports its error.
pub fn run() -> Status {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            // --help or --version. A closed standard output is not an error here.
            let _ = error.print();
            return Status::Done;
        }
        Err(error) => {
            journal::error(&cli::one_line(&error));
            return Status::Usage;
        }
    };
    let result = match &cli.command {
        Some(command) => run_command(command),
        None => match Config::resolve(&cli) {
            Ok(config) => run::run(config).map(|()| Status::Done),
            Err(problem) => {
                journal::error(&problem);
                return Status::Usage;
            }
        },
    };
    result.unwrap_or_else(|error| {
        if !error.is_reported() {
            journal::error(&error.to_string());
        }
        error.status()
    })
}

fn run_command(command: &Command) -> Result<Status, ProgramError> {
    match command {
        Command::Schema { format } => print(&format.render()),
        Command::Check { uri } => {
            let report = check::check(backends::open_all(uri.as_deref()));
            let status = print(&report.text)?;
            Ok(if report.is_readable {
                status
            } else {
                Status::Failed
            })
        }
        #[cfg(feature = "top")]
        Command::Top(args) => top::run(args).map(|()| Status::Done),
        #[cfg(feature = "plot")]
        Command::Plot(args) => plot::run(args),
        Command::Completions { shell } => print(&cli::completions(*shell)),
        Command::Man => print(&cli::man()),
    }
}

fn print(text: &str) -> Result<Status, ProgramError> {
    match TickFile::stdout(&mut Claims::default())?.write_tick(text.as_bytes()) {
        Ok(_) | Err(OutputError::ReaderClosed) => Ok(Status::Done),
        Err(error) => Err(error.into()),
    }
}
