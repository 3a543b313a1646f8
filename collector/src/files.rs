//! Where a stream's bytes go: whole ticks, one write each.

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

/// What messages call the standard output.
const STDOUT: &str = "standard output";

/// A file, a pipe or the standard output.
#[derive(Debug)]
pub struct TickFile {
    /// What messages call it.
    name: String,
    to: File,
    /// What each file begins with.
    header: Vec<u8>,
    /// How long its whole ticks are; the header is still to be written where that is 0.
    whole_bytes: u64,
    settings: Settings,
    /// Of a regular file only.
    state: Option<FileState>,
    /// Whether it is the standard output, whose reader may go.
    is_stdout: bool,
}

#[derive(Debug)]
struct FileState {
    dir: Arc<Directory>,
    file_name: OsString,
    /// It was not there, and has no tick yet.
    created: bool,
    /// It holds what was there before, which the first tick replaces.
    holds_old_content: bool,
    /// The time of its first tick.
    first: Option<SystemTime>,
    switch: switch::PendingSwitch,
}

impl FileState {
    /// Whether its path still names this file.
    fn names(&self, file: &File) -> bool {
        self.dir.names(&self.file_name, file)
    }
}

impl TickFile {
    /// Opens a file to be written from its beginning, with the usual settings.
    ///
    /// # Errors
    /// As [`TickFile::open`].
    pub fn file(path: &Path) -> Result<Self, OpenError> {
        let settings = Settings::default();
        Self::open(path, Vec::new(), settings, &mut Claims::default())
    }

    /// Opens a regular file, which no other process writes; a named pipe; or a character device.
    /// Its path's last component is no symbolic link, but for `/dev/stdout` and the like. Each file
    /// begins with `header`.
    ///
    /// What a file held stays until the first tick is written, or longer, with
    /// [`Settings::append`]: then an incomplete tick at its end is moved to `FILE.torn`, and a
    /// table of other columns gets the name of a finished file. A file made here that never got a
    /// tick is taken away again: a run that fails at its start leaves everything as it was.
    ///
    /// # Errors
    /// The path can't be written, is another's, holds something else, or is among the `claims`.
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

    /// The standard output.
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

    /// What the standard output would be if it were this.
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

    /// Begins with this line, which is written with the first tick.
    #[must_use]
    pub fn with_header(mut self, header: Vec<u8>) -> Self {
        self.header = header;
        self
    }

    /// Asserts that what is to be done in the directory later can be.
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
            "{name}: this user (uid {user}) can't make files in {directory}, so SIGHUP opens only a \
             file that another has made there"
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

    /// Whether there is a time when the next file is begun.
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
            // There is nobody left to tell, and an empty file is all that stays.
            let _ = state.dir.remove(&state.file_name);
        }
    }
}

#[cfg(test)]
mod tests;
