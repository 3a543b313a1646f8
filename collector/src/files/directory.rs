//! The directory of an output, kept open. Every file in it is accessed by the descriptor of the
//! directory and its own name. A symbolic link is never followed.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Access, AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

/// Mode of new files, less the umask. Other local users have no access: a file holds the names of
/// guests and tenants, and their activity.
const MODE: Mode = Mode::from_raw_mode(0o640);

/// An open directory.
#[derive(Debug)]
pub(super) struct Directory {
    fd: OwnedFd,
    path: PathBuf,
}

/// A file of a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: FileType,
    pub(super) bytes: u64,
    pub(super) changed: SystemTime,
    key: (u64, u64),
}

impl Directory {
    /// Opens the directory of a path. Returns the path's last component too.
    ///
    /// # Errors
    /// The path has no last component, or its directory can't be opened.
    pub(super) fn of(path: &Path) -> io::Result<(Self, OsString)> {
        let name = path.file_name().ok_or(ErrorKind::IsADirectory)?;
        let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let open = |flags| {
            let flags = flags | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::open(parent, flags, Mode::empty())
        };
        let fd = match open(OFlags::RDONLY) {
            // A directory that may be searched and not listed.
            Err(Errno::ACCESS) => open(OFlags::PATH)?,
            other => other?,
        };
        let directory = Self {
            fd,
            path: parent.to_owned(),
        };
        Ok((directory, name.to_owned()))
    }

    /// The path of the directory, as given.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file's path, for messages.
    pub(super) fn path_of(&self, name: &OsStr) -> PathBuf {
        if self.path == Path::new(".") {
            return name.into();
        }
        self.path.join(name)
    }

    /// The file of this name; `None` if there is none.
    pub(super) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Entry::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// True if the name is that of this file.
    pub(super) fn names(&self, name: &OsStr, file: &File) -> bool {
        let named = self.entry(name).ok().flatten();
        named.is_some_and(|named| file.metadata().is_ok_and(|meta| key(&meta) == named.key))
    }

    /// Creates a file to be appended to.
    ///
    /// # Errors
    /// A file of that name exists, or no file may be created.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL;
        self.open(name, flags, MODE)
    }

    /// Opens an existing file. A pipe without a reader is an error; the call does not wait for one.
    pub(super) fn open_existing(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        self.open(name, flags | OFlags::NONBLOCK, Mode::empty())
    }

    /// Opens a regular file of this user or root, to be read.
    pub(super) fn read(&self, name: &OsStr) -> io::Result<File> {
        let file = self.open_existing(name, OFlags::RDONLY)?;
        check(&file.metadata()?)?;
        Ok(file)
    }

    /// Opens a pipe. Waits for a reader.
    pub(super) fn open_pipe(&self, name: &OsStr) -> io::Result<File> {
        self.open(name, OFlags::WRONLY | OFlags::APPEND, Mode::empty())
    }

    fn open(&self, name: &OsStr, flags: OFlags, mode: Mode) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
        let fd = rustix::fs::openat(&self.fd, name, flags, mode)?;
        Ok(fd.into())
    }

    /// Renames a file to a name that does not exist.
    ///
    /// # Errors
    /// The name exists ([`ErrorKind::AlreadyExists`]), or the directory cannot be changed.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(&self.fd, from, &self.fd, to, flags) {
            // Some kernels and file systems do not support the flag.
            Err(Errno::INVAL | Errno::NOSYS) if self.entry(to)?.is_none() => {
                self.rename_over(from, to)
            }
            Err(Errno::INVAL | Errno::NOSYS) => Err(ErrorKind::AlreadyExists.into()),
            renamed => Ok(renamed?),
        }
    }

    /// Renames a file, and replaces the file of that name.
    pub(super) fn rename_over(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Removes a file.
    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Writes the names to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        match rustix::fs::fsync(&self.fd) {
            // The directory is open for search only, or the file system does not sync directories.
            Err(Errno::BADF | Errno::INVAL) => Ok(()),
            synced => Ok(synced?),
        }
    }

    /// All names in the directory.
    pub(super) fn list(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            names.push(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned());
        }
        Ok(names)
    }

    /// True if this user may create and rename files in the directory.
    pub(super) fn is_writable(&self) -> bool {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        rustix::fs::accessat(&self.fd, ".", access, AtFlags::empty()).is_ok()
    }
}

impl Entry {
    fn of(stat: &Stat) -> Self {
        let changed = u64::try_from(stat.st_mtime).unwrap_or(0);
        Self {
            kind: FileType::from_raw_mode(stat.st_mode),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            changed: UNIX_EPOCH + Duration::from_secs(changed),
            key: (stat.st_dev, stat.st_ino),
        }
    }

    /// True if it is a regular file.
    pub(super) fn is_file(&self) -> bool {
        self.kind == FileType::RegularFile
    }
}

/// Device and inode.
pub(super) fn key(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

/// Checks that a file is regular, has one name, and belongs to this user or root. Another user could
/// replace a file of theirs at any time.
pub(super) fn check(meta: &Metadata) -> io::Result<()> {
    if !meta.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if meta.nlink() > 1 {
        let names = meta.nlink();
        return Err(io::Error::other(format!(
            "it has {names} names (hard links)"
        )));
    }
    let user = rustix::process::geteuid().as_raw();
    if ![user, 0].contains(&meta.uid()) {
        let owner = meta.uid();
        return Err(io::Error::other(format!(
            "it belongs to user {owner}, and virtmon runs as user {user}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
