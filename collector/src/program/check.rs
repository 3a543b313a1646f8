//! `virtmon check`: what this host can tell, and why the rest is missing.

use std::fmt::{self, Display, Write};
use std::time::Instant;

use virtmon_export::printable::Printable;
use virtmon_model::{Backend, Devices, Domain, Result, Snapshot};

/// One line of the report.
struct Line {
    word: &'static str,
    what: &'static str,
    detail: String,
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { word, what, detail } = self;
        let detail = Printable::message(detail);
        writeln!(f, "{word:5} {what:16} {detail}")
    }
}

/// The report on every backend that was tried, and whether any can be read.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) is_readable: bool,
}

/// Tries every backend and says what came of it.
pub(crate) fn check(backends: Vec<(&'static str, Result<Box<dyn Backend>>)>) -> Report {
    let mut report = Report {
        text: format!("virtmon {}\n", env!("CARGO_PKG_VERSION")),
        is_readable: false,
    };
    for (name, opened) in backends {
        let lines = match opened.and_then(|mut backend| told(backend.as_mut())) {
            Ok(lines) => {
                report.is_readable = true;
                lines
            }
            Err(error) => vec![Line {
                word: "no",
                what: "",
                detail: error.to_string(),
            }],
        };
        for mut line in lines {
            if line.what.is_empty() {
                line.what = name;
            }
            // Writing to a String can't fail.
            let _ = write!(report.text, "{line}");
        }
    }
    report
}

/// What one backend tells, by two readings: the first one may still wait for names and devices.
fn told(backend: &mut dyn Backend) -> Result<Vec<Line>> {
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot)?;
    let began = Instant::now();
    backend.sample(&mut snapshot)?;
    let took = began.elapsed();
    let mut lines = vec![Line {
        word: "ok",
        what: "",
        detail: format!("{}; a reading took {took:.1?}", backend.description()),
    }];
    lines.extend(of_host(&snapshot));
    lines.extend(of_domains(&snapshot, backend));
    lines.extend(snapshot.warnings.iter().map(|trouble| Line {
        word: "part",
        what: "  trouble",
        detail: trouble.clone(),
    }));
    Ok(lines)
}

fn of_host(snapshot: &Snapshot) -> Vec<Line> {
    let host = &snapshot.host;
    let number = |what, value: Option<u64>, unit| Line {
        word: if value.is_some() { "ok" } else { "no" },
        what,
        detail: value.map_or_else(|| "not told".into(), |value| format!("{value} {unit}")),
    };
    let idle = host.pcpu_idle_ns.iter().flatten().count() as u64;
    vec![
        number("  pCPUs", host.pcpus.map(u64::from), "online"),
        number(
            "  pCPU idle time",
            (idle > 0).then_some(idle),
            "pCPUs tell it",
        ),
        number("  memory", host.mem_bytes, "bytes"),
        number("  free memory", host.mem_free_bytes, "bytes"),
        number(
            "  NUMA nodes",
            (!host.nodes.is_empty()).then_some(host.nodes.len() as u64),
            "",
        ),
    ]
}

fn of_domains(snapshot: &Snapshot, backend: &dyn Backend) -> Vec<Line> {
    let domains = &snapshot.domains;
    let all = domains.len();
    let count = |what, missing: &str, tells: &dyn Fn(&Domain) -> bool| {
        let tell = domains.iter().filter(|domain| tells(domain)).count();
        let (word, why) = match tell {
            _ if tell == all => ("ok", String::new()),
            0 => ("no", format!(": {missing}")),
            _ => ("part", format!(": {missing}")),
        };
        Line {
            word,
            what,
            detail: format!("{tell} of {all} domains{why}"),
        }
    };
    let can = backend.capabilities();
    let device = |can: bool| {
        if can {
            "some are served where this host can't count them"
        } else {
            "this interface does not tell"
        }
    };
    vec![
        Line {
            word: if all > 0 { "ok" } else { "part" },
            what: "  domains",
            detail: format!("{all} are there"),
        },
        count(
            "  names",
            "they have none, or xenstore does not answer",
            &|d| d.name.is_some(),
        ),
        count("  CPU time", "not told", &|d| d.cpu_time_ns.is_some()),
        count("  memory held", "not told", &|d| d.mem_bytes.is_some()),
        count("  memory inside", "the guest does not report it", &|d| {
            d.memory.guest_usable_bytes.is_some()
                || d.memory.guest_unused_bytes.is_some()
                || d.memory.guest_total_bytes.is_some()
        }),
        count(
            "  vCPUs",
            if can.vcpus { "not told" } else { device(false) },
            &|d| complete(&d.vcpus),
        ),
        count("  NICs", device(can.nics), &|d| complete(&d.nics)),
        count("  disks", device(can.disks), &|d| complete(&d.disks)),
    ]
}

fn complete<T>(devices: &Devices<T>) -> bool {
    devices.complete
}

#[cfg(test)]
mod tests {
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
                domain.name = name;
                domain.cpu_time_ns = Some(1);
            }
            Ok(())
        }
    }

    #[test]
    fn each_line_says_what_and_why() {
        let none = Err(Error::Unavailable("there is no such thing here".into()));
        let report = check(vec![("half", Ok(Box::new(Half))), ("other", none)]);
        assert!(report.is_readable);
        let lines: Vec<&str> = report.text.lines().map(str::trim_end).collect();
        assert!(lines[1].starts_with("ok    half             half a hypervisor; a reading took "));
        for line in [
            "ok      pCPUs          4 online",
            "no      free memory    not told",
            "part    names          1 of 2 domains: they have none, or xenstore does not answer",
            "ok      CPU time       2 of 2 domains",
            "no      NICs           0 of 2 domains: this interface does not tell",
            "no    other            there is no such thing here",
        ] {
            assert!(lines.contains(&line), "{line:?} is not in\n{}", report.text);
        }
    }

    #[test]
    fn nothing_to_read_is_said_by_the_status() {
        let none = || Err(Error::Unavailable("no".into()));
        assert!(!check(vec![("xen", none()), ("libvirt", none())]).is_readable);
    }
}
