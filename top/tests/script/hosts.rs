//! Two hosts: a Xen host with 40 guests and domain 0, and a libvirt host with 47 guests.

use virtmon_analysis::event::{Event, EventKind, Value};
use virtmon_model::{Domain, Role, State as DomainState};
use virtmon_top::scene::Run;

use super::{Guest, Screen, Script};

const K: f64 = 1024.0;
const M: f64 = K * K;
const G: u64 = 1 << 30;

/// Name, id, state, vCPUs, CPU%, RDY%, GiB, and bytes per second.
type Row = (&'static str, u32, char, u32, f64, f64, u64, [f64; 4]);

const ROWS: [Row; 12] = [
    (
        "batch-07",
        31,
        'r',
        16,
        566.0,
        23.4,
        32,
        [1.1 * M, 310.0 * K, 84.0 * M, 12.2 * M],
    ),
    (
        "web-12",
        44,
        'r',
        4,
        398.7,
        3.1,
        8,
        [412.0 * M, 96.0 * M, 0.0, 340.0 * K],
    ),
    (
        "db-primary",
        12,
        'r',
        8,
        212.4,
        11.8,
        64,
        [22.1 * M, 118.0 * M, 2.1 * M, 212.0 * M],
    ),
    (
        "mail-2",
        9,
        'r',
        2,
        61.0,
        1.2,
        4,
        [8.2 * M, 3.1 * M, 640.0 * K, 5.5 * M],
    ),
    (
        "ci-runner-3",
        52,
        'r',
        4,
        58.3,
        0.0,
        8,
        [31.0 * M, 1.2 * M, 14.2 * M, 40.1 * M],
    ),
    (
        "kube-node-a",
        17,
        'r',
        8,
        44.1,
        0.8,
        16,
        [21.4 * M, 19.9 * M, 88.0 * K, 3.3 * M],
    ),
    (
        "kube-node-b",
        18,
        'b',
        8,
        31.7,
        0.6,
        16,
        [18.0 * M, 17.1 * M, 12.0 * K, 2.9 * M],
    ),
    (
        "win2019-rds",
        23,
        'r',
        4,
        28.9,
        6.2,
        12,
        [1.9 * M, 2.2 * M, 410.0 * K, 1.1 * M],
    ),
    (
        "proxy-1",
        5,
        'b',
        2,
        12.2,
        0.1,
        2,
        [96.0 * M, 411.0 * M, 0.0, 11.0 * K],
    ),
    (
        "proxy-2",
        6,
        'b',
        2,
        10.8,
        0.1,
        2,
        [88.0 * M, 97.0 * M, 0.0, 9.0 * K],
    ),
    (
        "instance-0000012a-prod",
        38,
        'b',
        1,
        3.3,
        0.0,
        1,
        [210.0 * K, 88.0 * K, 0.0, 4.0 * K],
    ),
    ("legacy-nt4", 27, 'p', 1, 0.0, 0.0, 1, [0.0; 4]),
];

fn guests(count: u32) -> Vec<Guest> {
    let mut guests: Vec<Guest> = ROWS.iter().map(guest).collect();
    let mut n = 0;
    while guests.len() < count as usize {
        n += 1;
        let mut guest = Guest::new(60 + n, &format!("vm-{n:02}"));
        guest.cpu = Some(3.2 - f64::from(n) * 0.05);
        guest.ready = Some(0.1);
        guest.mem = Some(u64::from(1 + n % 4) * G);
        guest.state = DomainState::Blocked;
        let io = f64::from(n) * 7.0 * K;
        guest.io = Some([io * 2.0, io, io / 3.0, io / 2.0]);
        guests.push(guest);
    }
    guests
}

fn guest(&(name, id, state, vcpus, cpu, ready, gib, io): &Row) -> Guest {
    Guest {
        state: match state {
            'b' => DomainState::Blocked,
            'p' => DomainState::Paused,
            _ => DomainState::Running,
        },
        vcpus,
        cpu: Some(cpu),
        ready: Some(ready),
        mem: Some(gib * G),
        io: Some(io),
        ..Guest::new(id, name)
    }
}

fn event(guest: &Guest, kind: EventKind, old: Value, new: Value) -> Event {
    let mut domain = Domain::default();
    domain.identity.id = guest.id;
    let number = u128::from(guest.id) * 0x1234_5678_9abc_def1_2345_6789;
    domain.identity.uuid = virtmon_model::Uuid::from_u128(number);
    domain.name = guest.name.as_deref().map(std::sync::Arc::from);
    Event::of(&domain, kind, old, new)
}

/// The events of the last minutes: seconds before the end, and the event.
fn events() -> Vec<(u64, Event)> {
    let nothing = || Value::Nothing;
    let at = |name: &str, id: u32| Guest::new(id, name);
    let unnamed = Guest {
        name: None,
        ..Guest::new(53, "")
    };
    vec![
        (2, event(&unnamed, EventKind::Created, nothing(), nothing())),
        (
            4,
            event(
                &at("ci-runner-2", 50),
                EventKind::Destroyed,
                Value::Word("running"),
                nothing(),
            ),
        ),
        (
            9,
            event(
                &at("mail-2", 9),
                EventKind::Rebooted,
                Value::Number(8),
                Value::Number(9),
            ),
        ),
        (
            9,
            event(
                &at("ci-runner-3", 52),
                EventKind::Created,
                nothing(),
                nothing(),
            ),
        ),
        (
            55,
            event(
                &at("web-12", 44),
                EventKind::NicRemoved,
                nothing(),
                nothing(),
            )
            .about("vif44.1"),
        ),
        (
            97,
            event(
                &at("legacy-nt4", 27),
                EventKind::Paused,
                Value::Word("running"),
                Value::Word("paused"),
            ),
        ),
        (
            105,
            Event {
                old: Value::Number(super::NOW_NS),
                new: Value::Number(super::NOW_NS + 1_204_000_000),
                ..Event::host(EventKind::ClockStepped, "".into())
            },
        ),
        (
            110,
            event(
                &at("db-primary", 12),
                EventKind::VcpusChanged,
                Value::Number(4),
                Value::Number(8),
            ),
        ),
    ]
}

/// What changes with time: guests that come and go.
fn change(back: u64, guests: &mut Vec<Guest>) {
    if back > 4 {
        let mut gone = Guest::new(50, "ci-runner-2");
        gone.cpu = Some(25.0);
        guests.push(gone);
    }
    if back > 9 {
        guests.retain(|guest| guest.id != 52);
    }
    let born = guests.iter_mut().find(|guest| guest.id == 52);
    if let Some(born) = born {
        born.is_new = back == 9;
        born.ready = None;
    }
}

/// The Xen host.
pub(crate) fn xen() -> Screen {
    let mut guests = guests(40);
    guests.push(Guest {
        vcpus: 4,
        cpu: Some(91.2),
        ready: Some(0.9),
        mem: Some(4 * G),
        io: None,
        role: Some(Role::Control),
        ..Guest::new(0, "Domain-0")
    });
    let script = Script {
        guests,
        is_xen: true,
        pcpus: 16,
        busy_pct: Some(97.9 * 16.0),
        mem_bytes: 256 * G,
        free_bytes: 256 * G * 88 / 1000,
        events: events(),
        ticks: 120,
    };
    Screen::new("xen-a7", script.run(change), true)
}

/// The libvirt host.
pub(crate) fn kvm() -> Screen {
    let mut guests = guests(46);
    guests.push(Guest {
        cpu: Some(20.0),
        vcpus: 4,
        stale_s: 14,
        error: Some("QEMU does not answer".into()),
        ..Guest::new(57, "storage-gw-1")
    });
    let script = Script {
        guests,
        is_xen: false,
        pcpus: 32,
        busy_pct: None,
        mem_bytes: 512 * G,
        free_bytes: 512 * G * 159 / 1000,
        events: events(),
        ticks: 120,
    };
    let run = script.run(|back, guests| {
        change(back, guests);
        for guest in guests
            .iter_mut()
            .filter(|guest| guest.stale_s > 0 && back >= 14)
        {
            guest.stale_s = 0;
            guest.error = None;
        }
    });
    Screen::new("kvm-b2", run, false)
}

/// The Xen host as a recording, at a tick of it.
pub(crate) fn recorded() -> Screen {
    let mut screen = xen();
    screen.state.source.is_replay = true;
    screen.state.source.name = "xen-a7.vmrec".into();
    screen.state.zone = virtmon_top::zone::Zone::utc();
    screen.state.position = virtmon_top::position::Position::start(true);
    screen
}

/// A run that is empty.
pub(crate) fn nothing() -> Run {
    Run::default()
}
