//! A recording that is read as its host was.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use libvirt_backend::LibvirtReplay;
use virtmon_model::{Capabilities, Error, Snapshot};
use virtmon_recording::{Loss, OpenError, Reader};
use xen_backend::XenReplay;

use crate::sampling::source::{Source, Taken};
use crate::sampling::ticker::{Ticker, Wake};
use virtmon_model::Timestamps;

/// What a ticker that only tells of signals ticks at.
const NEVER: Duration = Duration::from_secs(3600);
/// Snapshots keep the buffers of what was decoded into them: after so many bytes of it they begin
/// from nothing.
const KEPT_BYTES: usize = 24 << 20;
/// So many of them go from hand to hand.
const SNAPSHOTS: u32 = 3;
/// The shortest interval there is.
const SHORTEST_NS: u64 = 1_000_000;

/// Why a recording can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is no recording, or can't be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What it says of its host makes no sense here.
    #[error(transparent)]
    Host(#[from] Error),
    /// It was made at another pace.
    #[error("it has a reading every {recorded:?}, and {wanted:?} is no multiple of that")]
    Interval {
        /// Between its readings.
        recorded: Duration,
        /// What was asked for.
        wanted: Duration,
    },
}

/// The readings of a recording, with the recording's own ticks and times.
pub struct Replay<R> {
    reader: Reader<R>,
    decoder: Decoder,
    t0_ns: u64,
    /// Between two ticks of the replay.
    interval_ns: u64,
    /// So many ticks of the recording are one of the replay.
    step: u64,
    /// Tells of signals; and of time, where that is to pass as it did.
    ticker: Ticker,
    paced: bool,
    /// The tick and the time of the last reading of the recording.
    last: Option<(u64, u64)>,
    /// The first tick of the replay.
    first: Option<u64>,
    /// The tick of the next reading, where something else came before it.
    pending: Option<u64>,
    /// What the next reading gives.
    next: Option<Taken>,
    snapshot: Snapshot,
    /// Bytes that were decoded since snapshots began from nothing, and how many are still to do so.
    decoded: usize,
    renewed: u32,
    readings: u64,
    /// Whole frames that make no sense.
    senseless: u64,
}

enum Decoder {
    Xen(XenReplay),
    Libvirt(Box<LibvirtReplay>),
}

impl Decoder {
    /// About how many bytes the last sample took up.
    fn taken(&self) -> usize {
        match self {
            Self::Xen(xen) => xen.used_bytes(),
            Self::Libvirt(libvirt) => libvirt.taken(),
        }
    }
}

impl Replay<File> {
    /// Opens a file, to be read every `interval`, or as often as it was recorded; `paced` to have
    /// time pass as it did, not at once.
    ///
    /// # Errors
    /// As [`Replay::new`].
    pub fn open(path: &Path, interval: Option<Duration>, paced: bool) -> Result<Self, ReplayError> {
        Self::new(File::open(path).map_err(OpenError::Io)?, interval, paced)
    }
}

impl<R: Read> Replay<R> {
    /// As [`Replay::open`], of bytes from anywhere.
    ///
    /// # Errors
    /// It is no recording, one of a host that is not understood here, or has no such interval.
    pub fn new(from: R, interval: Option<Duration>, paced: bool) -> Result<Self, ReplayError> {
        let (reader, header) = Reader::open(from)?;
        let decoder = match &*header.backend {
            "xen" => Decoder::Xen(XenReplay::new(&header.host_metadata)?),
            "libvirt" => Decoder::Libvirt(Box::new(LibvirtReplay::new(&header.host_metadata)?)),
            _ => return Err(OpenError::Header.into()),
        };
        let recorded = Duration::from_nanos(header.interval_ns);
        let interval = interval.unwrap_or(recorded);
        let interval_ns = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        if header.interval_ns < SHORTEST_NS {
            return Err(OpenError::Header.into());
        }
        if interval_ns == 0 || interval_ns % header.interval_ns != 0 {
            return Err(ReplayError::Interval {
                recorded,
                wanted: interval,
            });
        }
        let ticker = Ticker::start(if paced { interval } else { NEVER }).map_err(OpenError::Io)?;
        Ok(Self {
            reader,
            decoder,
            t0_ns: header.t0_ns,
            interval_ns,
            step: interval_ns / header.interval_ns,
            ticker,
            paced,
            last: None,
            first: None,
            pending: None,
            next: None,
            snapshot: Snapshot::default(),
            decoded: 0,
            renewed: 0,
            readings: 0,
            senseless: 0,
        })
    }

    /// What the recorded host can tell.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        match &self.decoder {
            Decoder::Xen(xen) => xen.capabilities(),
            Decoder::Libvirt(libvirt) => libvirt.capabilities(),
        }
    }

    /// How many readings were whole, so far.
    #[must_use]
    pub fn readings(&self) -> u64 {
        self.readings
    }

    /// What was not, so far; nothing where it is all there.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        let mut loss = self.reader.loss();
        loss.samples += self.senseless;
        (loss != Loss::default()).then_some(loss)
    }

    /// Decodes the next whole reading, all of them, since one may lean on the one before. `None`
    /// at the end.
    fn advance(&mut self) -> io::Result<Option<(u64, Taken)>> {
        while let Some(kept) = self.reader.read()? {
            if self.renewed > 0 {
                self.snapshot = Snapshot::default();
                self.renewed -= 1;
            }
            let taken = Taken {
                began: Timestamps {
                    mono_ns: kept.mono_ns,
                    boot_ns: kept.boot_ns,
                    wall: UNIX_EPOCH + Duration::from_nanos(kept.wall_ns),
                },
                sample_ns: kept.sample_ns,
                read: kept.read.as_ref().map(|_| ()).map_err(copy),
            };
            let sampled = match (&kept.read, &mut self.decoder) {
                (Err(_), _) => Some(()),
                (Ok(raw), Decoder::Xen(xen)) => xen.sample(raw, &mut self.snapshot),
                (Ok(raw), Decoder::Libvirt(libvirt)) => libvirt.sample(raw, &mut self.snapshot),
            };
            let (tick, mono_ns) = (kept.tick, kept.mono_ns);
            self.decoded += self.decoder.taken();
            if self.decoded > KEPT_BYTES {
                (self.decoded, self.renewed) = (0, SNAPSHOTS);
            }
            // Neither ticks nor CLOCK_MONOTONIC stand still or run backwards.
            let ascends = |(last, last_ns)| tick > last && mono_ns > last_ns;
            if sampled.is_none() || !self.last.is_none_or(ascends) {
                self.senseless += 1;
                continue;
            }
            self.readings += 1;
            self.last = Some((tick, mono_ns));
            return Ok(Some((tick, taken)));
        }
        Ok(None)
    }

    /// Waits until that tick of the replay is due as it was, or a signal comes.
    fn pace(&mut self, tick: u64) -> io::Result<Wake> {
        let first = *self.first.get_or_insert(tick);
        let ahead = tick - first;
        while self.paced && ahead > 0 {
            match self.ticker.wait()? {
                Wake::Due(now) if now < ahead => {}
                Wake::Due(_) => break,
                Wake::Reopen => {
                    self.pending = Some(tick);
                    return Ok(Wake::Reopen);
                }
                Wake::Stop => return Ok(Wake::Stop),
            }
        }
        let signals = self.ticker.signals();
        if signals.is_stopped() {
            return Ok(Wake::Stop);
        }
        if signals.is_hung_up() {
            self.pending = Some(tick);
            return Ok(Wake::Reopen);
        }
        Ok(Wake::Due(tick))
    }
}

impl<R: Read> Source for Replay<R> {
    fn wait(&mut self) -> io::Result<Wake> {
        if let Some(tick) = self.pending.take() {
            return self.pace(tick);
        }
        while let Some((tick, taken)) = self.advance()? {
            // A run begins with a reading that succeeds.
            let begins = self.first.is_some() || taken.read.is_ok();
            if tick.is_multiple_of(self.step) && begins {
                self.next = Some(taken);
                return self.pace(tick / self.step);
            }
        }
        Ok(Wake::Stop)
    }

    fn read(&mut self, into: &mut Snapshot) -> io::Result<Taken> {
        std::mem::swap(&mut self.snapshot, into);
        self.next.take().ok_or(ErrorKind::UnexpectedEof.into())
    }

    fn ticker(&mut self) -> &mut Ticker {
        &mut self.ticker
    }

    fn is_patient(&self) -> bool {
        true
    }

    fn due_ns(&self, tick: u64) -> u64 {
        self.t0_ns
            .saturating_add(tick.saturating_mul(self.interval_ns))
    }
}

/// The same failure: the system's own errors can't be cloned.
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
