//! Options of the libvirt backend.

use std::time::Duration;

use clap::Args;
use libvirt_backend::Group;

use crate::program::cli::duration::parse_interval;

/// Options of the libvirt backend.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "libvirt")]
pub struct LibvirtArgs {
    /// Connect to this libvirt URI, as virsh does: qemu:///system, xen:///system, test:///default
    #[arg(long, value_name = "URI")]
    pub uri: Option<String>,

    /// Query these groups of virsh domstats too, for --detail stat: perf, iothread, memory,
    /// dirtyrate, vm
    #[arg(long, value_name = "GROUP,...", value_delimiter = ',', value_parser = parse_group)]
    pub stats_group: Vec<Group>,

    /// Query a group at most this often, and leave its cells empty in between: balloon=10s,block=5s
    #[arg(long, value_name = "GROUP=TIME,...", value_delimiter = ',', value_parser = parse_group_interval)]
    pub group_interval: Vec<(Group, Duration)>,
}

/// Parses the name of a group.
fn parse_group(name: &str) -> Result<Group, String> {
    Group::named(name).ok_or_else(|| {
        let names = Group::ALL.map(Group::name).join(", ");
        format!("the groups are {names}")
    })
}

/// Parses a group and its interval: `balloon=10s`.
fn parse_group_interval(text: &str) -> Result<(Group, Duration), String> {
    let (name, time) = text
        .split_once('=')
        .ok_or("a group and its interval are like balloon=10s")?;
    Ok((parse_group(name)?, parse_interval(time)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_and_its_interval() {
        let (group, interval) = parse_group_interval("balloon=10s").unwrap();
        assert_eq!(
            (group.name(), interval),
            ("balloon", Duration::from_secs(10))
        );
        for wrong in [
            "balloon",
            "balloon=",
            "balloon=0",
            "=1s",
            "state=1s",
            "bogus=1s",
        ] {
            assert!(parse_group_interval(wrong).is_err(), "{wrong}");
        }
        assert!(
            parse_group("bogus")
                .unwrap_err()
                .contains("cpu-total, balloon")
        );
    }
}
