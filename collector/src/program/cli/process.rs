//! Options of the process.

use clap::Args;

/// Options of the process.
#[allow(
    missing_docs,
    reason = "clap prints docs of fields and words in --help"
)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Process")]
pub struct ProcessArgs {
    /// Run with SCHED_FIFO, on one CPU and with locked memory, to sample on time on a busy machine.
    /// Needs root, or CAP_SYS_NICE and no limit on locked memory; with --user also LimitRTPRIO=1,
    /// which root sets
    #[arg(long)]
    pub realtime: bool,

    /// Drop privileges to this user once the host is open: no capabilities, write access to the
    /// directories of the outputs only, the system calls of a run only. Files are opened as that
    /// user. Xen's hypercall device stays open; whoever takes over the process controls Xen
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
}
