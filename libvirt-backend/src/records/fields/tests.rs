use super::*;
use Value::{Bool, Number, Other, Text};
use virtmon_model::{Disk, Nic, State, Vcpu, VcpuState};

fn filled(fields: &[(&str, Value<'_>)]) -> Domain {
    let mut domain = Domain::default();
    let selection = FieldSelection {
        vcpus: true,
        stats: true,
        nova: false,
    };
    FieldDecoder::new(selection).decode(&mut domain, fields.iter().copied());
    domain
}

fn texts<'a>(fields: &'a [(String, Value<'a>)]) -> Vec<(&'a str, Value<'a>)> {
    fields
        .iter()
        .map(|(name, value)| (&**name, *value))
        .collect()
}

#[test]
fn each_field_of_the_domain_has_its_place() {
    let domain = filled(&[
        ("state.state", Number(3)),
        ("state.reason", Number(1)),
        ("cpu.time", Number(11)),
        ("cpu.user", Number(12)),
        ("cpu.system", Number(13)),
        ("balloon.current", Number(14)),
        ("balloon.maximum", Number(15)),
        ("balloon.rss", Number(16)),
        ("balloon.available", Number(17)),
        ("balloon.unused", Number(18)),
        ("balloon.usable", Number(19)),
        ("balloon.disk_caches", Number(20)),
        ("balloon.swap_in", Number(21)),
        ("balloon.swap_out", Number(22)),
        ("balloon.major_fault", Number(23)),
        ("balloon.minor_fault", Number(24)),
        ("balloon.last-update", Number(25)),
        ("balloon.hugetlb_pgalloc", Number(99)),
        ("vcpu.current", Number(2)),
        ("vcpu.maximum", Number(4)),
    ]);
    assert_eq!((domain.state, domain.reason), (State::Paused, Some("user")));
    assert_eq!(domain.cpu_time_ns, Some(11));
    assert_eq!(domain.cpu_user_ns, Some(12));
    assert_eq!(domain.cpu_system_ns, Some(13));
    assert_eq!(domain.mem_bytes, Some(14 * 1024));
    assert_eq!(domain.mem_max_bytes, Some(15 * 1024));
    assert_eq!(
        domain.memory,
        Memory {
            rss_bytes: Some(16 * 1024),
            guest_total_bytes: Some(17 * 1024),
            guest_unused_bytes: Some(18 * 1024),
            guest_usable_bytes: Some(19 * 1024),
            guest_caches_bytes: Some(20 * 1024),
            swap_in_bytes: Some(21 * 1024),
            swap_out_bytes: Some(22 * 1024),
            major_faults: Some(23),
            minor_faults: Some(24),
            guest_reported_s: Some(25),
            ..Memory::default()
        }
    );
    assert_eq!(domain.vcpus_online, Some(2));
    assert!(!domain.vcpus.complete);
    let others: Vec<&str> = domain.stats.iter().map(|stat| &*stat.name).collect();
    assert_eq!(others, ["balloon.hugetlb_pgalloc", "vcpu.maximum"]);
}

#[test]
fn a_value_without_a_column_keeps_its_name() {
    let domain = filled(&[
        ("perf.instructions", Number(1)),
        ("dirtyrate.calc_mode", Text(b"page-\xffsampling")),
        ("iothread.1.poll-max-ns", Number(2)),
        ("vcpu.0.time", Number(3)),
        ("vcpu.0.halt_exits.sum", Number(4)),
        ("block.0.backingIndex", Number(5)),
        ("net.x.name", Text(b"eth0")),
        ("vm.some", Bool(true)),
        ("dirtyrate.megabytes_per_second", Other),
    ]);
    let stats: Vec<_> = domain
        .stats
        .iter()
        .map(|stat| (&*stat.name, stat.number, stat.text.as_deref()))
        .collect();
    assert_eq!(
        stats,
        [
            ("perf.instructions", Some(1), None),
            ("dirtyrate.calc_mode", None, Some("page-\\xffsampling")),
            ("iothread.1.poll-max-ns", Some(2), None),
            ("vcpu.0.halt_exits.sum", Some(4), None),
            ("block.0.backingIndex", Some(5), None),
            ("net.x.name", None, Some("eth0")),
            ("vm.some", Some(1), None),
            ("dirtyrate.megabytes_per_second", None, None),
        ]
    );
}

#[test]
fn each_field_of_a_device_has_its_place() {
    let domain = filled(&[
        ("net.count", Number(1)),
        ("net.0.name", Text(b"vnet0")),
        ("net.0.rx.bytes", Number(1)),
        ("net.0.rx.pkts", Number(2)),
        ("net.0.rx.errs", Number(3)),
        ("net.0.rx.drop", Number(4)),
        ("net.0.tx.bytes", Number(5)),
        ("net.0.tx.pkts", Number(6)),
        ("net.0.tx.errs", Number(7)),
        ("net.0.tx.drop", Number(8)),
        ("block.count", Number(1)),
        ("block.0.name", Text(b"vda")),
        ("block.0.path", Text(b"/disk")),
        ("block.0.backingIndex", Number(99)),
        ("block.0.rd.reqs", Number(11)),
        ("block.0.rd.bytes", Number(12)),
        ("block.0.rd.times", Number(13)),
        ("block.0.wr.reqs", Number(14)),
        ("block.0.wr.bytes", Number(15)),
        ("block.0.wr.times", Number(16)),
        ("block.0.fl.reqs", Number(17)),
        ("block.0.fl.times", Number(18)),
        ("block.0.allocation", Number(19)),
        ("block.0.capacity", Number(20)),
        ("block.0.physical", Number(21)),
    ]);
    assert_eq!(
        domain.nics.rows[0],
        Nic {
            name: "vnet0".into(),
            rx_bytes: Some(1),
            rx_packets: Some(2),
            rx_errors: Some(3),
            rx_drops: Some(4),
            tx_bytes: Some(5),
            tx_packets: Some(6),
            tx_errors: Some(7),
            tx_drops: Some(8),
        }
    );
    assert_eq!(
        domain.disks.rows[0],
        Disk {
            name: "vda".into(),
            path: "/disk".into(),
            rd_requests: Some(11),
            rd_bytes: Some(12),
            rd_time_ns: Some(13),
            wr_requests: Some(14),
            wr_bytes: Some(15),
            wr_time_ns: Some(16),
            fl_requests: Some(17),
            fl_time_ns: Some(18),
            allocation_bytes: Some(19),
            capacity_bytes: Some(20),
            physical_bytes: Some(21),
            ds_requests: None,
            queue_full: None,
        }
    );
    assert!(domain.nics.complete && domain.disks.complete);
}

#[test]
fn vcpus_are_read_if_they_are_selected() {
    let fields = [
        ("vcpu.current", Number(2)),
        ("vcpu.0.state", Number(1)),
        ("vcpu.0.time", Number(7)),
        ("vcpu.0.wait", Number(8)),
        ("vcpu.0.delay", Number(9)),
        ("vcpu.0.halted", Bool(false)),
        ("vcpu.0.exits.sum", Number(99)),
        // Number 1 is unplugged.
        ("vcpu.2.state", Number(2)),
        ("vcpu.2.halted", Bool(true)),
    ];
    let vcpus = filled(&fields).vcpus;
    assert!(vcpus.complete);
    let expected = [
        Vcpu {
            id: 0,
            state: VcpuState::Running,
            cpu_time_ns: Some(7),
            wait_ns: Some(8),
            delay_ns: Some(9),
            halted: Some(false),
            pcpu: None,
        },
        Vcpu {
            id: 2,
            state: VcpuState::Blocked,
            halted: Some(true),
            ..Vcpu::default()
        },
    ];
    assert_eq!(*vcpus.rows, expected);

    let mut domain = Domain::default();
    FieldDecoder::default().decode(&mut domain, fields);
    assert_eq!(domain.vcpus_online, Some(2));
    assert!(domain.vcpus.rows.is_empty() && !domain.vcpus.complete);
}

#[test]
fn a_guest_that_never_reported_has_no_report_time() {
    let domain = filled(&[("balloon.last-update", Number(0))]);
    assert_eq!(domain.memory, Memory::default());
}

#[test]
fn groups_that_are_missing_are_unknown() {
    let domain = filled(&[("state.state", Number(1))]);
    assert_eq!(domain.state, State::Running);
    assert_eq!(domain.cpu_time_ns, None);
    assert_eq!(domain.vcpus_online, None);
    assert_eq!((domain.mem_bytes, domain.mem_max_bytes), (None, None));
    assert_eq!(domain.nics.sum(|nic| nic.rx_bytes), None);
    assert_eq!(domain.disks.sum(|disk| disk.rd_bytes), None);
}

#[test]
fn zero_devices_is_a_known_number() {
    let domain = filled(&[("net.count", Number(0)), ("block.count", Number(0))]);
    assert_eq!(domain.nics.sum(|nic| nic.rx_bytes), Some(0));
    assert_eq!(domain.disks.sum(|disk| disk.wr_bytes), Some(0));
}

#[test]
fn values_of_another_type_are_unknown() {
    let domain = filled(&[
        ("state.state", Other),
        ("cpu.time", Other),
        ("vcpu.current", Number(1 << 40)),
        ("balloon.current", Number(u64::MAX)),
        ("balloon.maximum", Text(b"much")),
        ("net.count", Other),
        ("net.0.name", Number(0)),
        ("net.0.rx.bytes", Text(b"7")),
    ]);
    assert_eq!(domain.state, State::Unknown);
    assert_eq!(domain.cpu_time_ns, None);
    assert_eq!(domain.vcpus_online, None);
    assert_eq!((domain.mem_bytes, domain.mem_max_bytes), (None, None));
    assert_eq!(domain.nics.rows[0].name, "");
    assert_eq!(domain.nics.rows[0].rx_bytes, None);
    assert!(!domain.nics.complete);
}

/// 12 vCPUs, 12 disks and 3 NICs, and fields of every other kind beside them.
#[test]
fn more_than_ten_devices_stay_apart() {
    let mut fields: Vec<(String, Value<'_>)> = vec![
        ("vcpu.current".into(), Number(12)),
        ("block.count".into(), Number(12)),
        ("net.count".into(), Number(3)),
        ("perf.cmt".into(), Number(1)),
        ("nonsense".into(), Other),
        ("".into(), Number(9)),
        ("net.".into(), Number(9)),
        ("net.x.name".into(), Text(b"x")),
        ("block.99999999999.name".into(), Text(b"far")),
    ];
    for vcpu in 0..12 {
        fields.push((format!("vcpu.{vcpu}.time"), Number(vcpu)));
    }
    let names: Vec<String> = (0..12u8)
        .map(|n| format!("vd{}", char::from(b'a' + n)))
        .collect();
    for (n, name) in (0..).zip(&names) {
        fields.push((format!("block.{n}.name"), Text(name.as_bytes())));
        fields.push((format!("block.{n}.rd.bytes"), Number(100 + n)));
        fields.push((format!("block.{n}.wr.bytes"), Number(1 << n)));
    }
    for n in 0..3 {
        fields.push((format!("net.{n}.rx.bytes"), Number(1000 + n)));
        fields.push((format!("net.{n}.tx.bytes"), Number(2000 + n)));
    }
    let domain = filled(&texts(&fields));
    assert_eq!(domain.vcpus_online, Some(12));
    let disks: Vec<_> = domain
        .disks
        .rows
        .iter()
        .map(|d| (&*d.name, d.rd_bytes))
        .collect();
    let expected: Vec<_> = (100..)
        .map(Some)
        .zip(&names)
        .map(|(rd, name)| (&**name, rd))
        .collect();
    assert_eq!(disks, expected);
    assert_eq!(domain.disks.sum(|disk| disk.wr_bytes), Some(0xfff));
    assert_eq!(domain.nics.sum(|nic| nic.tx_bytes), Some(6003));
}

#[test]
fn devices_are_in_order_of_their_numbers() {
    let domain = filled(&[
        ("block.11.name", Text(b"l")),
        ("block.2.name", Text(b"c")),
        ("block.11.rd.bytes", Number(11)),
        ("block.2.rd.bytes", Number(2)),
        ("block.0.name", Text(b"a")),
        ("block.count", Number(3)),
    ]);
    let disks: Vec<_> = domain
        .disks
        .rows
        .iter()
        .map(|d| (&*d.name, d.rd_bytes))
        .collect();
    assert_eq!(disks, [("a", None), ("c", Some(2)), ("l", Some(11))]);
    assert!(domain.disks.complete);
}

#[test]
fn a_drive_without_a_medium_has_counters() {
    let domain = filled(&[
        ("block.count", Number(1)),
        ("block.0.name", Text(b"hdc")),
        ("block.0.rd.bytes", Number(0)),
        ("block.0.wr.bytes", Number(0)),
    ]);
    assert_eq!(domain.disks.sum(|disk| disk.rd_bytes), Some(0));
}

#[test]
fn a_nic_without_an_interface_on_the_host_leaves_the_sum_unknown() {
    let domain = filled(&[
        ("net.count", Number(2)),
        ("net.1.name", Text(b"vnet7")),
        ("net.1.rx.bytes", Number(5)),
        ("net.1.tx.bytes", Number(6)),
    ]);
    assert_eq!(domain.nics.rows.len(), 1);
    assert_eq!(domain.nics.rows[0].name, "vnet7");
    assert!(!domain.nics.complete);
    assert_eq!(domain.nics.sum(|nic| nic.rx_bytes), None);
}

#[test]
fn a_reused_row_keeps_no_values() {
    let mut fields = FieldDecoder::default();
    let mut domain = Domain::default();
    let full = [
        ("net.count", Number(1)),
        ("net.0.name", Text(b"a\xff")),
        ("net.0.rx.bytes", Number(1)),
    ];
    fields.decode(&mut domain, full);
    assert_eq!(domain.nics.rows[0].name, "a\\xff");
    domain.clear();
    fields.decode(&mut domain, [("net.0.tx.bytes", Number(2))]);
    let nic = &domain.nics.rows[0];
    assert_eq!(
        (&*nic.name, nic.rx_bytes, nic.tx_bytes),
        ("", None, Some(2))
    );
    assert!(!domain.nics.complete);
}
