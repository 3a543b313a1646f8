//! Command line.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::amounts::{mebibytes, percent, size, time};

const EXAMPLES: &str = "\
Examples:
  stress cpu --duty 50 --for 10s                 half of every vCPU
  stress memory 64 --for 1m                      64 MiB, all written every second
  eat-memory 64 --for 1m                         the same
  stress disk /dev/xvda --write 1M --read 512K --flush 2 --for 10s
  stress net 10.0.0.1:9 --packets 100 --size 1000 --for 10s

At the start, every second and at the end, stress prints a line with the requested and the performed
amounts up to then, the wall clock (UTC), and the time since the start:
  stress cpu time=2026-01-01T00:00:01.000Z t=1.000 asked_cpu_ns=500000000 did_cpu_ns=500041216

Sizes have the units K, M, G (of 1024). Times have units, such as 500ms, 10s, 2m.
Exit status: 0 done, 1 the load failed, 2 usage.";

/// Generate load in exact amounts, and report the performed amounts.
#[derive(Debug, Parser)]
#[command(name = "stress", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) kind: Kind,
}

/// Kind of load.
#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// Allocate memory, and repeatedly write random data to all of it
    Memory(Memory),
    /// Keep vCPUs busy for a part of the time
    Cpu(Cpu),
    /// Read, write and flush a block device or a file, without the page cache
    Disk(Disk),
    /// Send UDP packets
    Net(Net),
}

#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// Amount of memory; a number without a unit is in MiB
    #[arg(value_name = "SIZE", value_parser = mebibytes)]
    pub(crate) size: u64,

    /// Pause after each pass over the memory
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    pub(crate) pause: Duration,

    #[command(flatten)]
    pub(crate) end: End,
}

#[derive(Debug, Args)]
pub(crate) struct Cpu {
    /// Percent of each vCPU, 0.1 to 100
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = percent)]
    pub(crate) duty: f64,

    /// Number of vCPUs, from the first one on; without it all vCPUs that this process may use
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) vcpus: Option<u16>,

    #[command(flatten)]
    pub(crate) end: End,
}

#[derive(Debug, Args)]
pub(crate) struct Disk {
    /// Block device or existing file; --write overwrites it
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,

    /// Bytes to read per second
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = size)]
    pub(crate) read: u64,

    /// Bytes to write per second
    #[arg(long, value_name = "SIZE", default_value = "0", value_parser = size)]
    pub(crate) write: u64,

    /// Flushes per second
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) flush: u32,

    /// Bytes of one read or write, a multiple of 4K
    #[arg(long, value_name = "SIZE", default_value = "32K", value_parser = size)]
    pub(crate) block: u64,

    #[command(flatten)]
    pub(crate) end: End,
}

#[derive(Debug, Args)]
pub(crate) struct Net {
    /// Address and port of the receiver; port 9 is discard
    #[arg(value_name = "ADDRESS:PORT")]
    pub(crate) to: SocketAddr,

    /// Packets per second
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) packets: u32,

    /// Bytes of UDP payload in each packet; up to 1452 fit into one packet on every network
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u16).range(0..=1452))]
    pub(crate) size: u16,

    #[command(flatten)]
    pub(crate) end: End,
}

/// End of a load.
#[derive(Debug, Args)]
pub(crate) struct End {
    /// Duration of the load
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = time)]
    pub(crate) time: Duration,
}

impl Cli {
    /// Parses the command line. A program with the name `eat-memory` is `stress memory`.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut words: Vec<OsString> = words.into_iter().collect();
        let name = words.first().and_then(|word| Path::new(word).file_name());
        if name == Some(OsStr::new("eat-memory")) {
            words.insert(1, "memory".into());
        }
        let cli = Self::try_parse_from(words)?;
        cli.kind
            .check()
            .map_err(|problem| Self::command().error(ErrorKind::ValueValidation, problem))?;
        Ok(cli)
    }
}

impl Kind {
    /// Checks that involve more than the syntax of one option.
    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Memory(memory) if memory.size == 0 => Err("memory: 0 bytes are no load"),
            Self::Disk(disk) if disk.block == 0 || disk.block % 4096 != 0 => {
                Err("--block must be a multiple of 4K")
            }
            Self::Disk(disk) if disk.block > 1 << 30 => Err("--block must be 1G at most"),
            Self::Disk(disk) if disk.read == 0 && disk.write == 0 && disk.flush == 0 => {
                Err("disk: needs one of --read, --write and --flush")
            }
            _ => Ok(()),
        }
    }
}

/// The message of an error, in one line.
pub(crate) fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    // clap lists missing arguments in a separate paragraph. Usage and hints follow.
    let message = text.split("\n\nUsage").next().unwrap_or_default();
    let message = message.split("\n\nFor more").next().unwrap_or_default();
    let words: Vec<&str> = message.split_whitespace().collect();
    let message = words.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the kind of load is missing: memory, cpu, disk or net (see stress --help)".into();
    }
    format!("{message} (see stress --help)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_name_eat_memory_is_a_subcommand() {
        for line in ["eat-memory 64 --for 2m", "/bin/eat-memory 64M --for 120s"] {
            let Kind::Memory(memory) = read(line).unwrap().kind else {
                panic!("{line}");
            };
            assert_eq!((memory.size, memory.end.time.as_secs()), (64 << 20, 120));
        }
    }

    #[test]
    fn an_error_is_one_line() {
        for line in [
            "stress",
            "stress everything",
            "stress memory",
            "stress memory 0",
            "stress memory 1x",
            "stress cpu --duty 101",
            "stress cpu --for 0s",
            "stress disk",
            "stress disk /dev/xvda",
            "stress disk /dev/xvda --read 1M --block 1000",
            "stress net 10.0.0.1",
            "stress net 10.0.0.1:9 --size 9000",
        ] {
            let line = one_line(&read(line).unwrap_err());
            assert!(!line.contains('\n') && line.len() > 30, "{line:?}");
        }
    }
}
