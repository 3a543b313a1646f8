//! A recorded reading as a snapshot: with the decoders of a live one, on any machine.

use std::io;

use virtmon_model::{
    Capabilities, Devices, Disk, Domain, Error, Host, Nic, Result, Rows, Snapshot, Vcpu,
};
use virtmon_recording::codec::Cursor;
use virtmon_recording::room::{MAX_DEVICES, MAX_DOMAINS, MAX_HOST_ROWS, MAX_WARNINGS, Room};
use xen_sys::abi::{Abi, PhysInfo, VcpuInfo};

use crate::list::Infos;
use crate::raw::ROLES;
use crate::{machine, row, vcpus};

/// Makes snapshots of what [`XenBackend`](crate::XenBackend) has kept.
pub struct XenReplay {
    abi: Abi,
    hypervisor: String,
    capabilities: Capabilities,
    /// Bytes that the last sample took up.
    taken: usize,
}

impl XenReplay {
    /// For readings of the host that these [facts](virtmon_model::Backend::facts) are of.
    ///
    /// # Errors
    /// [`Error::UnsupportedAbi`] where that Xen's interface version is not known here.
    pub fn new(facts: &[u8]) -> Result<Self> {
        let mut take = Cursor(facts);
        let damaged = || Error::UnsupportedAbi("it does not say which Xen it was made on".into());
        let version = take.number().ok_or_else(damaged)?;
        let hypervisor = take.bytes().ok_or_else(damaged)?;
        let capabilities = take.byte().ok_or_else(damaged)?;
        let abi = Abi::ALL
            .into_iter()
            .find(|a| u64::from(a.sysctl) == version);
        let hypervisor = String::from_utf8_lossy(hypervisor).into_owned();
        let abi = abi.ok_or_else(|| {
            Error::UnsupportedAbi(format!(
                "it was made on {hypervisor}, whose sysctl interface version {version:#x} this \
                 virtmon does not know"
            ))
        })?;
        Ok(Self {
            abi,
            hypervisor,
            capabilities: Capabilities::from_bits(capabilities),
            taken: 0,
        })
    }

    /// What was recorded can tell.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// About how many bytes the last sample took up, whole or not.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Fills a snapshot as [`sample`](virtmon_model::Backend::sample) did. `None` where the bytes
    /// are not those of a reading, or of one that no host has; the snapshot then means nothing.
    pub fn sample(&mut self, raw: &[u8], into: &mut Snapshot) -> Option<()> {
        let mut room = Room::default();
        let done = self.fill(raw, into, &mut room);
        self.taken = room.taken();
        done
    }

    fn fill(&self, raw: &[u8], into: &mut Snapshot, room: &mut Room) -> Option<()> {
        let mut take = Cursor(raw);
        let infos = Infos::of(take.bytes()?, self.abi.domaininfo_bytes);
        fill_domains(infos.clone(), into, room)?;
        if take.bool()? {
            fill_vcpus(&mut take, infos, into, room)?;
        }
        let host = &mut into.host;
        if host.hypervisor != self.hypervisor {
            host.hypervisor.clone_from(&self.hypervisor);
        }
        match take.bytes()? {
            // It was not asked for.
            [] => {
                *host = Host {
                    hypervisor: std::mem::take(&mut host.hypervisor),
                    ..Host::default()
                }
            }
            physinfo => machine::fill(host, &PhysInfo::decode(physinfo, self.abi)?),
        }
        let (pcpus, nodes) = (take.bytes()?, take.bytes()?);
        if pcpus.len() / 8 > MAX_HOST_ROWS || nodes.len() / 16 > MAX_HOST_ROWS {
            return None;
        }
        machine::fill_parts(host, pcpus, nodes);
        for domain in into.domains.iter_mut() {
            fill_rest(&mut take, domain, room)?;
        }
        into.warnings.clear();
        for _ in 0..up_to(take.number()?, MAX_WARNINGS)? {
            room.rows::<String>(1)?;
            set_text(into.warnings.next_row(), &mut take, 1, room)?;
        }
        if !take.0.is_empty() {
            for domain in into.domains.iter_mut() {
                let role = take.optional()?.map(usize::try_from).transpose().ok()?;
                domain.role = role.and_then(|place| ROLES.get(place).copied());
                let target = take.optional()?.map(u32::try_from);
                domain.target_id = target.transpose().ok()?;
            }
        }
        Some(())
    }
}

fn fill_domains(infos: Infos<'_>, into: &mut Snapshot, room: &mut Room) -> Option<()> {
    into.generation = 0;
    let mut past_last = 0;
    if infos.len() > MAX_DOMAINS {
        return None;
    }
    room.rows::<Domain>(infos.len())?;
    let rows = into.domains.resize(infos.len());
    for (domain, info) in rows.iter_mut().zip(infos) {
        if u32::from(info.domain) < past_last {
            return None;
        }
        past_last = u32::from(info.domain) + 1;
        row::claim(domain, &info);
        row::fill(domain, &info);
    }
    Some(())
}

fn fill_vcpus(
    take: &mut Cursor<'_>,
    infos: Infos<'_>,
    into: &mut Snapshot,
    room: &mut Room,
) -> Option<()> {
    let mut fits = true;
    for (domain, info) in into.domains.iter_mut().zip(infos) {
        vcpus::fill(domain, info.max_vcpu_id, |_, _| {
            let info = vcpu(take)?;
            fits &= room.rows::<Vcpu>(1).is_some();
            fits.then_some(info)
                .ok_or_else(|| io::ErrorKind::OutOfMemory.into())
        });
        if !fits {
            return None;
        }
    }
    Some(())
}

/// What came of asking for the next vCPU.
fn vcpu(take: &mut Cursor<'_>) -> io::Result<VcpuInfo> {
    let info = match take.number().map(i32::try_from) {
        Some(Ok(0)) => take.array::<{ VcpuInfo::BYTES }>(),
        Some(Ok(errno)) => return Err(io::Error::from_raw_os_error(errno)),
        _ => None,
    };
    info.and_then(|bytes| VcpuInfo::decode(&bytes))
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Fills in what was understood of xenstore, netlink and sysfs.
fn fill_rest(take: &mut Cursor<'_>, domain: &mut Domain, room: &mut Room) -> Option<()> {
    domain.identity.incarnation = take.optional()?;
    let name = take.text()?;
    let named = name.map_or(0, str::len);
    room.text(named, 1 + domain.vcpus.rows.len())?;
    if domain.name.as_deref() != name {
        domain.name = name.map(Into::into);
    }
    let memory = &mut domain.memory;
    [
        memory.target_bytes,
        memory.guest_total_bytes,
        memory.guest_usable_bytes,
    ] = take.counters()?;
    fill_devices(take, room, &mut domain.nics, |take, room, nic: &mut Nic| {
        room.text(named, 1)?;
        set_text(&mut nic.name, take, 1, room)?;
        [
            nic.rx_bytes,
            nic.rx_packets,
            nic.rx_errors,
            nic.rx_drops,
            nic.tx_bytes,
            nic.tx_packets,
            nic.tx_errors,
            nic.tx_drops,
        ] = take.counters()?;
        Some(())
    })?;
    fill_devices(
        take,
        room,
        &mut domain.disks,
        |take, room, disk: &mut Disk| {
            room.text(named, 1)?;
            set_text(&mut disk.name, take, 1, room)?;
            set_text(&mut disk.path, take, 1, room)?;
            [
                disk.rd_requests,
                disk.wr_requests,
                disk.rd_bytes,
                disk.wr_bytes,
                disk.fl_requests,
                disk.ds_requests,
                disk.queue_full,
                disk.capacity_bytes,
            ] = take.counters()?;
            Some(())
        },
    )
}

fn fill_devices<T: Default>(
    take: &mut Cursor<'_>,
    room: &mut Room,
    devices: &mut Devices<T>,
    fill: impl Fn(&mut Cursor<'_>, &mut Room, &mut T) -> Option<()>,
) -> Option<()> {
    let Devices { rows, complete } = devices;
    rows.clear();
    *complete = take.bool()?;
    let count = up_to(take.number()?, MAX_DEVICES)?;
    room.devices::<T>(count)?;
    let mut rows = Rows::resize(rows, count).iter_mut();
    rows.try_for_each(|row| fill(take, room, row))
}

/// A count that is no larger than so much.
fn up_to(count: u64, most: usize) -> Option<usize> {
    usize::try_from(count).ok().filter(|&count| count <= most)
}

/// Takes a text that stands in so many rows.
fn set_text(text: &mut String, take: &mut Cursor<'_>, times: usize, room: &mut Room) -> Option<()> {
    let bytes = take.bytes()?;
    room.text(bytes.len(), times)?;
    text.clear();
    text.push_str(str::from_utf8(bytes).ok()?);
    Some(())
}

#[cfg(test)]
mod tests;
