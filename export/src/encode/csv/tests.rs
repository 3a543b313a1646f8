use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use virtmon_model::{Domain, Identity, Snapshot, State, Uuid};

use super::*;
use crate::encode::cells::decimal;
use crate::tables::domain::DomainTable;
use virtmon_analysis::frame::Tick;
use virtmon_analysis::rates::DomainRates;

fn tick() -> Tick {
    Tick {
        number: 7,
        mono_ns: 123_456_789_012,
        wall: SystemTime::UNIX_EPOCH + Duration::new(1_795_401_766, 123_456_789),
        late_ns: 52_000,
        sample_ns: 81_000,
        missed: 2,
    }
}

fn full() -> Domain {
    let mut domain = Domain {
        identity: Identity {
            id: 3,
            uuid: Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            incarnation: None,
        },
        name: Some("web".into()),
        state: State::Blocked,
        cpu_time_ns: Some(4_500_000_000),
        vcpus_online: Some(2),
        mem_bytes: Some(100_663_296),
        mem_max_bytes: Some(104_857_600),
        ..Domain::default()
    };
    let nic = domain.nics.rows.next_row();
    (nic.rx_bytes, nic.tx_bytes) = (Some(11), Some(12));
    domain.nics.complete = true;
    let disk = domain.disks.rows.next_row();
    (disk.rd_bytes, disk.wr_bytes) = (Some(13), Some(14));
    domain.disks.complete = true;
    domain
}

fn encode(
    encoder: &mut CsvEncoder<DomainTable>,
    domains: &[Domain],
    rates: &[DomainRates],
) -> String {
    let mut snapshot = Snapshot::default();
    for domain in domains {
        snapshot.domains.next_row().clone_from(domain);
    }
    let frame = Frame::new(tick(), &snapshot, rates);
    let mut out = Vec::new();
    encoder.encode(&frame, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_columns_that_every_release_keeps() {
    let csv = encode(&mut CsvEncoder::<DomainTable>::default(), &[], &[]);
    assert_eq!(
        csv,
        "schema,tick,time,mono_ns,late_ns,sample_ns,missed,id,uuid,name,state,cpu_time_ns,cpu_pct,\
         vcpus_online,mem_bytes,mem_max_bytes,net_rx_bytes,net_tx_bytes,disk_rd_bytes,\
         disk_wr_bytes,reset,stale,cpu_user_ns,cpu_system_ns,mem_target_bytes,mem_shared_bytes,\
         mem_paged_bytes,mem_outstanding_bytes,mem_rss_bytes,guest_total_bytes,guest_unused_bytes,\
         guest_usable_bytes,guest_caches_bytes,swap_in_bytes,swap_out_bytes,major_faults,\
         minor_faults,guest_report_age_ns,cpupool,role,target_id,error,state_reason,tick_end\n"
    );
}

/// A spreadsheet reads no cell as a formula, whatever the cell held a tick before.
#[test]
fn safe_text_is_no_formula() {
    let encoder = |safe| {
        CsvEncoder::<DomainTable>::default()
            .safe(safe)
            .without_header(true)
    };
    let mut encoders = [encoder(false), encoder(true)];
    for name in [
        "=1+1", "web", "=1+1", "+1", "-1", "@SUM(1)", "\tx", "\r=1", "=a,\"b\"", "=a,\"b\"", "'x",
        "a=1", "＝1",
    ] {
        let domain = Domain {
            name: Some(name.into()),
            ..full()
        };
        for (encoder, is_safe) in encoders.iter_mut().zip([false, true]) {
            let csv = encode(
                encoder,
                std::slice::from_ref(&domain),
                &[DomainRates::default()],
            );
            let mut reader = csv::ReaderBuilder::new();
            let reader = reader.has_headers(false).from_reader(csv.as_bytes());
            let row = reader.into_records().next().unwrap().unwrap();
            let guarded = is_safe && name.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']);
            let expected = format!("{}{name}", if guarded { "'" } else { "" });
            assert_eq!(&row[9], expected);
            assert_eq!(&row[11], "4500000000");
        }
    }
}

#[test]
fn a_full_row_and_an_unknown_one() {
    let mut encoder = CsvEncoder::<DomainTable>::default();
    encode(&mut encoder, &[], &[]);
    let busy = DomainRates {
        cpu_pct: Some(199.99951),
        ..DomainRates::default()
    };
    let unknown = Domain::default();
    let csv = encode(
        &mut encoder,
        &[full(), unknown],
        &[busy, DomainRates::default()],
    );
    assert_eq!(
        csv,
        "1,7,2026-11-23T02:42:46.123456789Z,123456789012,52000,81000,2,\
         3,01234567-89ab-cdef-0123-456789abcdef,web,blocked,4500000000,200.000,2,100663296,\
         104857600,11,12,13,14,0,0,,,,,,,,,,,,,,,,,,,,,,\n\
         1,7,2026-11-23T02:42:46.123456789Z,123456789012,52000,81000,2,\
         0,00000000-0000-0000-0000-000000000000,,unknown,,,,,,,,,,0,0,,,,,,,,,,,,,,,,,,,,,,1\n"
    );
}

#[test]
fn the_last_row_of_each_tick_has_tick_end() {
    let mut encoder = CsvEncoder::<DomainTable>::of(&["tick", "id", "tick_end"].map(str::to_owned));
    let guests = [full(), Domain::default()];
    let two = encode(
        &mut encoder,
        &guests,
        &[DomainRates::default(), DomainRates::default()],
    );
    assert_eq!(two, "tick,id,tick_end\n7,3,\n7,0,1\n");
    assert_eq!(encode(&mut encoder, &[], &[]), "");
    let one = encode(&mut encoder, &guests[..1], &[DomainRates::default()]);
    assert_eq!(one, "7,3,1\n");
    let mut encoder = CsvEncoder::<DomainTable>::of(&["tick", "id"].map(str::to_owned));
    let two = encode(
        &mut encoder,
        &guests,
        &[DomainRates::default(), DomainRates::default()],
    );
    assert_eq!(two, "tick,id\n7,3\n7,0\n");
}

#[test]
fn any_name_can_be_read_back() {
    let names = [
        "plain",
        "with space",
        "comma, and \"quotes\"",
        "two\nlines\r",
        "\"",
        "=1+1",
        "gr\u{fc}n",
    ];
    let domains: Vec<Domain> = names
        .iter()
        .map(|&name| Domain {
            name: Some(name.into()),
            ..Domain::default()
        })
        .collect();
    let text = encode(
        &mut CsvEncoder::<DomainTable>::default(),
        &domains,
        &vec![DomainRates::default(); names.len()],
    );
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let read: Vec<String> = reader
        .records()
        .map(|record| record.unwrap()[9].to_owned())
        .collect();
    assert_eq!(read, names);
}

/// A domain of few values, so that two often have some in common.
fn any_domain() -> impl Strategy<Value = (Domain, DomainRates)> {
    let name = prop_oneof!["[a,\"]{0,2}", Just("web".to_owned())];
    let number = || prop_oneof![Just(None), Just(Some(0)), Just(Some(9)), Just(Some(10))];
    let uuid = 0..2u128;
    let values = (option::of(name), uuid, number(), number(), 0..2u64);
    values.prop_map(|(name, uuid, number, other, stale_ns)| {
        let domain = Domain {
            identity: Identity {
                uuid: Uuid::from_u128(uuid),
                ..Identity::default()
            },
            name: name.map(Into::into),
            cpu_time_ns: number,
            cpupool: other.and_then(|n| u32::try_from(n).ok()),
            stale_ns,
            ..Domain::default()
        };
        let cpu_pct = other.map(|n| f64::from(u32::try_from(n).unwrap_or_default()) / 9.0);
        let rates = DomainRates {
            cpu_pct,
            ..DomainRates::default()
        };
        (domain, rates)
    })
}

proptest! {
    #[test]
    fn a_cached_row_has_the_bytes_of_a_new_one(
        ticks in vec(vec(any_domain(), 0..4), 1..6),
        few in any::<bool>(),
    ) {
        let names: Vec<String> = if few {
            ["name", "cpu_pct", "stale"].map(Into::into).to_vec()
        } else {
            Vec::new()
        };
        let encoder = || CsvEncoder::<DomainTable>::of(&names).without_header(true);
        let mut kept = encoder();
        for tick in ticks {
            let (domains, rates): (Vec<_>, Vec<_>) = tick.into_iter().unzip();
            prop_assert_eq!(encode(&mut kept, &domains, &rates), encode(&mut encoder(), &domains, &rates));
        }
    }
}

#[test]
fn decimals_are_rounded_to_three_places() {
    for (number, text) in [
        (0.0, "0.000"),
        (0.000_4, "0.000"),
        (0.000_6, "0.001"),
        (99.999_6, "100.000"),
        (1_234.567, "1234.567"),
    ] {
        assert_eq!(decimal(number, &mut [0; 32]), text.as_bytes());
        let minus = if text == "0.000" { "" } else { "-" };
        assert_eq!(
            decimal(-number, &mut [0; 32]),
            format!("{minus}{text}").as_bytes()
        );
    }
}
