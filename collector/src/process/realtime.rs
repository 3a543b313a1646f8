//! `--realtime`: sampling on time on a busy machine.

use std::{fs, io};

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use nix::unistd::Pid;
use thread_priority::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use virtmon_model::{Error, Result};

/// The lowest priority of a real-time thread.
const PRIORITY: u64 = 1;

/// Raises the limits that [`become_realtime`] needs, while this process still has its rights.
///
/// `keeps_rights` is true if it will still have them then. A user without `CAP_IPC_LOCK` cannot
/// allocate beyond the limit of locked memory, so the limit must be infinite. Such a user may set the
/// priority only within a limit.
///
/// # Errors
/// A right is missing; the message has its name.
pub(crate) fn prepare(keeps_rights: bool) -> Result<()> {
    unlimited_locks(keeps_rights)?;
    // This needs CAP_SYS_RESOURCE, or a hard limit that allows it. Without either, the process may
    // have CAP_SYS_NICE.
    let _ = setrlimit(Resource::RLIMIT_RTPRIO, PRIORITY, PRIORITY);
    Ok(())
}

/// Makes this thread, which takes the samples, a real-time thread, and locks the whole program in
/// memory. To be called after [`prepare`].
///
/// # Errors
/// A right is missing; the message has its name.
pub(crate) fn become_realtime() -> Result<()> {
    schedule()?;
    let all = MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE;
    mlockall(all).map_err(|error| match error {
        Errno::EPERM | Errno::ENOMEM => memory_denied(),
        error => failed("mlockall", error.into()),
    })
}

/// Sets `SCHED_FIFO` and one CPU, the last one of this thread. Existing threads do not change; threads
/// that this one starts later inherit both.
///
/// The priority is the lowest, 1: above every ordinary thread, and below the kernel's interrupt
/// threads (50) and all other real-time threads of the host. The CPU is the last one that the thread
/// may use (taskset, `CPUAffinity=`), because most interrupts go to the first.
pub(crate) fn schedule() -> Result<()> {
    let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, fifo).map_err(
        |error| match error {
            thread_priority::Error::OS(errno) if Errno::from_raw(errno) == Errno::EPERM => denied(
                "SCHED_FIFO takes CAP_SYS_NICE, or a limit for real-time priorities (ulimit -r 1, LimitRTPRIO=1)",
            ),
            error => failed("SCHED_FIFO", io::Error::other(format!("{error:?}"))),
        },
    )?;
    pin_to_last_cpu().map_err(|error| failed("sched_setaffinity", error.into()))
}

/// Calls `work` as a real-time thread, so that the threads that it starts are real-time threads too.
/// This thread is an ordinary one again afterwards.
///
/// # Errors
/// A right is missing; the message has its name.
pub(crate) fn meanwhile<T>(work: impl FnOnce() -> T) -> Result<T> {
    let this_thread = Pid::from_raw(0);
    let cpus = sched_getaffinity(this_thread)
        .map_err(|error| failed("sched_getaffinity", error.into()))?;
    schedule()?;
    let done = work();
    let other = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, other)
        .map_err(|error| failed("SCHED_OTHER", io::Error::other(format!("{error:?}"))))?;
    sched_setaffinity(this_thread, &cpus)
        .map_err(|error| failed("sched_setaffinity", error.into()))?;
    Ok(done)
}

/// Makes sure that there is no limit of locked memory.
fn unlimited_locks(keeps_rights: bool) -> Result<()> {
    // This needs CAP_SYS_RESOURCE, or a hard limit that is infinite already.
    let raised = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
    if raised.is_ok() || (keeps_rights && may_lock_all()) {
        return Ok(());
    }
    Err(memory_denied())
}

/// True if this process has `CAP_IPC_LOCK`, which ignores the limit.
fn may_lock_all() -> bool {
    const CAP_IPC_LOCK: u64 = 14;
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:\t"))
        .and_then(|set| u64::from_str_radix(set, 16).ok());
    effective.is_some_and(|set| set >> CAP_IPC_LOCK & 1 == 1)
}

fn pin_to_last_cpu() -> nix::Result<()> {
    let this_thread = Pid::from_raw(0);
    let mine = sched_getaffinity(this_thread)?;
    let last = (0..CpuSet::count()).rfind(|&cpu| mine.is_set(cpu) == Ok(true));
    let mut one = CpuSet::new();
    one.set(last.ok_or(Errno::ESRCH)?)?;
    sched_setaffinity(this_thread, &one)
}

fn memory_denied() -> Error {
    denied(
        "locking memory takes no limit on it (ulimit -l unlimited, LimitMEMLOCK=infinity), or CAP_IPC_LOCK that is kept",
    )
}

fn denied(why: &str) -> Error {
    Error::Denied(format!("--realtime: {why}"))
}

fn failed(call: &str, source: io::Error) -> Error {
    Error::call(format!("--realtime: {call}"), source)
}
