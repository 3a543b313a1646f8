//! Users and capabilities.

use std::fs;
use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{self, Uid, User};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};
use virtmon_model::{Error, Result};

/// Makes sure that no program that this thread, or one that it starts, executes gets more rights.
pub(super) fn no_new_privileges() -> io::Result<()> {
    Ok(set_no_new_privs(true)?)
}

/// Removes every capability from the bounding set and from the set that an executed program inherits.
pub(super) fn empty_bounding_set() -> io::Result<()> {
    // The kernel knows all capabilities below the first one that it does not know.
    for capability in (0..64).map(|bit| CapabilitySet::from_bits_retain(1 << bit)) {
        match capability_is_in_bounding_set(capability) {
            Ok(true) => remove_capability_from_bounding_set(capability)?,
            Ok(false) => {}
            Err(_) => break,
        }
    }
    let sets = capabilities(None)?;
    set_capabilities(
        None,
        CapabilitySets {
            inheritable: CapabilitySet::empty(),
            ..sets
        },
    )?;
    Ok(())
}

/// Becomes this user in all threads: the C library changes all of them (nptl(7)), and the kernel removes
/// every capability on a change from user 0 to another one (capabilities(7)).
pub(super) fn become_user(user: &User) -> Result<()> {
    let failed = |call: &str| {
        let call = format!("--user {}: {call}", user.name);
        move |error: nix::Error| Error::call(call, io::Error::from(error))
    };
    unistd::setgroups(&[]).map_err(failed("setgroups"))?;
    unistd::setresgid(user.gid, user.gid, user.gid).map_err(failed("setgid"))?;
    unistd::setresuid(user.uid, user.uid, user.uid).map_err(failed("setuid"))?;
    // The program may have been started with capabilities by a user other than root.
    let none = CapabilitySet::empty();
    let none = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    set_capabilities(None, none)
        .and_then(|()| clear_ambient_capability_set())
        .map_err(|error| Error::call(format!("--user {}: capset", user.name), error.into()))?;
    if unistd::setuid(Uid::from_raw(0)).is_ok() {
        return Err(kept(user, "it may become root again"));
    }
    Ok(())
}

/// Longest time that a thread which is about to end may still show its former rights.
const ENDING: Duration = Duration::from_secs(2);

/// Verifies that every thread of this process is this user, has no capability, and has the filter if
/// one was installed. A thread that is about to end is not changed any more, and is waited for.
pub(super) fn verify(user: &User, filtered: bool) -> Result<()> {
    let began = Instant::now();
    loop {
        match verify_now(user, filtered) {
            Err(Error::Denied(_)) if began.elapsed() < ENDING => {
                thread::sleep(Duration::from_millis(1));
            }
            verified => return verified,
        }
    }
}

fn verify_now(user: &User, filtered: bool) -> Result<()> {
    let failed = |error| Error::call("/proc/self/task", error);
    for thread in fs::read_dir("/proc/self/task").map_err(failed)? {
        let path = thread.map_err(failed)?.path().join("status");
        let status = match fs::read_to_string(path) {
            Ok(status) => status,
            // The thread has ended.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => continue,
            Err(error) => return Err(failed(error)),
        };
        if let Some(line) = right(&status, user, filtered) {
            return Err(kept(user, &format!("a thread has {line}")));
        }
    }
    Ok(())
}

/// The first line of a `/proc/PID/status` with a right that should be dropped.
fn right<'a>(status: &'a str, user: &User, filtered: bool) -> Option<&'a str> {
    let (uid, gid) = (user.uid.to_string(), user.gid.to_string());
    status.lines().find(|line| {
        let Some((key, values)) = line.split_once(':') else {
            return false;
        };
        let mut values = values.split_whitespace();
        let is_expected = match key {
            "Uid" => values.all(|value| value == uid),
            "Gid" => values.all(|value| value == gid),
            "Groups" => values.next().is_none(),
            "CapInh" | "CapPrm" | "CapEff" | "CapAmb" => {
                values.all(|value| value.bytes().all(|digit| digit == b'0'))
            }
            "NoNewPrivs" => values.next() == Some("1"),
            "Seccomp" => !filtered || values.next() == Some("2"),
            _ => true,
        };
        !is_expected
    })
}

fn kept(user: &User, what: &str) -> Error {
    Error::Denied(format!("--user {}: rights are left: {what}", user.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_that_is_left_is_seen() {
        let Some(user) = User::from_name("nobody").unwrap() else {
            return;
        };
        let (uid, gid) = (user.uid, user.gid);
        let clean = format!(
            "Name:\tvirtmon\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\n\
             Groups:\t\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n\
             CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
        );
        assert_eq!(right(&clean, &user, true), None);
        for (from, to) in [
            (format!("Uid:\t{uid}\t"), "Uid:\t0\t".to_owned()),
            (format!("\t{gid}\nGroups"), "\t0\nGroups".to_owned()),
            ("Groups:\t".into(), "Groups:\t6 ".into()),
            ("CapPrm:\t00".into(), "CapPrm:\t01".into()),
            ("CapAmb:\t00".into(), "CapAmb:\t10".into()),
            ("NoNewPrivs:\t1".into(), "NoNewPrivs:\t0".into()),
            ("Seccomp:\t2".into(), "Seccomp:\t0".into()),
        ] {
            let status = clean.replace(&from, &to);
            assert_ne!(status, clean);
            assert!(right(&status, &user, true).is_some(), "{to}");
        }
        assert_eq!(
            right(&clean.replace("Seccomp:\t2", "Seccomp:\t0"), &user, false),
            None
        );
    }
}
