//! Guests for the tests: random ones, and samples of them.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use virtmon_model::{Identity, Snapshot, State, Uuid, VcpuState};

pub(super) const SECOND: u64 = 1_000_000_000;

#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub(super) id: u32,
    pub(super) uuid: u128,
    pub(super) incarnation: Option<u64>,
    pub(super) name: Option<&'static str>,
    pub(super) cpu_time_ns: Option<u64>,
    pub(super) vcpus_online: Option<u32>,
    pub(super) mem_bytes: Option<u64>,
    /// By their numbers or names, with one counter each.
    pub(super) vcpus: BTreeMap<u32, Option<u64>>,
    pub(super) nics: BTreeMap<u8, Option<u64>>,
    pub(super) disks: BTreeMap<u8, Option<u64>>,
    /// True if the lists of devices are complete.
    pub(super) complete: bool,
    pub(super) state: State,
    pub(super) stale: bool,
}

impl Guest {
    pub(super) fn identity(&self) -> Identity {
        Identity {
            id: self.id,
            uuid: Uuid::from_u128(self.uuid),
            incarnation: self.incarnation,
        }
    }
}

/// Counters of every size: they decrease, do not change, and reach both ends.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..50u64,
        Just(u64::MAX),
        Just(u64::MAX - 1),
        any::<u64>(),
        1_000..2_000u64
    ]
}

/// A counter, known or unknown.
fn counter() -> impl Strategy<Value = Option<u64>> {
    option::weighted(0.8, number())
}

fn guest() -> impl Strategy<Value = Guest> {
    let state = prop::sample::select(vec![
        State::Running,
        State::Blocked,
        State::Paused,
        State::Crashed,
        State::Shutdown,
        State::Dying,
        State::Unknown,
    ]);
    // A uuid that two have at once is a migration within the host; 0 is none at all.
    let identity = (0..5u32, 0..4u128, option::of(0..2u64));
    let name = option::of(prop::sample::select(vec!["web", "db", "db--incoming"]));
    let sizes = (option::of(0..3u32), option::of(0..3u64));
    let vcpus = btree_map(0..3u32, counter(), 0..3);
    let devices = || btree_map(0..3u8, counter(), 0..3);
    let flags = (proptest::bool::weighted(0.8), proptest::bool::weighted(0.2));
    (
        identity,
        name,
        counter(),
        sizes,
        vcpus,
        (devices(), devices()),
        state,
        flags,
    )
        .prop_map(
            |(identity, name, cpu_time_ns, sizes, vcpus, devices, state, flags)| Guest {
                id: identity.0,
                uuid: identity.1,
                incarnation: identity.2,
                name,
                cpu_time_ns,
                vcpus_online: sizes.0,
                mem_bytes: sizes.1,
                vcpus,
                nics: devices.0,
                disks: devices.1,
                complete: flags.0,
                state,
                stale: flags.1,
            },
        )
}

/// A guest in the next sample, if it is not another one altogether.
#[derive(Debug, Clone)]
enum Fate {
    Stays,
    /// Its counters grow by so much, past the end of 64 bits too.
    Runs(u64),
    Goes,
    Becomes(Box<Guest>),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Stays),
        (0..SECOND).prop_map(Fate::Runs),
        any::<u64>().prop_map(Fate::Runs),
        Just(Fate::Goes),
        guest().prop_map(|guest| Fate::Becomes(Box::new(guest))),
    ]
}

fn meets(mut guest: Guest, fate: Fate) -> Option<Guest> {
    match fate {
        Fate::Stays => {}
        Fate::Goes => return None,
        Fate::Becomes(other) => return Some(*other),
        Fate::Runs(by) => {
            let vcpus = guest.vcpus.values_mut();
            let devices = guest.nics.values_mut().chain(guest.disks.values_mut());
            for counter in vcpus.chain(devices).chain([&mut guest.cpu_time_ns]) {
                *counter = counter.map(|value| value.wrapping_add(by));
            }
        }
    }
    Some(guest)
}

fn sorted(mut guests: Vec<Guest>) -> Vec<Guest> {
    guests.sort_by_key(|guest| guest.id);
    guests.dedup_by_key(|guest| guest.id);
    guests
}

/// Samples one after the other, each with the ns since the one before: guests that live on from
/// sample to sample, disappear, return, and become others.
pub(super) fn samples() -> impl Strategy<Value = Vec<(Vec<Guest>, u64)>> {
    let step = (vec(fate(), 5), vec(guest(), 0..2), 1..5 * SECOND);
    (vec(guest(), 0..5), vec(step, 1..8)).prop_map(|(first, steps)| {
        let mut guests = sorted(first);
        let mut samples = vec![(guests.clone(), SECOND)];
        for (fates, newcomers, gap_ns) in steps {
            let lived = guests.into_iter().zip(fates);
            let lived = lived.filter_map(|(guest, fate)| meets(guest, fate));
            guests = sorted(lived.chain(newcomers).collect());
            samples.push((guests.clone(), gap_ns));
        }
        samples
    })
}

pub(super) fn snapshot(guests: &[Guest]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for guest in guests {
        let domain = snapshot.domains.next_row();
        domain.identity = guest.identity();
        domain.name = guest.name.map(Into::into);
        domain.cpu_time_ns = guest.cpu_time_ns;
        domain.vcpus_online = guest.vcpus_online;
        domain.mem_bytes = guest.mem_bytes;
        domain.state = guest.state;
        domain.stale_ns = if guest.stale { SECOND } else { 0 };
        for (&id, &cpu_time_ns) in &guest.vcpus {
            let vcpu = domain.vcpus.rows.next_row();
            (vcpu.id, vcpu.cpu_time_ns, vcpu.state) = (id, cpu_time_ns, VcpuState::Ready);
        }
        for (name, &rx_bytes) in &guest.nics {
            let nic = domain.nics.rows.next_row();
            (nic.name, nic.rx_bytes) = (name.to_string(), rx_bytes);
        }
        for (name, &wr_bytes) in &guest.disks {
            let disk = domain.disks.rows.next_row();
            (disk.name, disk.wr_bytes) = (name.to_string(), wr_bytes);
        }
        domain.vcpus.complete = guest.complete;
        domain.nics.complete = guest.complete;
        domain.disks.complete = guest.complete;
    }
    snapshot
}
