//! `--append`: what an earlier run left is gone on with, and none of it is lost.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::time::SystemTime;

use rustix::fs::OFlags;

use crate::files::directory;
use crate::files::directory::Directory;
use crate::files::error::OpenError;
use crate::files::open::Claims;
use crate::files::resume;
use crate::files::resume::Tail;
use crate::files::{FileState, TickFile, open, rotate};

/// `FILE.torn` is no longer than this: what it holds is incomplete ticks.
const TORN_BYTES: u64 = 64 << 20;

impl TickFile {
    /// Goes on in the file that was opened, behind its last whole tick.
    pub(super) fn resume(&mut self, claims: &mut Claims) -> Result<(), OpenError> {
        let Some(state) = &mut self.state else {
            return Ok(());
        };
        let failed = |error: io::Error| OpenError::new(&self.name, error);
        match resume::find_tail(&mut self.to, &self.header).map_err(failed)? {
            // A torn header.
            Tail::Empty => self.to.set_len(0).map_err(failed)?,
            Tail::Ticks { whole, torn } => {
                if torn > 0 {
                    let torn_name = rotate::with_suffix(&state.file_name, ".torn");
                    cut(&state.dir, &torn_name, &self.to, whole, torn).map_err(|error| {
                        let kind = error.kind();
                        failed(io::Error::new(
                            kind,
                            format!(
                                "its last {torn} bytes are no whole tick, and can't be moved to \
                                 {}: {error}",
                                state.dir.path_of(&torn_name).display()
                            ),
                        ))
                    })?;
                    (self.settings.warn)(&format!(
                        "{}: its last {torn} bytes were no whole tick; they are in {} now",
                        self.name,
                        state.dir.path_of(&torn_name).display()
                    ));
                }
                self.whole_bytes = whole;
                state.first = first_time(&mut self.to);
            }
            Tail::OtherColumns => return self.set_aside(claims),
            Tail::Foreign => {
                let name = self.name.clone();
                return Err(OpenError::HeaderMismatch { name });
            }
        }
        Ok(())
    }

    /// Gives a file of other columns the name of a finished one, and begins the next.
    fn set_aside(&mut self, claims: &mut Claims) -> Result<(), OpenError> {
        let Some(state) = &mut self.state else {
            return Ok(());
        };
        let failed = |error: io::Error| OpenError::new(&self.name, error);
        let first = match first_time(&mut self.to) {
            Some(first) => first,
            None => written(&state.dir, &state.file_name).map_err(failed)?,
        };
        let finished = rotate::finish(&state.dir, &state.file_name, first).map_err(failed)?;
        (self.settings.warn)(&format!(
            "{}: it was a table of other columns, or damaged, and is {} now",
            self.name,
            state.dir.path_of(&finished).display()
        ));
        let opened = open::at_start(&state.dir, &state.file_name, claims)
            .map_err(|refused| OpenError::new(&self.name, refused))?;
        self.to = opened.file;
        state.created = opened.created;
        Ok(())
    }
}

impl FileState {
    /// Notes that the file is empty, or holds what an earlier run left.
    pub(super) fn fresh(&self) -> Self {
        Self {
            dir: std::sync::Arc::clone(&self.dir),
            file_name: self.file_name.clone(),
            created: false,
            holds_old_content: false,
            first: None,
            switch: super::switch::PendingSwitch::default(),
        }
    }
}

/// When a file was last written.
fn written(dir: &Directory, name: &OsStr) -> io::Result<SystemTime> {
    let entry = dir.entry(name)?;
    Ok(entry.map_or(SystemTime::UNIX_EPOCH, |entry| entry.changed))
}

fn first_time(file: &mut File) -> Option<SystemTime> {
    file.rewind().ok()?;
    rotate::first_time(file)
}

/// Moves the last bytes of a file to another one: they are on the disk there before they go here.
fn cut(dir: &Directory, torn_name: &OsStr, file: &File, whole: u64, torn: u64) -> io::Result<()> {
    let mut into = torn_file(dir, torn_name, torn)?;
    let mut from = file;
    from.seek(SeekFrom::Start(whole))?;
    let mut bytes = Vec::new();
    from.take(torn.min(TORN_BYTES)).read_to_end(&mut bytes)?;
    into.write_all(&bytes)?;
    into.sync_all()?;
    file.set_len(whole)
}

/// Opens the file for torn bytes. One that would be too long with them is begun again.
fn torn_file(dir: &Directory, name: &OsStr, bytes: u64) -> io::Result<File> {
    if let Some(entry) = dir.entry(name)? {
        if entry.is_file() && entry.bytes.saturating_add(bytes) <= TORN_BYTES {
            let file = dir.open_existing(name, OFlags::WRONLY | OFlags::APPEND)?;
            directory::check(&file.metadata()?)?;
            return Ok(file);
        }
        dir.remove(name)?;
    }
    dir.create(name)
}
