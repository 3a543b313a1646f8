//! Values from `virDomainGetInfo` and `virDomainGetVcpus`, for a row that the bulk call did not complete.

use virtmon_model::{Domain, State, Vcpu};

use super::devices::vcpu_state;
use super::fields::bytes_of_kib;
use super::state;
use crate::ffi::domain::{DomainInfo, VcpuInfo};
use crate::ffi::error::LibvirtError;

/// Completes a domain's row; known values do not change. Returns false if the domain has ended.
///
/// # Errors
/// The domain exists and the call failed: the row keeps its known values.
pub(crate) fn complete(
    domain: &mut Domain,
    info: Result<DomainInfo, LibvirtError>,
) -> Result<bool, LibvirtError> {
    match info {
        Ok(info) => {
            if domain.state == State::Unknown {
                domain.state = state::from_libvirt(info.state.into());
            }
            let Domain {
                cpu_time_ns,
                vcpus_online,
                mem_bytes,
                mem_max_bytes,
                ..
            } = domain;
            *cpu_time_ns = cpu_time_ns.or(Some(info.cpu_time_ns));
            *vcpus_online = vcpus_online.or(Some(info.vcpus));
            *mem_bytes = mem_bytes.or_else(|| bytes_of_kib(info.mem_kib));
            *mem_max_bytes = mem_max_bytes.or_else(|| bytes_of_kib(info.max_mem_kib));
            Ok(true)
        }
        Err(error) if error.is_no_domain() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Fills in the vCPUs. They are complete if there are as many as the row says are online.
pub(crate) fn complete_vcpus(domain: &mut Domain, vcpus: impl Iterator<Item = VcpuInfo>) {
    let rows = &mut domain.vcpus.rows;
    for info in vcpus {
        *rows.next_row() = Vcpu {
            id: info.number,
            state: vcpu_state(info.state),
            cpu_time_ns: Some(info.cpu_time_ns),
            pcpu: u32::try_from(info.cpu).ok(),
            ..Vcpu::default()
        };
    }
    rows.sort_unstable_by_key(|vcpu| vcpu.id);
    domain.vcpus.complete = u32::try_from(rows.len()).ok() == domain.vcpus_online;
}

/// True if the domain ended between the list and the call: a domain that is shut off is in no list of active
/// domains, and has no counters any more.
pub(crate) fn has_ended(domain: &Domain) -> bool {
    domain.state == State::Shutdown && domain.cpu_time_ns.is_none_or(|time| time == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::bindings::{VIR_DOMAIN_RUNNING, VIR_DOMAIN_SHUTOFF, VIR_ERR_NO_DOMAIN};
    use virtmon_model::VcpuState;

    const INFO: DomainInfo = DomainInfo {
        state: VIR_DOMAIN_RUNNING,
        max_mem_kib: 200,
        mem_kib: 100,
        vcpus: 3,
        cpu_time_ns: 77,
    };

    #[test]
    fn unknown_values_are_filled_in() {
        let mut domain = Domain {
            mem_bytes: Some(1),
            ..Domain::default()
        };
        assert!(complete(&mut domain, Ok(INFO)).unwrap());
        assert_eq!(domain.state, State::Running);
        assert_eq!(domain.cpu_time_ns, Some(77));
        assert_eq!(domain.vcpus_online, Some(3));
        assert_eq!(domain.mem_bytes, Some(1));
        assert_eq!(domain.mem_max_bytes, Some(200 * 1024));
        assert!(!has_ended(&domain));
    }

    #[test]
    fn the_vcpus_are_the_online_ones() {
        let vcpu = |number, state, cpu| VcpuInfo {
            number,
            state,
            cpu_time_ns: 7,
            cpu,
        };
        let mut domain = Domain {
            vcpus_online: Some(2),
            ..Domain::default()
        };
        complete_vcpus(&mut domain, [vcpu(1, 2, -1), vcpu(0, 1, 3)].into_iter());
        assert!(domain.vcpus.complete);
        let rows: Vec<_> = domain
            .vcpus
            .rows
            .iter()
            .map(|v| (v.id, v.state, v.pcpu))
            .collect();
        assert_eq!(
            rows,
            [
                (0, VcpuState::Running, Some(3)),
                (1, VcpuState::Blocked, None)
            ]
        );
        assert_eq!(domain.vcpus.rows[0].cpu_time_ns, Some(7));
    }

    #[test]
    fn an_ended_domain_is_left_out_and_one_that_fails_keeps_its_row() {
        let error = |code| LibvirtError::new(code, 0, "");
        let mut domain = Domain::default();
        let gone = Err(error(VIR_ERR_NO_DOMAIN.cast_signed()));
        assert!(!complete(&mut domain, gone).unwrap());
        let refused = complete(&mut domain, Err(error(38))).unwrap_err();
        assert_eq!(refused.code(), 38);
        assert_eq!(domain.cpu_time_ns, None);
        assert!(!has_ended(&domain));

        let shut_off = DomainInfo {
            state: VIR_DOMAIN_SHUTOFF,
            cpu_time_ns: 0,
            ..INFO
        };
        assert!(complete(&mut domain, Ok(shut_off)).unwrap());
        assert!(has_ended(&domain));
    }
}
