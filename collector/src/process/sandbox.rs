//! `--user`: an ordinary user with only the rights that the run needs.
//!
//! The order matters. [`Sandbox::prepare`] comes first, before any thread is started: no later thread
//! has the rights that it drops. Then the backend is opened, which needs rights. Then
//! [`Sandbox::enter`] drops those rights in all threads, and verifies that they are dropped.
//!
//! Open descriptors stay: on Xen the hypercall device. The kernel checks rights only when that device
//! is opened, and passes on every later hypercall. Whoever takes over this process controls Xen. See
//! SECURITY.md.

mod calls;
mod files;
pub mod peer;
mod rights;

use std::path::PathBuf;

use nix::unistd::User;
use virtmon_model::{Error, Result};

use peer::Peer;

/// A process before it drops its rights.
#[derive(Debug)]
pub struct Sandbox {
    user: User,
    peer: Peer,
    /// True if connections are accepted.
    listens: bool,
    /// Restrictions that this kernel, or the rights of the process, do not allow.
    missing: Vec<&'static str>,
}

impl Sandbox {
    /// Drops the rights that nothing needs to be opened: no started program gets more rights, no
    /// capability can be regained, and files can be written only in the directories of outputs.
    ///
    /// `outputs` are the files that will be written. Their directories stay writable, for rotation; for
    /// a device or a pipe only that file. To be called before any thread is started. The rights that
    /// opening the backend needs stay.
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
            listens: false,
            missing,
        })
    }

    /// Sets whether connections are accepted, by a socket that is open when the rights are dropped.
    #[must_use]
    pub fn with_listener(mut self, listens: bool) -> Self {
        self.listens = listens;
        self
    }

    /// Becomes the user permanently, without supplementary groups and capabilities, and installs the
    /// filter of system calls, in all threads. `warn` gets a line if a restriction is not available here.
    ///
    /// # Errors
    /// This process may not become that user, or one of its threads still has a right afterwards.
    pub fn enter(mut self, warn: fn(&str)) -> Result<()> {
        rights::become_user(&self.user)?;
        let filtered = self.peer != Peer::Helper && calls::filter(self.peer, self.listens).is_ok();
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
