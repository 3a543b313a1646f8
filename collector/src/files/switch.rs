//! Switching from one file to the next: at a rotation, and at SIGHUP.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::files::compress::Job;
use crate::files::compress::What;
use crate::files::error::OpenError;
use crate::files::open::Claims;
use crate::files::settings::Content;
use crate::files::{FileState, TickFile, open, rotate};

/// Time from a failed rotation to the next attempt.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// A switch that is due before the next tick.
#[derive(Debug, Default)]
pub(super) struct PendingSwitch {
    /// True if SIGHUP arrived: the next tick that a file may begin with is the first one of the file
    /// that the path then names.
    reopen: bool,
    /// Time of the last failed rotation, which was reported.
    failed: Option<Instant>,
}

impl TickFile {
    /// Jobs for the finished files of an earlier run: uncompressed ones are compressed.
    pub(crate) fn leftover_jobs(&self) -> Vec<Job> {
        let Some(state) = self.state.as_ref().filter(|_| self.is_rotated()) else {
            return Vec::new();
        };
        let all = rotate::all_finished(&state.dir, &state.file_name).unwrap_or_default();
        let plain = all
            .into_iter()
            .filter(|finished| !finished.is_compressed && self.is_compressed());
        let compress = plain.map(|finished| What::Compress(finished.name));
        let jobs = compress.chain(self.prune());
        jobs.map(|what| self.job(state, what)).collect()
    }

    /// Prepares for a tick: opens the next file if the tick is to be the first one in it. Returns the
    /// jobs for the file before. A failure is reported, and the current file is continued.
    pub(crate) fn prepare(&mut self, wall: SystemTime, bytes: &[u8]) -> Vec<Job> {
        let Some(state) = &mut self.state else {
            return Vec::new();
        };
        state.first.get_or_insert(wall);
        if !self.may_begin_with(bytes) {
            return Vec::new();
        }
        self.reopen_if_due();
        self.rotate_if_due(wall, bytes.len() as u64)
    }

    /// Opens the file of the path before the next tick, if the path then names another file.
    pub(crate) fn reopen(&mut self) {
        if let Some(state) = &mut self.state {
            state.switch.reopen = true;
        }
        // Lines need not wait for the next tick.
        if self.settings.content == Content::Lines {
            self.reopen_if_due();
        }
    }

    fn reopen_if_due(&mut self) {
        let asked = |state: &mut FileState| std::mem::take(&mut state.switch.reopen);
        if !self.state.as_mut().is_some_and(asked) {
            return;
        }
        if let Err(error) = self.open_current_path() {
            (self.settings.warn)(&format!("{error}; the current file is continued"));
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

    fn rotate_if_due(&mut self, wall: SystemTime, bytes: u64) -> Vec<Job> {
        let (Some(rotate), Some(state)) = (self.settings.rotate, &mut self.state) else {
            return Vec::new();
        };
        let first = *state.first.get_or_insert(wall);
        let has_ticks = self.whole_bytes > self.header.len() as u64;
        let failed = state.switch.failed;
        if !rotate.is_due(has_ticks, self.whole_bytes + bytes, first, wall)
            || failed.is_some_and(|at| at.elapsed() < AGAIN_AFTER)
        {
            return Vec::new();
        }
        match self.rotate(first) {
            Ok(finished) => {
                let Some(state) = &mut self.state else {
                    return Vec::new();
                };
                state.first.get_or_insert(wall);
                let compress = finished.filter(|_| self.settings.content == Content::Lines);
                let compress = compress.map(What::Compress);
                let state = self.state.as_ref();
                let jobs = compress.into_iter().chain(self.prune());
                let jobs = jobs.filter_map(|what| Some(self.job(state?, what)));
                jobs.collect()
            }
            Err(error) => {
                if failed.is_none() {
                    (self.settings.warn)(&format!(
                        "{error}; rotation failed, and the current file is continued"
                    ));
                }
                if let Some(state) = &mut self.state {
                    state.switch.failed = Some(Instant::now());
                }
                Vec::new()
            }
        }
    }

    /// Finishes the file and opens the next. Returns the name of the finished file, if the path still
    /// named it.
    fn rotate(&mut self, first: SystemTime) -> Result<Option<OsString>, OpenError> {
        let Some(state) = &self.state else {
            return Ok(None);
        };
        let failed = |error: io::Error| OpenError::new(&self.name, error);
        if !state.names(&self.to) {
            self.open_current_path()?;
            return Ok(None);
        }
        let finished = rotate::finish(&state.dir, &state.file_name, first).map_err(failed)?;
        let (dir, name) = (Arc::clone(&state.dir), state.file_name.clone());
        if let Err(error) = self.open_current_path() {
            // If that fails too, the next attempt begins the next file.
            let _ = dir.rename_new(&finished, &name);
            return Err(error);
        }
        // If the disk refuses, the names last until the system stops.
        let _ = dir.sync();
        Ok(Some(finished))
    }

    /// Opens the file that the path names now, if it is another one, and continues in it.
    ///
    /// # Errors
    /// The file cannot be opened, or holds something else. The current file is kept.
    fn open_current_path(&mut self) -> Result<(), OpenError> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        if state.names(&self.to) {
            return Ok(());
        }
        let opened = open::replacement(&state.dir, &state.file_name)
            .map_err(|refused| OpenError::new(&self.name, refused))?;
        let is_recording = self.settings.content == Content::Recording;
        if is_recording && opened.file.metadata().is_ok_and(|meta| meta.len() > 0) {
            let name = self.name.clone();
            return Err(OpenError::HeaderMismatch { name });
        }
        let mut next = Self {
            name: self.name.clone(),
            to: opened.file,
            header: self.header.clone(),
            whole_bytes: 0,
            settings: self.settings,
            state: Some(FileState {
                created: opened.created,
                ..state.fresh()
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
        let name = &self.state.as_ref()?.file_name;
        Some(What::Prune(name.clone(), self.settings.keep?))
    }

    fn job(&self, state: &FileState, what: What) -> Job {
        let dir = Arc::clone(&state.dir);
        Job { dir, what }
    }
}
