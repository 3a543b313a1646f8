//! Which files may be read and written: Landlock, from Linux 5.13 on.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus,
};

use crate::process::sandbox::Peer;

/// The newest rights that are asked for; an older kernel enforces those that it has.
const RIGHTS: ABI = ABI::V5;

/// Directories of `/` that are people's, or other programs' data: nothing in there is read. All
/// others are, for libraries, the kernel's files and configuration lie in many places.
const NOT_READ: [&str; 8] = ["boot", "home", "media", "mnt", "root", "srv", "tmp", "var"];

/// Restricts this thread, and those that it starts. Returns whether this kernel does that.
pub(super) fn restrict(peer: Peer, outputs: &[PathBuf]) -> bool {
    let restricted = ruleset(peer, outputs).and_then(RulesetCreated::restrict_self);
    restricted.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

fn ruleset(peer: Peer, outputs: &[PathBuf]) -> Result<RulesetCreated, RulesetError> {
    let reads = AccessFs::ReadFile | AccessFs::ReadDir;
    // A network's TLS keys may lie in the home of whoever runs this.
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
    // New files, renaming and taking away finished ones; no directory, device, socket or link.
    let files =
        reads | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile;
    for output in outputs {
        ruleset = allow(ruleset, place(output), files & handled)?;
    }
    Ok(ruleset)
}

/// What must be written to for this output: its directory, for the files that follow it; a device
/// or a pipe itself, and so what a descriptor's name stands for.
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

/// Allows what a path exists for; of a file only what can be done to files.
fn allow(
    ruleset: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    // Where it does not exist there is nothing to allow, and opening it fails in words.
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
