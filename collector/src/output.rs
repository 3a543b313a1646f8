//! Where a stream's bytes go: whole ticks, one write each.

use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::resume::{self, Left};

mod compress;
mod error;
mod rotate;

pub(crate) use compress::Compressor;
pub use error::OutputError;
pub use rotate::Rotate;

/// What messages call the standard output.
const STDOUT: &str = "standard output";

/// A file, a pipe or the standard output.
#[derive(Debug)]
pub struct Output {
    /// What messages call it.
    name: String,
    to: File,
    /// What it begins with.
    header: Vec<u8>,
    /// How long its whole ticks are; the header is still to be written where that is 0.
    whole_bytes: u64,
    /// Puts every tick on the disk before the next.
    fsync: bool,
    /// When the next file is begun.
    rotate: Option<Rotate>,
    /// Of a regular file only.
    regular: Option<Regular>,
    /// Whether it is the standard output, whose reader may go.
    is_stdout: bool,
}

#[derive(Debug)]
struct Regular {
    path: PathBuf,
    made_here: bool,
    /// The time of its first tick.
    first: Option<SystemTime>,
}

impl Regular {
    /// Whether its path still names this file.
    fn names(&self, file: &File) -> bool {
        let key = |meta: Metadata| (meta.dev(), meta.ino());
        let named = fs::metadata(&self.path).map(key);
        named.is_ok_and(|named| file.metadata().is_ok_and(|meta| key(meta) == named))
    }
}

impl Output {
    /// Opens a file to be written anew.
    ///
    /// What it held stays until the first tick is written, and a file made here that never got a
    /// tick is taken away again: a run that fails at its start leaves everything as it was.
    ///
    /// # Errors
    /// The path can't be written.
    pub fn file(path: &Path) -> Result<Self, OutputError> {
        let name = path.display().to_string();
        let open = |new: bool| File::options().write(true).create_new(new).open(path);
        let opened = match open(true) {
            Ok(to) => Ok((to, true)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                open(false).map(|to| (to, false))
            }
            Err(error) => Err(error),
        };
        let opened = opened.and_then(|(to, made_here)| {
            let is_file = to.metadata()?.is_file();
            Ok((to, made_here, is_file))
        });
        match opened {
            Ok((to, made_here, is_file)) => Ok(Self {
                name,
                to,
                header: Vec::new(),
                whole_bytes: 0,
                fsync: false,
                rotate: None,
                regular: is_file.then(|| Regular {
                    path: path.to_owned(),
                    made_here,
                    first: None,
                }),
                is_stdout: false,
            }),
            Err(source) => Err(OutputError::Open { name, source }),
        }
    }

    /// Opens a file to go on where an earlier run ended, whose torn tail is cut off. `header` is
    /// the line that it must begin with, empty for JSON Lines.
    ///
    /// # Errors
    /// The path can't be written, or holds another table.
    pub fn append(path: &Path, header: Vec<u8>) -> Result<Self, OutputError> {
        let mut output = Self::file(path)?.with_header(header);
        let Some(regular) = &mut output.regular else {
            return Ok(output);
        };
        let left =
            File::open(path).and_then(|file| resume::left(BufReader::new(file), &output.header));
        let open = |source| OutputError::Open {
            name: path.display().to_string(),
            source,
        };
        match left.map_err(open)? {
            Left::Nothing => {}
            Left::Another => {
                return Err(OutputError::Another {
                    name: output.name.clone(),
                });
            }
            Left::Whole(bytes) => {
                output.to.set_len(bytes).map_err(open)?;
                output.to.seek(SeekFrom::End(0)).map_err(open)?;
                output.whole_bytes = bytes;
                regular.first = File::open(path).ok().and_then(rotate::first_time);
            }
        }
        Ok(output)
    }

    /// The standard output.
    ///
    /// # Errors
    /// It is closed.
    pub fn stdout() -> Result<Self, OutputError> {
        match io::stdout().as_fd().try_clone_to_owned() {
            Ok(fd) => Ok(Self::stdout_to(fd)),
            Err(source) => Err(OutputError::Open {
                name: STDOUT.to_owned(),
                source,
            }),
        }
    }

    /// What the standard output would be if it were this.
    pub(crate) fn stdout_to(fd: OwnedFd) -> Self {
        Self {
            name: STDOUT.to_owned(),
            to: fd.into(),
            header: Vec::new(),
            whole_bytes: 0,
            fsync: false,
            rotate: None,
            regular: None,
            is_stdout: true,
        }
    }

    /// Begins with this line, which is written with the first tick.
    #[must_use]
    pub fn with_header(mut self, header: Vec<u8>) -> Self {
        self.header = header;
        self
    }

    /// Puts every tick on the disk before it counts as written.
    #[must_use]
    pub fn fsynced(mut self, fsync: bool) -> Self {
        self.fsync = fsync && self.regular.is_some();
        self
    }

    /// Closes the file when that is due, and begins the next; see [`finished`](Self::finished).
    #[must_use]
    pub fn rotated(mut self, rotate: Option<Rotate>) -> Self {
        self.rotate = rotate.filter(|_| self.regular.is_some());
        self
    }

    /// Whether it is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        self.regular.is_some()
    }

    /// Whether there is a time when the next file is begun.
    pub(crate) fn is_rotated(&self) -> bool {
        self.rotate.is_some()
    }

    /// Finished files that an earlier run left uncompressed.
    pub(crate) fn left_plain(&self) -> Vec<PathBuf> {
        let rotated = self.regular.as_ref().filter(|_| self.is_rotated());
        rotated.map_or_else(Vec::new, |regular| rotate::left_plain(&regular.path))
    }

    /// Makes room for a tick of this time and length: where it is to be the first of the next
    /// file, the one that is there is renamed, and its new name returned.
    ///
    /// # Errors
    /// The file can't be renamed, or the next one not be made.
    pub(crate) fn finished(
        &mut self,
        wall: SystemTime,
        bytes: u64,
    ) -> Result<Option<PathBuf>, OutputError> {
        let (Some(rotate), Some(regular)) = (self.rotate, &mut self.regular) else {
            return Ok(None);
        };
        let first = *regular.first.get_or_insert(wall);
        let has_ticks = self.whole_bytes > self.header.len() as u64;
        if !rotate.is_due(has_ticks, self.whole_bytes + bytes, first, wall) {
            return Ok(None);
        }
        let finished = if regular.names(&self.to) {
            let finished = rotate::finished(&regular.path, first);
            fs::rename(&regular.path, &finished)
                .map_err(|source| OutputError::write(&self.name, source))?;
            Some(finished)
        } else {
            None
        };
        self.reopen().map_err(|error| match error {
            // The ticks up to now are in a file, so that this is no failure to begin.
            OutputError::Open { name, source } => OutputError::Write { name, source },
            error => error,
        })?;
        if let Some(regular) = &mut self.regular {
            regular.first.get_or_insert(wall);
        }
        Ok(finished)
    }

    /// Writes one tick. Returns how many bytes that were, the header's included.
    ///
    /// # Errors
    /// The disk is full, the pipe closed; [`OutputError::ReaderClosed`] of standard output. A regular file is cut back to its last whole tick.
    pub fn write_tick(&mut self, bytes: &[u8]) -> Result<u64, OutputError> {
        let begin;
        let bytes = if self.whole_bytes == 0 && !self.header.is_empty() {
            begin = [&self.header, bytes].concat();
            &begin
        } else {
            bytes
        };
        if bytes.is_empty() {
            return Ok(0);
        }
        let written = bytes.len() as u64;
        match self.write(bytes) {
            Ok(()) => {
                self.whole_bytes += written;
                Ok(written)
            }
            Err(error) if self.is_stdout && error.kind() == ErrorKind::BrokenPipe => {
                Err(OutputError::ReaderClosed)
            }
            Err(source) => {
                if self.regular.is_some() {
                    // The write's error is the one to report; a torn tail is all that is left of
                    // this one.
                    let _ = self.to.set_len(self.whole_bytes);
                }
                Err(OutputError::write(&self.name, source))
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.whole_bytes == 0 && self.regular.is_some() {
            self.to.set_len(0)?;
        }
        self.to.write_all(bytes)?;
        if self.fsync {
            self.to.sync_data()?;
        }
        Ok(())
    }

    /// Opens the file that its path names now, where that is another one, and goes on in it.
    ///
    /// # Errors
    /// It can't be opened, or holds another table: the one that it had is kept.
    pub fn reopen(&mut self) -> Result<(), OutputError> {
        let Some(regular) = &self.regular else {
            return Ok(());
        };
        if regular.names(&self.to) {
            return Ok(());
        }
        let next = Self::append(&regular.path, self.header.clone())?;
        *self = next.fsynced(self.fsync).rotated(self.rotate);
        Ok(())
    }

    /// Puts what was written on the disk.
    ///
    /// # Errors
    /// The disk refuses it.
    pub fn finish(&mut self) -> Result<(), OutputError> {
        if self.regular.is_none() {
            return Ok(());
        }
        let synced = self.to.sync_all();
        synced.map_err(|source| OutputError::write(&self.name, source))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(regular) = &self.regular
            && regular.made_here
            && self.whole_bytes == 0
            && regular.names(&self.to)
        {
            // There is nobody left to tell, and an empty file is all that stays.
            let _ = fs::remove_file(&regular.path);
        }
    }
}

#[cfg(test)]
mod tests;
