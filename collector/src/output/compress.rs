//! Finished files, compressed by a thread that has nothing better to do.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::rotate;

/// zstd's own default: a tenth of a table's size, at some 300 MB a second.
const LEVEL: i32 = 3;

/// A thread that compresses one file after the other.
#[derive(Debug)]
pub(crate) struct Compressor {
    todo: Sender<PathBuf>,
    thread: JoinHandle<()>,
}

impl Compressor {
    /// Starts the thread. `tell` is told, by that thread, of a file that stays as it is.
    pub(crate) fn start(tell: fn(&str)) -> io::Result<Self> {
        let (todo, files) = mpsc::channel();
        let builder = thread::Builder::new().name("compressor".into());
        let thread = builder.spawn(move || compress_all(&files, tell))?;
        Ok(Self { todo, thread })
    }

    /// Compresses this file when those before it are done.
    pub(crate) fn take(&self, path: PathBuf) {
        // A thread that has ended has said why; the file stays as it is.
        let _ = self.todo.send(path);
    }

    /// Waits until all are done.
    pub(crate) fn finish(self) {
        drop(self.todo);
        // If it has panicked, it has said so.
        let _ = self.thread.join();
    }
}

fn compress_all(files: &Receiver<PathBuf>, tell: fn(&str)) {
    // Of this thread alone (setpriority(2), "C library/kernel differences"); where it is refused,
    // there is only more noise.
    let _ = rustix::process::setpriority_process(None, 19);
    for path in files {
        match compress(&path) {
            Ok(()) => {}
            // Whoever took it away has it as it was.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tell(&format!(
                "{} is not compressed and stays as it is: {error}",
                path.display()
            )),
        }
    }
}

/// `FILE` becomes `FILE.zst`. At every moment one of the two is there and whole: what stops here
/// leaves `FILE`, and `FILE.zst.part` at most, which the next attempt writes anew.
fn compress(path: &Path) -> io::Result<()> {
    let whole = rotate::compressed(path);
    let part = rotate::with_suffix(&whole, ".part");
    let done = write(path, &part).and_then(|()| fs::rename(&part, &whole));
    if let Err(error) = done {
        // It may be what fills the disk, or may never have been made.
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    // The new name must be on the disk before the old one goes.
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    fs::remove_file(path)
}

fn write(path: &Path, part: &Path) -> io::Result<()> {
    let mut from = File::open(path)?;
    let meta = from.metadata()?;
    let to = File::create(part)?;
    to.set_permissions(meta.permissions())?;
    let mut encoder = zstd::Encoder::new(to, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(meta.len()))?;
    io::copy(&mut from, &mut encoder)?;
    encoder.finish()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_in_the_way_leaves_all_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        fs::write(&path, "rows\n").unwrap();
        fs::create_dir(dir.path().join("out.csv.zst")).unwrap();
        assert!(compress(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"rows\n");
        assert!(!dir.path().join("out.csv.zst.part").exists());
    }
}
