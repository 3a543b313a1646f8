//! Many ticks beside a guest with NICs and disks at work: none asks for memory, and none leaves any
//! behind. `VIRTMON_STEADY_TICKS` says how many.
//!
//! The lab counts instructions here: its clock stands still while the host is busy with other things,
//! so that the thread that writes is never so late that more buffers are needed.

use virtmon_lab::{Lab, suite, test_program};

#[test]
#[ignore = "boots a real Xen: make test"]
fn steady_ticks_ask_for_no_memory() {
    let steady = test_program("steady_xen");
    let ticks = std::env::var("VIRTMON_STEADY_TICKS").unwrap_or_else(|_| "3000".into());
    let job = format!(
        "set -e\nlab-devices\n\
         VIRTMON_STEADY_TICKS={ticks} ./steady --ignored --nocapture >said 2>&1 || true\n\
         xl destroy dev\n"
    );
    let options = ["--icount", "--limit", "1800"];
    let lab = Lab::run_with(&suite(), &job, &options, &[("steady", &steady)]);
    let said = lab.file("said");
    let line = said.lines().find(|line| line.contains("hypercalls;"));
    println!("{}", line.unwrap_or(&said));
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
}
