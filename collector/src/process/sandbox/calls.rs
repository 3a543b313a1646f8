//! The allowed system calls: a seccomp filter in all threads.
//!
//! A call that is not allowed fails with EPERM. That stops an intruder as well as killing the process
//! does, and the run goes on if a system library tries a new call.

use std::collections::BTreeMap;
use std::env::consts::ARCH;

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

use crate::process::sandbox::Peer;

/// A rule: a system call, and the allowed values of one of its arguments.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// `IOCTL_PRIVCMD_HYPERCALL`: `_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))` of
/// `xen/privcmd.h`. The requests that map memory of guests are not allowed.
const PRIVCMD_HYPERCALL: u64 = 0x0030_5000;

/// The flags of `clone` that make namespaces (`linux/sched.h`).
const NAMESPACES: u64 = 0x7e02_0000;

/// Installs the filter in every thread of this process, and so in those that they start.
pub(super) fn filter(peer: Peer, listens: bool) -> Result<(), seccompiler::Error> {
    let arch = TargetArch::try_from(ARCH)?;
    // A rule cannot read the memory that has the flags of clone3. If that call is unknown, the C library
    // uses clone.
    let no_clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
    let unknown = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    install(no_clone3, SeccompAction::Allow, unknown, arch)?;
    let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    install(rules(peer, listens)?, denied, SeccompAction::Allow, arch)
}

fn install(
    rules: Rules,
    others: SeccompAction,
    these: SeccompAction,
    arch: TargetArch,
) -> Result<(), seccompiler::Error> {
    let program = BpfProgram::try_from(SeccompFilter::new(rules, others, these, arch)?)?;
    apply_filter_all_threads(&program)
}

fn rules(peer: Peer, listens: bool) -> Result<Rules, BackendError> {
    let mut rules: Rules = FILES
        .iter()
        .chain(WAITING)
        .chain(MEMORY)
        .chain(THREADS)
        .chain(SOCKETS)
        .chain(OLD)
        .map(|&call| (call, Vec::new()))
        .collect();
    if listens {
        // The socket listens already; no other one can.
        rules.insert(libc::SYS_accept4, Vec::new());
    }
    // The other filter handles clone3.
    rules.insert(libc::SYS_clone3, Vec::new());
    let clone = condition(0, SeccompCmpOp::MaskedEq(NAMESPACES), 0)?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![clone])?]);
    let requests = [
        PRIVCMD_HYPERCALL,
        libc::FIONBIO,
        libc::FIONREAD,
        libc::FIOCLEX,
        libc::TCGETS,
        libc::TIOCGWINSZ,
    ];
    rules.insert(libc::SYS_ioctl, one_of(1, &requests)?);
    let names = [libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_VMA];
    rules.insert(libc::SYS_prctl, one_of(0, &names.map(i64::from).map(bits))?);
    // Limits of this process, and signals to itself, such as an abort.
    rules.insert(libc::SYS_prlimit64, one_of(0, &[0])?);
    rules.insert(libc::SYS_tgkill, one_of(0, &[std::process::id().into()])?);
    rules.insert(libc::SYS_socket, sockets(peer)?);
    let unix = [bits(libc::AF_UNIX.into())];
    rules.insert(libc::SYS_socketpair, one_of(0, &unix)?);
    Ok(rules)
}

/// Sockets of this host's daemons; netlink for network interfaces; network sockets if the sampled host
/// is a remote one.
fn sockets(peer: Peer) -> Result<Vec<SeccompRule>, BackendError> {
    let family = |family: i32| condition(0, SeccompCmpOp::Eq, bits(family.into()));
    let route = condition(2, SeccompCmpOp::Eq, bits(libc::NETLINK_ROUTE.into()))?;
    let mut rules = vec![
        SeccompRule::new(vec![family(libc::AF_UNIX)?])?,
        SeccompRule::new(vec![family(libc::AF_NETLINK)?, route])?,
    ];
    if peer != Peer::Local {
        for far in [libc::AF_INET, libc::AF_INET6] {
            rules.push(SeccompRule::new(vec![family(far)?])?);
        }
    }
    Ok(rules)
}

/// Rules that allow a call if its argument is one of these values.
fn one_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, BackendError> {
    let rules = values.iter().map(|&value| {
        let condition = condition(argument, SeccompCmpOp::Eq, value)?;
        SeccompRule::new(vec![condition])
    });
    rules.collect()
}

/// Condition for an argument of 32 bits. The kernel ignores the other bits.
fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

fn bits(value: i64) -> u64 {
    value.cast_unsigned()
}

/// Calls for files: reading files of the kernel; writing, rotating and locking outputs.
const FILES: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_umask,
    libc::SYS_fchmod,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fadvise64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_splice,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
];

/// Calls for waiting and clocks.
const WAITING: &[i64] = &[
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_times,
];

/// Calls for memory, including locked memory.
const MEMORY: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_mlockall,
    libc::SYS_munlock,
    libc::SYS_get_mempolicy,
];

/// Calls for threads and signals of this process, and its own properties.
const THREADS: &[i64] = &[
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_getparam,
    libc::SYS_sched_get_priority_min,
    libc::SYS_sched_get_priority_max,
    libc::SYS_getpriority,
    libc::SYS_setpriority,
    libc::SYS_getrusage,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_capget,
    libc::SYS_getcpu,
    libc::SYS_getrandom,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// Calls for existing sockets. No socket begins to listen.
const SOCKETS: &[i64] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_shutdown,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
];

/// Calls that newer processors have only under newer names.
#[cfg(target_arch = "x86_64")]
const OLD: &[i64] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_rename,
    libc::SYS_unlink,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_poll,
    libc::SYS_select,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_time,
    libc::SYS_getrlimit,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];
