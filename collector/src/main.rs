//! The program `virtmon`.
#![forbid(unsafe_code)]

use std::panic;

use virtmon::process::journal;
use virtmon::program;
use virtmon::program::status::Status;

fn main() {
    journal::catch_panics();
    let status = panic::catch_unwind(program::run).unwrap_or(Status::Failed);
    program::leave(status);
}
