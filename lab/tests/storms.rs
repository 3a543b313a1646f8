//! A guest that writes to xenstore very often does not slow other guests down while virtmon samples with
//! a long interval. xenstored delays the writes of guests while a client does not read the watch events
//! that these writes cause.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use virtmon_lab::{Lab, suite};

/// Number of reports in half a minute, in the period `when`.
fn reports(text: &str, when: &str) -> u32 {
    let line = text.lines().find(|line| line.starts_with(when));
    let line = line.unwrap_or_else(|| panic!("{when} in {text}"));
    let words = line.strip_prefix(when).unwrap().strip_prefix(": ").unwrap();
    words.split_whitespace().next().unwrap().parse().unwrap()
}

fn check_that_a_storm_stops_no_guest(options: &[&str], daemon: &str) {
    let lab = Lab::run(&suite(), include_str!("storms.sh"), options);
    let text = lab.file("storms.txt");
    eprint!("{text}{}", lab.file("storm.err"));
    assert!(text.lines().next().unwrap().ends_with(daemon), "{text}");
    let before = reports(&text, "before virtmon");
    assert!(before > 0, "{text}");
    let during = reports(&text, "with virtmon, after the storm");
    assert!(during >= before / 2, "{text}");
    assert!(!text.contains("did not print"), "{text}");
}

#[test]
#[ignore = "boots a real Xen for minutes: make storms"]
fn a_storm_with_the_xenstored_in_c_stops_no_guest() {
    check_that_a_storm_stops_no_guest(&["--limit", "1500", "--c-xenstored"], "/xenstored");
}

#[test]
#[ignore = "boots a real Xen for minutes: make storms"]
fn a_storm_with_oxenstored_stops_no_guest() {
    check_that_a_storm_stops_no_guest(&["--limit", "1500"], "/oxenstored");
}
