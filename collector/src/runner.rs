//! The loop.

use std::io;
use std::time::Duration;

use virtmon_model::{Backend, Snapshot};

use crate::sink::Sink;
use crate::{Deltas, Frame, Output, OutputError, Reading, Tick, Ticker, Wake, clock};

/// When a run ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Not before a signal.
    None,
    /// After so many readings.
    Count(u64),
    /// With the last tick that is due within this time of the first.
    Duration(Duration),
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The first reading failed.
    #[error(transparent)]
    Read(#[from] virtmon_model::Error),
    /// An output failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The system's clocks or timers failed.
    #[error("clock: {0}")]
    Clock(#[from] io::Error),
}

/// A sink and where its bytes go.
struct Stream {
    sink: Box<dyn Sink>,
    output: Output,
    /// One tick's bytes, kept from tick to tick.
    bytes: Vec<u8>,
}

/// Reads a backend at every tick and hands what it says to every sink.
pub struct Runner<'a> {
    backend: &'a mut dyn Backend,
    streams: Vec<Stream>,
    /// Told of readings that failed, each kind once in a row.
    on_failure: &'a mut dyn FnMut(&virtmon_model::Error),
}

impl<'a> Runner<'a> {
    /// A runner that has no sink yet. `on_failure` is told when a reading fails and the run goes
    /// on.
    pub fn new(
        backend: &'a mut dyn Backend,
        on_failure: &'a mut dyn FnMut(&virtmon_model::Error),
    ) -> Self {
        Self {
            backend,
            streams: Vec::new(),
            on_failure,
        }
    }

    /// Adds a sink, and the output that is already open for it.
    pub fn add(&mut self, sink: impl Sink + 'static, output: Output) {
        self.streams.push(Stream {
            sink: Box::new(sink),
            output,
            bytes: Vec::new(),
        });
    }

    /// Runs until the limit, or until SIGINT or SIGTERM.
    ///
    /// # Errors
    /// The first reading failed, or an output did. A later reading that fails is a missed tick.
    pub fn run(&mut self, mut ticker: Ticker, limit: Limit) -> Result<(), RunError> {
        let mut snapshot = Snapshot::default();
        let mut deltas = Deltas::default();
        let mut last_failure = String::new();
        let mut written = None;
        let mut readings = 0;
        let mut number = 0;
        loop {
            let began = Reading::now()?;
            let read = self.backend.sample(&mut snapshot);
            let sample_ns = clock::mono_ns()?.saturating_sub(began.mono_ns);
            match read {
                Ok(()) => {
                    let tick = Tick {
                        number,
                        mono_ns: began.mono_ns,
                        wall: began.wall,
                        late_ns: began.mono_ns.saturating_sub(ticker.due_ns(number)),
                        sample_ns,
                        missed: written.map_or(number, |last| number - last - 1),
                    };
                    let rates = deltas.take(&snapshot, began.mono_ns);
                    self.write(&Frame {
                        tick,
                        snapshot: &snapshot,
                        rates,
                    })?;
                    written = Some(number);
                    last_failure.clear();
                }
                Err(error) if written.is_none() => return Err(error.into()),
                Err(error) => {
                    let text = error.to_string();
                    if text != last_failure {
                        (self.on_failure)(&error);
                        last_failure = text;
                    }
                }
            }
            readings += 1;
            if limit == Limit::Count(readings) {
                break;
            }
            match ticker.wait()? {
                Wake::Stop => break,
                Wake::Due(due) => number = due,
            }
            if let Limit::Duration(duration) = limit {
                let since_first = ticker.due_ns(number) - ticker.due_ns(0);
                if u128::from(since_first) > duration.as_nanos() {
                    break;
                }
            }
        }
        for stream in &mut self.streams {
            stream.output.finish()?;
        }
        Ok(())
    }

    fn write(&mut self, frame: &Frame<'_>) -> Result<(), OutputError> {
        for stream in &mut self.streams {
            stream.bytes.clear();
            stream.sink.encode(frame, &mut stream.bytes);
            stream.output.write_tick(&stream.bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
