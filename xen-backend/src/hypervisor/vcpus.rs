//! Single vCPUs: one hypercall each, the most expensive part of a sample.

use std::io;

use nix::errno::Errno;
use virtmon_model::{Domain, State, Vcpu, VcpuState};
use xen_sys::abi::VcpuInfo;

/// Most vCPUs of a domain of any kind (`MAX_VIRT_CPUS` of a PV guest; HVM guests have fewer).
const MAX_VCPUS: u32 = 8192;

/// Reads every vCPU of a domain whose highest vCPU number is `max_vcpu_id`.
///
/// The numbers may have holes. A domain that does not exist any more keeps its row with unknown
/// vCPUs; the next list does not contain it. `read` takes domid and vCPU number, and is called in
/// ascending order of the number.
pub(crate) fn fill(
    domain: &mut Domain,
    max_vcpu_id: u32,
    mut read: impl FnMut(u16, u32) -> io::Result<VcpuInfo>,
) {
    let is_stopped = matches!(
        domain.state,
        State::Paused | State::Shutdown | State::Crashed | State::Dying
    );
    let vcpus = &mut domain.vcpus;
    vcpus.clear();
    // All ones: the domain has no vCPU yet.
    let end = if max_vcpu_id < MAX_VCPUS {
        max_vcpu_id + 1
    } else {
        0
    };
    let Ok(domid) = u16::try_from(domain.identity.id) else {
        return;
    };
    for id in 0..end {
        match read(domid, id) {
            Ok(info) => {
                let row = vcpus.rows.next_row();
                *row = Vcpu {
                    id,
                    state: state(&info, is_stopped),
                    cpu_time_ns: Some(info.cpu_time),
                    pcpu: Some(info.cpu),
                    ..Vcpu::default()
                };
            }
            // ESRCH: no such domain, or no such vCPU. EINVAL: a vCPU that was never set up. ENOENT:
            // the same, on Xen 4.22 and later.
            Err(error) if is_hole(&error) => {}
            Err(error) => {
                domain.error = Some(format!("XEN_DOMCTL_getvcpuinfo: {error}").into());
                return;
            }
        }
    }
    vcpus.complete = end == 0 || !vcpus.rows.is_empty();
}

fn is_hole(error: &io::Error) -> bool {
    [Errno::ESRCH, Errno::EINVAL, Errno::ENOENT]
        .iter()
        .any(|&errno| error.raw_os_error() == Some(errno as i32))
}

/// State of a vCPU. The vCPU of a stopped domain may not run, although Xen's flags are those of one
/// that could. It does not wait for a pCPU.
fn state(info: &VcpuInfo, is_stopped: bool) -> VcpuState {
    match info {
        VcpuInfo { online: false, .. } => VcpuState::Offline,
        VcpuInfo { running: true, .. } => VcpuState::Running,
        _ if is_stopped => VcpuState::Paused,
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
    fn a_vcpu_that_could_run_and_does_not_is_ready() {
        let vcpu = |online, blocked, running, is_stopped| {
            let info = VcpuInfo {
                online,
                blocked,
                running,
                ..FLAGS
            };
            state(&info, is_stopped)
        };
        for is_stopped in [false, true] {
            assert_eq!(vcpu(true, false, true, is_stopped), VcpuState::Running);
            assert_eq!(vcpu(false, true, false, is_stopped), VcpuState::Offline);
        }
        assert_eq!(vcpu(true, true, false, false), VcpuState::Blocked);
        assert_eq!(vcpu(true, false, false, false), VcpuState::Ready);
        assert_eq!(vcpu(true, true, false, true), VcpuState::Paused);
        assert_eq!(vcpu(true, false, false, true), VcpuState::Paused);
    }

    #[test]
    fn no_vcpu_of_a_stopped_domain_is_ready() {
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
