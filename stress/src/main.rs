//! The program `stress`. With the name `eat-memory` it is `stress memory`.
#![forbid(unsafe_code)]

mod amounts;
mod cli;
mod clock;
mod cpu;
mod disk;
mod load;
mod memory;
mod net;
mod pace;
mod report;

use std::process::ExitCode;

use crate::cli::{Cli, Kind};
use crate::load::Load;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) if error.exit_code() == 0 => {
            // This is --help or --version. A closed standard output is no error.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("stress: {}", cli::one_line(&error));
            return ExitCode::from(2);
        }
    };
    match prepare(&cli.kind).and_then(Load::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stress: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens and allocates all resources of a load, before it starts.
fn prepare(kind: &Kind) -> Result<Load, String> {
    match kind {
        Kind::Memory(request) => memory::prepare(request),
        Kind::Cpu(request) => cpu::prepare(request),
        Kind::Disk(request) => disk::prepare(request),
        Kind::Net(request) => net::prepare(request),
    }
}
