//! Decodes a recording that was made on a Xen host, on any machine:
//!
//!     cargo run -p xen-backend --example decode_recording recordings/xen.vmrec
//!
//! It prints one line per domain and sample: tick, domid, name and CPU time in ns.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use virtmon_model::Snapshot;
use virtmon_recording::Reader;
use xen_backend::XenReplay;

/// Writes the domains of every sample, and returns the number of samples.
fn decode(path: &Path, out: &mut impl Write) -> Result<u64, Box<dyn Error>> {
    let (mut reader, header) = Reader::open(File::open(path)?)?;
    if header.backend != "xen" {
        return Err(format!("it is a recording of the {} backend", header.backend).into());
    }
    let mut replay = XenReplay::new(&header.host_metadata)?;
    // The snapshot is reused, so its rows are allocated once.
    let mut snapshot = Snapshot::default();
    let mut samples = 0;
    while let Some(sample) = reader.read()? {
        let raw = match sample.read {
            Ok(raw) => raw,
            Err(error) => {
                writeln!(out, "{} failed: {error}", sample.tick)?;
                continue;
            }
        };
        replay
            .sample(raw, &mut snapshot)
            .ok_or("a sample is damaged")?;
        for domain in snapshot.domains.iter() {
            let name = domain.name.as_deref().unwrap_or("unknown");
            let cpu_time = domain.cpu_time_ns.map(|ns| ns.to_string());
            let cpu_time = cpu_time.as_deref().unwrap_or("unknown");
            writeln!(
                out,
                "{} {} {name} {cpu_time}",
                sample.tick, domain.identity.id
            )?;
        }
        samples += 1;
    }
    Ok(samples)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("usage: decode_recording FILE")?;
    decode(Path::new(&path), &mut BufWriter::new(io::stdout().lock()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_recording_has_domain_0_in_every_sample() {
        let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings");
        let mut out = Vec::new();
        let samples = decode(&recordings.join("xen.vmrec"), &mut out).unwrap();
        assert!(samples > 0);
        let text = String::from_utf8(out).unwrap();
        let domain_0 = text.lines().filter(|line| line.contains(" 0 Domain-0 "));
        assert_eq!(domain_0.count() as u64, samples);
    }
}
