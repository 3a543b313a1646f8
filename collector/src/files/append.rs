//! `--append`: continues a file of an earlier run. No data of it is lost.

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

/// Largest size of `FILE.torn`, which holds incomplete ticks.
const TORN_BYTES: u64 = 64 << 20;

impl TickFile {
    /// Continues the open file after its last whole tick.
    pub(super) fn resume(&mut self, claims: &mut Claims) -> Result<(), OpenError> {
        let Some(state) = &mut self.state else {
            return Ok(());
        };
        let failed = |error: io::Error| OpenError::new(&self.name, error);
        match resume::find_tail(&mut self.to, &self.header).map_err(failed)? {
            // The file is empty, or has an incomplete header.
            Tail::Empty => self.to.set_len(0).map_err(failed)?,
            Tail::Ticks { whole, torn } => {
                if torn > 0 {
                    let torn_name = rotate::with_suffix(&state.file_name, ".torn");
                    cut(&state.dir, &torn_name, &self.to, whole, torn).map_err(|error| {
                        let kind = error.kind();
                        failed(io::Error::new(
                            kind,
                            format!(
                                "its last {torn} bytes are an incomplete tick, and cannot be moved to \
                                 {}: {error}",
                                state.dir.path_of(&torn_name).display()
                            ),
                        ))
                    })?;
                    (self.settings.warn)(&format!(
                        "{}: its last {torn} bytes were an incomplete tick; they were moved to {}",
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

    /// Renames a file of other columns like a finished one, and creates the next.
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
            "{}: it had other columns or was damaged; it was renamed to {}",
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
    /// The state of a file of the same path that was just opened.
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

/// Time of the last write to a file.
fn written(dir: &Directory, name: &OsStr) -> io::Result<SystemTime> {
    let entry = dir.entry(name)?;
    Ok(entry.map_or(SystemTime::UNIX_EPOCH, |entry| entry.changed))
}

fn first_time(file: &mut File) -> Option<SystemTime> {
    file.rewind().ok()?;
    rotate::first_time(file)
}

/// Moves the last bytes of a file to another one. They are on the disk there before they are cut off
/// here.
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

/// Opens the file of incomplete ticks. If it would become too long, it is replaced.
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
