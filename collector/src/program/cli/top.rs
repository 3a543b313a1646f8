//! Options of `virtmon top`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::program::cli::duration::{parse_interval, parse_time};
use crate::program::cli::source::BackendChoice;

const EXAMPLES: &str = "\
Examples:
  sudo virtmon top                            this host; F1 shows the keys
  virtmon top --uri qemu:///system --interval 500ms
  virtmon top --replay recordings/xen.vmrec   a recording: Space plays, : goes to a time or tick
  sudo virtmon top --plain                    plain lines, for screen readers; commands on stdin

Settings are read from $XDG_CONFIG_HOME/virtmon/top.toml, which the key W writes.";

/// Options of `virtmon top`.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct TopArgs {
    /// Select the hypervisor interface; auto is Xen in domain 0 of a Xen host, else libvirt
    #[arg(long, value_enum, default_value_t = BackendChoice::Auto)]
    pub backend: BackendChoice,

    /// Use this libvirt connection
    #[arg(long, value_name = "URI")]
    pub uri: Option<String>,

    /// Show a file that --record wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["backend", "uri"])]
    pub replay: Option<PathBuf>,

    /// Sample at this interval [default: 1s, or the recording's]
    #[arg(long, value_name = "TIME", value_parser = parse_interval, allow_negative_numbers = true)]
    pub interval: Option<Duration>,

    /// Show only guests whose name, uuid or id matches this pattern; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub domain: Vec<String>,

    /// Leave out guests whose name, uuid or id matches this pattern; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Do not read vCPUs: no RDY%, and on Xen no hypercall for each of them
    #[arg(long)]
    pub no_ready: bool,

    /// Keep this much time to step back in, within 64 MiB
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time)]
    pub history: Duration,

    /// Print plain lines and read commands from stdin: for screen readers, and for poor terminals
    #[arg(long)]
    pub plain: bool,

    /// Draw with ASCII characters alone
    #[arg(long)]
    pub ascii: bool,

    /// Use colours; auto follows NO_COLOR and TERM
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,

    /// Choose colours for a dark or a light background
    #[arg(long, value_enum, default_value_t = Theme::Dark)]
    pub theme: Theme,

    /// Show times in this zone [default: local, or utc for a recording]
    #[arg(long, value_enum, value_name = "ZONE")]
    pub tz: Option<TimeZoneChoice>,
}

/// When colours are used.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Never,
    Always,
}

/// The background of the terminal.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    Dark,
    Light,
}

/// The zone of times.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TimeZoneChoice {
    Local,
    Utc,
}
