//! What libvirt's own tool says, to compare with.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod bracket;
pub(crate) mod peer;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Domain, Needs, Snapshot};

/// What `virsh` prints (Debian: libvirt-clients).
pub(crate) fn virsh(uri: &str, words: &[&str]) -> String {
    let output = Command::new("virsh")
        .env("LC_ALL", "C")
        .args(["-q", "-c", uri])
        .args(words)
        .output()
        .expect("virsh is not installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "virsh {words:?}: {said}");
    String::from_utf8(output.stdout).expect("text from virsh")
}

/// What `virsh domstats` says: by domain, by field.
pub(crate) fn domstats(uri: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut domains: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut name = "";
    let text = virsh(uri, &["domstats", "--list-active"]);
    for line in text.lines() {
        if let Some(quoted) = line.strip_prefix("Domain: '") {
            name = quoted.strip_suffix('\'').expect("a quoted name");
        } else if let Some((field, value)) = line.trim().split_once('=') {
            let fields = domains.entry(name.into()).or_default();
            fields.insert(field.into(), value.into());
        }
    }
    domains
}

/// One sample of a backend just opened.
pub(crate) fn sampled(uri: &str) -> (LibvirtBackend, Snapshot) {
    let mut backend = LibvirtBackend::open(
        Some(uri),
        &Options {
            wanted: Needs {
                vcpus: true,
                ..Needs::default()
            },
            ..Options::default()
        },
    )
    .expect(uri);
    let mut snapshot = Snapshot::default();
    read(&mut backend, &mut snapshot);
    (backend, snapshot)
}

/// A reading. One that a machine under load holds up for too long is an error, and the next one not.
pub(crate) fn read(backend: &mut LibvirtBackend, into: &mut Snapshot) {
    let began = Instant::now();
    while let Err(error) = backend.sample(into) {
        assert!(began.elapsed() < Duration::from_secs(20), "{error}");
    }
}

/// The domain with this name.
pub(crate) fn domain<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Domain {
    let mut domains = snapshot.domains.iter();
    let found = domains.find(|domain| domain.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in {:?}", snapshot.domains))
}
