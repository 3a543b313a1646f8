//! Where a stream's bytes go: whole ticks, one write each.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use crate::resume::{self, Left};

/// A file, a pipe or the standard output.
#[derive(Debug)]
pub struct Output {
    /// What messages call it.
    name: String,
    to: File,
    /// Puts every tick on the disk before the next.
    fsync: bool,
    /// Of a regular file only: where it is, how long its whole ticks are, whether it was made here.
    regular: Option<Regular>,
}

#[derive(Debug)]
struct Regular {
    path: PathBuf,
    whole_bytes: u64,
    made_here: bool,
}

/// An output could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// It can't be opened.
    #[error("{name} can't be written: {source}")]
    Open {
        /// The path, as given.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// It holds another table, so that it can't be gone on with.
    #[error("{name} holds other columns, so --append can't go on with it: move it away")]
    Another {
        /// The path, as given.
        name: String,
    },
    /// A write failed: what is there ends with a whole tick where it is a regular file.
    #[error("{name}: {source}; it holds the ticks up to then")]
    Write {
        /// The path, as given, or `standard output`.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The reader of a pipe has gone.
    #[error("{name}: its reader has gone")]
    Closed {
        /// The path, as given, or `standard output`.
        name: String,
    },
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
                fsync: false,
                regular: is_file.then(|| Regular {
                    path: path.to_owned(),
                    whole_bytes: 0,
                    made_here,
                }),
            }),
            Err(source) => Err(OutputError::Open { name, source }),
        }
    }

    /// Opens a file to go on where an earlier run ended, whose torn tail is cut off. `header` is
    /// the line that it must begin with, empty for JSON Lines. Returns whether it is there.
    ///
    /// # Errors
    /// The path can't be written, or holds another table.
    pub fn append(path: &Path, header: &[u8]) -> Result<(Self, bool), OutputError> {
        let mut output = Self::file(path)?;
        let Some(regular) = &mut output.regular else {
            return Ok((output, false));
        };
        let left = File::open(path).and_then(|file| resume::left(BufReader::new(file), header));
        let open = |source| OutputError::Open {
            name: path.display().to_string(),
            source,
        };
        match left.map_err(open)? {
            Left::Nothing => Ok((output, false)),
            Left::Another => Err(OutputError::Another {
                name: output.name.clone(),
            }),
            Left::Whole(bytes) => {
                output.to.set_len(bytes).map_err(open)?;
                output.to.seek(SeekFrom::End(0)).map_err(open)?;
                regular.whole_bytes = bytes;
                Ok((output, true))
            }
        }
    }

    /// Puts every tick on the disk before it counts as written.
    #[must_use]
    pub fn fsynced(mut self, fsync: bool) -> Self {
        self.fsync = fsync && self.regular.is_some();
        self
    }

    /// The standard output.
    ///
    /// # Errors
    /// It is closed.
    pub fn stdout() -> Result<Self, OutputError> {
        let name = "standard output".to_owned();
        match io::stdout().as_fd().try_clone_to_owned() {
            Ok(fd) => Ok(Self {
                name,
                to: fd.into(),
                fsync: false,
                regular: None,
            }),
            Err(source) => Err(OutputError::Open { name, source }),
        }
    }

    /// Writes one tick.
    ///
    /// # Errors
    /// The disk is full, the pipe closed. A regular file is cut back to its last whole tick.
    pub fn write_tick(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = match &self.regular {
            Some(regular) if regular.whole_bytes == 0 => self.to.set_len(0),
            _ => Ok(()),
        };
        let written = written.and_then(|()| self.to.write_all(bytes));
        let written = written.and_then(|()| {
            if self.fsync {
                self.to.sync_data()
            } else {
                Ok(())
            }
        });
        match written {
            Ok(()) => {
                if let Some(regular) = &mut self.regular {
                    regular.whole_bytes += bytes.len() as u64;
                }
                Ok(())
            }
            Err(source) => {
                if let Some(regular) = &self.regular {
                    // The write's error is the one to report; a torn tail is all that is left of
                    // this one.
                    let _ = self.to.set_len(regular.whole_bytes);
                }
                let name = self.name.clone();
                Err(if source.kind() == ErrorKind::BrokenPipe {
                    OutputError::Closed { name }
                } else {
                    OutputError::Write { name, source }
                })
            }
        }
    }

    /// Puts what was written on the disk.
    ///
    /// # Errors
    /// The disk refuses it.
    pub fn finish(&mut self) -> Result<(), OutputError> {
        if self.regular.is_none() {
            return Ok(());
        }
        self.to.sync_all().map_err(|source| OutputError::Write {
            name: self.name.clone(),
            source,
        })
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(regular) = &self.regular
            && regular.made_here
            && regular.whole_bytes == 0
        {
            // There is nobody left to tell, and an empty file is all that stays.
            let _ = std::fs::remove_file(&regular.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_as_it_was_until_the_first_tick() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old.csv"), dir.path().join("new.csv"));
        fs::write(&old, "a longer text than what comes\n").unwrap();
        for path in [&old, &new] {
            drop(Output::file(path).unwrap());
        }
        assert_eq!(
            fs::read_to_string(&old).unwrap(),
            "a longer text than what comes\n"
        );
        assert!(!new.exists());

        let mut output = Output::file(&old).unwrap();
        output.write_tick(b"tick 0\n").unwrap();
        output.write_tick(b"").unwrap();
        output.write_tick(b"tick 1\n").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "tick 0\ntick 1\n");
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let mut output = Output::file(Path::new("/dev/full")).unwrap();
        let error = output.write_tick(b"tick\n").unwrap_err();
        assert!(matches!(error, OutputError::Write { .. }));
        assert!(error.to_string().starts_with("/dev/full: No space left"));
    }

    #[test]
    fn a_missing_directory_is_told_at_once() {
        let error = Output::file(Path::new("/nonexistent/out.csv")).unwrap_err();
        assert!(matches!(error, OutputError::Open { .. }));
        assert!(
            error
                .to_string()
                .contains("/nonexistent/out.csv can't be written")
        );
    }
}
