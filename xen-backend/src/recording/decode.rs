//! Decoder of the raw bytes of a sample. It uses the decoders of a live sample and runs on any
//! machine.

use std::io;

use virtmon_model::{
    Capabilities, Devices, Disk, Domain, Error, Host, Nic, Result, Rows, Snapshot, Vcpu,
};
use virtmon_recording::codec::Cursor;
use virtmon_recording::limits::{
    DecodeBudget, MAX_DEVICES, MAX_DOMAINS, MAX_HOST_ROWS, MAX_WARNINGS,
};
use xen_sys::abi::{Abi, PhysInfo, VcpuInfo};

use super::encode::ROLES;
use crate::hypervisor::domain_list::DomainInfos;
use crate::hypervisor::{domain_row, host, vcpus};

/// Decoder of the samples that [`XenBackend`](crate::XenBackend) recorded.
pub struct XenReplay {
    abi: Abi,
    hypervisor: String,
    capabilities: Capabilities,
    /// Memory that the last sample used.
    used_bytes: usize,
}

impl XenReplay {
    /// A decoder for the samples of the host with this
    /// [metadata](virtmon_model::Backend::host_metadata).
    ///
    /// # Errors
    /// [`Error::UnsupportedAbi`]: the metadata is damaged, or the interface version of that Xen is
    /// not supported.
    pub fn new(host_metadata: &[u8]) -> Result<Self> {
        let mut cursor = Cursor(host_metadata);
        let damaged = || Error::UnsupportedAbi("its description of the Xen host is damaged".into());
        let version = cursor.number().ok_or_else(damaged)?;
        let hypervisor = cursor.bytes().ok_or_else(damaged)?;
        let capabilities = cursor.byte().ok_or_else(damaged)?;
        let abi = Abi::ALL
            .into_iter()
            .find(|a| u64::from(a.sysctl) == version);
        let hypervisor = String::from_utf8_lossy(hypervisor).into_owned();
        let abi = abi.ok_or_else(|| {
            Error::UnsupportedAbi(format!(
                "it was made on {hypervisor}, whose sysctl interface version {version:#x} is not \
                 supported"
            ))
        })?;
        Ok(Self {
            abi,
            hypervisor,
            capabilities: Capabilities::from_bits(capabilities),
            used_bytes: 0,
        })
    }

    /// Capabilities of the recorded backend.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Approximate number of bytes of memory that the last sample used, valid or not.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Fills a snapshot as [`sample`](virtmon_model::Backend::sample) did. The result is `None` if
    /// the bytes are not those of a sample, or exceed the limits. The content of the snapshot is
    /// undefined then.
    pub fn sample(&mut self, raw: &[u8], into: &mut Snapshot) -> Option<()> {
        let mut budget = DecodeBudget::default();
        let done = self.fill(raw, into, &mut budget);
        self.used_bytes = budget.used_bytes();
        done
    }

    fn fill(&self, raw: &[u8], into: &mut Snapshot, budget: &mut DecodeBudget) -> Option<()> {
        let mut cursor = Cursor(raw);
        let infos = DomainInfos::new(cursor.bytes()?, self.abi.domaininfo_bytes);
        fill_domains(infos.clone(), into, budget)?;
        if cursor.bool()? {
            fill_vcpus(&mut cursor, infos, into, budget)?;
        }
        let host = &mut into.host;
        if host.hypervisor != self.hypervisor {
            host.hypervisor.clone_from(&self.hypervisor);
        }
        match cursor.bytes()? {
            // The host was not needed.
            [] => {
                *host = Host {
                    hypervisor: std::mem::take(&mut host.hypervisor),
                    ..Host::default()
                }
            }
            physinfo => host::fill_physinfo(host, &PhysInfo::decode(physinfo, self.abi)?),
        }
        let (pcpus, nodes) = (cursor.bytes()?, cursor.bytes()?);
        if pcpus.len() / 8 > MAX_HOST_ROWS || nodes.len() / 16 > MAX_HOST_ROWS {
            return None;
        }
        host::fill_arrays(host, pcpus, nodes);
        for domain in into.domains.iter_mut() {
            fill_domain(&mut cursor, domain, budget)?;
        }
        into.warnings.clear();
        for _ in 0..up_to(cursor.number()?, MAX_WARNINGS)? {
            budget.rows::<String>(1)?;
            set_text(into.warnings.next_row(), &mut cursor, 1, budget)?;
        }
        // The first recordings end here.
        if !cursor.0.is_empty() {
            fill_roles(&mut cursor, into)?;
        }
        Some(())
    }
}

fn fill_domains(
    infos: DomainInfos<'_>,
    into: &mut Snapshot,
    budget: &mut DecodeBudget,
) -> Option<()> {
    into.generation = 0;
    let mut next_domid = 0;
    if infos.len() > MAX_DOMAINS {
        return None;
    }
    budget.rows::<Domain>(infos.len())?;
    let rows = into.domains.resize(infos.len());
    for (domain, info) in rows.iter_mut().zip(infos) {
        if u32::from(info.domain) < next_domid {
            return None;
        }
        next_domid = u32::from(info.domain) + 1;
        domain_row::reset_if_new(domain, &info);
        domain_row::fill(domain, &info);
    }
    Some(())
}

fn fill_vcpus(
    cursor: &mut Cursor<'_>,
    infos: DomainInfos<'_>,
    into: &mut Snapshot,
    budget: &mut DecodeBudget,
) -> Option<()> {
    let mut fits = true;
    for (domain, info) in into.domains.iter_mut().zip(infos) {
        vcpus::fill(domain, info.max_vcpu_id, |_, _| {
            let info = vcpu(cursor)?;
            fits &= budget.rows::<Vcpu>(1).is_some();
            fits.then_some(info)
                .ok_or_else(|| io::ErrorKind::OutOfMemory.into())
        });
        if !fits {
            return None;
        }
    }
    Some(())
}

/// Decodes the result for the next vCPU.
fn vcpu(cursor: &mut Cursor<'_>) -> io::Result<VcpuInfo> {
    let info = match cursor.number().map(i32::try_from) {
        Some(Ok(0)) => cursor.array::<{ VcpuInfo::BYTES }>(),
        Some(Ok(errno)) => return Err(io::Error::from_raw_os_error(errno)),
        _ => None,
    };
    info.and_then(|bytes| VcpuInfo::decode(&bytes))
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Fills in the values of xenstore, netlink and sysfs.
fn fill_domain(
    cursor: &mut Cursor<'_>,
    domain: &mut Domain,
    budget: &mut DecodeBudget,
) -> Option<()> {
    domain.identity.incarnation = cursor.optional()?;
    let name = cursor.text()?;
    let name_bytes = name.map_or(0, str::len);
    budget.text(name_bytes, 1 + domain.vcpus.rows.len())?;
    if domain.name.as_deref() != name {
        domain.name = name.map(Into::into);
    }
    let memory = &mut domain.memory;
    [
        memory.target_bytes,
        memory.guest_total_bytes,
        memory.guest_usable_bytes,
    ] = cursor.counters()?;
    fill_devices(
        cursor,
        budget,
        &mut domain.nics,
        |cursor, budget, nic: &mut Nic| {
            budget.text(name_bytes, 1)?;
            set_text(&mut nic.name, cursor, 1, budget)?;
            [
                nic.rx_bytes,
                nic.rx_packets,
                nic.rx_errors,
                nic.rx_drops,
                nic.tx_bytes,
                nic.tx_packets,
                nic.tx_errors,
                nic.tx_drops,
            ] = cursor.counters()?;
            Some(())
        },
    )?;
    fill_devices(
        cursor,
        budget,
        &mut domain.disks,
        |cursor, budget, disk: &mut Disk| {
            budget.text(name_bytes, 1)?;
            set_text(&mut disk.name, cursor, 1, budget)?;
            set_text(&mut disk.path, cursor, 1, budget)?;
            [
                disk.rd_requests,
                disk.wr_requests,
                disk.rd_bytes,
                disk.wr_bytes,
                disk.fl_requests,
                disk.ds_requests,
                disk.queue_full,
                disk.capacity_bytes,
            ] = cursor.counters()?;
            Some(())
        },
    )
}

fn fill_devices<T: Default>(
    cursor: &mut Cursor<'_>,
    budget: &mut DecodeBudget,
    devices: &mut Devices<T>,
    fill: impl Fn(&mut Cursor<'_>, &mut DecodeBudget, &mut T) -> Option<()>,
) -> Option<()> {
    devices.clear();
    let Devices { rows, complete, .. } = devices;
    *complete = cursor.bool()?;
    let count = up_to(cursor.number()?, MAX_DEVICES)?;
    budget.devices::<T>(count)?;
    let mut rows = Rows::resize(rows, count).iter_mut();
    rows.try_for_each(|row| fill(cursor, budget, row))
}

fn fill_roles(cursor: &mut Cursor<'_>, into: &mut Snapshot) -> Option<()> {
    for domain in into.domains.iter_mut() {
        let role = cursor.optional()?.map(usize::try_from).transpose().ok()?;
        domain.role = role.and_then(|index| ROLES.get(index).copied());
        let target = cursor.optional()?.map(u32::try_from);
        domain.target_id = target.transpose().ok()?;
    }
    Some(())
}

/// A count, if it is at most `max`.
fn up_to(count: u64, max: usize) -> Option<usize> {
    usize::try_from(count).ok().filter(|&count| count <= max)
}

/// Decodes a text that `times` rows contain.
fn set_text(
    text: &mut String,
    cursor: &mut Cursor<'_>,
    times: usize,
    budget: &mut DecodeBudget,
) -> Option<()> {
    let bytes = cursor.bytes()?;
    budget.text(bytes.len(), times)?;
    text.clear();
    text.push_str(str::from_utf8(bytes).ok()?);
    Some(())
}

#[cfg(test)]
mod tests;
