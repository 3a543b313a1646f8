use virtmon_model::{Capabilities, Error};

use super::*;

struct Half;

impl Backend for Half {
    fn name(&self) -> &'static str {
        "half"
    }

    fn description(&self) -> String {
        "half a hypervisor".into()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            nics: false,
            disks: true,
            vcpus: true,
        }
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        into.host.pcpus = Some(4);
        into.domains.clear();
        for name in [Some("one".into()), None] {
            let domain = into.domains.next_row();
            domain.clear();
            if name.is_some() {
                domain.disks.rows.next_row().rd_bytes = None;
            }
            domain.disks.complete = true;
            domain.disks.pending = false;
            domain.name = name;
            domain.cpu_time_ns = Some(1);
        }
        Ok(())
    }
}

#[test]
fn each_line_has_a_word_a_name_and_a_reason() {
    let none = Err(Error::Unavailable("there is no such thing here".into()));
    let report = check(vec![("half", Ok(Box::new(Half))), ("other", none)]);
    assert!(report.is_readable);
    let lines: Vec<&str> = report.text.lines().map(str::trim_end).collect();
    assert!(lines[1].starts_with("ok    half             half a hypervisor; a sample took "));
    for line in [
        "ok      pCPUs          4 online",
        "no      free memory    not available",
        "part    names          1 of 2 domains: some have no name, or xenstore does not answer",
        "ok      CPU time       2 of 2 domains",
        "no      NICs           0 of 2 domains: this interface does not report them",
        "part    disks          1 of 2 domains: 1 with a device that this host does not count",
        "no    other            there is no such thing here",
    ] {
        assert!(lines.contains(&line), "{line:?} is not in\n{}", report.text);
    }
}

/// Looks up one domain a sample.
#[derive(Default)]
struct Slow(usize);

impl Backend for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn description(&self) -> String {
        "a hypervisor that looks up slowly".into()
    }

    fn capabilities(&self) -> Capabilities {
        Half.capabilities()
    }

    fn sample(&mut self, into: &mut Snapshot) -> Result<()> {
        into.domains.clear();
        for n in 0..20 {
            let domain = into.domains.next_row();
            domain.clear();
            domain.disks.pending = n >= self.0;
            domain.disks.complete = n < self.0;
        }
        self.0 += 1;
        Ok(())
    }
}

#[test]
fn the_report_waits_until_all_devices_are_looked_up() {
    let report = check(vec![("slow", Ok(Box::new(Slow::default())))]);
    let line = "ok      disks          20 of 20 domains";
    assert!(report.text.contains(line), "{}", report.text);
}

#[test]
fn a_line_of_devices_names_each_reason() {
    let mut domains = vec![Domain::default(); 6];
    domains[0].disks.complete = true;
    for domain in &mut domains[1..3] {
        domain.disks.pending = true;
    }
    domains[3].disks.complete = true;
    domains[3].disks.rows.next_row();
    let line = device_line("disks", true, &domains, |domain| {
        DeviceState::of(&domain.disks, |disk| disk.rd_bytes)
    });
    assert_eq!(
        line.detail,
        "1 of 6 domains: 2 not looked up yet, 1 with a device that this host does not count, 2 not known"
    );
}

#[test]
fn a_host_without_a_backend_is_not_readable() {
    let none = || Err(Error::Unavailable("no".into()));
    assert!(!check(vec![("xen", none()), ("libvirt", none())]).is_readable);
}
