//! Many ticks with a guest that has NICs and disks under load: no tick allocates memory.
//! `VIRTMON_STEADY_TICKS` is the number of ticks.
//!
//! The clock of the lab counts instructions. It stops while the host is busy with other work, so the
//! writing thread is never so late that it needs more buffers.

use virtmon_lab::{Lab, suite, test_program};

#[test]
#[ignore = "boots a real Xen: make test"]
fn steady_ticks_allocate_no_memory() {
    let steady = test_program("steady_xen");
    let ticks = std::env::var("VIRTMON_STEADY_TICKS").unwrap_or_else(|_| "3000".into());
    let job = format!(
        "set -e\nlab-devices\n\
         VIRTMON_STEADY_TICKS={ticks} ./steady --ignored --nocapture >output 2>&1 || true\n\
         xl destroy dev\n"
    );
    let options = ["--icount", "--limit", "1800"];
    let lab = Lab::run_with(&suite(), &job, &options, &[("steady", &steady)]);
    let output = lab.file("output");
    let line = output.lines().find(|line| line.contains("hypercalls;"));
    println!("{}", line.unwrap_or(&output));
    assert!(output.contains("test result: ok. 1 passed"), "{output}");
}
