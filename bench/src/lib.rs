//! Synthetic hosts of any size for the benchmarks. They are the same in every run.
#![forbid(unsafe_code)]

mod encoders;
pub mod instructions;

pub use encoders::{NamedEncoder, encoders};

use std::time::{Duration, SystemTime};

use virtmon_analysis::frame::Tick;
use virtmon_model::{Snapshot, State, Uuid};

/// Numbers of domains of the hosts in the benchmarks.
pub const DOMAINS: [u16; 4] = [1, 10, 100, 1000];

/// A tick of a run with one tick per second, all with the same lateness and none missed.
#[must_use]
pub fn tick(number: u64) -> Tick {
    Tick {
        number,
        mono_ns: 86_400_000_000_000 + number * 1_000_000_000,
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + number),
        late_ns: 52_000,
        sample_ns: 81_000,
        missed: 0,
    }
}

/// The bytes that `XEN_SYSCTL_getdomaininfolist` writes for `domains` domains, in entries of `stride`
/// bytes.
#[must_use]
pub fn domain_list(domains: u16, stride: usize) -> Vec<u8> {
    let mut bytes = vec![0; usize::from(domains) * stride];
    for (domid, entry) in (0..domains).zip(bytes.chunks_exact_mut(stride)) {
        entry[0..2].copy_from_slice(&domid.to_le_bytes());
        entry[8..16].copy_from_slice(&24_576u64.to_le_bytes());
        entry[16..24].copy_from_slice(&25_600u64.to_le_bytes());
        entry[56..64].copy_from_slice(&(u64::from(domid) * 1_234_567_891).to_le_bytes());
        entry[64..68].copy_from_slice(&2u32.to_le_bytes());
        entry[76..78].copy_from_slice(&domid.to_be_bytes());
    }
    bytes
}

/// A host with `domains` domains of one NIC and one disk each, `second` seconds after its start.
#[must_use]
pub fn host(domains: u32, second: u64) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for id in 0..domains {
        let domain = snapshot.domains.next_row();
        domain.identity.id = id;
        domain.identity.uuid = Uuid::from_u128(u128::from(id) << 64 | 1);
        domain.name = Some(format!("instance-{id:08x}").into());
        domain.state = State::Running;
        let counter = second * 1_000_000_000 * u64::from(id % 4);
        domain.cpu_time_ns = Some(counter);
        domain.vcpus_online = Some(2);
        domain.mem_bytes = Some(4 << 30);
        domain.mem_max_bytes = Some(8 << 30);
        let nic = domain.nics.rows.next_row();
        (nic.rx_bytes, nic.tx_bytes) = (Some(counter / 10), Some(counter / 20));
        domain.nics.complete = true;
        let disk = domain.disks.rows.next_row();
        (disk.rd_bytes, disk.wr_bytes) = (Some(counter / 5), Some(counter / 7));
        domain.disks.complete = true;
    }
    snapshot
}
