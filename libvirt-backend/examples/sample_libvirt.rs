//! Samples the running domains of a libvirt connection twice, a second apart:
//!
//!     cargo run -p libvirt-backend --example sample_libvirt test:///default
//!
//! It prints one line per domain and sample: id, name, state and CPU time in ns.

use std::error::Error;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use libvirt_backend::{LibvirtBackend, Options};
use virtmon_model::{Backend, Snapshot};

/// Takes this number of samples, and writes the domains of each.
fn sample(
    uri: &str,
    samples: u32,
    pause: Duration,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let mut backend = LibvirtBackend::open(Some(uri), &Options::default())?;
    // The snapshot is reused, so its rows are allocated once.
    let mut snapshot = Snapshot::default();
    for n in 0..samples {
        if n > 0 {
            thread::sleep(pause);
        }
        backend.sample(&mut snapshot)?;
        for domain in snapshot.domains.iter() {
            let name = domain.name.as_deref().unwrap_or("unknown");
            let cpu_time = domain.cpu_time_ns.map(|ns| ns.to_string());
            let cpu_time = cpu_time.as_deref().unwrap_or("unknown");
            let state = domain.state.as_str();
            writeln!(out, "{} {name} {state} {cpu_time}", domain.identity.id)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let uri = std::env::args().nth(1).ok_or("usage: sample_libvirt URI")?;
    sample(&uri, 2, Duration::from_secs(1), &mut io::stdout().lock())
}

#[cfg(test)]
mod tests {
    use super::*;
    use virtmon_model::Error as BackendError;

    #[test]
    fn the_test_driver_has_its_domain_in_every_sample() {
        let uri = "test:///default";
        match LibvirtBackend::open(Some(uri), &Options::default()) {
            Err(BackendError::Unavailable(line)) if line.contains("not installed") => {
                eprintln!("skipped: libvirt.so.0 is not installed");
                return;
            }
            opened => drop(opened.unwrap()),
        }
        let mut out = Vec::new();
        sample(uri, 2, Duration::ZERO, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines.iter().all(|line| line.starts_with("1 test running ")));
    }
}
