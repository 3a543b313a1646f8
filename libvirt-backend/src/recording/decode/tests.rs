use virtmon_model::State;

use super::*;
use crate::ffi::{VIR_TYPED_PARAM_STRING, VIR_TYPED_PARAM_ULLONG};
use crate::recording::encode as raw;

/// A domain as libvirt may tell of it.
struct Live<'a> {
    params: &'a [Param<'a>],
    info: Result<DomainInfo, (i32, i32)>,
}

impl<'a> Told<'a> for Live<'a> {
    fn id(&self) -> Option<u32> {
        Some(7)
    }

    fn uuid(&self) -> Uuid {
        Uuid::from_u128(0x1234)
    }

    fn name(&self) -> &'a [u8] {
        b"w\xffeb"
    }

    fn params(&self) -> impl Iterator<Item = Param<'a>> {
        self.params.iter().copied()
    }

    fn info(&self) -> std::result::Result<DomainInfo, Fault> {
        let refused = |&(code, errno): &(i32, i32)| Fault::new(code, errno, "no such luck");
        self.info.as_ref().copied().map_err(refused)
    }

    fn live(&self) -> Option<Domain<'a>> {
        None
    }
}

type Result<T, E> = std::result::Result<T, E>;

fn number(name: &str, bits: u64) -> Param<'_> {
    Param {
        name,
        kind: VIR_TYPED_PARAM_ULLONG.cast_signed(),
        bits,
        text: None,
    }
}

/// What is recorded of one live reading, and the reading.
fn recorded(live: impl Fn(usize) -> Live<'static>, carried: Option<u64>) -> (Vec<u8>, Snapshot) {
    let mut snapshot = Snapshot::default();
    snapshot.host.hypervisor = "QEMU 7.2.19".into();
    snapshot.host.mem_free_bytes = Some(4096);
    let mut kept = raw::RawSample::default();
    raw::put_host(&mut kept.bytes, &snapshot.host);
    let mut buffers = Buffers::new(fields::FieldSelection::default());
    let how = How {
        ask: Ask::Guests(!0),
        left_out: Some(LeftOut::NoAnswer),
        vcpus: false,
    };
    fill(&mut buffers, &mut snapshot, Some(&mut kept), 1, &how, live);
    snapshot.warnings.next_row().push_str("trouble");
    let mut reading = Vec::new();
    let carried = carried.map(Duration::from_nanos);
    raw::put_reading(&mut reading, carried, &snapshot, &kept.bytes);
    (reading, snapshot)
}

fn replay() -> LibvirtReplay {
    LibvirtReplay::new(&raw::host_metadata(Capabilities::from_bits(3))).unwrap()
}

const PARAMS: &[Param<'static>] = &[
    Param {
        name: "balloon.rss",
        kind: VIR_TYPED_PARAM_ULLONG.cast_signed(),
        bits: 5,
        text: None,
    },
    Param {
        name: "block.count",
        kind: VIR_TYPED_PARAM_ULLONG.cast_signed(),
        bits: 1,
        text: None,
    },
    Param {
        name: "block.0.path",
        kind: VIR_TYPED_PARAM_STRING.cast_signed(),
        bits: 0,
        text: Some(b"/disk\xff"),
    },
    // A type of a libvirt to come.
    Param {
        name: "block.0.rd.bytes",
        kind: 99,
        bits: u64::MAX,
        text: None,
    },
];

fn whole(_: usize) -> Live<'static> {
    Live {
        params: PARAMS,
        info: Ok(DomainInfo {
            state: 1,
            max_mem_kib: 8,
            mem_kib: 4,
            vcpus: 2,
            cpu_time_ns: 77,
        }),
    }
}

#[test]
fn a_reading_comes_back_as_it_was() {
    let (reading, live) = recorded(whole, None);
    let mut snapshot = Snapshot::default();
    let mut replay = replay();
    for _ in 0..2 {
        replay.sample(&reading, &mut snapshot).unwrap();
        assert_eq!(format!("{:?}", snapshot.host), format!("{:?}", live.host));
        assert_eq!(*snapshot.warnings, *live.warnings);
        let ([row], [told]) = (&snapshot.domains[..], &live.domains[..]) else {
            panic!("one domain was recorded");
        };
        assert_eq!(row.identity, told.identity);
        assert_eq!(row.name.as_deref(), Some("w\\xffeb"));
        assert_eq!(row.cpu_time_ns, Some(77));
        assert_eq!(row.memory.rss_bytes, Some(5 << 10));
        assert_eq!(*row.disks.rows, *told.disks.rows);
        assert_eq!(row.disks.rows[0].path, "/disk\\xff");
        assert_eq!(row.disks.rows[0].rd_bytes, None);
        assert_eq!(row.error, None);
    }
}

#[test]
fn a_guest_that_was_left_out_is_carried_over_by_the_time_that_passed() {
    let mut replay = replay();
    let mut snapshot = Snapshot::default();
    replay
        .sample(&recorded(whole, None).0, &mut snapshot)
        .unwrap();
    let stuck = |_| Live {
        params: &[],
        info: Err((38, 11)),
    };
    let (reading, live) = recorded(stuck, Some(1_000));
    replay.sample(&reading, &mut snapshot).unwrap();
    let row = &snapshot.domains[0];
    assert_eq!((row.stale_ns, row.cpu_time_ns), (1_000, Some(77)));
    assert_eq!(row.error, live.domains[0].error);
    assert_eq!(row.state, State::Running);
}

#[test]
fn what_is_cut_short_is_no_reading() {
    let (reading, _) = recorded(whole, Some(3));
    for cut in 0..reading.len() {
        let sampled = replay().sample(&reading[..cut], &mut Snapshot::default());
        assert_eq!(sampled, None, "{cut}");
    }
    assert!(LibvirtReplay::new(b"").is_err());
}

#[test]
fn a_value_is_of_its_type() {
    use crate::ffi::params::Value;
    use crate::ffi::{VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG};

    let of = |kind: u32, bits| {
        let kind = kind.cast_signed();
        Param {
            kind,
            ..number("", bits)
        }
        .value()
    };
    assert_eq!(
        of(VIR_TYPED_PARAM_ULLONG, u64::MAX),
        Value::Number(u64::MAX)
    );
    for signed in [VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG] {
        assert_eq!(of(signed, 5), Value::Number(5));
        assert_eq!(of(signed, u64::MAX), Value::Other);
    }
    assert_eq!(of(VIR_TYPED_PARAM_BOOLEAN, 1), Value::Truth(true));
    assert_eq!(of(VIR_TYPED_PARAM_STRING, 1), Value::Other);
    assert_eq!(of(99, 5), Value::Other);
}
