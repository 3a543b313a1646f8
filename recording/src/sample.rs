//! The body of a frame: one recorded sample.

use std::borrow::Borrow;
use std::io;

use virtmon_model::Error;

use crate::codec::{Cursor, put_bytes, put_number};

/// One sample: its times, and its raw bytes or the error.
#[derive(Debug)]
pub struct RecordedSample<'a, E = Error> {
    /// Number of the tick that was due.
    pub tick: u64,
    /// Start of the sample, in ns of `CLOCK_MONOTONIC`.
    pub mono_ns: u64,
    /// The same time by `CLOCK_BOOTTIME`, in ns.
    pub boot_ns: u64,
    /// The same time by the wall clock, in ns since 1970.
    pub wall_ns: u64,
    /// Duration of the sample, in ns.
    pub sample_ns: u64,
    /// Raw bytes of the backend, or the error of a failed sample.
    pub read: Result<&'a [u8], E>,
}

impl<E: Borrow<Error>> RecordedSample<'_, E> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let read = self.read.as_ref().map_err(Borrow::borrow);
        out.push(match read {
            Ok(_) => 0,
            Err(Error::Unavailable(_)) => 1,
            Err(Error::Denied(_)) => 2,
            Err(Error::UnsupportedAbi(_)) => 3,
            Err(Error::Call { .. }) => 4,
        });
        for number in [
            self.tick,
            self.mono_ns,
            self.boot_ns,
            self.wall_ns,
            self.sample_ns,
        ] {
            put_number(out, number);
        }
        match read {
            Ok(raw) => out.extend_from_slice(raw),
            Err(Error::Unavailable(text) | Error::Denied(text) | Error::UnsupportedAbi(text)) => {
                put_bytes(out, text.as_bytes());
            }
            Err(Error::Call { call, source }) => {
                put_bytes(out, call.as_bytes());
                put_bytes(out, source.to_string().as_bytes());
            }
        }
    }
}

impl<'a> RecordedSample<'a> {
    pub(crate) fn decode(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(body);
        let outcome = cursor.byte()?;
        let [tick, mono_ns, boot_ns, wall_ns, sample_ns] = [(); 5].map(|()| cursor.number());
        let mut text = || Some(String::from_utf8_lossy(cursor.bytes()?).into_owned());
        let read = match outcome {
            0 => Ok(cursor.0),
            1 => Err(Error::Unavailable(text()?)),
            2 => Err(Error::Denied(text()?)),
            3 => Err(Error::UnsupportedAbi(text()?)),
            4 => Err(Error::call(text()?, io::Error::other(text()?))),
            _ => return None,
        };
        Some(Self {
            tick: tick?,
            mono_ns: mono_ns?,
            boot_ns: boot_ns?,
            wall_ns: wall_ns?,
            sample_ns: sample_ns?,
            read,
        })
    }
}
