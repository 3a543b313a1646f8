//! A host that is sampled now.

use std::io;

use virtmon_model::{Backend, Notification, Snapshot};
use virtmon_recording::Header;

use crate::sampling::clock;
use crate::sampling::recorder::RecordBuffer;
use crate::sampling::signals::Signals;
use crate::sampling::source::{Sample, Source};
use crate::sampling::ticker::Ticker;
use crate::sampling::wake::Wake;

/// A backend, sampled at every tick.
pub struct Live<'a> {
    backend: &'a mut dyn Backend,
    ticker: Ticker,
    /// The tick of the next sample; `None` before the first wait.
    tick: Option<u64>,
    recorder: Option<RecordBuffer>,
}

impl<'a> Live<'a> {
    /// Samples this backend at the ticks of this ticker.
    pub fn new(backend: &'a mut dyn Backend, ticker: Ticker) -> Self {
        Self {
            backend,
            ticker,
            tick: None,
            recorder: None,
        }
    }

    /// Records the samples. The backend must have been opened to keep its raw bytes
    /// ([`Needs::raw`](virtmon_model::Needs)).
    #[must_use]
    pub fn with_recording(mut self) -> Self {
        self.recorder = Some(RecordBuffer::default());
        self
    }

    fn record(&mut self, sample: &Sample) -> io::Result<()> {
        let Some(recorder) = &mut self.recorder else {
            return Ok(());
        };
        let (backend, ticker) = (&*self.backend, &self.ticker);
        let header = || {
            let t0_ns = ticker.due_ns(0);
            Header {
                backend: backend.name().into(),
                t0_ns,
                interval_ns: ticker.due_ns(1) - t0_ns,
                host_metadata: backend.host_metadata(),
            }
        };
        recorder.push(self.tick.unwrap_or(0), sample, backend.raw(), header)
    }
}

impl Source for Live<'_> {
    fn wait(&mut self, signals: &mut Signals) -> io::Result<Wake> {
        let wake = if self.tick.is_none() && !self.ticker.is_before_first() {
            Wake::Due(0)
        } else {
            self.ticker.wait_with(signals, Some(&mut *self.backend))?
        };
        if let Wake::Due(due) = wake {
            self.tick = Some(due);
        }
        Ok(wake)
    }

    fn sample(&mut self, into: &mut Snapshot) -> io::Result<Sample> {
        let began = clock::now()?;
        let result = self.backend.sample(into);
        let sample = Sample {
            began,
            sample_ns: clock::mono_ns()?.saturating_sub(began.mono_ns),
            result,
        };
        self.record(&sample)?;
        Ok(sample)
    }

    fn due_ns(&self, tick: u64) -> u64 {
        self.ticker.due_ns(tick)
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

    fn take_recorded(&mut self, into: &mut Vec<u8>) -> u64 {
        let recorder = self.recorder.as_mut();
        recorder.map_or(0, |recorder| recorder.take(into))
    }

    fn restart_recording(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.restart();
        }
    }
}
