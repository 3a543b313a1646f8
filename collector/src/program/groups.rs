//! libvirt's groups of values on the command line.

use std::time::Duration;

use libvirt_backend::Group;

use crate::program::cli::parse_interval;

/// Reads the name of a group.
pub(crate) fn parse(name: &str) -> Result<Group, String> {
    Group::named(name).ok_or_else(|| {
        let names = Group::ALL.map(Group::name).join(", ");
        format!("the groups are {names}")
    })
}

/// Reads a group and how often it is to be asked for: `balloon=10s`.
pub(crate) fn parse_slow(text: &str) -> Result<(Group, Duration), String> {
    let (name, time) = text
        .split_once('=')
        .ok_or("a group and its interval are like balloon=10s")?;
    Ok((parse(name)?, parse_interval(time)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_and_its_interval() {
        let (group, interval) = parse_slow("balloon=10s").unwrap();
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
            assert!(parse_slow(wrong).is_err(), "{wrong}");
        }
        assert!(parse("bogus").unwrap_err().contains("cpu-total, balloon"));
    }
}
