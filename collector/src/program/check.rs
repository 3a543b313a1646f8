//! `virtmon check`: the values that this host provides, and why others are not available.

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

use virtmon_model::{Backend, Domain, Result, Snapshot};

mod device_line;
mod line;

use device_line::{DeviceState, NOT_REPORTED, device_line, is_pending};
use line::Line;

/// Longest time that the names and devices of all domains may take.
const MAX_LOOKUP: Duration = Duration::from_secs(10);
/// Time between two looks at what has been looked up.
const LOOKUP_INTERVAL: Duration = Duration::from_millis(10);

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

/// The values of one backend. The first samples may still lack names and devices: the report is about
/// the first sample that has looked up all of them, or about the one after [`MAX_LOOKUP`].
fn report_backend(backend: &mut dyn Backend) -> Result<Vec<Line>> {
    let mut snapshot = Snapshot::default();
    backend.sample(&mut snapshot)?;
    let until = Instant::now() + MAX_LOOKUP;
    while snapshot.domains.iter().any(is_pending) && Instant::now() < until {
        thread::sleep(LOOKUP_INTERVAL);
        backend.drain(Instant::now() + LOOKUP_INTERVAL);
        backend.sample(&mut snapshot)?;
    }
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
                NOT_REPORTED
            },
            &|d| d.vcpus.complete,
        ),
        device_line("  NICs", can.nics, domains, |d| {
            DeviceState::of(&d.nics, |nic| nic.rx_bytes)
        }),
        device_line("  disks", can.disks, domains, |d| {
            DeviceState::of(&d.disks, |disk| disk.rd_bytes)
        }),
    ]
}

#[cfg(test)]
mod tests;
