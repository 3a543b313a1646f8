//! The output of libvirt's own tool, and samples to compare with it.
#![allow(dead_code, reason = "each test program uses some of the functions")]

pub(crate) mod bracket;
pub(crate) mod proxy;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Domain, Error, Needs, Snapshot};

/// True if libvirt's client library and virsh are installed. If not, a message says that the test is skipped.
pub(crate) fn has_libvirt() -> bool {
    let opened = LibvirtBackend::open(Some("test:///default"), &Options::default());
    let has_library =
        !matches!(opened, Err(Error::Unavailable(line)) if line.contains("not installed"));
    let has_virsh = Command::new("virsh").arg("--version").output().is_ok();
    if !has_library || !has_virsh {
        eprintln!("skipped: libvirt.so.0 or virsh is not installed");
    }
    has_library && has_virsh
}

/// The output of `virsh` (Debian: libvirt-clients).
pub(crate) fn virsh(uri: &str, words: &[&str]) -> String {
    let output = Command::new("virsh")
        .env("LC_ALL", "C")
        .args(["-q", "-c", uri])
        .args(words)
        .output()
        .expect("virsh is not installed");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "virsh {words:?}: {errors}");
    String::from_utf8(output.stdout).expect("text from virsh")
}

/// The output of `virsh domstats`: by domain, by field.
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

/// A backend that was just opened, and its first sample.
pub(crate) fn sampled(uri: &str) -> (LibvirtBackend, Snapshot) {
    let mut backend = LibvirtBackend::open(
        Some(uri),
        &Options {
            needs: Needs {
                vcpus: true,
                ..Needs::default()
            },
            ..Options::default()
        },
    )
    .expect(uri);
    let mut snapshot = Snapshot::default();
    sample(&mut backend, &mut snapshot);
    (backend, snapshot)
}

/// Takes a sample. On a machine under load a sample may time out, and a later one succeeds.
pub(crate) fn sample(backend: &mut LibvirtBackend, into: &mut Snapshot) {
    let start = Instant::now();
    while let Err(error) = backend.sample(into) {
        assert!(start.elapsed() < Duration::from_secs(20), "{error}");
    }
}

/// The domain with this name.
pub(crate) fn domain<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Domain {
    let mut domains = snapshot.domains.iter();
    let found = domains.find(|domain| domain.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in {:?}", snapshot.domains))
}
