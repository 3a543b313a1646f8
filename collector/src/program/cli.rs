//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::keep::Keep;
use crate::files::rotate::Rotate;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use libvirt_backend::Group;
use virtmon_export::encode::text_table::Sort;
use virtmon_export::schema::registry;
use xen_backend::XenPath;

mod rotate;

use crate::program::groups;

const EXAMPLES: &str = "\
Examples:
  sudo virtmon                                    a table every second, of whatever runs here
  sudo virtmon --backend xen --csv out.csv        every Xen domain, until Ctrl-C
  virtmon --backend libvirt --count 5             five readings of a KVM host
  virtmon --uri qemu:///system --csv - | head     CSV to a pipe
  sudo virtmon --interval 10ms --duration 1m --csv burst.csv
  sudo virtmon --csv out.csv --detail vcpu,event  out.vcpu.csv and out.event.csv beside it
  sudo virtmon --every 10ms --csv out.csv         what a second's average hides: out.subsample.csv
  sudo virtmon --csv out.csv --append --rotate 24h --keep 14d   for years: each day a compressed
                                                  file, of the last two weeks
  virtmon --json - --columns time,name,cpu_pct    JSON Lines of three columns
  virtmon --replay recordings/xen.vmrec           no Xen, no libvirt: what was recorded of one
  virtmon --sort cpu --top 10 --exclude Domain-0  the ten busiest guests

Exit status: 0 done or ended by a signal, 1 the host or recording can't be read, 2 usage, 3 an output failed.";

/// Per-guest statistics of a Xen or KVM host, at a fixed interval.
///
/// Without an output option it prints a table every interval.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    #[allow(missing_docs, reason = "clap prints docs in --help")]
    pub command: Option<Command>,

    /// Where to read from; auto is Xen in a Xen host's domain 0, else libvirt
    #[arg(long, value_enum, default_value_t = BackendChoice::Auto)]
    pub backend: BackendChoice,

    /// The libvirt connection, as virsh takes it: qemu:///system, xen:///system, test:///default
    #[arg(long, value_name = "URI")]
    pub uri: Option<String>,

    /// Ask libvirt for these groups of virsh domstats too: perf, iothread, memory, dirtyrate, vm; what
    /// they tell is in --detail stat
    #[arg(long, value_name = "GROUP,...", value_delimiter = ',', value_parser = groups::parse)]
    pub group: Vec<Group>,

    /// Ask libvirt for a group no more often than that, and leave its cells empty between:
    /// balloon=10s,block=5s
    #[arg(long, value_name = "GROUP=TIME,...", value_delimiter = ',', value_parser = groups::parse_slow)]
    pub slow: Vec<(Group, Duration)>,

    /// How Xen's list is read: privcmd is the bare hypercall, which auto takes once it has agreed
    /// with libxenctrl where that is installed
    #[arg(long, value_enum, value_name = "PATH", default_value_t = PathChoice::Auto)]
    pub xen_path: PathChoice,

    /// Time between readings: 10ms, 1s, 0.5, 2m [default: 1s, or the recording's]
    #[arg(long, value_name = "TIME", value_parser = parse_interval, allow_negative_numbers = true)]
    pub interval: Option<Duration>,

    /// Read more often than rows are written, and write how the rates were spread: out.subsample.csv
    /// has the least, mean, greatest and 99th percentile of each; --every 10ms --interval 1s
    #[arg(long, value_name = "TIME", value_parser = parse_interval, allow_negative_numbers = true)]
    pub every: Option<Duration>,

    /// Begin with a whole second of the wall clock
    #[arg(long)]
    pub align: bool,

    /// End after this many readings
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// End after this time
    #[arg(long, value_name = "TIME", conflicts_with = "count", value_parser = parse_time, allow_negative_numbers = true)]
    pub duration: Option<Duration>,

    /// Be woken on time on a busy machine: SCHED_FIFO, one CPU, locked memory; takes root, or
    /// CAP_SYS_NICE and no limit on locked memory; with --user also LimitRTPRIO=1, which root sets
    #[arg(long)]
    pub realtime: bool,

    /// Become this user once the host is open: without any capability, writing files only where outputs
    /// are, making only the system calls of a run. Files are opened by that user. Xen's hypercall device stays open, and whoever takes
    /// over the process controls Xen
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,

    /// Write the domains table as CSV to this file, or to standard output for -
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// Put an apostrophe before text in the CSV that a spreadsheet would take for a formula: text that
    /// begins with = + - @ or a tab
    #[arg(long, requires = "csv")]
    pub csv_safe: bool,

    /// Write all tables as JSON Lines to this file, or to standard output for -
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Keep the readings themselves in this file, to be replayed anywhere; Xen's vCPUs are in it
    /// where --detail vcpu asks for them
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Read what --record has kept, not a host: with its ticks and times, at once. --interval and
    /// --every may be any multiple of the recording's
    #[arg(long, value_name = "FILE", conflicts_with_all = ["backend", "uri", "xen_path", "align", "user", "record"])]
    pub replay: Option<PathBuf>,

    /// Replay as fast as it was recorded
    #[arg(long, requires = "replay")]
    pub pace: bool,

    /// More tables: beside --csv FILE, so that out.csv has out.vcpu.csv, and in --json
    #[arg(long, value_name = "TABLE,...", value_enum, value_delimiter = ',')]
    pub detail: Vec<Detail>,

    /// Write only these columns, in the tables' own order: see virtmon schema
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub columns: Vec<String>,

    /// Go on in files that an earlier run left. An incomplete last tick is moved to FILE.torn first,
    /// and a file of other columns gets the name of a finished one
    #[arg(long)]
    pub append: bool,

    /// Begin new files at a size or with a time: 100MiB, 1h, 24h. A finished one becomes
    /// out-20261123T060000Z.csv.zst, by the UTC time of its first tick; a time is the wall clock's,
    /// so that 24h is midnight
    #[arg(long, value_name = "SIZE|TIME", value_parser = rotate::parse)]
    pub rotate: Option<Rotate>,

    /// Remove the oldest finished files of each output: keep so many (14), those with ticks of so
    /// much time up to now (14d), or so many bytes of them (2GiB)
    #[arg(long, value_name = "COUNT|TIME|SIZE", requires = "rotate", value_parser = rotate::parse_keep)]
    pub keep: Option<Keep>,

    /// Put every tick on the disk at once
    #[arg(long)]
    pub fsync: bool,

    /// Only the guests whose name, uuid or id this pattern fits: 'web-*', 12; may be given again
    #[arg(long, value_name = "GLOB")]
    pub domain: Vec<String>,

    /// Not the guests whose name, uuid or id this pattern fits; may be given again
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// The order of the table on the terminal; all but id and name have the greatest first
    #[arg(long, value_name = "KEY", value_enum, default_value_t = SortKey::Id)]
    pub sort: SortKey,

    /// Only so many guests in the table on the terminal
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
}

/// What to do instead of reading.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Say what this host can tell, and why the rest is missing
    Check {
        /// The libvirt connection to try
        #[arg(long, value_name = "URI")]
        uri: Option<String>,
    },
    /// Print the tables, their columns and units
    Schema,
    /// Print what makes a shell complete virtmon's options
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// A table beside that of the domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Detail {
    /// Single vCPUs
    Vcpu,
    /// Network interfaces
    Nic,
    /// Block devices
    Disk,
    /// The host, its pCPUs and NUMA nodes
    Host,
    /// What happened
    Event,
    /// What virtmon itself takes
    #[value(name = "self")]
    Own,
    /// What libvirt tells beyond the other tables, under its own names
    Stat,
    /// Whose the guests are, where OpenStack made them
    Nova,
}

/// What the table on the terminal is sorted by.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    Id,
    Name,
    Cpu,
    Time,
    Mem,
    Net,
    Disk,
}

impl From<SortKey> for Sort {
    fn from(key: SortKey) -> Self {
        match key {
            SortKey::Id => Self::Id,
            SortKey::Name => Self::Name,
            SortKey::Cpu => Self::Cpu,
            SortKey::Time => Self::Time,
            SortKey::Mem => Self::Memory,
            SortKey::Net => Self::Net,
            SortKey::Disk => Self::Disk,
        }
    }
}

/// What makes a shell complete the options.
pub(crate) fn completions(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "virtmon", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The manual page.
pub(crate) fn man() -> String {
    let mut text = Vec::new();
    // Writing to a Vec can't fail.
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A backend, or the choice of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    /// Xen where this is its domain 0, else libvirt
    Auto,
    /// Xen's own interface
    Xen,
    /// libvirt
    Libvirt,
}

/// A way to Xen's list of domains.
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

/// So many readings at most in an interval: of each domain, a hundredth of its rates is kept.
const MOST_READINGS: u128 = 100_000;

/// The shortest interval: below it, reading would be all that the machine does.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest: a kernel's timer holds 292 years, and several intervals are to fit.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

pub(crate) fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_time(text)?;
    if interval < SHORTEST {
        return Err("an interval is at least 1ms".into());
    }
    if interval > LONGEST {
        return Err("an interval is at most 10 years".into());
    }
    Ok(interval)
}

/// Reads `10ms`, `2m`, `1h 30m`; a bare number is seconds and may have decimals, as `0.5s` may.
fn parse_time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number and its unit, like 10ms, 1s, 0.5 or 2m".to_owned();
    let seconds = text.strip_suffix('s').unwrap_or(text);
    if let Ok(seconds) = seconds.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    humantime::parse_duration(text).map_err(|_| wrong())
}

impl Cli {
    /// Reads the words of a command line, the program's own name first.
    pub fn read(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(words)?;
        let mut seen = Vec::new();
        cli.detail.retain(|&detail| {
            let is_new = !seen.contains(&detail);
            seen.push(detail);
            is_new
        });
        if cli.backend == BackendChoice::Xen && cli.uri.is_some() {
            return Err(Self::command().error(
                ErrorKind::ArgumentConflict,
                "--uri names a libvirt connection, and --backend xen uses none",
            ));
        }
        if cli.backend == BackendChoice::Xen && !(cli.group.is_empty() && cli.slow.is_empty()) {
            return Err(Self::command().error(
                ErrorKind::ArgumentConflict,
                "--group and --slow are libvirt's, and --backend xen has no groups",
            ));
        }
        if let Some(complaint) = cli.outputs_that_do_not_fit() {
            return Err(Self::command().error(ErrorKind::ArgumentConflict, complaint));
        }
        Ok(cli)
    }

    /// Time between rows, where nobody says another.
    pub fn interval(&self) -> Duration {
        self.interval.unwrap_or(Duration::from_secs(1))
    }

    /// How many readings an interval has, where it has more than one.
    pub fn readings_per_interval(&self) -> Option<u64> {
        let every = self.every?.as_nanos();
        u64::try_from(self.interval().as_nanos() / every).ok()
    }

    fn outputs_that_do_not_fit(&self) -> Option<String> {
        let file = self.csv.is_some() || self.json.is_some();
        let stdout = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if let Some(every) = self.every {
            if every > self.interval()
                || !self.interval().as_nanos().is_multiple_of(every.as_nanos())
            {
                return Some("--interval must be a multiple of --every".into());
            }
            if every.as_nanos() * MOST_READINGS < self.interval().as_nanos() {
                return Some(format!(
                    "--interval may be {MOST_READINGS} times --every at most"
                ));
            }
            if !file || stdout(&self.csv) {
                return Some("--every needs --csv FILE, to put its table beside, or --json".into());
            }
        }
        if !self.group.is_empty() && !self.detail.contains(&Detail::Stat) {
            return Some("--group needs --detail stat, the table of what it tells".into());
        }
        if !self.detail.is_empty() && !file && self.record.is_none() {
            return Some(
                "--detail needs --csv FILE, to put its tables beside, --json or --record".into(),
            );
        }
        if !self.detail.is_empty() && stdout(&self.csv) {
            return Some("--detail needs files: --csv FILE, or --json - for one stream".into());
        }
        if stdout(&self.csv) && stdout(&self.json) {
            return Some("--csv - and --json - both want the standard output".into());
        }
        if self.fsync && !file && self.record.is_none() || self.append && !file {
            return Some("--append and --fsync are for --csv FILE and --json FILE".into());
        }
        let is_file = |path: &Option<PathBuf>| path.is_some() && !stdout(path);
        let files = [&self.csv, &self.json, &self.record];
        if self.rotate.is_some() && !files.into_iter().any(is_file) {
            return Some("--rotate is for --csv FILE, --json FILE and --record FILE".into());
        }
        if self.append && self.record.is_some() {
            return Some("--record begins a file, so --append can't go with it".into());
        }
        let beyond = !self.slow.is_empty() || !self.group.is_empty();
        if self.record.is_some() && (beyond || self.detail.contains(&Detail::Nova)) {
            return Some(
                "--record keeps libvirt's usual groups alone: no --group, --slow or --detail nova"
                    .into(),
            );
        }
        if stdout(&self.record) {
            return Some("--record needs a file".into());
        }
        if !self.columns.is_empty() && !file {
            return Some("--columns is for --csv and --json".into());
        }
        let known = registry::column_names();
        let unknown = self
            .columns
            .iter()
            .find(|name| !known.contains(&name.as_str()));
        unknown.map(|name| format!("--columns: no table has {name:?} (see virtmon schema)"))
    }
}

/// What is wrong with a command line, in one line.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let complaint = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = complaint.split_whitespace().collect();
    let complaint = words.join(" ");
    let complaint = complaint.strip_prefix("error: ").unwrap_or(&complaint);
    format!("{complaint} (see virtmon --help)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_as_people_write_them() {
        let ms = Duration::from_millis;
        for (text, time) in [
            ("10ms", ms(10)),
            ("1s", ms(1_000)),
            ("0.5", ms(500)),
            ("0.25s", ms(250)),
            ("3", ms(3_000)),
            ("2m", ms(120_000)),
            ("1h", ms(3_600_000)),
        ] {
            assert_eq!(parse_interval(text), Ok(time), "{text}");
        }
        for text in [
            "0", "0s", "1x", "500y", "87601h", "1e300", "", "-1", "1us", "nan", "inf", "1e400",
            "ms", "s",
        ] {
            assert!(parse_interval(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_complaint_is_one_line() {
        for wrong in [
            &["virtmon", "--interval", "0"][..],
            &["virtmon", "--backend", "vmware"],
            &["virtmon", "--count", "1", "--duration", "1s"],
            &["virtmon", "--bogus"],
            &["virtmon", "stray"],
            &["virtmon", "--csv"],
        ] {
            let line = one_line(&Cli::try_parse_from(wrong).unwrap_err());
            assert!(!line.contains('\n') && line.len() > 30, "{line:?}");
        }
    }
}
