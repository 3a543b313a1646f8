//! Developer tasks. `cargo xtask` lists them.
#![forbid(unsafe_code)]

mod check;
mod costs;
mod figures;
mod structure;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  check       lint, and the tests that need neither root nor an emulator
  lint        format, lints, documentation, structure, and the tables of COSTS.md
  structure   files, lines, functions, import cycles and upward imports of each crate
  costs       renders the tables of COSTS.md from docs/figures.csv
  figures DATE MACHINE
              adds figures to docs/figures.csv, and renders the tables; reads lines of
              table,what,size,unit,value from standard input";

fn main() -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["check"] => check::check(&root),
        ["lint"] => check::lint(&root),
        ["structure"] => structure::run(&root),
        ["costs"] => costs::run(&root),
        ["figures", date, machine] => costs::add(&root, date, machine),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
