//! A host that is read now.

use std::io;

use virtmon_model::{Backend, Notification, Snapshot};
use virtmon_recording::{Header, RecordedSample, Writer};

use crate::sampling::clock;
use crate::sampling::source::{Source, Taken};
use crate::sampling::ticker::{Ticker, Wake};
use virtmon_model::timestamps::since_1970_ns;

/// A backend, read at every tick.
pub struct Live<'a> {
    backend: &'a mut dyn Backend,
    ticker: Ticker,
    /// The tick of the next reading; none has been waited for at the start.
    tick: Option<u64>,
    tape: Option<Tape>,
}

/// How much a recording may be behind: while its output takes nothing for so long, readings are left
/// out of it, as rows are out of the tables.
const TAPE_BYTES: usize = 64 << 20;

/// Where more than one reading is handed over at once, the first is a key frame when so many came
/// since the last one: a file may begin with it.
const KEY_AFTER: u32 = 32;

/// The readings on their way to a recording.
#[derive(Default)]
struct Tape {
    /// Once there is a reading.
    writer: Option<Writer>,
    bytes: Vec<u8>,
    /// Readings among the bytes.
    readings: u32,
    /// The next reading that is handed over first begins a file.
    restarts: bool,
}

impl Tape {
    /// Hands the readings over.
    fn hand_over(&mut self, into: &mut Vec<u8>) {
        into.append(&mut self.bytes);
        let several = std::mem::take(&mut self.readings) > 1;
        if let Some(writer) = &mut self.writer
            && (self.restarts || several && writer.since_key() >= KEY_AFTER)
        {
            writer.key_next();
            self.restarts = false;
        }
    }

    /// Makes the next reading that is handed over first one that a file may begin with.
    fn restart(&mut self) {
        match &mut self.writer {
            Some(writer) if self.bytes.is_empty() => writer.key_next(),
            _ => self.restarts = true,
        }
    }
}

impl<'a> Live<'a> {
    /// Reads this backend when this ticker says.
    pub fn new(backend: &'a mut dyn Backend, ticker: Ticker) -> Self {
        Self {
            backend,
            ticker,
            tick: None,
            tape: None,
        }
    }

    /// Keeps the readings for a recording. The backend was opened to keep its raw bytes
    /// ([`Needs::raw`](virtmon_model::Needs)).
    #[must_use]
    pub fn taping(mut self) -> Self {
        self.tape = Some(Tape::default());
        self
    }

    fn keep(&mut self, taken: &Taken) -> io::Result<()> {
        let Some(Tape {
            writer,
            bytes,
            readings,
            ..
        }) = &mut self.tape
        else {
            return Ok(());
        };
        if bytes.len() >= TAPE_BYTES {
            return Ok(());
        }
        *readings += 1;
        let writer = match writer {
            Some(writer) => writer,
            none => {
                let t0_ns = self.ticker.due_ns(0);
                let header = Header {
                    backend: self.backend.name().into(),
                    t0_ns,
                    interval_ns: self.ticker.due_ns(1) - t0_ns,
                    host_metadata: self.backend.host_metadata(),
                };
                none.insert(Writer::begin(&header, bytes)?)
            }
        };
        let kept = RecordedSample {
            tick: self.tick.unwrap_or(0),
            mono_ns: taken.began.mono_ns,
            boot_ns: taken.began.boot_ns,
            wall_ns: since_1970_ns(taken.began.wall),
            sample_ns: taken.sample_ns,
            read: taken.read.as_ref().map(|()| self.backend.raw()),
        };
        writer.push(&kept, bytes)
    }
}

impl Source for Live<'_> {
    fn wait(&mut self) -> io::Result<Wake> {
        let wake = if self.tick.is_none() && !self.ticker.is_ahead() {
            Wake::Due(0)
        } else {
            self.ticker.wait_beside(Some(&mut *self.backend))?
        };
        if let Wake::Due(due) = wake {
            self.tick = Some(due);
        }
        Ok(wake)
    }

    fn read(&mut self, into: &mut Snapshot) -> io::Result<Taken> {
        let began = clock::now()?;
        let read = self.backend.sample(into);
        let taken = Taken {
            began,
            sample_ns: clock::mono_ns()?.saturating_sub(began.mono_ns),
            read,
        };
        self.keep(&taken)?;
        Ok(taken)
    }

    fn due_ns(&self, tick: u64) -> u64 {
        self.ticker.due_ns(tick)
    }

    fn ticker(&mut self) -> &mut Ticker {
        &mut self.ticker
    }

    fn begin(&mut self) {
        self.backend.begin();
    }

    fn notifications(&mut self) -> Vec<Notification> {
        self.backend.notifications()
    }

    fn calls(&self) -> Option<u64> {
        self.backend.calls()
    }

    fn taped(&mut self, into: &mut Vec<u8>) {
        if let Some(tape) = &mut self.tape {
            tape.hand_over(into);
        }
    }

    fn restart_tape(&mut self) {
        if let Some(tape) = &mut self.tape {
            tape.restart();
        }
    }
}
