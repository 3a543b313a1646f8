//! A recording that is sampled as its host was.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use virtmon_model::{Capabilities, Error, Snapshot, Timestamps};
use virtmon_recording::{Loss, OpenError, Reader, SeekTarget};

use crate::sampling::decoder::Decoder;
use crate::sampling::schedule::Schedule;
use crate::sampling::signals::Signals;
use crate::sampling::source::{Sample, Source};
use crate::sampling::ticker::Ticker;
use crate::sampling::wake::Wake;

/// Decoded bytes after which snapshots begin with new buffers. Snapshots keep the buffers of what
/// was decoded into them.
const MAX_DECODED_BYTES: usize = 24 << 20;
/// Number of snapshots that are in use: one here, two in the loop.
const SNAPSHOTS: u32 = 3;
/// The shortest interval of a recording, in ns.
const MIN_INTERVAL_NS: u64 = 1_000_000;

/// A recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not a recording, or cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its description of the host is not valid or not supported.
    #[error(transparent)]
    Host(#[from] Error),
    /// It was recorded at another interval.
    #[error("it has a sample every {recorded:?}, and {wanted:?} is not a multiple of that")]
    Interval {
        /// Time between its samples.
        recorded: Duration,
        /// Interval of the replay.
        wanted: Duration,
    },
    /// All of its samples are before the start of the replay.
    #[error("it has no sample at or after the tick or time of --replay-from")]
    NoSamples,
}

/// The samples of a recording, with the recording's own ticks and times.
pub struct Replay<R> {
    reader: Reader<R>,
    decoder: Decoder,
    /// The recording's ticks, at the interval of the replay.
    schedule: Schedule,
    /// Ticks of the recording in one tick of the replay.
    step: u64,
    /// Set if the replay takes as long as the recording did.
    pace: Option<Ticker>,
    /// The start of the replay, until it is reached.
    start: Option<SeekTarget>,
    /// True if all samples were read.
    is_at_end: bool,
    /// Tick and time of the last sample of the recording.
    last: Option<(u64, u64)>,
    /// The first tick of the replay.
    first: Option<u64>,
    /// The tick of the next sample, if a reopen came before it.
    pending: Option<u64>,
    /// Facts of the next sample.
    next: Option<Sample>,
    snapshot: Snapshot,
    /// Bytes decoded since snapshots began with new buffers.
    decoded_bytes: usize,
    /// Number of snapshots that still must begin with new buffers.
    renewals: u32,
    samples: u64,
    /// Number of whole frames that are not valid.
    invalid_frames: u64,
}

impl Replay<File> {
    /// Opens a file, to be sampled every `interval`, or at the interval of the recording. If
    /// `is_paced`, the replay takes as long as the recording did.
    ///
    /// # Errors
    /// As [`Replay::new`].
    pub fn open(
        path: &Path,
        interval: Option<Duration>,
        is_paced: bool,
    ) -> Result<Self, ReplayError> {
        Self::new(File::open(path).map_err(OpenError::Io)?, interval, is_paced)
    }
}

impl<R: Read> Replay<R> {
    /// As [`Replay::open`], from any reader.
    ///
    /// # Errors
    /// It is not a recording, the host is not supported, or the interval is not a multiple of the
    /// recording's.
    pub fn new(from: R, interval: Option<Duration>, is_paced: bool) -> Result<Self, ReplayError> {
        let (reader, header) = Reader::open(from)?;
        let decoder = Decoder::new(&header).ok_or(OpenError::Header)??;
        let recorded = Duration::from_nanos(header.interval_ns);
        let interval = interval.unwrap_or(recorded);
        let interval_ns = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        if header.interval_ns < MIN_INTERVAL_NS {
            return Err(OpenError::Header.into());
        }
        if interval_ns == 0 || interval_ns % header.interval_ns != 0 {
            return Err(ReplayError::Interval {
                recorded,
                wanted: interval,
            });
        }
        let schedule = Schedule::new(header.t0_ns, interval).ok_or(OpenError::Header)?;
        let pace = is_paced.then(|| Ticker::start(interval));
        Ok(Self {
            reader,
            decoder,
            schedule,
            step: interval_ns / header.interval_ns,
            pace: pace.transpose().map_err(OpenError::Io)?,
            start: None,
            is_at_end: false,
            last: None,
            first: None,
            pending: None,
            next: None,
            snapshot: Snapshot::default(),
            decoded_bytes: 0,
            renewals: 0,
            samples: 0,
            invalid_frames: 0,
        })
    }

    /// Capabilities of the recorded backend.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.decoder.capabilities()
    }

    /// The recording's number of a tick of the replay, which may have a longer interval.
    #[must_use]
    pub fn recorded_tick(&self, tick: u64) -> u64 {
        tick.saturating_mul(self.step)
    }

    /// Number of whole samples so far, from the start of the replay on.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The part that is missing so far; `None` if nothing is.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        let mut loss = self.reader.loss();
        loss.samples += self.invalid_frames;
        (loss != Loss::default()).then_some(loss)
    }

    /// True if all samples were read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// True if the replay has a start, and has ended before it.
    #[must_use]
    pub fn ended_before_start(&self) -> bool {
        self.start.is_some() && self.is_at_end
    }

    /// Decodes the next whole sample from the start on. All are decoded, because a sample may depend on
    /// the one before. `None` at the end.
    fn advance(&mut self) -> io::Result<Option<(u64, Sample)>> {
        while let Some(recorded) = self.reader.read()? {
            if self.renewals > 0 {
                self.snapshot = Snapshot::default();
                self.renewals -= 1;
            }
            let sample = Sample {
                began: Timestamps {
                    mono_ns: recorded.mono_ns,
                    boot_ns: recorded.boot_ns,
                    wall: UNIX_EPOCH + Duration::from_nanos(recorded.wall_ns),
                },
                sample_ns: recorded.sample_ns,
                result: recorded.read.as_ref().map(|_| ()).map_err(copy),
            };
            let decoded = match &recorded.read {
                Ok(raw) => self.decoder.decode(raw, &mut self.snapshot),
                Err(_) => Some(()),
            };
            let (tick, mono_ns) = (recorded.tick, recorded.mono_ns);
            self.decoded_bytes += self.decoder.decoded_bytes();
            if self.decoded_bytes > MAX_DECODED_BYTES {
                (self.decoded_bytes, self.renewals) = (0, SNAPSHOTS);
            }
            // Neither ticks nor CLOCK_MONOTONIC stand still or run backwards.
            let ascends = |(last, last_ns)| tick > last && mono_ns > last_ns;
            if decoded.is_none() || !self.last.is_none_or(ascends) {
                self.invalid_frames += 1;
                continue;
            }
            self.last = Some((tick, mono_ns));
            if self.start.is_some_and(|start| !start.is_reached(&recorded)) {
                continue;
            }
            self.start = None;
            self.samples += 1;
            return Ok(Some((tick, sample)));
        }
        self.is_at_end = true;
        Ok(None)
    }

    /// Waits until the tick is due, if the replay is paced. A signal ends the wait.
    fn pace(&mut self, tick: u64, signals: &mut Signals) -> io::Result<Wake> {
        let first = *self.first.get_or_insert(tick);
        let ahead = tick - first;
        let mut wake = None;
        if let Some(ticker) = &mut self.pace
            && ahead > 0
        {
            wake = loop {
                match ticker.wait(signals)? {
                    Wake::Due(now) if now < ahead => {}
                    Wake::Due(_) => break None,
                    wake => break Some(wake),
                }
            };
        }
        let wake = wake.or_else(|| signals.take_wake());
        if wake == Some(Wake::Reopen) {
            self.pending = Some(tick);
        }
        Ok(wake.unwrap_or(Wake::Due(tick)))
    }
}

impl<R: Read + Seek> Replay<R> {
    /// Begins the replay at the first sample at or after this tick or time. The samples between a key
    /// frame before it and the start are decoded, and not delivered: a row that is stale at the start has
    /// the values of an earlier sample.
    ///
    /// # Errors
    /// The recording cannot be read, or is a file without positions, such as a pipe.
    pub fn start_at(&mut self, start: SeekTarget) -> Result<(), ReplayError> {
        self.reader.seek_to_key(start).map_err(OpenError::Io)?;
        self.start = Some(start);
        Ok(())
    }
}

impl<R: Read> Source for Replay<R> {
    fn wait(&mut self, signals: &mut Signals) -> io::Result<Wake> {
        if let Some(tick) = self.pending.take() {
            return self.pace(tick, signals);
        }
        while let Some((tick, sample)) = self.advance()? {
            // A run begins with a sample that succeeded.
            let may_begin = self.first.is_some() || sample.result.is_ok();
            if tick.is_multiple_of(self.step) && may_begin {
                self.next = Some(sample);
                return self.pace(tick / self.step, signals);
            }
        }
        Ok(Wake::Stop)
    }

    fn sample(&mut self, into: &mut Snapshot) -> io::Result<Sample> {
        std::mem::swap(&mut self.snapshot, into);
        self.next.take().ok_or(ErrorKind::UnexpectedEof.into())
    }

    fn waits_for_outputs(&self) -> bool {
        true
    }

    fn due_ns(&self, tick: u64) -> u64 {
        self.schedule.due_ns(tick)
    }
}

/// A copy of the error: errors of the system cannot be cloned.
fn copy(error: &Error) -> Error {
    match error {
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        Error::Denied(text) => Error::Denied(text.clone()),
        Error::UnsupportedAbi(text) => Error::UnsupportedAbi(text.clone()),
        Error::Call { call, source } => Error::call(&**call, io::Error::other(source.to_string())),
    }
}

#[cfg(test)]
mod tests;
