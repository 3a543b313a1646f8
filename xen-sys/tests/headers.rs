//! Comparison of the table of layouts with the headers of other Xen releases.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::collections::HashMap;
use std::{env, fs};

use xen_sys::abi::{Abi, DOMCTL_VERSIONS, DomainInfo, PhysInfo, VcpuInfo};

/// Sizes, offsets and numbers in the headers of one release: a name and a number per line.
struct Layout(HashMap<String, usize>);

impl Layout {
    fn read(text: &str) -> Self {
        let parse = |line: &str| {
            let (name, number) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), number.parse().unwrap())
        };
        Self(text.lines().map(parse).collect())
    }

    fn get(&self, name: &str) -> usize {
        *self.0.get(name).unwrap_or_else(|| panic!("no {name}"))
    }
}

/// Bytes of a structure in which only one field is not zero.
fn only(bytes: usize, at: usize, width: usize) -> Vec<u8> {
    let mut structure = vec![0; bytes];
    structure[at..at + width].fill(0x01);
    structure
}

fn domaininfo(layout: &Layout) {
    let with = |field: &str, width| {
        let at = layout.get(&format!("xen_domctl_getdomaininfo.{field}"));
        DomainInfo::decode(&only(112, at, width)).unwrap()
    };
    const U32: u32 = 0x0101_0101;
    const U64: u64 = 0x0101_0101_0101_0101;
    assert_eq!(with("domain", 2).domain, 0x0101);
    assert_eq!(with("flags", 4).flags, U32);
    assert_eq!(with("tot_pages", 8).tot_pages, U64);
    assert_eq!(with("max_pages", 8).max_pages, U64);
    assert_eq!(with("outstanding_pages", 8).outstanding_pages, U64);
    assert_eq!(with("shr_pages", 8).shr_pages, U64);
    assert_eq!(with("paged_pages", 8).paged_pages, U64);
    assert_eq!(with("cpu_time", 8).cpu_time, U64);
    assert_eq!(with("nr_online_vcpus", 4).nr_online_vcpus, U32);
    assert_eq!(with("max_vcpu_id", 4).max_vcpu_id, U32);
    assert_eq!(with("handle", 16).handle, [1; 16]);
    assert_eq!(with("cpupool", 4).cpupool, U32);
}

fn physinfo(layout: &Layout, abi: Abi) {
    let with = |field: &str, width| {
        let at = layout.get(&format!("xen_sysctl_physinfo.{field}"));
        PhysInfo::decode(&only(abi.physinfo_bytes, at, width), abi).unwrap()
    };
    assert_eq!(with("nr_cpus", 4).nr_cpus, 0x0101_0101);
    assert_eq!(with("max_cpu_id", 4).max_cpu_id, 0x0101_0101);
    assert_eq!(with("max_node_id", 4).max_node_id, 0x0101_0101);
    assert_eq!(with("total_pages", 8).total_pages, 0x0101_0101_0101_0101);
    assert_eq!(with("free_pages", 8).free_pages, 0x0101_0101_0101_0101);
    assert_eq!(with("scrub_pages", 8).scrub_pages, 0x0101_0101_0101_0101);
    assert_eq!(
        with("outstanding_pages", 8).outstanding_pages,
        0x0101_0101_0101_0101
    );
}

fn vcpuinfo(layout: &Layout) {
    assert_eq!(layout.get("sizeof xen_domctl_getvcpuinfo"), VcpuInfo::BYTES);
    let with = |field: &str, width| {
        let at = layout.get(&format!("xen_domctl_getvcpuinfo.{field}"));
        VcpuInfo::decode(&only(VcpuInfo::BYTES, at, width)).unwrap()
    };
    assert!(with("online", 1).online);
    assert!(with("blocked", 1).blocked);
    assert!(with("running", 1).running);
    assert_eq!(with("cpu_time", 8).cpu_time, 0x0101_0101_0101_0101);
    assert_eq!(with("cpu", 4).cpu, 0x0101_0101);
}

/// Numbers and offsets that the calls in `privcmd` use.
fn calls(layout: &Layout) {
    for (name, number) in [
        ("__HYPERVISOR_sysctl", 35),
        ("__HYPERVISOR_domctl", 36),
        ("__HYPERVISOR_xen_version", 17),
        ("XEN_SYSCTL_physinfo", 3),
        ("XEN_SYSCTL_getdomaininfolist", 6),
        ("XEN_SYSCTL_getcpuinfo", 8),
        ("XEN_SYSCTL_numainfo", 17),
        ("XEN_DOMCTL_getvcpuinfo", 14),
        ("sizeof xen_sysctl", 136),
        ("xen_sysctl.interface_version", 4),
        ("xen_sysctl.u", 8),
        ("sizeof xen_domctl", 144),
        ("xen_domctl.domain", 8),
        ("xen_domctl.u", 16),
        ("xen_sysctl_getdomaininfolist.first_domain", 0),
        ("xen_sysctl_getdomaininfolist.max_domains", 4),
        ("xen_sysctl_getdomaininfolist.buffer", 8),
        ("xen_sysctl_getdomaininfolist.num_domains", 16),
        ("sizeof xen_sysctl_cpuinfo", 8),
        ("xen_sysctl_getcpuinfo.max_cpus", 0),
        ("xen_sysctl_getcpuinfo.info", 8),
        ("xen_sysctl_getcpuinfo.nr_cpus", 16),
        ("sizeof xen_sysctl_meminfo", 16),
        ("xen_sysctl_meminfo.memsize", 0),
        ("xen_sysctl_meminfo.memfree", 8),
        ("xen_sysctl_numainfo.num_nodes", 0),
        ("xen_sysctl_numainfo.meminfo", 8),
    ] {
        assert_eq!(layout.get(name), number, "{name}");
    }
}

#[test]
#[ignore = "needs the headers of other releases: run xen-sys/header-check/run"]
fn the_table_agrees_with_the_headers_of_every_release() {
    let dir = env::var_os("XEN_LAYOUTS").expect("XEN_LAYOUTS is the directory of the layouts");
    let mut checked = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let layout = Layout::read(&fs::read_to_string(&path).unwrap());
        let version = u32::try_from(layout.get("XEN_SYSCTL_INTERFACE_VERSION")).unwrap();
        let abi = Abi::ALL.into_iter().find(|abi| abi.sysctl == version);
        let abi = abi.unwrap_or_else(|| panic!("sysctl version {version:#x} is not in the table"));
        let domctl = u32::try_from(layout.get("XEN_DOMCTL_INTERFACE_VERSION")).unwrap();
        assert!(DOMCTL_VERSIONS.contains(&domctl));
        assert_eq!(
            layout.get("sizeof xen_domctl_getdomaininfo"),
            abi.domaininfo_bytes
        );
        assert_eq!(layout.get("sizeof xen_sysctl_physinfo"), abi.physinfo_bytes);
        domaininfo(&layout);
        physinfo(&layout, abi);
        vcpuinfo(&layout);
        calls(&layout);
        println!(
            "{}: sysctl {version:#x}, domctl {domctl:#x}, {} bytes a domain",
            path.display(),
            abi.domaininfo_bytes
        );
        checked += 1;
    }
    assert!(checked > 0);
}
