//! Writes a picture: a file is complete or not there.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::program::error::ProgramError;
use crate::program::status::Status;

/// Writes a file. An old file with this name is replaced once the new one is complete.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A device or pipe is written directly.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(part);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&part)?;
    let written = file.write_all(bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The error of the write is the one that matters.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Writes to standard output. A reader that has closed it is no error.
pub(super) fn print(bytes: &[u8]) -> Result<Status, ProgramError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => Err(ProgramError::Picture {
            file: "standard output".to_owned(),
            source,
        }),
        _ => Ok(Status::Done),
    }
}
