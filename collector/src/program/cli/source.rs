//! Options of the source: which host or recording is sampled, and which domains are kept.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use virtmon_model::timestamps::since_1970_ns;
use virtmon_recording::SeekTarget;
use xen_backend::XenPath;

/// Options of the source.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Source")]
pub struct SourceArgs {
    /// Select the hypervisor interface; auto is Xen in domain 0 of a Xen host, else libvirt
    #[arg(long, value_enum, default_value_t = BackendChoice::Auto)]
    pub backend: BackendChoice,

    /// Select how Xen's domain list is read: privcmd is the bare hypercall, which auto uses after a
    /// cross-check against libxenctrl where that is installed
    #[arg(long, value_enum, value_name = "PATH", default_value_t = PathChoice::Auto)]
    pub xen_path: PathChoice,

    /// Replay a file that --record wrote, with its ticks and times. --interval and
    /// --sample-interval may be any multiple of the recording's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["backend", "uri", "xen_path", "align", "user", "record"])]
    pub replay: Option<PathBuf>,

    /// Set the speed of a replay: 1 is as recorded, max is as fast as outputs take the rows
    #[arg(long, value_name = "SPEED", value_enum, requires = "replay", default_value_t = ReplaySpeed::Max)]
    pub replay_speed: ReplaySpeed,

    /// Begin the replay at this tick of the recording, or at this time, like 2024-05-01T12:00:00Z. The
    /// first sample at or after it is the first one that is replayed
    #[arg(long, value_name = "TICK|TIME", requires = "replay", value_parser = parse_start)]
    pub replay_from: Option<SeekTarget>,

    /// Keep only guests whose name, uuid or id matches this pattern, like 'web-*' or 12; may be
    /// repeated
    #[arg(long, value_name = "GLOB")]
    pub domain: Vec<String>,

    /// Leave out guests whose name, uuid or id matches this pattern; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

/// A backend, or the automatic choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    /// Xen in domain 0 of a Xen host, else libvirt
    Auto,
    /// Xen's own interface
    Xen,
    /// libvirt
    Libvirt,
}

/// An interface to Xen's list of domains.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PathChoice {
    Auto,
    Libxenctrl,
    Privcmd,
}

impl From<PathChoice> for XenPath {
    fn from(choice: PathChoice) -> Self {
        match choice {
            PathChoice::Auto => Self::Auto,
            PathChoice::Libxenctrl => Self::Libxenctrl,
            PathChoice::Privcmd => Self::Privcmd,
        }
    }
}

/// The speed of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplaySpeed {
    /// As recorded
    #[value(name = "1")]
    Recorded,
    /// As fast as outputs take the rows
    Max,
}

/// Parses a tick, or a time in UTC as rows have it.
fn parse_start(text: &str) -> Result<SeekTarget, String> {
    if let Ok(tick) = text.parse() {
        return Ok(SeekTarget::Tick(tick));
    }
    let time = humantime::parse_rfc3339(text)
        .map_err(|_| "a tick is a number, a time is in UTC, like 2024-05-01T12:00:00.5Z")?;
    Ok(SeekTarget::WallNs(since_1970_ns(time)))
}
