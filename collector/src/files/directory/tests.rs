use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn place() -> (tempfile::TempDir, Directory) {
    let place = tempfile::tempdir().unwrap();
    let (dir, name) = Directory::of(&place.path().join("out.csv")).unwrap();
    assert_eq!(name, "out.csv");
    (place, dir)
}

#[test]
fn a_path_is_a_directory_and_a_name() {
    for (path, directory, name) in [
        ("out.csv", ".", "out.csv"),
        ("./out.csv", ".", "out.csv"),
        ("/dev/null", "/dev", "null"),
    ] {
        let (dir, file) = Directory::of(Path::new(path)).unwrap();
        assert_eq!((dir.path(), &*file), (Path::new(directory), name.as_ref()));
    }
    for path in ["/", "..", "/nonexistent/out.csv", "/dev/null/out.csv"] {
        assert!(Directory::of(Path::new(path)).is_err(), "{path}");
    }
}

#[test]
fn a_link_is_never_followed() {
    let (place, dir) = place();
    let victim = place.path().join("victim");
    fs::write(&victim, "secret").unwrap();
    symlink("victim", place.path().join("link")).unwrap();
    let link = OsStr::new("link");
    assert!(dir.read(link).is_err());
    assert!(dir.open_existing(link, OFlags::WRONLY).is_err());
    assert!(dir.open_pipe(link).is_err());
    assert!(dir.create(link).is_err());
    assert_eq!(dir.entry(link).unwrap().unwrap().kind, FileType::Symlink);
    dir.rename_new(link, OsStr::new("moved")).unwrap();
    dir.remove(OsStr::new("moved")).unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "secret");
}

#[test]
fn a_rename_to_a_new_name_replaces_nothing() {
    let (place, dir) = place();
    let [from, to] = ["from", "to"].map(OsStr::new);
    fs::write(place.path().join(from), "new").unwrap();
    fs::write(place.path().join(to), "old").unwrap();
    let error = dir.rename_new(from, to).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(place.path().join(to)).unwrap(), "old");
    dir.remove(to).unwrap();
    dir.rename_new(from, to).unwrap();
    assert_eq!(fs::read_to_string(place.path().join(to)).unwrap(), "new");
}

#[test]
fn only_files_with_one_name_are_read() {
    let (place, dir) = place();
    let name = OsStr::new("out.csv");
    drop(dir.create(name).unwrap());
    dir.read(name).unwrap();
    fs::hard_link(place.path().join(name), place.path().join("second")).unwrap();
    let error = dir.read(name).unwrap_err();
    assert!(error.to_string().contains("2 names"), "{error}");
    fs::create_dir(place.path().join("sub")).unwrap();
    assert!(dir.read(OsStr::new("sub")).is_err());
}

#[test]
fn new_files_are_for_their_user_and_group() {
    let (_place, dir) = place();
    let file = dir.create(OsStr::new("out.csv")).unwrap();
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777 & !0o640, 0, "{mode:o}");
    assert_eq!(mode & 0o600, 0o600, "{mode:o}");
}
