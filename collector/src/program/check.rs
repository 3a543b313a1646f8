//! `virtmon check`: the values that this host provides, and why others are not available.

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

/// The report on all backends.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) is_readable: bool,
}

/// Tries every backend and reports the result.
pub(crate) fn check(backends: Vec<(&'static str, Result<Box<dyn Backend>>)>) -> Report {
    let mut report = Report {
        text: format!("virtmon {}\n", env!("CARGO_PKG_VERSION")),
        is_readable: false,
    };
    for (name, opened) in backends {
        let lines = match opened.and_then(|mut backend| report_backend(backend.as_mut())) {
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
            // Writing to a String cannot fail.
            let _ = write!(report.text, "{line}");
        }
    }
    report
}

/// The values of one backend, from two samples: the first one may still lack names and devices.
fn report_backend(backend: &mut dyn Backend) -> Result<Vec<Line>> {
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot)?;
    let began = Instant::now();
    backend.sample(&mut snapshot)?;
    let took = began.elapsed();
    let mut lines = vec![Line {
        word: "ok",
        what: "",
        detail: format!("{}; a sample took {took:.1?}", backend.description()),
    }];
    lines.extend(host_lines(&snapshot));
    lines.extend(domain_lines(&snapshot, backend));
    lines.extend(snapshot.warnings.iter().map(|warning| Line {
        word: "part",
        what: "  warning",
        detail: warning.clone(),
    }));
    Ok(lines)
}

fn host_lines(snapshot: &Snapshot) -> Vec<Line> {
    let host = &snapshot.host;
    let number = |what, value: Option<u64>, unit| Line {
        word: if value.is_some() { "ok" } else { "no" },
        what,
        detail: value.map_or_else(|| "not available".into(), |value| format!("{value} {unit}")),
    };
    let idle = host.pcpu_idle_ns.iter().flatten().count() as u64;
    // A host may report the sum of the idle times only.
    let has_sum = idle == 0 && host.idle_ns.is_some();
    let idle_unit = if has_sum { "pCPUs, as a sum" } else { "pCPUs" };
    let idle = if has_sum {
        host.pcpus.map(u64::from)
    } else {
        (idle > 0).then_some(idle)
    };
    vec![
        number("  pCPUs", host.pcpus.map(u64::from), "online"),
        number("  pCPU idle time", idle, idle_unit),
        number("  memory", host.mem_bytes, "bytes"),
        number("  free memory", host.mem_free_bytes, "bytes"),
        number(
            "  NUMA nodes",
            (!host.nodes.is_empty()).then_some(host.nodes.len() as u64),
            "",
        ),
    ]
}

fn domain_lines(snapshot: &Snapshot, backend: &dyn Backend) -> Vec<Line> {
    let domains = &snapshot.domains;
    let all = domains.len();
    let count = |what, missing: &str, has: &dyn Fn(&Domain) -> bool| {
        let count = domains.iter().filter(|domain| has(domain)).count();
        let (word, why) = match count {
            _ if count == all => ("ok", String::new()),
            0 => ("no", format!(": {missing}")),
            _ => ("part", format!(": {missing}")),
        };
        Line {
            word,
            what,
            detail: format!("{count} of {all} domains{why}"),
        }
    };
    let can = backend.capabilities();
    let device = |can: bool| {
        if can {
            "some are served by a backend without counters"
        } else {
            "this interface does not report them"
        }
    };
    vec![
        Line {
            word: if all > 0 { "ok" } else { "part" },
            what: "  domains",
            detail: format!("{all} found"),
        },
        count(
            "  names",
            "some have no name, or xenstore does not answer",
            &|d| d.name.is_some(),
        ),
        count("  CPU time", "not available", &|d| d.cpu_time_ns.is_some()),
        count("  memory held", "not available", &|d| d.mem_bytes.is_some()),
        count("  memory inside", "the guest does not report it", &|d| {
            d.memory.guest_usable_bytes.is_some()
                || d.memory.guest_unused_bytes.is_some()
                || d.memory.guest_total_bytes.is_some()
        }),
        count(
            "  vCPUs",
            if can.vcpus {
                "not available"
            } else {
                device(false)
            },
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
            "no    other            there is no such thing here",
        ] {
            assert!(lines.contains(&line), "{line:?} is not in\n{}", report.text);
        }
    }

    #[test]
    fn a_host_without_a_backend_is_not_readable() {
        let none = || Err(Error::Unavailable("no".into()));
        assert!(!check(vec![("xen", none()), ("libvirt", none())]).is_readable);
    }
}
