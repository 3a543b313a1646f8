//! Files, pipes and standard output: whole ticks, one write each.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

mod append;
pub mod compress;
mod directory;
pub mod error;
pub mod keep;
mod lock;
pub mod open;
pub mod resume;
pub mod rotate;
pub mod settings;
mod switch;
pub mod transport;
mod write;

use directory::Directory;
use error::OpenError;
use open::{Claims, Refusal};
use settings::Settings;

/// Name of standard output in messages.
const STDOUT: &str = "standard output";

/// A file, a pipe or standard output.
#[derive(Debug)]
pub struct TickFile {
    /// Name in messages.
    name: String,
    to: File,
    /// The first bytes of each file.
    header: Vec<u8>,
    /// Length of the whole ticks in the file. If it is 0, the header is still to be written.
    whole_bytes: u64,
    settings: Settings,
    /// `None` unless it is a regular file.
    state: Option<FileState>,
    /// True if it is standard output, whose reader may close it.
    is_stdout: bool,
}

#[derive(Debug)]
struct FileState {
    dir: Arc<Directory>,
    file_name: OsString,
    /// True if this run created the file, and it has no tick yet.
    created: bool,
    /// True if the file has old content, which the first tick replaces.
    holds_old_content: bool,
    /// Time of the first tick in the file.
    first: Option<SystemTime>,
    switch: switch::PendingSwitch,
}

impl FileState {
    /// True if the path still names this file.
    fn names(&self, file: &File) -> bool {
        self.dir.names(&self.file_name, file)
    }
}

impl TickFile {
    /// Opens a file to be overwritten, with the default settings.
    ///
    /// # Errors
    /// As [`TickFile::open`].
    pub fn file(path: &Path) -> Result<Self, OpenError> {
        let settings = Settings::default();
        Self::open(path, Vec::new(), settings, &mut Claims::default())
    }

    /// Opens a regular file that no other process writes, a named pipe, or a character device. The
    /// last component of the path must not be a symbolic link, except for `/dev/stdout` and similar
    /// paths. Each file begins with `header`.
    ///
    /// Old content stays until the first tick is written. With [`Settings::append`] it is kept: an
    /// incomplete tick at its end is moved to `FILE.torn`, and a table of other columns is renamed
    /// like a finished file. A file that this run created and that never got a tick is removed
    /// again: a run that fails at its start changes nothing.
    ///
    /// # Errors
    /// The path cannot be written, belongs to another user, holds something else, or is among the
    /// `claims`.
    pub fn open(
        path: &Path,
        header: Vec<u8>,
        settings: Settings,
        claims: &mut Claims,
    ) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        let failed = |error: io::Error| OpenError::new(&name, error);
        if let Some(stream) = open::standard(path) {
            let stream = stream.map_err(failed)?;
            let mut output = Self::stream(name, stream, claims)?.with_header(header);
            output.is_stdout = open::is_stdout(path);
            return Ok(output);
        }
        let (dir, file_name) = Directory::of(path).map_err(failed)?;
        let opened = open::at_start(&dir, &file_name, claims);
        let opened = opened.map_err(|refused| OpenError::new(&name, refused))?;
        let state = opened.is_file.then(|| FileState {
            dir: Arc::new(dir),
            file_name,
            created: opened.created,
            holds_old_content: !opened.created && !settings.append,
            first: None,
            switch: switch::PendingSwitch::default(),
        });
        let mut output = Self {
            name,
            to: opened.file,
            header,
            whole_bytes: 0,
            settings,
            state,
            is_stdout: false,
        };
        output.check_directory_rights()?;
        if settings.append {
            output.resume(claims)?;
        }
        Ok(output)
    }

    /// Opens standard output.
    ///
    /// # Errors
    /// It is closed, or among the `claims`.
    pub fn stdout(claims: &mut Claims) -> Result<Self, OpenError> {
        match io::stdout().as_fd().try_clone_to_owned() {
            Ok(fd) => Self::stdout_to(fd, claims),
            Err(source) => Err(OpenError::Open {
                name: STDOUT.to_owned(),
                source,
            }),
        }
    }

    /// Treats this descriptor as standard output.
    pub(crate) fn stdout_to(fd: OwnedFd, claims: &mut Claims) -> Result<Self, OpenError> {
        let mut output = Self::stream(STDOUT.to_owned(), fd.into(), claims)?;
        output.is_stdout = true;
        Ok(output)
    }

    fn stream(name: String, to: File, claims: &mut Claims) -> Result<Self, OpenError> {
        match claims.add(&to) {
            Ok(true) => {}
            Ok(false) => return Err(OpenError::new(&name, Refusal::Duplicate)),
            Err(error) => return Err(OpenError::new(&name, error)),
        }
        Ok(Self {
            name,
            to,
            header: Vec::new(),
            whole_bytes: 0,
            settings: Settings::default(),
            state: None,
            is_stdout: false,
        })
    }

    /// Sets the header, which is written with the first tick.
    #[must_use]
    pub fn with_header(mut self, header: Vec<u8>) -> Self {
        self.header = header;
        self
    }

    /// Checks the rights in the directory that rotation and reopening need later.
    fn check_directory_rights(&self) -> Result<(), OpenError> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        if state.created || state.dir.is_writable() {
            return Ok(());
        }
        let directory = state.dir.path().display().to_string();
        let user = rustix::process::geteuid().as_raw();
        let name = self.name.clone();
        if self.settings.rotate.is_some() {
            return Err(OpenError::Directory {
                name,
                directory,
                user,
            });
        }
        (self.settings.warn)(&format!(
            "{name}: this user (uid {user}) cannot create files in {directory}; SIGHUP opens only a \
             file that another user has created there"
        ));
        Ok(())
    }

    /// Name in messages: the path, as given, or `standard output`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if it is a regular file.
    pub(crate) fn is_regular(&self) -> bool {
        self.state.is_some()
    }

    /// True if the file is rotated.
    pub(crate) fn is_rotated(&self) -> bool {
        self.state.is_some() && self.settings.rotate.is_some()
    }
}

impl Drop for TickFile {
    fn drop(&mut self) {
        if let Some(state) = &self.state
            && state.created
            && state.names(&self.to)
        {
            // An error has no effect except an empty file.
            let _ = state.dir.remove(&state.file_name);
        }
    }
}

#[cfg(test)]
mod tests;
