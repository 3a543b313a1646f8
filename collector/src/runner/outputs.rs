//! The outputs of a run.

use std::io;
use std::thread;
use std::time::Duration;

use virtmon_analysis::event::Event;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::self_stats::SelfStats;
use virtmon_export::encode::Encoder;

use crate::files::Output;
use crate::files::error::OutputError;
use crate::process::notify::{Ready, Written};
use crate::process::self_monitor::SelfMonitor;
use crate::sampling::signals::{Signals, StopHandle};
use crate::sampling::source::Source;
use crate::writer::Writer;

/// Time between two checks whether slow outputs have caught up with a recording.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// Largest number of bytes of a recording's rows that wait to be written.
const MAX_PENDING_BYTES: u64 = 4 << 20;

/// The encoders, and the thread that writes what they encode.
#[derive(Default)]
pub(super) struct Outputs {
    sinks: Vec<Box<dyn Encoder>>,
    /// Files of the encoders, until the thread has started.
    files: Vec<Output>,
    writer: Option<Writer>,
    pub(super) monitor: Option<SelfMonitor>,
    /// Buffer of the recorded samples.
    recorded: Vec<u8>,
    /// Number of ticks dropped since the last one offered, and before it.
    dropped: u64,
    dropped_before: u64,
}

impl Outputs {
    pub(super) fn add(&mut self, sink: Box<dyn Encoder>, file: Output) {
        self.sinks.push(sink);
        self.files.push(file);
    }

    pub(super) fn start_writer(&mut self, warn: fn(&str)) -> io::Result<()> {
        let files = std::mem::take(&mut self.files);
        self.writer = Some(Writer::start(files, warn)?);
        Ok(())
    }

    /// Begins a run.
    pub(super) fn begin(&mut self, stop: StopHandle, ready: Option<Ready>) -> io::Result<()> {
        if self.writer.is_none() {
            self.start_writer(|_| {})?;
        }
        if let Some(writer) = &self.writer {
            writer.stop_on_error(stop);
            writer.set_ready(ready);
        }
        Ok(())
    }

    pub(super) fn has_files(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::has_files)
    }

    pub(super) fn reopen(&mut self) {
        if let Some(writer) = &self.writer {
            writer.reopen();
        }
    }

    pub(super) fn written(&self) -> Written {
        let written = self.writer.as_ref().map(Writer::written);
        written.unwrap_or_default()
    }

    pub(super) fn has_room(&self) -> bool {
        self.writer.as_ref().is_none_or(Writer::has_room)
    }

    /// Waits until the outputs have caught up. False if the run is to end.
    pub(super) fn wait_for_room(&self, signals: &Signals) -> bool {
        let pending = || self.writer.as_ref().map_or(0, Writer::pending_bytes);
        while pending() >= MAX_PENDING_BYTES {
            if signals.take_end() {
                return false;
            }
            thread::sleep(POLL_INTERVAL);
        }
        true
    }

    /// Counts a tick that is not offered.
    pub(super) fn drop_tick(&mut self) {
        self.dropped += 1;
    }

    /// Adds an event for the ticks that were dropped since the last one offered.
    pub(super) fn report_dropped(&self, events: &mut Vec<Event>) {
        if self.dropped > 0 {
            events.push(Event::output_dropped(self.dropped));
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped + self.dropped_before
    }

    /// Offers a frame to the outputs, with the recorded samples and virtmon's own cost.
    pub(super) fn offer(&mut self, frame: &Frame<'_>, source: &mut dyn Source) {
        let dropped = std::mem::take(&mut self.dropped);
        self.dropped_before += dropped;
        let Some(writer) = &mut self.writer else {
            return;
        };
        self.recorded.clear();
        source.take_recorded(&mut self.recorded);
        let cost = self.monitor.as_mut();
        let cost = cost.map(|monitor| monitor.take(source.calls()));
        let frame = Frame {
            self_stats: cost.map(|cost| SelfStats {
                bytes: writer.written_bytes(),
                dropped,
                ..cost
            }),
            recorded: &self.recorded,
            ..*frame
        };
        let batch = writer.batch();
        batch.wall = frame.tick.wall;
        for (sink, bytes) in self.sinks.iter_mut().zip(&mut batch.streams) {
            sink.encode(&frame, bytes);
        }
        writer.push();
    }

    pub(super) fn close(&mut self, gives_up: impl FnMut() -> bool) -> Result<(), OutputError> {
        match self.writer.take() {
            Some(writer) => writer.close(gives_up),
            None => Ok(()),
        }
    }
}
