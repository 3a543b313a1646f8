//! virtmon without libxenctrl and libvirt: in a root directory that has only the C library.
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::fs;
use std::path::Path;
use std::process::Command;

use virtmon_lab::virtmon;

/// Libraries that the program is linked to, by ldd.
fn linked(program: &Path) -> Vec<String> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

#[test]
#[ignore = "takes root, for chroot: make test"]
fn it_starts_without_both_libraries_and_reports_the_missing_one() {
    let program = virtmon();
    let libraries = linked(&program);
    assert!(libraries.iter().any(|path| path.contains("libc.so")));
    for name in ["xen", "virt"] {
        assert!(
            !libraries.iter().any(|path| path.contains(name)),
            "{libraries:?}"
        );
    }

    let root = tempfile::tempdir().unwrap();
    for library in &libraries {
        let copy = root.path().join(&library[1..]);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(library, copy).unwrap();
    }
    fs::copy(&program, root.path().join("virtmon")).unwrap();
    for (backend, words) in [
        ("xen", "not domain 0 of a Xen host"),
        ("libvirt", "libvirt.so.0 is not installed"),
        ("auto", "libvirt.so.0 is not installed"),
    ] {
        let output = Command::new("chroot")
            .arg(root.path())
            .args(["/virtmon", "--backend", backend, "--csv", "/out.csv"])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        assert!(output.stdout.is_empty());
        assert!(!root.path().join("out.csv").exists());
        eprint!("{stderr}");
    }
}
