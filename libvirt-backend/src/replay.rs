//! A recorded reading as a snapshot: with the decoders of a live one, and without libvirt.

use std::time::Duration;

use virtmon_model::{
    Capabilities, Disk, Domain as Row, Error, Host, Nic, Result, Snapshot, Stat, Uuid, Vcpu,
};
use virtmon_recording::codec::Cursor;
use virtmon_recording::limits::{DecodeBudget, MAX_DEVICES, MAX_DOMAINS, MAX_VCPUS, MAX_WARNINGS};

use crate::carry;
use crate::device::Device;
use crate::fault::Fault;
use crate::ffi::{Domain, DomainInfo};
use crate::fields;
use crate::fill::{Buffers, How, LeftOut, Told, fill};
use crate::session::Ask;
use crate::value::Param;

/// Makes snapshots of what [`LibvirtBackend`](crate::LibvirtBackend) has kept.
pub struct LibvirtReplay {
    buffers: Buffers,
    capabilities: Capabilities,
    /// What the last sample gave.
    given: Snapshot,
    /// Bytes that the last sample took up.
    taken: usize,
}

impl LibvirtReplay {
    /// For readings of the host that these [facts](virtmon_model::Backend::facts) are of.
    ///
    /// # Errors
    /// They are not those of such a host.
    pub fn new(facts: &[u8]) -> Result<Self> {
        let bits = Cursor(facts).byte();
        let bits = bits.ok_or_else(|| {
            Error::UnsupportedAbi("it does not say what the host that it was made on tells".into())
        })?;
        Ok(Self {
            buffers: Buffers::new(fields::FieldSelection {
                vcpus: true,
                stats: true,
                nova: false,
            }),
            capabilities: Capabilities::from_bits(bits),
            given: Snapshot::default(),
            taken: 0,
        })
    }

    /// What the recorded driver can tell.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Fills a snapshot as [`sample`](virtmon_model::Backend::sample) did. `None` where the bytes
    /// are not those of a reading, or of one that no host has; the snapshot then means nothing.
    pub fn sample(&mut self, raw: &[u8], into: &mut Snapshot) -> Option<()> {
        let mut room = DecodeBudget::default();
        let done = self.fill(raw, into, &mut room);
        self.taken = room.used_bytes();
        done
    }

    /// About how many bytes the last sample took up, whole or not.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken
    }

    fn fill(&mut self, raw: &[u8], into: &mut Snapshot, room: &mut DecodeBudget) -> Option<()> {
        let mut take = Cursor(raw);
        let carried = take.optional()?;
        into.warnings.clear();
        let warnings = take.number()?;
        if warnings > MAX_WARNINGS as u64 {
            return None;
        }
        for _ in 0..warnings {
            let text = str::from_utf8(take.bytes()?).ok()?;
            room.rows::<String>(1)?;
            room.text(text.len(), 1)?;
            let trouble = into.warnings.next_row();
            trouble.clear();
            trouble.push_str(text);
        }
        into.generation = 0;
        host(&mut take, &mut into.host)?;
        let left_out = match take.byte()? {
            0 => None,
            1 => Some(LeftOut::NoAnswer),
            2 => Some(LeftOut::NotAsked),
            _ => return None,
        };
        let mut records = Vec::new();
        while take.bool()? {
            if records.len() == MAX_DOMAINS {
                return None;
            }
            room.rows::<Row>(1)?;
            records.push(Recorded::take(&mut take, room)?);
        }
        let how = How {
            ask: match left_out {
                Some(LeftOut::NotAsked) => Ask::Daemon,
                // A recording is made of all the usual groups.
                _ => Ask::Guests(!0),
            },
            left_out,
            vcpus: false,
        };
        let record = |at: usize| records[at];
        fill(&mut self.buffers, into, None, records.len(), &how, record);
        if let Some(elapsed_ns) = carried {
            carry::over(&mut self.given, into, Duration::from_nanos(elapsed_ns));
        }
        self.given.domains.clone_from(&into.domains);
        Some(())
    }
}

fn host(take: &mut Cursor<'_>, host: &mut Host) -> Option<()> {
    host.hypervisor.clear();
    let hypervisor = str::from_utf8(take.bytes()?).ok()?;
    host.hypervisor.push_str(hypervisor);
    let pcpus = take.optional()?;
    host.pcpus = pcpus.map(u32::try_from).transpose().ok()?;
    host.mem_bytes = take.optional()?;
    host.mem_free_bytes = take.optional()?;
    Some(())
}

/// What libvirt told of a domain, still as bytes.
#[derive(Clone, Copy)]
struct Recorded<'a> {
    id: u32,
    uuid: Uuid,
    name: &'a [u8],
    /// From the first parameter on; they are all there.
    params: Cursor<'a>,
    info: Info<'a>,
}

#[derive(Clone, Copy)]
enum Info<'a> {
    NotAsked,
    Told(DomainInfo),
    Refused(i32, i32, &'a str),
}

impl<'a> Recorded<'a> {
    fn take(take: &mut Cursor<'a>, room: &mut DecodeBudget) -> Option<Self> {
        let id = u32::try_from(take.number()?).ok()?;
        let uuid = Uuid::from_bytes(take.array()?);
        let name = take.bytes()?;
        let params = *take;
        room.text(name.len(), 1)?;
        let mut seen = Seen::default();
        while take.bool()? {
            seen.take(param(take)?, name.len(), room)?;
        }
        Some(Self {
            id,
            uuid,
            name,
            params,
            info: info(take)?,
        })
    }
}

/// What the parameters of a domain make rows of, one parameter after the other.
#[derive(Default)]
struct Seen {
    /// The kind and the number of the device that the last one was of.
    last: Option<(usize, u32)>,
    /// How many devices there were of each kind.
    counts: [usize; 3],
    /// How often a number was smaller than before.
    backwards: usize,
}

impl Seen {
    /// The kinds of devices, and how many of each a domain has at most.
    const KINDS: [(&str, usize); 3] = [
        ("net", MAX_DEVICES),
        ("block", MAX_DEVICES),
        ("vcpu", MAX_VCPUS),
    ];
    /// libvirt counts upwards; each step back has rows moved.
    const MOST_BACKWARDS: usize = 64;

    /// Takes room for what one parameter becomes, in a domain whose name is so long.
    fn take(&mut self, param: Param<'_>, named: usize, room: &mut DecodeBudget) -> Option<()> {
        room.text(param.text.map_or(0, <[u8]>::len), 1)?;
        let mut words = param.name.splitn(3, '.');
        let kind = words.next();
        let kind = Self::KINDS.iter().position(|(word, _)| Some(*word) == kind);
        let number = words.next().and_then(|number| number.parse().ok());
        if let (Some(kind), Some(number), Some(field)) = (kind, number, words.next()) {
            self.device(kind, number, named, room)?;
            let value = param.value();
            let has_place = match kind {
                0 => Nic::default().set(field, value),
                1 => Disk::default().set(field, value),
                _ => Vcpu::default().set(field, value),
            };
            if has_place {
                return Some(());
            }
        }
        room.rows::<Stat>(1)?;
        room.text(param.name.len(), 1)?;
        room.text(named, 1)
    }

    fn device(
        &mut self,
        kind: usize,
        number: u32,
        named: usize,
        room: &mut DecodeBudget,
    ) -> Option<()> {
        let last = self.last.replace((kind, number));
        if last == Some((kind, number)) {
            return Some(());
        }
        let is_back = last.is_some_and(|(before, last)| before == kind && last > number);
        self.backwards += usize::from(is_back);
        self.counts[kind] += 1;
        if self.backwards > Self::MOST_BACKWARDS || self.counts[kind] > Self::KINDS[kind].1 {
            return None;
        }
        room.text(named, 1)?;
        match kind {
            0 => room.devices::<Nic>(1),
            1 => room.devices::<Disk>(1),
            _ => room.rows::<Vcpu>(1),
        }
    }
}

fn param<'a>(take: &mut Cursor<'a>) -> Option<Param<'a>> {
    Some(Param {
        name: str::from_utf8(take.bytes()?).ok()?,
        kind: word(take)?.cast_signed(),
        bits: take.number()?,
        text: match take.bool()? {
            true => Some(take.bytes()?),
            false => None,
        },
    })
}

fn info<'a>(take: &mut Cursor<'a>) -> Option<Info<'a>> {
    Some(match take.byte()? {
        0 => Info::NotAsked,
        1 => Info::Told(DomainInfo {
            state: word(take)?,
            max_mem_kib: take.number()?,
            mem_kib: take.number()?,
            vcpus: word(take)?,
            cpu_time_ns: take.number()?,
        }),
        2 => Info::Refused(
            word(take)?.cast_signed(),
            word(take)?.cast_signed(),
            str::from_utf8(take.bytes()?).ok()?,
        ),
        _ => return None,
    })
}

fn word(take: &mut Cursor<'_>) -> Option<u32> {
    u32::try_from(take.number()?).ok()
}

impl<'a> Told<'a> for Recorded<'a> {
    fn id(&self) -> Option<u32> {
        Some(self.id)
    }

    fn uuid(&self) -> Uuid {
        self.uuid
    }

    fn name(&self) -> &'a [u8] {
        self.name
    }

    fn params(&self) -> impl Iterator<Item = Param<'a>> {
        let mut take = self.params;
        std::iter::from_fn(move || take.bool()?.then(|| param(&mut take))?)
    }

    fn info(&self) -> std::result::Result<DomainInfo, Fault> {
        match self.info {
            Info::Told(info) => Ok(info),
            Info::Refused(code, errno, message) => Err(Fault::new(code, errno, message)),
            Info::NotAsked => Err(Fault::new(0, 0, "it was not recorded")),
        }
    }

    fn live(&self) -> Option<Domain<'a>> {
        None
    }
}

#[cfg(test)]
mod tests;
