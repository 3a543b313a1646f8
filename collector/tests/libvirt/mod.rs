//! Tests that run the program on libvirt's test driver.

use std::process::Command;

/// True if libvirt's client library is not installed. A message says that the test is skipped.
pub(crate) fn is_missing() -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_virtmon"))
        .args(["--uri", "test:///default", "--count", "1"])
        .output();
    let is_missing = output.is_ok_and(|output| {
        !output.status.success()
            && String::from_utf8_lossy(&output.stderr).contains("not installed")
    });
    if is_missing {
        eprintln!("skipped: libvirt.so.0 is not installed");
    }
    is_missing
}
