//! The outputs of a run.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use virtmon_analysis::event::Event;
use virtmon_analysis::frame::Frame;
use virtmon_analysis::self_stats::SelfStats;
use virtmon_analysis::tally;
use virtmon_analysis::totals::Totals;
use virtmon_export::output::error::OutputError;
use virtmon_export::output::{Offer, Output, RunLink};
use virtmon_model::Needs;

use crate::process::notify::Written;
use crate::process::self_monitor::SelfMonitor;
use crate::runner::link::Link;
use crate::sampling::signals::Signals;
use crate::sampling::source::Source;

/// Time between two checks whether slow outputs have caught up with a recording.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// Largest number of bytes of a recording's rows that wait in an output.
const MAX_PENDING_BYTES: u64 = 4 << 20;

/// The outputs of a run, and what they dropped.
pub(super) struct Outputs {
    entries: Vec<Entry>,
    pub(super) monitor: Option<SelfMonitor>,
    link: Option<Arc<Link>>,
    /// Buffer of the recorded samples.
    recorded: Vec<u8>,
    /// Number of bytes delivered up to the last frame.
    delivered_bytes: u64,
    /// Number of ticks dropped since the last frame, summed over the outputs.
    dropped: u64,
    totals: Totals,
    warn: fn(&str),
}

/// One output.
struct Entry {
    output: Box<dyn Output>,
    /// True if the output takes recorded samples. While it has no room they wait in the source: a
    /// recording with a gap could not be decoded behind it.
    takes_recorded: bool,
    /// Number of ticks dropped, and not reported by an event yet.
    unreported: u64,
    /// Number of ticks dropped since the start.
    dropped: u64,
    /// Number of ticks that the output itself gave up.
    lost_ticks: u64,
}

impl Outputs {
    pub(super) fn new(warn: fn(&str)) -> Self {
        Self {
            entries: Vec::new(),
            monitor: None,
            link: None,
            recorded: Vec::new(),
            delivered_bytes: 0,
            dropped: 0,
            totals: Totals::default(),
            warn,
        }
    }

    pub(super) fn add(&mut self, output: Box<dyn Output>) {
        self.entries.push(Entry {
            takes_recorded: output.needs().raw,
            output,
            unreported: 0,
            dropped: 0,
            lost_ticks: 0,
        });
    }

    /// Values to sample for the outputs.
    pub(super) fn needs(&self) -> Needs {
        let mut all = Needs::default();
        for needs in self.entries.iter().map(|entry| entry.output.needs()) {
            all.vcpus |= needs.vcpus;
            all.host |= needs.host;
            all.raw |= needs.raw;
        }
        all
    }

    /// Begins a run.
    pub(super) fn attach(&mut self, link: Link) {
        let link = Arc::new(link);
        for entry in &mut self.entries {
            entry.output.attach(Arc::clone(&link) as Arc<dyn RunLink>);
        }
        self.link = Some(link);
    }

    pub(super) fn can_reopen(&self) -> bool {
        self.entries.iter().any(|entry| entry.output.can_reopen())
    }

    pub(super) fn reopen(&mut self) {
        for entry in &mut self.entries {
            entry.output.reopen();
        }
    }

    /// The ticks that outputs have written.
    pub(super) fn written(&self) -> Written {
        let mut written = Written {
            ticks: 0,
            all: true,
        };
        for entry in &self.entries {
            let progress = entry.output.progress();
            written.ticks += progress.delivered_ticks;
            written.all &= progress.pending_ticks == 0;
        }
        written
    }

    /// True if an output has room for a frame.
    pub(super) fn has_room(&self) -> bool {
        let mut entries = self.entries.iter();
        self.entries.is_empty() || entries.any(|entry| entry.output.has_room())
    }

    /// Waits until all outputs have caught up. False if the run is to end.
    pub(super) fn wait_for_room(&self, signals: &Signals) -> bool {
        let is_behind = |entry: &Entry| entry.output.progress().pending_bytes >= MAX_PENDING_BYTES;
        while self.entries.iter().any(is_behind) {
            if signals.take_end() {
                return false;
            }
            thread::sleep(POLL_INTERVAL);
        }
        true
    }

    /// Counts a tick that is offered to no output.
    pub(super) fn drop_tick(&mut self) {
        for entry in &mut self.entries {
            if !entry.takes_recorded {
                entry.count_dropped(1, &mut self.dropped, self.warn);
            }
        }
    }

    /// Adds an event for each output that dropped ticks and has room again.
    pub(super) fn report_dropped(&mut self, events: &mut Vec<Event>) {
        for entry in &mut self.entries {
            let lost = entry.output.progress().lost_ticks;
            let since = lost.saturating_sub(entry.lost_ticks);
            entry.lost_ticks = lost;
            entry.count_dropped(since, &mut self.dropped, |_| {});
            if entry.unreported > 0 && entry.output.has_room() {
                let ticks = std::mem::take(&mut entry.unreported);
                events.push(Event::output_dropped(ticks).about(entry.output.name()));
            }
        }
    }

    /// Number of ticks that each output dropped.
    pub(super) fn dropped(&self) -> impl Iterator<Item = (&str, u64)> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.output.name(), entry.dropped))
    }

    /// Offers a frame to all outputs, with the recorded samples and virtmon's own cost.
    pub(super) fn offer(&mut self, frame: &Frame<'_>, source: &mut dyn Source) {
        let takes_recorded = self
            .entries
            .iter()
            .all(|entry| !entry.takes_recorded || entry.output.has_room());
        self.recorded.clear();
        let mut left_out = 0;
        if takes_recorded {
            left_out = source.take_recorded(&mut self.recorded);
        }
        let dropped = std::mem::take(&mut self.dropped);
        let frame = Frame {
            self_stats: self.self_stats(source.calls(), dropped),
            ..*frame
        };
        tally::add_tick(&mut self.totals, &frame, dropped);
        let frame = Frame {
            recorded: &self.recorded,
            totals: &self.totals,
            ..frame
        };
        for entry in &mut self.entries {
            if entry.takes_recorded {
                entry.count_dropped(left_out, &mut self.dropped, self.warn);
                if !takes_recorded {
                    continue;
                }
            }
            if entry.output.offer(&frame) == Offer::Dropped {
                entry.count_dropped(1, &mut self.dropped, self.warn);
            }
        }
        self.report_without_queue();
    }

    /// virtmon's own cost since the last frame.
    fn self_stats(&mut self, calls: Option<u64>, dropped: u64) -> Option<SelfStats> {
        let stats = self.monitor.as_mut()?.take(calls);
        let delivered = self.entries.iter();
        let delivered = delivered.map(|entry| entry.output.progress().delivered_bytes);
        let delivered: u64 = delivered.sum();
        let before = std::mem::replace(&mut self.delivered_bytes, delivered);
        Some(SelfStats {
            bytes: delivered.saturating_sub(before),
            dropped,
            ..stats
        })
    }

    /// Reports the first tick to a service manager if no output has a queue to deliver it from.
    fn report_without_queue(&self) {
        if let Some(link) = &self.link
            && link.waits_for_tick()
            && self.entries.iter().all(|entry| {
                let progress = entry.output.progress();
                progress.pending_ticks == 0 && progress.delivered_ticks == 0
            })
        {
            link.tick_delivered();
        }
    }

    /// Waits until all outputs have delivered what they accepted, or `gives_up` returns true.
    ///
    /// # Errors
    /// An output failed, or was given up.
    pub(super) fn close(&mut self, mut gives_up: impl FnMut() -> bool) -> Result<(), OutputError> {
        for entry in &mut self.entries {
            entry.output.finish();
        }
        let mut has_given_up = false;
        let mut gives_up = || {
            has_given_up |= gives_up();
            has_given_up
        };
        let mut abandoned = None;
        let mut result = Ok(());
        for entry in &mut self.entries {
            match entry.output.close(&mut gives_up) {
                Ok(()) => {}
                Err(OutputError::Abandoned { ticks }) => {
                    abandoned = Some(abandoned.unwrap_or(0) + ticks);
                }
                Err(error) if result.is_ok() => result = Err(error),
                // One error is reported: the first output's.
                Err(_) => {}
            }
        }
        match abandoned {
            Some(ticks) if result.is_ok() => Err(OutputError::Abandoned { ticks }),
            _ => result,
        }
    }
}

impl Entry {
    /// Counts ticks that the output dropped. The first one is reported.
    fn count_dropped(&mut self, ticks: u64, sum: &mut u64, warn: fn(&str)) {
        if ticks > 0 && self.dropped == 0 {
            warn(&format!(
                "{}: the output is too slow; ticks are dropped while its queue is full",
                self.output.name()
            ));
        }
        self.unreported += ticks;
        self.dropped += ticks;
        *sum += ticks;
    }
}
