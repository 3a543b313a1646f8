//! Options of timing: intervals, start and end.

use std::time::Duration;

use clap::Args;

use crate::program::cli::duration::{parse_interval, parse_time};

/// The interval where neither the command line nor a recording has one.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

/// Options of timing.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Timing")]
pub struct TimingArgs {
    /// Write rows at this interval: 10ms, 1s, 0.5, 2m [default: 1s, or the recording's]
    #[arg(long, value_name = "TIME", value_parser = parse_interval, allow_negative_numbers = true)]
    pub interval: Option<Duration>,

    /// Sample at this shorter interval and report min, mean, max and p99 of the rates in each
    /// --interval, in out.subsample.csv: --sample-interval 10ms --interval 1s
    #[arg(long, value_name = "TIME", value_parser = parse_interval, allow_negative_numbers = true)]
    pub sample_interval: Option<Duration>,

    /// Start at a whole second of the wall clock
    #[arg(long)]
    pub align: bool,

    /// End after this many ticks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// End after this time
    #[arg(long, value_name = "TIME", conflicts_with = "count", value_parser = parse_time, allow_negative_numbers = true)]
    pub duration: Option<Duration>,
}

impl TimingArgs {
    /// Time between rows.
    #[must_use]
    pub fn row_interval(&self) -> Duration {
        self.interval.unwrap_or(DEFAULT_INTERVAL)
    }

    /// Number of samples in an interval, if there is more than one by option.
    #[must_use]
    pub fn samples_per_interval(&self) -> Option<u64> {
        let sample = self.sample_interval?.as_nanos();
        u64::try_from(self.row_interval().as_nanos() / sample).ok()
    }
}
