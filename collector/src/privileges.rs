//! Giving up what is no longer needed once everything is open.

use std::io;

use nix::sys::prctl;
use nix::unistd::{self, User};
use virtmon_model::{Error, Result};

/// Becomes an ordinary user for good, with no supplementary group and no capability.
///
/// What is open stays open: the hypercall device and xenstore's socket ask for rights only when
/// they are opened, the kernel's counters for none. From 0 to another user the kernel takes every
/// capability away (capabilities(7)).
///
/// # Errors
/// There is no such user, it is root, or this process may not change.
pub(crate) fn become_user(name: &str) -> Result<()> {
    let user = User::from_name(name)
        .map_err(|error| Error::call(format!("--user {name}"), error.into()))?
        .ok_or_else(|| Error::Denied(format!("--user {name}: there is no such user")))?;
    if user.uid.is_root() {
        return Err(Error::Denied(format!(
            "--user {name}: that is root, and nothing would be given up"
        )));
    }
    let failed = |call: &str| {
        let call = format!("--user {name}: {call}");
        move |error: nix::Error| Error::call(call, io::Error::from(error))
    };
    unistd::setgroups(&[]).map_err(failed("setgroups"))?;
    unistd::setgid(user.gid).map_err(failed("setgid"))?;
    unistd::setuid(user.uid).map_err(failed("setuid"))?;
    prctl::set_no_new_privs().map_err(failed("no_new_privs"))
}
