use virtmon_model::{State, Uuid};

use super::*;
use crate::ffi::bindings::{
    VIR_TYPED_PARAM_BOOLEAN, VIR_TYPED_PARAM_INT, VIR_TYPED_PARAM_LLONG, VIR_TYPED_PARAM_STRING,
    VIR_TYPED_PARAM_ULLONG,
};
use crate::ffi::domain::{Domain, DomainInfo};
use crate::ffi::error::LibvirtError;
use crate::ffi::params::{Param, Value};
use crate::recording::encode;
use crate::records::record::DomainRecord;

/// A record that libvirt may return.
struct TestRecord<'a> {
    params: &'a [Param<'a>],
    info: Result<DomainInfo, (i32, i32)>,
}

impl<'a> DomainRecord<'a> for TestRecord<'a> {
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

    fn info(&self) -> std::result::Result<DomainInfo, LibvirtError> {
        let refused = |&(code, errno): &(i32, i32)| LibvirtError::new(code, errno, "no such luck");
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

/// The bytes of one live sample, and its snapshot.
fn recorded(
    record: impl Fn(usize) -> TestRecord<'static>,
    elapsed: Option<u64>,
) -> (Vec<u8>, Snapshot) {
    let mut snapshot = Snapshot::default();
    snapshot.host.hypervisor = "QEMU 7.2.19".into();
    snapshot.host.mem_free_bytes = Some(4096);
    let mut raw = RawSample::default();
    raw.begin_sample(&snapshot.host);
    let mut buffers = Buffers::new(FieldSelection::default());
    let context = DecodeContext {
        scope: Scope::Guests(!0),
        omitted: Some(Omitted::NoAnswer),
        queries_vcpus: false,
    };
    decode(
        &mut buffers,
        &mut snapshot,
        Some(&mut raw),
        1,
        &context,
        record,
    );
    snapshot.warnings.next_row().push_str("a warning");
    let mut sample = Vec::new();
    let elapsed = elapsed.map(Duration::from_nanos);
    encode::put_sample(&mut sample, elapsed, &snapshot, &raw.bytes);
    (sample, snapshot)
}

#[test]
fn the_idle_time_of_the_host_follows_the_records() {
    let (mut sample, mut live) = recorded(complete, None);
    let mut snapshot = Snapshot::default();
    let mut replay = replay();
    let end = sample.len();
    let head = {
        let mut head = Vec::new();
        encode::put_sample(&mut head, None, &live, &[]);
        head.len()
    };
    let records = sample.split_off(head);
    live.host.idle_ns = Some(300);
    sample.clear();
    encode::put_sample(&mut sample, None, &live, &records);
    replay.sample(&sample, &mut snapshot).unwrap();
    assert_eq!(snapshot.host.idle_ns, Some(300));
    assert_eq!(snapshot.domains.len(), 1);
    replay.sample(&sample[..end], &mut snapshot).unwrap();
    assert_eq!(snapshot.host.idle_ns, None);
    for cut in end + 1..sample.len() {
        assert_eq!(replay.sample(&sample[..cut], &mut snapshot), None);
    }
}

fn replay() -> LibvirtReplay {
    LibvirtReplay::new(&encode::host_metadata(Capabilities::from_bits(3))).unwrap()
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
    // A type that a later libvirt may add.
    Param {
        name: "block.0.rd.bytes",
        kind: 99,
        bits: u64::MAX,
        text: None,
    },
];

fn complete(_: usize) -> TestRecord<'static> {
    TestRecord {
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
fn a_sample_is_replayed_as_it_was() {
    let (sample, live) = recorded(complete, None);
    let mut snapshot = Snapshot::default();
    let mut replay = replay();
    for _ in 0..2 {
        replay.sample(&sample, &mut snapshot).unwrap();
        assert_eq!(format!("{:?}", snapshot.host), format!("{:?}", live.host));
        assert_eq!(*snapshot.warnings, *live.warnings);
        let ([row], [expected]) = (&snapshot.domains[..], &live.domains[..]) else {
            panic!("one domain was recorded");
        };
        assert_eq!(row.identity, expected.identity);
        assert_eq!(row.name.as_deref(), Some("w\\xffeb"));
        assert_eq!(row.cpu_time_ns, Some(77));
        assert_eq!(row.memory.rss_bytes, Some(5 << 10));
        assert_eq!(*row.disks.rows, *expected.disks.rows);
        assert_eq!(row.disks.rows[0].path, "/disk\\xff");
        assert_eq!(row.disks.rows[0].rd_bytes, None);
        assert_eq!(row.error, None);
    }
}

#[test]
fn an_incomplete_guest_has_its_previous_values_and_ages() {
    let mut replay = replay();
    let mut snapshot = Snapshot::default();
    replay
        .sample(&recorded(complete, None).0, &mut snapshot)
        .unwrap();
    let blocked = |_| TestRecord {
        params: &[],
        info: Err((38, 11)),
    };
    let (sample, live) = recorded(blocked, Some(1_000));
    replay.sample(&sample, &mut snapshot).unwrap();
    let row = &snapshot.domains[0];
    assert_eq!((row.stale_ns, row.cpu_time_ns), (1_000, Some(77)));
    assert_eq!(row.error, live.domains[0].error);
    assert_eq!(row.state, State::Running);
}

#[test]
fn a_truncated_sample_is_rejected() {
    let (sample, _) = recorded(complete, Some(3));
    for cut in 0..sample.len() {
        let sampled = replay().sample(&sample[..cut], &mut Snapshot::default());
        assert_eq!(sampled, None, "{cut}");
    }
    assert!(LibvirtReplay::new(b"").is_err());
}

#[test]
fn a_value_has_its_type() {
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
    assert_eq!(of(VIR_TYPED_PARAM_BOOLEAN, 1), Value::Bool(true));
    assert_eq!(of(VIR_TYPED_PARAM_STRING, 1), Value::Other);
    assert_eq!(of(99, 5), Value::Other);
}
