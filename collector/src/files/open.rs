//! Opening the file of an output: allowed kinds of file, owners, and other writers.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;

use crate::files::directory;
use crate::files::directory::Directory;
use crate::files::lock;
use crate::files::lock::Lock;

/// Largest number of attempts while the name changes from one file to another.
const ATTEMPTS: usize = 16;

/// The files that a run reads and writes. No file is used twice.
#[derive(Debug, Default)]
pub struct Claims(Vec<(u64, u64)>);

/// A file that is open for writing.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) created: bool,
    pub(super) is_file: bool,
}

/// The reason why a file is not opened.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The system refused it, or its kind is not allowed.
    Io(io::Error),
    /// Another process writes it; its id, if known.
    Locked(Option<u32>),
    /// It is another output of this run, or its input.
    Duplicate,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Claims {
    /// Adds a file. Returns false if it was added before.
    ///
    /// # Errors
    /// The file's metadata can't be read.
    pub fn add(&mut self, file: &File) -> io::Result<bool> {
        let meta = file.metadata()?;
        // Several outputs may write to a terminal or to /dev/null.
        if FileType::from_raw_mode(meta.mode()) == FileType::CharacterDevice {
            return Ok(true);
        }
        let key = directory::key(&meta);
        let is_new = !self.0.contains(&key);
        self.0.push(key);
        Ok(is_new)
    }
}

/// Opens a file at the start of a run: a regular file, which is created if it does not exist, a named
/// pipe, or a character device.
pub(super) fn at_start(
    dir: &Directory,
    name: &OsStr,
    claims: &mut Claims,
) -> Result<Opened, Refusal> {
    open(dir, name, true, claims)
}

/// Opens a regular file to continue in. It is created if it does not exist.
pub(super) fn replacement(dir: &Directory, name: &OsStr) -> Result<Opened, Refusal> {
    open(dir, name, false, &mut Claims::default())
}

fn open(
    dir: &Directory,
    name: &OsStr,
    specials: bool,
    claims: &mut Claims,
) -> Result<Opened, Refusal> {
    for _ in 0..ATTEMPTS {
        let Some((file, created)) = attempt(dir, name, specials)? else {
            continue;
        };
        let meta = file.metadata()?;
        let is_file = meta.is_file();
        if is_file {
            // The file was renamed or removed since.
            if !dir.names(name, &file) {
                continue;
            }
            directory::check(&meta)?;
        }
        if !claims.add(&file)? {
            return Err(Refusal::Duplicate);
        }
        if is_file && let Lock::Others(pid) = lock::lock(&file)? {
            return Err(Refusal::Locked(pid));
        }
        // The process that had the lock may have renamed the file.
        if is_file && !dir.names(name, &file) {
            claims.0.pop();
            continue;
        }
        return Ok(Opened {
            file,
            created,
            is_file,
        });
    }
    Err(io::Error::other("another process keeps replacing it").into())
}

/// Opens the file of this name. `None` if the name changed meanwhile. The flag is true if the file was
/// created.
fn attempt(dir: &Directory, name: &OsStr, specials: bool) -> io::Result<Option<(File, bool)>> {
    let Some(entry) = dir.entry(name)? else {
        return match dir.create(name) {
            Ok(file) => Ok(Some((file, true))),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        };
    };
    let opened = match entry.kind {
        FileType::RegularFile => dir.open_existing(name, OFlags::RDWR | OFlags::APPEND),
        FileType::Fifo if specials => dir.open_pipe(name),
        FileType::CharacterDevice if specials => {
            dir.open_existing(name, OFlags::WRONLY | OFlags::APPEND)
        }
        FileType::Directory => Err(ErrorKind::IsADirectory.into()),
        FileType::Symlink => Err(io::Error::other(
            "it is a symbolic link: name the file that it points to",
        )),
        _ if specials => Err(io::Error::other(
            "it is neither a file, nor a pipe, nor a character device",
        )),
        _ => Err(io::Error::other("it is not a regular file")),
    };
    let file = match opened {
        Ok(file) => file,
        // The file was removed, or replaced by a link or a pipe, since.
        Err(error) if is_one_of(&error, &[Errno::NOENT, Errno::LOOP, Errno::NXIO]) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if FileType::from_raw_mode(file.metadata()?.mode()) != entry.kind {
        return Ok(None);
    }
    let flags = rustix::fs::fcntl_getfl(&file)?;
    rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(Some((file, false)))
}

fn is_one_of(error: &io::Error, these: &[Errno]) -> bool {
    let errno = error.raw_os_error();
    these.iter().any(|one| Some(one.raw_os_error()) == errno)
}

/// True if the path is that of standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .map(Path::new)
        .contains(&path)
}

/// The open descriptor of a path like `/dev/stdout`.
pub(super) fn standard(path: &Path) -> Option<io::Result<File>> {
    let duplicate = |fd: io::Result<std::os::fd::OwnedFd>| fd.map(File::from);
    match path.to_str()? {
        _ if is_stdout(path) => Some(duplicate(io::stdout().as_fd().try_clone_to_owned())),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => {
            Some(duplicate(io::stderr().as_fd().try_clone_to_owned()))
        }
        other => {
            let number = other
                .strip_prefix("/dev/fd/")
                .or_else(|| other.strip_prefix("/proc/self/fd/"))?;
            number.parse::<u32>().ok()?;
            Some(File::options().append(true).open(path))
        }
    }
}
