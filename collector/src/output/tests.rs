use std::fs;

use super::*;

#[test]
fn a_file_is_as_it_was_until_the_first_tick() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old.csv"), dir.path().join("new.csv"));
    fs::write(&old, "a longer text than what comes\n").unwrap();
    for path in [&old, &new] {
        drop(Output::file(path).unwrap());
    }
    assert_eq!(
        fs::read_to_string(&old).unwrap(),
        "a longer text than what comes\n"
    );
    assert!(!new.exists());

    let mut output = Output::file(&old).unwrap();
    output.write_tick(b"tick 0\n").unwrap();
    output.write_tick(b"").unwrap();
    output.write_tick(b"tick 1\n").unwrap();
    output.finish().unwrap();
    assert_eq!(fs::read_to_string(&old).unwrap(), "tick 0\ntick 1\n");
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let mut output = Output::file(Path::new("/dev/full")).unwrap();
    let error = output.write_tick(b"tick\n").unwrap_err();
    assert!(matches!(error, OutputError::Write { .. }));
    assert!(error.to_string().starts_with("/dev/full: No space left"));
}

#[test]
fn a_missing_directory_is_told_at_once() {
    let error = Output::file(Path::new("/nonexistent/out.csv")).unwrap_err();
    assert!(matches!(error, OutputError::Open { .. }));
    assert!(
        error
            .to_string()
            .contains("/nonexistent/out.csv can't be written")
    );
}
