//! From one file to the next: at a rotation, and at SIGHUP.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::files::compress::Job;
use crate::files::compress::What;
use crate::files::error::OutputError;
use crate::files::open::Claims;
use crate::files::settings::Content;
use crate::files::{Output, Regular, open, rotate};

/// After a rotation that failed, the next attempt is made no earlier.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is to be done before a tick is written, and has not been.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// SIGHUP came, and the next tick that a file may begin with is to be the first of the file
    /// that the path names then.
    reopen: bool,
    /// When a rotation failed; that was said.
    failed: Option<Instant>,
}

impl Output {
    /// What there is to do with finished files that an earlier run left.
    pub(crate) fn left_over(&self) -> Vec<Job> {
        let Some(regular) = self.regular.as_ref().filter(|_| self.is_rotated()) else {
            return Vec::new();
        };
        let all = rotate::all_finished(&regular.dir, &regular.file_name).unwrap_or_default();
        let plain = all
            .into_iter()
            .filter(|finished| !finished.is_compressed && self.is_compressed());
        let compress = plain.map(|finished| What::Compress(finished.name));
        let jobs = compress.chain(self.prune());
        jobs.map(|what| self.job(regular, what)).collect()
    }

    /// Makes ready for a tick: where it is to be the first of the next file, that file is opened.
    /// Returns what there is to do with the one before. Whatever fails is said, and the file that
    /// is there is gone on with.
    pub(crate) fn make_ready(&mut self, wall: SystemTime, bytes: &[u8]) -> Vec<Job> {
        let Some(regular) = &mut self.regular else {
            return Vec::new();
        };
        regular.first.get_or_insert(wall);
        if !self.may_begin_with(bytes) {
            return Vec::new();
        }
        self.reopen_now();
        self.rotate_now(wall, bytes.len() as u64)
    }

    /// Opens the file that its path names, where that is another one by then, before the next tick.
    pub(crate) fn reopen(&mut self) {
        if let Some(regular) = &mut self.regular {
            regular.turn.reopen = true;
        }
        // Lines need not wait for the next tick.
        if self.settings.content == Content::Lines {
            self.reopen_now();
        }
    }

    fn reopen_now(&mut self) {
        let asked = |regular: &mut Regular| std::mem::take(&mut regular.turn.reopen);
        if !self.regular.as_mut().is_some_and(asked) {
            return;
        }
        if let Err(error) = self.open_named() {
            (self.settings.tell)(&format!("{error}; it goes on in the file that it has"));
        }
    }

    fn may_begin_with(&self, bytes: &[u8]) -> bool {
        match self.settings.content {
            Content::Lines => true,
            Content::Recording => virtmon_recording::begins_with_key(bytes),
        }
    }

    fn is_compressed(&self) -> bool {
        // A recording is packed already.
        self.settings.content == Content::Lines
    }

    fn rotate_now(&mut self, wall: SystemTime, bytes: u64) -> Vec<Job> {
        let (Some(rotate), Some(regular)) = (self.settings.rotate, &mut self.regular) else {
            return Vec::new();
        };
        let first = *regular.first.get_or_insert(wall);
        let has_ticks = self.whole_bytes > self.header.len() as u64;
        let failed = regular.turn.failed;
        if !rotate.is_due(has_ticks, self.whole_bytes + bytes, first, wall)
            || failed.is_some_and(|at| at.elapsed() < AGAIN_AFTER)
        {
            return Vec::new();
        }
        match self.rotate(first) {
            Ok(finished) => {
                let Some(regular) = &mut self.regular else {
                    return Vec::new();
                };
                regular.first.get_or_insert(wall);
                let compress = finished.filter(|_| self.settings.content == Content::Lines);
                let compress = compress.map(What::Compress);
                let regular = self.regular.as_ref();
                let jobs = compress.into_iter().chain(self.prune());
                let jobs = jobs.filter_map(|what| Some(self.job(regular?, what)));
                jobs.collect()
            }
            Err(error) => {
                if failed.is_none() {
                    (self.settings.tell)(&format!(
                        "{error}; no new file was begun, and it goes on in the one that it has"
                    ));
                }
                if let Some(regular) = &mut self.regular {
                    regular.turn.failed = Some(Instant::now());
                }
                Vec::new()
            }
        }
    }

    /// Finishes the file and opens the next. Returns the finished one's name, where it still had
    /// the path's.
    fn rotate(&mut self, first: SystemTime) -> Result<Option<OsString>, OutputError> {
        let Some(regular) = &self.regular else {
            return Ok(None);
        };
        let failed = |error: io::Error| OutputError::open(&self.name, error);
        if !regular.names(&self.to) {
            self.open_named()?;
            return Ok(None);
        }
        let finished = rotate::finish(&regular.dir, &regular.file_name, first).map_err(failed)?;
        let (dir, name) = (Arc::clone(&regular.dir), regular.file_name.clone());
        if let Err(error) = self.open_named() {
            // Where that fails too, the next file is begun by the next attempt.
            let _ = dir.rename_new(&finished, &name);
            return Err(error);
        }
        // Where the disk refuses, the names are there as long as the system is.
        let _ = dir.sync();
        Ok(Some(finished))
    }

    /// Opens the file that its path names now, where that is another one, and goes on in it.
    ///
    /// # Errors
    /// It can't be opened, or holds another table: the one that it had is kept.
    fn open_named(&mut self) -> Result<(), OutputError> {
        let Some(regular) = &self.regular else {
            return Ok(());
        };
        if regular.names(&self.to) {
            return Ok(());
        }
        let opened = open::replacement(&regular.dir, &regular.file_name)
            .map_err(|refused| OutputError::open(&self.name, refused))?;
        let is_recording = self.settings.content == Content::Recording;
        if is_recording && opened.file.metadata().is_ok_and(|meta| meta.len() > 0) {
            let name = self.name.clone();
            return Err(OutputError::Another { name });
        }
        let mut next = Self {
            name: self.name.clone(),
            to: opened.file,
            header: self.header.clone(),
            whole_bytes: 0,
            settings: self.settings,
            regular: Some(Regular {
                made_here: opened.made_here,
                ..regular.fresh()
            }),
            is_stdout: false,
        };
        if !is_recording {
            next.resume(&mut Claims::default())?;
        }
        *self = next;
        Ok(())
    }

    fn prune(&self) -> Option<What> {
        let name = &self.regular.as_ref()?.file_name;
        Some(What::Prune(name.clone(), self.settings.keep?))
    }

    fn job(&self, regular: &Regular, what: What) -> Job {
        let dir = Arc::clone(&regular.dir);
        Job { dir, what }
    }
}
