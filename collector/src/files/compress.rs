//! Finished files: a thread of low priority compresses them, and removes old ones.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use crate::files::directory::Directory;
use crate::files::keep;
use crate::files::keep::Keep;
use crate::files::rotate;

/// zstd's default level: it compresses tables to about a tenth, at about 300 MB a second.
const LEVEL: i32 = 3;

/// A thread that does one job after the other.
#[derive(Debug)]
pub struct Compressor {
    /// `None` only while it is dropped.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// A task in the directory of an output.
#[derive(Debug)]
pub struct Job {
    pub(super) dir: Arc<Directory>,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// Compress this finished file.
    Compress(OsString),
    /// Remove old finished files of the output of this name.
    Prune(OsString, Keep),
}

impl Compressor {
    /// Starts the thread. `warn` gets a line, in that thread, for a file that stays as it is.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn start(warn: fn(&str)) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel();
        let builder = thread::Builder::new().name("compressor".into());
        let thread = builder.spawn(move || work(&jobs, warn))?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// Adds a job behind those that were added before.
    pub(crate) fn push(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // A thread that has ended has reported why; the file stays as it is.
            let _ = jobs.send(job);
        }
    }
}

/// Waits until all jobs are done.
impl Drop for Compressor {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported.
            let _ = thread.join();
        }
    }
}

fn work(jobs: &Receiver<Job>, warn: fn(&str)) {
    // The priority of this thread only (setpriority(2), "C library/kernel differences"). If it is
    // refused, the thread disturbs others more.
    let _ = rustix::process::setpriority_process(None, 19);
    for Job { dir, what } in jobs {
        let done = match &what {
            What::Compress(name) => compress(&dir, name).map_err(|error| (name, error)),
            What::Prune(name, keep) => {
                let now = SystemTime::now();
                keep::prune(&dir, name, *keep, now).map_err(|error| (name, error))
            }
        };
        let Err((name, error)) = done else {
            continue;
        };
        // Another process has moved or removed the file.
        if error.kind() == ErrorKind::NotFound {
            continue;
        }
        let path = dir.path_of(name);
        let path = path.display();
        warn(&match what {
            What::Compress(_) => format!("{path} is not compressed and stays as it is: {error}"),
            What::Prune(..) => format!("{path}: the old file cannot be removed: {error}"),
        });
    }
}

/// Replaces `FILE` by `FILE.zst`. One of the two exists and is whole at any time. A crash leaves `FILE`,
/// and possibly `FILE.zst.part`, which the next attempt replaces.
fn compress(dir: &Directory, name: &OsStr) -> io::Result<()> {
    let from = dir.read(name)?;
    let whole = rotate::compressed(name);
    let part = rotate::with_suffix(&whole, ".part");
    match dir.remove(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let to = dir.create(&part)?;
    // If the name exists, a crash has left that file beside the uncompressed one.
    let done = write(from, to).and_then(|()| dir.rename_over(&part, &whole));
    if let Err(error) = done {
        // The partial file may be what fills the disk.
        let _ = dir.remove(&part);
        return Err(error);
    }
    // The new name must be on the disk before the old one is removed.
    dir.sync()?;
    dir.remove(name)
}

fn write(mut from: File, to: File) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(to, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(from.metadata()?.len()))?;
    io::copy(&mut from, &mut encoder)?;
    encoder.finish()?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_failed_compression_changes_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("out.csv");
        fs::write(&path, "rows\n").unwrap();
        fs::create_dir(place.path().join("out.csv.zst")).unwrap();
        let (dir, name) = Directory::of(&path).unwrap();
        assert!(compress(&dir, &name).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"rows\n");
        assert!(!place.path().join("out.csv.zst.part").exists());
    }
}
