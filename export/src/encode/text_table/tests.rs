use std::time::SystemTime;

use virtmon_model::{Identity, Snapshot, State};

use super::*;
use virtmon_analysis::frame::Tick;

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    let host = &mut snapshot.host;
    host.hypervisor.push_str("Xen 4.17.5");
    host.pcpus = Some(2);
    host.mem_bytes = Some(4 << 30);
    host.mem_free_bytes = Some(2_254_857_830);
    let rows = [
        (0, Some("Domain-0"), State::Running, Some(1536 << 20), None),
        (
            12,
            Some("a name of more than twelve\n"),
            State::Blocked,
            Some(96 << 20),
            Some(1000),
        ),
        (13, None, State::Unknown, None, None),
    ];
    for (id, name, state, mem_bytes, mem_max_bytes) in rows {
        *snapshot.domains.next_row() = Domain {
            identity: Identity {
                id,
                ..Identity::default()
            },
            name: name.map(Into::into),
            state,
            cpu_time_ns: mem_bytes.map(|_| 12_990_000_000),
            vcpus_online: mem_bytes.map(|_| 1),
            mem_bytes,
            mem_max_bytes,
            ..Domain::default()
        };
    }
    snapshot
}

fn show(table: &mut TextTable, mono_ns: u64, missed: u64) -> String {
    let snapshot = snapshot();
    let busy = DomainRates {
        cpu_pct: Some(99.96),
        net_rx: Some(2048.0),
        ..DomainRates::default()
    };
    let reset = DomainRates {
        reset: true,
        ..DomainRates::default()
    };
    let rates = &[busy, reset, DomainRates::default()];
    let frame = Frame::new(
        Tick {
            number: 0,
            mono_ns,
            wall: SystemTime::UNIX_EPOCH,
            late_ns: 0,
            sample_ns: 81_900,
            missed,
        },
        &snapshot,
        rates,
    );
    let mut out = Vec::new();
    table.encode(&frame, &mut out);
    String::from_utf8(out).unwrap()
}

const NEITHER: Capabilities = Capabilities {
    nics: false,
    disks: false,
    vcpus: false,
};

#[test]
fn plain_lines_without_a_terminal() {
    let mut table = TextTable::new(NEITHER, false);
    assert_eq!(
        show(&mut table, 0, 0),
        "\
1970-01-01T00:00:00.000Z  Xen 4.17.5, 2 pCPUs, 4.0G memory, 2.0G free, 3 domains, read in 81.9 us
   ID NAME                         STATE       CPU%    TIME(s) VCPUS      MEM      MAX
    0 Domain-0                     running    100.0       12.9     1     1.5G        -
   12 a name of more than twelve\\n blocked        -       12.9     1    96.0M     1000  reset
   13 -                            unknown        -          -     -        -        -
"
    );
    assert!(show(&mut table, 1, 1).starts_with('\n'));
    assert!(show(&mut table, 2, 3).contains(", 3 ticks missed\n"));
}

/// Neither a name nor a hypervisor can move the table, hide a part of it or make its rows longer.
#[test]
fn foreign_text_is_shown_without_effect() {
    let mut snapshot = snapshot();
    snapshot.host.hypervisor = "Xen\u{1b}]0;title\u{7}".into();
    let names = ["rtl\u{202e}", "世界", &"x".repeat(4_000)];
    for (domain, name) in snapshot.domains.iter_mut().zip(names) {
        domain.name = Some(name.into());
    }
    let tick = Tick {
        number: 0,
        mono_ns: 0,
        wall: SystemTime::UNIX_EPOCH,
        late_ns: 0,
        sample_ns: 0,
        missed: 0,
    };
    let mut out = Vec::new();
    let rates = vec![DomainRates::default(); 3];
    TextTable::new(NEITHER, false).encode(&Frame::new(tick, &snapshot, &rates), &mut out);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].contains(r"  Xen\u{1b}]0;title\u{7}, 2 pCPUs"),
        "{text}"
    );
    assert!(lines[2].starts_with(&format!(r"    0 rtl\u{{202e}}{:53} running ", "")));
    assert!(lines[3].starts_with(&format!("   12 世界{:60} blocked ", "")));
    assert!(lines[4].starts_with(&format!("   13 {}… unknown ", "x".repeat(63))));
}

#[test]
fn a_backend_that_reports_devices_has_their_columns() {
    let both = Capabilities {
        nics: true,
        disks: true,
        vcpus: false,
    };
    let text = show(&mut TextTable::new(both, true), 0, 0);
    let mut lines = text.lines().skip(1);
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("RX/s     TX/s     RD/s     WR/s\x1b[0m")
    );
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with("     2.0K        -        -        -")
    );
}

#[test]
fn a_table_beside_a_file_omits_ticks_that_are_too_frequent() {
    let mut table = TextTable::new(NEITHER, false).at_most_every(1_000);
    assert_ne!(show(&mut table, 500, 0), "");
    assert_eq!(show(&mut table, 1_499, 0), "");
    assert_ne!(show(&mut table, 1_500, 0), "");
}

#[test]
fn bytes_and_times_have_a_suitable_unit() {
    let bytes = [
        (0, "0"),
        (1023, "1023"),
        (1024, "1.0K"),
        (1_048_575, "1023.9K"),
        (96 << 20, "96.0M"),
        (u64::MAX, "15.9E"),
    ];
    for (value, text) in bytes {
        assert_eq!(Bytes(value).to_string(), text);
    }
    for (ns, text) in [
        (999, "0.9 us"),
        (1_500_000, "1.5 ms"),
        (61_000_000_000, "61.0 s"),
    ] {
        assert_eq!(Duration(ns).to_string(), text);
    }
}
