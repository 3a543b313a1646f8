//! `--user`: an ordinary user, who can do no more than the run needs.
//!
//! The order is the point of it. [`Sandbox::prepare`] comes first, before any thread: what it gives
//! up, no later thread has. Then the backend is opened, for which rights are needed. Then
//! [`Sandbox::enter`] gives up those rights, in all threads, and looks whether they are gone.
//!
//! What stays is what is open: on Xen the hypercall device. The kernel asks for rights only when that
//! device is opened, and passes on whatever hypercall comes afterwards, so that whoever takes over
//! this process controls Xen. See SECURITY.md.

mod calls;
mod files;
pub mod peer;
mod rights;

use std::path::PathBuf;

use nix::unistd::User;
use virtmon_model::{Error, Result};

use peer::Peer;

/// A process that is about to become an ordinary one.
#[derive(Debug)]
pub struct Sandbox {
    user: User,
    peer: Peer,
    /// What this kernel, or the rights that the program was started with, do not allow to give up.
    missing: Vec<&'static str>,
}

impl Sandbox {
    /// Gives up what is not needed to open anything: no program that is started gets more rights, no
    /// capability can be gained again, and files are written only where outputs are.
    ///
    /// `outputs` are the files that will be written: their directories stay writable, for rotation;
    /// of a device or a pipe, that file alone. To be called before any thread starts, and with the
    /// rights that opening the backend needs: they stay.
    ///
    /// # Errors
    /// There is no such user, or it is root.
    pub fn prepare(name: &str, peer: Peer, outputs: &[PathBuf]) -> Result<Self> {
        let user = User::from_name(name)
            .map_err(|error| Error::call(format!("--user {name}"), error.into()))?
            .ok_or_else(|| Error::Denied(format!("--user {name}: there is no such user")))?;
        if user.uid.is_root() {
            return Err(Error::Denied(format!(
                "--user {name}: that is root, and nothing would be given up"
            )));
        }
        let mut missing = Vec::new();
        rights::no_new_privileges()
            .map_err(|error| Error::call(format!("--user {name}: no_new_privs"), error))?;
        if rights::empty_bounding_set().is_err() {
            missing.push("an empty bounding set (it takes CAP_SETPCAP)");
        }
        match peer {
            Peer::Helper => missing.push("Landlock and seccomp (this URI runs another program)"),
            _ if files::restrict(peer, outputs) => {}
            _ => missing.push("Landlock (Linux 5.13)"),
        }
        Ok(Self {
            user,
            peer,
            missing,
        })
    }

    /// Becomes the user for good, with no supplementary group and no capability, and installs the
    /// filter of system calls: in all threads. `warn` gets one line where something of it can't be had
    /// here.
    ///
    /// # Errors
    /// This process may not become that user, or a thread of it still has a right afterwards.
    pub fn enter(mut self, warn: fn(&str)) -> Result<()> {
        rights::become_user(&self.user)?;
        let filtered = self.peer != Peer::Helper && calls::filter(self.peer).is_ok();
        if !filtered && self.peer != Peer::Helper {
            self.missing.push("a seccomp filter");
        }
        rights::verify(&self.user, filtered)?;
        if !self.missing.is_empty() {
            let name = &self.user.name;
            let missing = self.missing.join(", ");
            warn(&format!("--user {name}: it does without {missing}"));
        }
        Ok(())
    }
}
