//! `virtmon plot`: the pictures of recordings and of files that virtmon wrote, and its refusals.
#![cfg(feature = "plot")]
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod guests;
mod runs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use runs::{done, place, refused, replay, virtmon};

fn plot(dir: &Path, arguments: &[&str]) -> Output {
    virtmon(dir, &[&["plot"], arguments].concat())
        .output()
        .unwrap()
}

fn recording(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings");
    root.join(name).to_str().unwrap().to_owned()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_recording_has_the_picture_of_its_csv() {
    for name in ["xen.vmrec", "libvirt.vmrec"] {
        // Both have one name, which is in the picture.
        let (recorded, csv) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::copy(recording(name), recorded.path().join("out.csv")).unwrap();
        let (source, tables) = (recording(name), "vcpu,disk,host,event");
        let replay = ["--replay", &source, "--csv", "out.csv", "--detail", tables];
        done(&virtmon(csv.path(), &replay).output().unwrap());
        let pictures = [recorded, csv].map(|dir| {
            done(&plot(dir.path(), &["out.csv", "-o", "out.svg"]));
            fs::read_to_string(dir.path().join("out.svg")).unwrap()
        });
        assert!(pictures[0] == pictures[1], "{name}");
        assert!(pictures[0].contains(">CPU by guest</text>"));
    }
}

#[test]
fn the_picture_in_the_documentation_is_that_of_the_recording() {
    let dir = tempfile::tempdir().unwrap();
    done(&plot(
        dir.path(),
        &[&recording("xen.vmrec"), "-o", "out.svg"],
    ));
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/demo.svg");
    let same = fs::read(dir.path().join("out.svg")).unwrap() == fs::read(known).unwrap();
    assert!(
        same,
        "virtmon plot recordings/xen.vmrec -o docs/demo.svg makes it again"
    );
}

#[test]
fn the_form_is_that_of_the_name() {
    let dir = place();
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    for (name, begin) in [
        ("a.svg", &b"<svg "[..]),
        ("a.html", b"<!doctype html>"),
        #[cfg(feature = "plot-png")]
        ("a.png", b"\x89PNG"),
    ] {
        done(&plot(dir.path(), &["in.vmrec", "-o", name]));
        assert!(read(name).starts_with(begin), "{name}");
        let first = read(name);
        done(&plot(dir.path(), &["in.vmrec", "-o", name]));
        assert_eq!(read(name), first, "{name}");
    }
    let page = String::from_utf8(read("a.html")).unwrap();
    assert!(!page.contains("src=") && !page.contains("url("));
    let mut command = virtmon(dir.path(), &["plot", "in.vmrec"]);
    let output = command
        .stdout(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.stdout, read("a.svg"));
}

#[test]
fn the_list_names_panels_and_why_others_are_missing() {
    let dir = place();
    done(&replay(dir.path(), &["--csv", "out.csv"]));
    let mut command = virtmon(dir.path(), &["plot", "out.csv", "--list"]);
    let output = command
        .stdout(std::process::Stdio::piped())
        .output()
        .unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(
        list.contains("cpu      CPU by guest, % of a pCPU; 5 lines"),
        "{list}"
    );
    assert!(
        list.contains("host     -: there is no host table"),
        "{list}"
    );
}

#[test]
fn wrong_use_and_wrong_files_are_refused_in_one_line() {
    let dir = place();
    fs::write(dir.path().join("other.csv"), "a,b\n1,2\n").unwrap();
    fs::write(dir.path().join("empty.csv"), "").unwrap();
    let before = files(dir.path());
    for (arguments, status, words) in [
        (
            &["in.vmrec", "-o", "out.pdf"][..],
            2,
            "a picture is .svg, .png or .html",
        ),
        (&["in.vmrec", "-o", "out.svg", "-p", "speed"], 2, "speed"),
        (&["in.vmrec", "--tz", "Atlantis"], 2, "Atlantis"),
        (&["in.vmrec", "--from", "noon"], 2, "noon"),
        (&["in.vmrec", "--events", "party"], 2, "party"),
        (&["in.vmrec", "--scale", "100"], 2, "0.5 to 4"),
        (&[], 2, "FILE"),
        (&["absent.csv", "-o", "out.svg"], 1, "absent.csv"),
        (&["a\u{1b}[2J.csv", "-o", "out.svg"], 1, r"a\u{1b}[2J.csv"),
        (&["other.csv", "-o", "out.svg"], 1, "not a table of virtmon"),
        (&["empty.csv", "-o", "out.svg"], 1, "the file is empty"),
        (
            &["in.vmrec", "-o", "out.svg", "--guest", "nobody"],
            1,
            "no guest matches",
        ),
        (
            &["in.vmrec", "-o", "out.svg", "-p", "latency"],
            1,
            "panel latency",
        ),
        (&["in.vmrec", "-o", "nowhere/out.svg"], 3, "nowhere/out.svg"),
        (&["in.vmrec", "-o", "/dev/full"], 3, "/dev/full"),
    ] {
        refused(&plot(dir.path(), arguments), status, words);
    }
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_damaged_recording_is_drawn_as_far_as_it_is_whole() {
    let dir = place();
    let whole = fs::read(dir.path().join("in.vmrec")).unwrap();
    fs::write(dir.path().join("cut.vmrec"), &whole[..whole.len() / 2]).unwrap();
    let output = plot(dir.path(), &["cut.vmrec", "-o", "out.svg"]);
    refused(&output, 1, "cut.vmrec");
    let svg = fs::read_to_string(dir.path().join("out.svg")).unwrap();
    assert!(svg.ends_with("</svg>\n"));
}
