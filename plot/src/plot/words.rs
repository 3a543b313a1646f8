//! Words of a picture: its heading, its footer and the names of runs.

use virtmon_export::printable::Printable;

use crate::collect::Collect;
use crate::draw::time_axis::duration;
use crate::survey::Survey;

/// Names of the files.
pub(super) fn heading(names: &[String]) -> String {
    let names = names.iter().map(|name| {
        let file = name.rsplit('/').next().unwrap_or(name);
        Printable::name(file).to_string()
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Name of a run in labels: the file's name without its directory and extension.
pub(super) fn run_label(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    Printable::name(stem).to_string()
}

/// Facts below the panels.
pub(super) fn footer(names: &[String], survey: &Survey, collect: &Collect) -> Vec<String> {
    let mut facts = vec![heading(names)];
    if let Some(hypervisor) = collect.hypervisor.as_ref().filter(|text| !text.is_empty()) {
        facts.push(Printable::name(hypervisor).to_string());
    }
    if let Some(interval) = survey.interval_ns() {
        let interval = i64::try_from(interval).unwrap_or(i64::MAX);
        facts.push(format!("interval {}", duration(interval)));
    }
    facts.push(format!("{} ticks", survey.ticks));
    facts.push(format!("{} missed", survey.missed));
    facts.push(format!("drawn by virtmon {}", env!("CARGO_PKG_VERSION")));
    vec![facts.join(", ")]
}
