//! The files that may be read and written: Landlock, from Linux 5.13 on.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus,
};

use crate::process::sandbox::Peer;

/// The newest rights that are restricted. An older kernel enforces those that it knows.
const RIGHTS: ABI = ABI::V5;

/// Directories of `/` with data of people or other programs: nothing in them is readable. All others
/// are readable, because libraries, files of the kernel and configuration are in many places.
const NOT_READ: [&str; 8] = ["boot", "home", "media", "mnt", "root", "srv", "tmp", "var"];

/// Restricts this thread and those that it starts. False if this kernel does not support it.
pub(super) fn restrict(peer: Peer, outputs: &[PathBuf]) -> bool {
    let restricted = ruleset(peer, outputs).and_then(RulesetCreated::restrict_self);
    restricted.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

fn ruleset(peer: Peer, outputs: &[PathBuf]) -> Result<RulesetCreated, RulesetError> {
    let reads = AccessFs::ReadFile | AccessFs::ReadDir;
    // TLS keys for a network connection may be in the home of the user.
    let handled = match peer {
        Peer::Local => AccessFs::from_all(RIGHTS),
        _ => AccessFs::from_all(RIGHTS) & !reads,
    };
    let mut ruleset = Ruleset::default().handle_access(handled)?.create()?;
    for path in readable() {
        ruleset = allow(ruleset, &path, reads & handled)?;
    }
    let devices = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    for path in ["/dev/xen", "/proc/xen", "/dev/null"] {
        ruleset = allow(ruleset, Path::new(path), devices & handled)?;
    }
    // New files, renaming and removing finished ones; no directory, device, socket or link.
    let files =
        reads | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile;
    for output in outputs {
        ruleset = allow(ruleset, place(output), files & handled)?;
    }
    Ok(ruleset)
}

/// The path that must be writable for this output: its directory, for the next files; a device or pipe
/// itself, and likewise the target of a descriptor's name.
fn place(output: &Path) -> &Path {
    if output.starts_with("/dev/fd") || output.starts_with("/proc/self/fd") {
        return output;
    }
    let is_special = fs::metadata(output).is_ok_and(|meta| {
        let kind = meta.file_type();
        kind.is_char_device() || kind.is_block_device() || kind.is_fifo() || kind.is_socket()
    });
    match output.parent() {
        _ if is_special => output,
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

fn readable() -> Vec<PathBuf> {
    let root = fs::read_dir("/").into_iter().flatten().flatten();
    root.filter(|entry| !NOT_READ.iter().any(|name| entry.file_name() == *name))
        .map(|entry| entry.path())
        .collect()
}

/// Allows access to a path that exists; to a file only the rights that apply to files.
fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    // If it does not exist there is nothing to allow, and opening it fails with a message.
    let (Ok(fd), Ok(meta)) = (PathFd::new(path), fs::metadata(path)) else {
        return Ok(ruleset);
    };
    let access = if meta.is_dir() {
        access
    } else {
        access & AccessFs::from_file(RIGHTS)
    };
    if access.is_empty() {
        return Ok(ruleset);
    }
    ruleset.add_rule(PathBeneath::new(fd, access))
}
