//! Single vCPUs: one hypercall each, the dear part of a sample.

use std::io;

use nix::errno::Errno;
use virtmon_model::{Domain, State, Vcpu, VcpuState};
use xen_sys::abi::VcpuInfo;

/// The highest vCPU number that a domain of any kind may have (`MAX_VIRT_CPUS` of a PV guest, the
/// larger of the two).
const MOST: u32 = 8192;

/// Reads every vCPU of a domain whose highest vCPU number is `max_vcpu_id`.
///
/// Numbers may have holes. A domain that is gone by now keeps its row, with its vCPUs unknown: the
/// next list no longer has it. `read` is asked for one after the other, by domid and number.
pub(crate) fn fill(
    domain: &mut Domain,
    max_vcpu_id: u32,
    mut read: impl FnMut(u16, u32) -> io::Result<VcpuInfo>,
) {
    let stopped = matches!(
        domain.state,
        State::Paused | State::Shutdown | State::Crashed | State::Dying
    );
    let vcpus = &mut domain.vcpus;
    vcpus.clear();
    // All ones: it has no vCPU yet.
    let past_last = if max_vcpu_id < MOST {
        max_vcpu_id + 1
    } else {
        0
    };
    let Ok(domid) = u16::try_from(domain.identity.id) else {
        return;
    };
    for id in 0..past_last {
        match read(domid, id) {
            Ok(info) => {
                let row = vcpus.rows.next_row();
                *row = Vcpu {
                    id,
                    state: state(&info, stopped),
                    cpu_time_ns: Some(info.cpu_time),
                    pcpu: Some(info.cpu),
                    ..Vcpu::default()
                };
            }
            // ESRCH: no such domain, or no such vCPU. EINVAL: a vCPU that was never set up. ENOENT: the
            // same, from Xen 4.22 on.
            Err(error) if is_hole(&error) => {}
            Err(error) => {
                domain.error = Some(format!("XEN_DOMCTL_getvcpuinfo: {error}").into());
                return;
            }
        }
    }
    vcpus.complete = past_last == 0 || !vcpus.rows.is_empty();
}

fn is_hole(error: &io::Error) -> bool {
    [Errno::ESRCH, Errno::EINVAL, Errno::ENOENT]
        .iter()
        .any(|&errno| error.raw_os_error() == Some(errno as i32))
}

/// What a vCPU is doing. One whose domain is `stopped` may not run, though Xen's flags are those of
/// one that could: it does not wait for a pCPU.
fn state(info: &VcpuInfo, stopped: bool) -> VcpuState {
    match info {
        VcpuInfo { online: false, .. } => VcpuState::Offline,
        VcpuInfo { running: true, .. } => VcpuState::Running,
        _ if stopped => VcpuState::Paused,
        VcpuInfo { blocked: true, .. } => VcpuState::Blocked,
        _ => VcpuState::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: VcpuInfo = VcpuInfo {
        online: true,
        blocked: false,
        running: false,
        cpu_time: 7,
        cpu: 1,
    };

    #[test]
    fn ready_is_what_could_run_and_does_not() {
        let vcpu = |online, blocked, running, stopped| {
            let info = VcpuInfo {
                online,
                blocked,
                running,
                ..FLAGS
            };
            state(&info, stopped)
        };
        for stopped in [false, true] {
            assert_eq!(vcpu(true, false, true, stopped), VcpuState::Running);
            assert_eq!(vcpu(false, true, false, stopped), VcpuState::Offline);
        }
        assert_eq!(vcpu(true, true, false, false), VcpuState::Blocked);
        assert_eq!(vcpu(true, false, false, false), VcpuState::Ready);
        assert_eq!(vcpu(true, true, false, true), VcpuState::Paused);
        assert_eq!(vcpu(true, false, false, true), VcpuState::Paused);
    }

    #[test]
    fn no_vcpu_of_a_domain_that_may_not_run_is_ready() {
        for (of_domain, of_vcpu) in [
            (State::Running, VcpuState::Ready),
            (State::Blocked, VcpuState::Ready),
            (State::Paused, VcpuState::Paused),
            (State::Shutdown, VcpuState::Paused),
            (State::Crashed, VcpuState::Paused),
            (State::Dying, VcpuState::Paused),
        ] {
            let mut domain = Domain {
                state: of_domain,
                ..Domain::default()
            };
            fill(&mut domain, 0, |_, _| Ok(FLAGS));
            assert_eq!(domain.vcpus.rows[0].state, of_vcpu, "{of_domain}");
        }
    }

    #[test]
    fn a_missing_vcpu_is_a_hole_on_every_release() {
        for errno in [Errno::ESRCH, Errno::EINVAL, Errno::ENOENT] {
            let mut domain = Domain::default();
            fill(&mut domain, 2, |_, vcpu| match vcpu {
                1 => Err(errno.into()),
                _ => Ok(FLAGS),
            });
            let numbers: Vec<u32> = domain.vcpus.rows.iter().map(|vcpu| vcpu.id).collect();
            assert_eq!(numbers, [0, 2], "{errno}");
            assert!(domain.vcpus.complete && domain.error.is_none(), "{errno}");
        }
    }
}
