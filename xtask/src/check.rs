//! `cargo xtask lint` and `cargo xtask check`: the checks that need neither root nor an emulator. All
//! of them run, and the end lists all failures.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{costs, structure};

/// A check: its name, and its arguments for `cargo`.
type Check = (&'static str, &'static [&'static str]);

const LINTS: [Check; 3] = [
    ("format", &["fmt", "--all", "--check"]),
    (
        "lints",
        &[
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
    ),
    (
        "documentation",
        &["doc", "--locked", "--workspace", "--no-deps", "--quiet"],
    ),
];

const TESTS: Check = (
    "tests",
    &[
        "test",
        "--locked",
        "--workspace",
        "--quiet",
        "--no-fail-fast",
    ],
);

/// Number of tests that run at a time: most of them wait for a program or a clock most of their time.
const TEST_THREADS: &str = "8";

/// The checks that are tasks of this program.
const TASKS: [(&str, Task); 2] = [("structure", structure::run), ("costs", costs::check)];

type Task = fn(&Path) -> Result<(), String>;

/// Checks format, lints, documentation, structure, and the tables of `COSTS.md`.
///
/// # Errors
/// The names of the checks that failed.
pub(crate) fn lint(root: &Path) -> Result<(), String> {
    run(root, &LINTS)
}

/// Checks what [`lint`] checks, and runs the tests.
///
/// # Errors
/// The names of the checks that failed.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    run(root, &[&LINTS[..], &[TESTS]].concat())
}

fn run(root: &Path, checks: &[Check]) -> Result<(), String> {
    let mut failed = Vec::new();
    for &(name, arguments) in checks {
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO"));
        command
            .args(arguments)
            .current_dir(root)
            .env("RUSTDOCFLAGS", "-D warnings")
            .env("RUST_TEST_THREADS", TEST_THREADS);
        let passed = command.status().is_ok_and(|status| status.success());
        report(name, passed, began);
        if !passed {
            failed.push(name);
        }
    }
    for (name, task) in TASKS {
        let began = Instant::now();
        let done = task(root);
        if let Err(message) = &done {
            eprintln!("{message}");
            failed.push(name);
        }
        report(name, done.is_ok(), began);
    }
    match failed[..] {
        [] => Ok(()),
        _ => Err(format!("failed: {}", failed.join(", "))),
    }
}

fn report(name: &str, passed: bool, began: Instant) {
    let word = if passed { "ok" } else { "FAILED" };
    eprintln!("check: {name}: {word} ({:.0?})", began.elapsed());
}
