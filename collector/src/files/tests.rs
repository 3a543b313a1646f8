use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;
use crate::files::compress::Compressor;
use crate::files::keep::Keep;
use crate::files::rotate::Rotate;
use virtmon_export::output::error::OutputError;

const HEADER: &[u8] = b"schema,tick,time,mono_ns,name,tick_end\n";

fn append(path: &Path) -> Result<TickFile, OpenError> {
    let settings = Settings {
        append: true,
        ..Settings::default()
    };
    TickFile::open(path, HEADER.to_vec(), settings, &mut Claims::default())
}

fn tick(tick: u32) -> String {
    format!(
        "1,{tick},2026-11-23T12:00:00.000000000Z,{tick},a,\n1,{tick},2026-11-23T12:00:00.000000000Z,{tick},b,1\n"
    )
}

#[test]
fn a_file_is_as_it_was_until_the_first_tick() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.csv"), dir.path().join("new.csv"));
    fs::write(&old, "a longer text than what comes\n").unwrap();
    for path in [&old, &new] {
        drop(TickFile::file(path).unwrap());
    }
    assert_eq!(
        fs::read_to_string(&old).unwrap(),
        "a longer text than what comes\n"
    );
    assert!(!new.exists());

    let mut output = TickFile::file(&old).unwrap();
    output.write_tick(b"tick 0\n").unwrap();
    output.write_tick(b"").unwrap();
    output.write_tick(b"tick 1\n").unwrap();
    output.finish().unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "tick 0\ntick 1\n");
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let mut output = TickFile::file(Path::new("/dev/full")).unwrap();
    let error = output.write_tick(b"tick\n").unwrap_err();
    assert!(matches!(error, OutputError::Write { .. }));
    assert!(error.to_string().starts_with("/dev/full: No space left"));
}

#[test]
fn a_missing_directory_is_refused_at_once() {
    let error = TickFile::file(Path::new("/nonexistent/out.csv")).unwrap_err();
    assert!(matches!(error, OpenError::Open { .. }));
    assert!(
        error
            .to_string()
            .contains("/nonexistent/out.csv can't be written")
    );
}

#[test]
fn a_path_that_is_no_file_is_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("victim"), "secret").unwrap();
    symlink("victim", at("link")).unwrap();
    symlink("nothing", at("dangling")).unwrap();
    fs::hard_link(at("victim"), at("second")).unwrap();
    fs::create_dir(at("sub")).unwrap();
    for (name, words) in [
        ("link", "it is a symbolic link"),
        ("dangling", "it is a symbolic link"),
        ("second", "it has 2 names"),
        ("sub", "is a directory"),
    ] {
        let error = TickFile::file(&at(name)).unwrap_err().to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "secret");
    assert!(!at("nothing").exists());
}

#[test]
fn a_file_is_opened_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    let mut claims = Claims::default();
    let mut open = |path: &Path| {
        let settings = Settings::default();
        TickFile::open(path, Vec::new(), settings, &mut claims)
    };
    let first = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Duplicate { .. }), "{error}");
    // Another run, or one that did not keep the claims.
    let error = TickFile::file(&path).unwrap_err();
    let me = format!("another virtmon, process {}", std::process::id());
    assert!(error.to_string().ends_with(&me), "{error}");
    drop(first);
    TickFile::file(&path).unwrap();
    let mut null = || open(Path::new("/dev/null")).unwrap();
    drop((null(), null()));
}

#[test]
fn a_file_that_another_truncates_begins_with_its_header_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    let mut output = append(&path).unwrap();
    output.write_tick(tick(0).as_bytes()).unwrap();
    fs::copy(&path, dir.path().join("copy.csv")).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(0)
        .unwrap();
    output.write_tick(tick(1).as_bytes()).unwrap();
    let text = |tick: String| [HEADER, tick.as_bytes()].concat();
    assert_eq!(
        fs::read(dir.path().join("copy.csv")).unwrap(),
        text(tick(0))
    );
    assert_eq!(fs::read(&path).unwrap(), text(tick(1)));
}

#[test]
fn incomplete_ticks_are_kept_beside_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    let whole = [HEADER, tick(0).as_bytes()].concat();
    for round in 1..=2 {
        fs::write(&path, [&whole, &tick(1).as_bytes()[..50]].concat()).unwrap();
        let mut output = append(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
        let torn = fs::read(dir.path().join("out.csv.torn")).unwrap();
        assert_eq!(torn, tick(1).as_bytes()[..50].repeat(round));
        output.write_tick(tick(2).as_bytes()).unwrap();
        let text = [&whole, tick(2).as_bytes()].concat();
        assert_eq!(fs::read(&path).unwrap(), text);
    }
    // Where they can't be kept, they stay where they are.
    fs::remove_file(dir.path().join("out.csv.torn")).unwrap();
    fs::create_dir(dir.path().join("out.csv.torn")).unwrap();
    let text = [&whole, &tick(1).as_bytes()[..50]].concat();
    fs::write(&path, &text).unwrap();
    let error = append(&path).unwrap_err().to_string();
    assert!(error.contains("its last 50 bytes"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), text);
}

#[test]
fn a_table_of_other_columns_gets_a_finished_files_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    let older = "schema,tick,time,mono_ns,name\n1,0,2026-11-23T12:00:00.000000000Z,7,a\n";
    fs::write(&path, older).unwrap();
    let mut output = append(&path).unwrap();
    output.write_tick(tick(0).as_bytes()).unwrap();
    let finished = dir.path().join("out-20261123T120000Z.csv");
    assert_eq!(fs::read_to_string(finished).unwrap(), older);
    assert!(fs::read(&path).unwrap().starts_with(HEADER));
    drop(output);

    fs::write(&path, "a letter\n").unwrap();
    let error = append(&path).unwrap_err();
    assert!(matches!(error, OpenError::HeaderMismatch { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "a letter\n");
}

#[test]
fn a_pipe_in_place_of_a_finished_file_blocks_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    mkfifo(&dir.path().join("out-20200101T000000Z.csv"), Mode::S_IRWXU).unwrap();
    let settings = Settings {
        append: true,
        rotate: Some(Rotate::Size(4096)),
        keep: Some(Keep::Count(1)),
        ..Settings::default()
    };
    let output = TickFile::open(&path, HEADER.to_vec(), settings, &mut Claims::default()).unwrap();
    let jobs = output.leftover_jobs();
    // What is left is to look for old files.
    assert_eq!(jobs.len(), 1);
    let compressor = Compressor::start(|line| panic!("{line}")).unwrap();
    jobs.into_iter().for_each(|job| compressor.push(job));
    drop(compressor);
    assert!(dir.path().join("out-20200101T000000Z.csv").exists());
}
