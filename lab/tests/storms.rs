//! A guest that writes to xenstore more than anybody takes costs other guests nothing while virtmon
//! samples seldom: xenstored makes guests wait whose watch events a reader does not take.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use virtmon_lab::{Lab, suite};

/// The number of reports in half a minute, at that time.
fn reports(said: &str, when: &str) -> u32 {
    let line = said.lines().find(|line| line.starts_with(when));
    let line = line.unwrap_or_else(|| panic!("{when} in {said}"));
    let words = line.strip_prefix(when).unwrap().strip_prefix(": ").unwrap();
    words.split_whitespace().next().unwrap().parse().unwrap()
}

fn a_storm_stops_nobody(options: &[&str], daemon: &str) {
    let lab = Lab::run(&suite(), include_str!("storms.sh"), options);
    let said = lab.file("storms.txt");
    eprint!("{said}{}", lab.file("storm.err"));
    assert!(said.lines().next().unwrap().ends_with(daemon), "{said}");
    let before = reports(&said, "before virtmon");
    assert!(before > 0, "{said}");
    let beside = reports(&said, "beside virtmon, after the storm");
    assert!(beside >= before / 2, "{said}");
    assert!(!said.contains("did not say"), "{said}");
}

#[test]
#[ignore = "boots a real Xen for minutes: make storms"]
fn beside_the_xenstored_written_in_c() {
    a_storm_stops_nobody(&["--limit", "1500", "--c-xenstored"], "/xenstored");
}

#[test]
#[ignore = "boots a real Xen for minutes: make storms"]
fn beside_oxenstored() {
    a_storm_stops_nobody(&["--limit", "1500"], "/oxenstored");
}
