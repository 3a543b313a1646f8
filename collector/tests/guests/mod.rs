//! A recording of as many guests as are wanted, to be replayed where a real host has too few.

use std::fs;
use std::path::Path;

use virtmon_recording::codec::{put_bytes, put_number};
use virtmon_recording::{Header, RecordedSample, Writer};

/// The length of a domain's entry in the list of a Xen 4.17.
const ENTRY_BYTES: usize = 112;
/// Its sysctl interface version.
const SYSCTL: u64 = 0x15;
const SECOND: u64 = 1_000_000_000;

/// Writes a recording of a Xen host with this number of guests, and a sample each second.
pub(crate) fn record(path: &Path, guests: u16, ticks: u64) {
    let names = (0..guests).map(|id| format!("guest-with-a-name-{id}").into_bytes());
    write(path, &names.collect::<Vec<_>>(), ticks);
}

/// The same with guests of these names.
#[allow(dead_code, reason = "not every test file names its guests")]
pub(crate) fn record_names(path: &Path, names: &[&[u8]], ticks: u64) {
    let names: Vec<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    write(path, &names, ticks);
}

fn write(path: &Path, names: &[Vec<u8>], ticks: u64) {
    let mut host_metadata = Vec::new();
    put_number(&mut host_metadata, SYSCTL);
    put_bytes(&mut host_metadata, b"Xen 4.17");
    host_metadata.push(7);
    let header = Header {
        backend: "xen".into(),
        t0_ns: SECOND,
        interval_ns: SECOND,
        host_metadata,
    };
    let mut out = Vec::new();
    let mut writer = Writer::begin(&header, &mut out).unwrap();
    for tick in 0..ticks {
        let raw = sample(names, tick);
        let kept: RecordedSample<'_> = RecordedSample {
            tick,
            mono_ns: SECOND * (tick + 1) + 5,
            boot_ns: SECOND * (tick + 1) + 5,
            wall_ns: 1_795_545_455 * SECOND + tick * SECOND,
            sample_ns: 1_000,
            read: Ok(&raw),
        };
        writer.push(&kept, &mut out).unwrap();
    }
    fs::write(path, out).unwrap();
}

/// The raw bytes of a sample: the list, then what there is of no interest here, then the names.
fn sample(names: &[Vec<u8>], tick: u64) -> Vec<u8> {
    let mut list = Vec::new();
    for (id, _) in (0_u16..).zip(names) {
        let mut entry = [0; ENTRY_BYTES];
        entry[..2].copy_from_slice(&id.to_le_bytes());
        entry[8..16].copy_from_slice(&100u64.to_le_bytes());
        entry[16..24].copy_from_slice(&100u64.to_le_bytes());
        entry[56..64].copy_from_slice(&(1_000 + tick * 1_000_000).to_le_bytes());
        entry[64] = 1;
        entry[68..72].fill(0xff);
        entry[76..78].copy_from_slice(&id.to_le_bytes());
        entry[80] = 1;
        list.extend(entry);
    }
    let mut raw = Vec::new();
    put_bytes(&mut raw, &list);
    raw.extend([0, 0, 0, 0]);
    for name in names {
        raw.extend([0, 1]);
        put_bytes(&mut raw, name);
        raw.extend([0, 1, 0, 1, 0]);
    }
    raw.push(0);
    raw
}
