use std::fs;
use std::io;

use super::*;
use crate::files::open::Claims;
use crate::files::settings::Settings;
use crate::sampling::signals::Signals;

fn tick(writer: &mut Writer, text: &str) {
    writer.batch().streams[0].extend_from_slice(text.as_bytes());
    writer.push();
}

/// The thread ends by a panic: the run is stopped, and hears of it.
#[test]
fn a_panic_ends_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let settings = Settings {
        warn: |line| panic!("{line}"),
        ..Settings::default()
    };
    let output = Output::open(&path, Vec::new(), settings, &mut Claims::default()).unwrap();
    let mut writer = Writer::start(vec![output], |_| {}).unwrap();
    let mut signals = Signals::catch().unwrap();
    writer.stop_on_error(signals.stop_handle().unwrap());
    tick(&mut writer, "one\n");
    while !writer.written().all {
        thread::yield_now();
    }
    // A directory that has taken the file's place can't be opened as a file.
    fs::rename(&path, dir.path().join("moved")).unwrap();
    fs::create_dir(&path).unwrap();
    writer.reopen();
    while !signals.take_end() {
        thread::yield_now();
    }
    signals.drain();
    let ended = writer.close(|| false);
    assert!(matches!(ended, Err(OutputError::Panicked)), "{ended:?}");
}

/// The reader of standard output goes: the run ends well, and the other output has all.
#[test]
fn a_reader_that_goes_is_a_normal_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    let (reader, pipe) = io::pipe().unwrap();
    drop(reader);
    let stdout = Output::stdout_to(pipe.into(), &mut Claims::default()).unwrap();
    let outputs = vec![stdout, Output::file(&path).unwrap()];
    let mut writer = Writer::start(outputs, |line| panic!("{line}")).unwrap();
    let signals = Signals::catch().unwrap();
    writer.stop_on_error(signals.stop_handle().unwrap());
    for text in ["one\n", "two\n", "three\n"] {
        for stream in &mut writer.batch().streams {
            stream.extend_from_slice(text.as_bytes());
        }
        writer.push();
    }
    while writer.written().ticks < 3 {
        thread::yield_now();
    }
    // Nobody has seen the signal yet, and it is not a second one.
    writer.close(|| signals.take_stop()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
}
