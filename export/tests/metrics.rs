//! The metrics of a frame, in both forms, by a strict reader.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers")]

mod exposition;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use exposition::{Family, parse, values};
use proptest::prelude::*;
use virtmon_analysis::distribution::Distribution;
use virtmon_analysis::event::{Event, EventKind};
use virtmon_analysis::frame::{Frame, Tick};
use virtmon_analysis::host_rates::HostRates;
use virtmon_analysis::rates::DomainRates;
use virtmon_analysis::self_stats::SelfStats;
use virtmon_analysis::subsamples::Distributions;
use virtmon_analysis::tally;
use virtmon_analysis::totals::Totals;
use virtmon_analysis::vcpu_rates::VcpuRates;
use virtmon_export::encode::Encoder;
use virtmon_export::encode::openmetrics::format::Format;
use virtmon_export::encode::openmetrics::libvirt::LibvirtEncoder;
use virtmon_export::registry::table_info::TableInfo;
use virtmon_export::registry::{self, metrics};
use virtmon_model::{Domain, Instance, Role, Snapshot, Stat, State, Uuid, VcpuState};

const SECOND: u64 = 1_000_000_000;

fn tick(number: u64) -> Tick {
    Tick {
        number,
        mono_ns: number * SECOND,
        wall: UNIX_EPOCH + Duration::from_millis(1_500),
        late_ns: 20_000,
        sample_ns: 300_000,
        missed: 0,
    }
}

fn guest(domain: &mut Domain, id: u32, name: &str) {
    domain.clear();
    domain.identity.id = id;
    domain.identity.uuid = Uuid::from_u128(0x1234_0000 + u128::from(id));
    domain.name = Some(name.into());
    domain.state = State::Running;
    domain.cpu_time_ns = Some(u64::from(id) * SECOND + 5);
    domain.mem_bytes = Some(1 << 30);
    domain.role = Some(Role::Guest);
    domain.nics.complete = true;
    domain.disks.complete = true;
    let nic = domain.nics.rows.next_row();
    nic.name = format!("vif{id}.0");
    nic.rx_bytes = Some(77);
    let disk = domain.disks.rows.next_row();
    disk.name = "xvda".into();
    disk.path = "/dev/vg/\"disk\"".into();
    disk.rd_bytes = Some(512);
    disk.rd_time_ns = Some(1_500_000_000);
    let vcpu = domain.vcpus.rows.next_row();
    vcpu.state = VcpuState::Running;
    vcpu.cpu_time_ns = Some(3);
    let stat = domain.stats.next_row();
    *stat = Stat {
        name: "perf.instructions".into(),
        number: Some(9),
        text: None,
    };
}

fn details() -> Vec<&'static TableInfo> {
    registry::detail_tables().collect()
}

fn render(frame: &Frame<'_>, format: Format, details: &[&TableInfo]) -> BTreeMap<String, Family> {
    let mut out = Vec::new();
    let mut encoder = metrics::encoder(format, details, true);
    encoder.encode(frame, &mut out);
    let mut again = Vec::new();
    encoder.encode(frame, &mut again);
    assert_eq!(out, again, "nothing is left of the frame before");
    parse(
        &String::from_utf8(out).unwrap(),
        format == Format::OpenMetrics,
    )
}

/// Everything that a frame can have.
fn with_frame(snapshot: &mut Snapshot, check: impl FnOnce(&Frame<'_>)) {
    let guests = snapshot.domains.len();
    snapshot.host.hypervisor = "Xen 4.17".into();
    snapshot.host.pcpus = Some(2);
    snapshot.host.pcpu_idle_ns = vec![Some(SECOND), None, Some(2 * SECOND)];
    let distribution = Distribution {
        min: 1.0,
        mean: 2.0,
        max: 300.0,
        p99: None,
    };
    let subsamples = vec![
        Distributions {
            samples: 10,
            cpu_pct: Some(distribution),
            ..Distributions::default()
        };
        guests
    ];
    let vcpu_rates = vec![
        VcpuRates {
            ready_pct: Some(12.5),
            ..VcpuRates::UNKNOWN
        };
        guests
    ];
    let mut rates = vec![DomainRates::default(); guests];
    for (n, rates) in rates.iter_mut().enumerate() {
        rates.first.vcpu = u32::try_from(n).unwrap();
    }
    let events = [Event::host(EventKind::Warning, "".into())];
    let mut frame = Frame {
        host_rates: HostRates {
            idle_ns: Some(3 * SECOND),
            closure_pct: Some(99.5),
            ..HostRates::default()
        },
        events: &events,
        subsamples: &subsamples,
        vcpu_rates: &vcpu_rates,
        self_stats: Some(SelfStats {
            cpu_ns: Some(40_000),
            rss_bytes: Some(4096),
            ..SelfStats::default()
        }),
        ..Frame::new(tick(7), snapshot, &rates)
    };
    let mut totals = Totals::default();
    tally::add_tick(&mut totals, &frame, 0);
    tally::add_tick(&mut totals, &frame, 2);
    frame.totals = &totals;
    check(&frame);
}

#[test]
fn both_forms_have_the_same_series() {
    let mut snapshot = Snapshot::default();
    guest(snapshot.domains.next_row(), 0, "Domain-0");
    guest(snapshot.domains.next_row(), 12, "a \"b\"\\\n\u{fc}\\xff");
    with_frame(&mut snapshot, |frame| {
        let openmetrics = render(frame, Format::OpenMetrics, &details());
        let prometheus = render(frame, Format::Prometheus, &details());
        assert_eq!(openmetrics.len(), prometheus.len());
        for (name, family) in &openmetrics {
            let suffix = match family.kind.as_str() {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            let other = &prometheus[&format!("{name}{suffix}")];
            assert_eq!(other.samples, family.samples);
            assert_eq!(other.help, family.help);
            let unit = ["seconds", "bytes", "bytes_per_second", "ratio"];
            let unit = unit
                .iter()
                .rev()
                .find(|unit| name.ends_with(&format!("_{unit}")));
            assert_eq!(family.unit.as_deref(), unit.copied(), "{name}");
            for word in ["empty", " row", "ns;"] {
                assert!(!family.help.contains(word), "{name}: {}", family.help);
            }
        }
    });
}

#[test]
fn values_are_in_base_units_and_unknown_ones_are_absent() {
    let mut snapshot = Snapshot::default();
    guest(snapshot.domains.next_row(), 0, "Domain-0");
    let domain = snapshot.domains.next_row();
    guest(domain, 3, "web");
    domain.cpu_time_ns = None;
    domain.stale_ns = 2_500_000_000;
    with_frame(&mut snapshot, |frame| {
        let families = render(frame, Format::OpenMetrics, &details());
        let of = |name: &str, label: &str| values(&families[name], label);
        let named = |values: &[(&str, f64)]| -> Vec<(String, f64)> {
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect()
        };
        assert_eq!(
            of("virtmon_guest_cpu_seconds", "guest"),
            named(&[("Domain-0", 5e-9)])
        );
        let stale = named(&[("Domain-0", 0.0), ("web", 2.5)]);
        assert_eq!(of("virtmon_guest_stale_seconds", "guest"), stale);
        let idle = named(&[("0", 1.0), ("2", 2.0)]);
        assert_eq!(of("virtmon_host_pcpu_idle_seconds", "pcpu"), idle);
        assert_eq!(of("virtmon_host_idle_seconds", "pcpu"), named(&[("", 3.0)]));
        assert_eq!(of("virtmon_host_closure_ratio", ""), named(&[("", 0.995)]));
        let read = named(&[("xvda", 1.5), ("xvda", 1.5)]);
        assert_eq!(of("virtmon_guest_block_read_seconds", "device"), read);
        let cpu = of("virtmon_guest_interval_cpu_ratio", "stat");
        assert_eq!(
            cpu[..3],
            named(&[("min", 0.01), ("mean", 0.02), ("max", 3.0)])
        );
        assert!(!families.contains_key("virtmon_guest_interval_block_read_bytes_per_second"));
        let ready = of("virtmon_guest_vcpu_ready_ratio", "vcpu");
        assert_eq!(ready[0].1, 0.125);
        let states = of("virtmon_guest_state", "state");
        assert_eq!(states.len(), 2 * State::ALL.len());
        let current: Vec<_> = states.iter().filter(|(_, value)| *value == 1.0).collect();
        assert!(current.len() == 2 && current.iter().all(|(state, _)| state == "running"));
        assert_eq!(of("virtmon_ticks", ""), named(&[("", 2.0)]));
        assert_eq!(of("virtmon_dropped_ticks", ""), named(&[("", 2.0)]));
        assert_eq!(of("virtmon_cpu_seconds", ""), named(&[("", 8e-5)]));
        assert_eq!(
            of("virtmon_tick_timestamp_seconds", ""),
            named(&[("", 1.5)])
        );
        let events = of("virtmon_events", "kind");
        assert_eq!(events.len(), EventKind::ALL.len());
        assert!(events.contains(&("warning".to_owned(), 2.0)));
        assert_eq!(
            of("virtmon_guest_stat", "stat")[0],
            ("perf.instructions".to_owned(), 9.0)
        );
    });
}

#[test]
fn devices_replace_the_sums_of_a_guest() {
    let mut snapshot = Snapshot::default();
    let domain = snapshot.domains.next_row();
    guest(domain, 3, "web");
    let nic = domain.nics.rows.next_row();
    nic.name = "vif3.1".into();
    nic.rx_bytes = Some(3);
    // A second device of one name would be two samples of one series.
    let twin = domain.nics.rows.next_row();
    twin.name = "vif3.1".into();
    twin.rx_bytes = Some(500);
    with_frame(&mut snapshot, |frame| {
        let name = "virtmon_guest_network_receive_bytes";
        let sums = render(frame, Format::OpenMetrics, &[]);
        assert_eq!(values(&sums[name], "device"), [(String::new(), 580.0)]);
        assert!(!sums.contains_key("virtmon_guest_vcpu_seconds"));
        assert!(!sums.contains_key("virtmon_host_pcpus"));
        let nic = [registry::table("nic").unwrap()];
        let devices = render(frame, Format::OpenMetrics, &nic);
        let expected = [("vif3.0".to_owned(), 77.0), ("vif3.1".to_owned(), 3.0)];
        assert_eq!(values(&devices[name], "device"), expected);
        let disk = values(&devices["virtmon_guest_block_read_bytes"], "device");
        assert_eq!(disk, [(String::new(), 512.0)], "a sum still");
    });
}

#[test]
fn owners_are_labels_of_a_guest_if_they_are_requested() {
    let mut snapshot = Snapshot::default();
    guest(snapshot.domains.next_row(), 3, "instance-1");
    let domain = snapshot.domains.next_row();
    guest(domain, 4, "instance-2");
    domain.instance = Some(Arc::new(Instance {
        name: Some("web \"1\"".into()),
        project: Some("shop".into()),
        ..Instance::default()
    }));
    with_frame(&mut snapshot, |frame| {
        let nova = [registry::table("nova").unwrap()];
        for (details, name) in [(&nova[..], "web \"1\""), (&[], "")] {
            let families = render(frame, Format::OpenMetrics, details);
            let info = &families["virtmon_guest"];
            let names = values(info, "instance_name");
            assert_eq!(names, [(String::new(), 1.0), (name.to_owned(), 1.0)]);
            assert_eq!(info.samples[0].labels["role"], "guest");
        }
    });
}

#[test]
fn several_hosts_share_families() {
    let mut snapshot = Snapshot::default();
    guest(snapshot.domains.next_row(), 3, "web");
    with_frame(&mut snapshot, |frame| {
        let mut encoder = metrics::encoder(Format::OpenMetrics, &details(), true);
        encoder.add(frame, Some("host\"1"));
        encoder.add(frame, Some("host2"));
        let mut out = Vec::new();
        encoder.finish(&mut out);
        let families = parse(&String::from_utf8(out).unwrap(), true);
        for (name, family) in &families {
            let hosts = values(family, "host");
            for host in ["host\"1", "host2"] {
                assert!(hosts.iter().any(|(name, _)| name == host), "{name}");
            }
        }
    });
}

#[test]
fn a_failed_sample_has_no_guests() {
    let empty = Snapshot::default();
    let frame = Frame {
        failed: true,
        ..Frame::new(tick(1), &empty, &[])
    };
    let families = render(&frame, Format::OpenMetrics, &details());
    assert!(
        families
            .keys()
            .all(|name| !name.starts_with("virtmon_guest"))
    );
    assert!(
        families
            .keys()
            .all(|name| !name.starts_with("virtmon_host"))
    );
    assert_eq!(families["virtmon_up"].samples[0].value, 0.0);
}

#[test]
fn the_exporters_names_have_the_same_values() {
    let mut snapshot = Snapshot::default();
    guest(snapshot.domains.next_row(), 3, "web \"x\"");
    with_frame(&mut snapshot, |frame| {
        for format in [Format::Prometheus, Format::OpenMetrics] {
            let mut out = Vec::new();
            LibvirtEncoder::new(format).encode(frame, &mut out);
            let is_openmetrics = format == Format::OpenMetrics;
            let families = parse(&String::from_utf8(out).unwrap(), is_openmetrics);
            let total = if is_openmetrics { "" } else { "_total" };
            let read = &families[&format!("libvirt_domain_block_stats_read_seconds{total}")];
            assert_eq!(read.samples[0].value, 1.5);
            assert_eq!(read.samples[0].labels["source_file"], "/dev/vg/\"disk\"");
            assert_eq!(read.samples[0].labels["domain"], "web \"x\"");
            assert_eq!(families["libvirt_up"].samples[0].value, 1.0);
            assert_eq!(families["libvirt_domain_state_code"].samples[0].value, 1.0);
            let unknown = "libvirt_domain_block_stats_write_bytes";
            assert!(families.keys().all(|name| !name.starts_with(unknown)));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_survives_both_forms(names in prop::collection::vec(any::<String>(), 1..4)) {
        let mut snapshot = Snapshot::default();
        for (id, name) in (0..).zip(&names) {
            let domain = snapshot.domains.next_row();
            guest(domain, id, name);
            name.clone_into(&mut domain.nics.rows.next_row().name);
        }
        with_frame(&mut snapshot, |frame| {
            for format in [Format::Prometheus, Format::OpenMetrics] {
                let families = render(frame, format, &details());
                let found = values(&families["virtmon_guest_stale_seconds"], "guest");
                let expected: Vec<_> = names.iter().map(|name| (name.replace('\0', "\\x00"), 0.0)).collect();
                assert_eq!(found, expected);
            }
        });
    }
}
