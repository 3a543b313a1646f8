//! Single vCPUs: one hypercall each, the dear part of a sample.

use std::io;

use nix::errno::Errno;
use virtmon_model::{Domain, Vcpu, VcpuState};
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
                    state: state(&info),
                    cpu_time_ns: Some(info.cpu_time),
                    pcpu: Some(info.cpu),
                    ..Vcpu::default()
                };
            }
            // ESRCH: no such domain, or no such vCPU. EINVAL: a vCPU that was never set up.
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
    [Errno::ESRCH, Errno::EINVAL]
        .iter()
        .any(|&errno| error.raw_os_error() == Some(errno as i32))
}

fn state(info: &VcpuInfo) -> VcpuState {
    match info {
        VcpuInfo { online: false, .. } => VcpuState::Offline,
        VcpuInfo { running: true, .. } => VcpuState::Running,
        VcpuInfo { blocked: true, .. } => VcpuState::Blocked,
        _ => VcpuState::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_what_could_run_and_does_not() {
        let vcpu = |online, blocked, running| {
            state(&VcpuInfo {
                online,
                blocked,
                running,
                ..VcpuInfo::default()
            })
        };
        assert_eq!(vcpu(true, false, true), VcpuState::Running);
        assert_eq!(vcpu(true, true, false), VcpuState::Blocked);
        assert_eq!(vcpu(true, false, false), VcpuState::Ready);
        assert_eq!(vcpu(false, true, false), VcpuState::Offline);
    }
}
