//! One domain of a list.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use virtmon_model::Uuid;
use virtmon_recording::limits::MAX_VCPUS;

use super::bindings::{
    VIR_DOMAIN_METADATA_ELEMENT, virDomain, virDomainInfo, virDomainPtr, virVcpuInfo,
};
use super::lists::free;
use super::{Connection, Library};
use crate::fault::Fault;

/// A domain that a list holds.
#[derive(Clone, Copy)]
pub(crate) struct Domain<'l> {
    pub(super) library: &'static Library,
    pub(super) raw: virDomainPtr,
    list: PhantomData<&'l ()>,
}

// SAFETY: libvirt's objects may be used from any thread, by several at once, since 0.6.0 (its
// documentation, "thread safety"); the domain is alive for as long as this is (`of`).
unsafe impl Send for Domain<'_> {}

/// A domain by itself, which `virDomainLookupByUUID` found.
pub(crate) struct Found<'c> {
    connection: &'c Connection,
    raw: NonNull<virDomain>,
}

impl<'c> Found<'c> {
    /// Takes over a domain.
    ///
    /// # Safety
    /// `raw` must be a domain of this connection, with a reference that is nobody else's to free.
    pub(super) unsafe fn own(connection: &'c Connection, raw: NonNull<virDomain>) -> Self {
        Self { connection, raw }
    }

    /// The domain, as long as `self` is.
    pub(crate) fn domain(&self) -> Domain<'_> {
        // SAFETY: the reference is held until `self` is dropped, which the lifetime rules out.
        unsafe { Domain::of(self.connection.library, self.raw.as_ptr()) }
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        let calls = &self.connection.library.calls;
        // SAFETY: the reference is ours (`own`), and given back only here.
        unsafe { calls.virDomainFree(self.raw.as_ptr()) };
    }
}

/// What `virDomainGetInfo` tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DomainInfo {
    /// A `virDomainState`.
    pub(crate) state: u32,
    /// Memory that it may hold, in KiB.
    pub(crate) max_mem_kib: u64,
    /// Memory that it holds, in KiB.
    pub(crate) mem_kib: u64,
    /// vCPUs that are online.
    pub(crate) vcpus: u32,
    /// CPU time that it has used, in ns.
    pub(crate) cpu_time_ns: u64,
}

/// What `virDomainGetVcpus` tells of a vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VcpuInfo {
    /// Its number.
    pub(crate) number: u32,
    /// A `virVcpuState`.
    pub(crate) state: u64,
    /// CPU time that it has used, in ns.
    pub(crate) cpu_time_ns: u64,
    /// The pCPU that it is on; below 0 it is on none, or that is not told.
    pub(crate) cpu: i32,
}

impl<'l> Domain<'l> {
    /// Wraps a domain of a list.
    ///
    /// # Safety
    /// `raw` must be a domain to which a reference is held for all of `'l`.
    pub(super) unsafe fn of(library: &'static Library, raw: virDomainPtr) -> Self {
        Self {
            library,
            raw,
            list: PhantomData,
        }
    }

    /// `virDomainGetID`: `None` where it was not running any more when it was listed. Asks nobody.
    pub(crate) fn id(self) -> Option<u32> {
        // SAFETY: the domain is alive for 'l (`of`).
        let id = unsafe { self.library.calls.virDomainGetID(self.raw) };
        (id != u32::MAX).then_some(id)
    }

    /// `virDomainGetUUID`: asks nobody.
    pub(crate) fn uuid(self) -> Uuid {
        let mut bytes = uuid_bytes();
        // SAFETY: the domain is alive for 'l (`of`). The call writes VIR_UUID_BUFLEN bytes, which
        // is 16, and fails only for what is no domain.
        unsafe {
            self.library
                .calls
                .virDomainGetUUID(self.raw, bytes.as_mut_ptr())
        };
        Uuid::from_bytes(bytes)
    }

    /// `virDomainGetName`: asks nobody.
    pub(crate) fn name(self) -> &'l [u8] {
        // SAFETY: the domain is alive for 'l (`of`).
        let name = unsafe { self.library.calls.virDomainGetName(self.raw) };
        if name.is_null() {
            return &[];
        }
        // SAFETY: not null, so a NUL-terminated string that the domain object owns and never
        // changes: it lives as long as the object, for 'l.
        unsafe { CStr::from_ptr(name) }.to_bytes()
    }

    /// `virDomainGetMetadata`: the element of this namespace in the domain's metadata, as XML.
    pub(crate) fn metadata(self, namespace: &CStr) -> Result<String, Fault> {
        let element = VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
        // SAFETY: the domain is alive for 'l (`of`), and the namespace a NUL-terminated string that
        // lives through the call.
        let xml = unsafe {
            self.library
                .calls
                .virDomainGetMetadata(self.raw, element, namespace.as_ptr(), 0)
        };
        // SAFETY: libvirt's documentation gives the string to the caller and to free(3).
        unsafe { self.text(xml) }
    }

    /// `virDomainGetXMLDesc`: the domain as it runs, as XML.
    pub(crate) fn xml(self) -> Result<String, Fault> {
        // SAFETY: the domain is alive for 'l (`of`).
        let xml = unsafe { self.library.calls.virDomainGetXMLDesc(self.raw, 0) };
        // SAFETY: libvirt's documentation gives the string to the caller and to free(3).
        unsafe { self.text(xml) }
    }

    /// A string that a call returned, or why there is none.
    ///
    /// # Safety
    /// `chars` must be null after a call that failed, or a NUL-terminated string of malloc(3)'s that
    /// nobody else frees.
    unsafe fn text(self, chars: *mut c_char) -> Result<String, Fault> {
        if chars.is_null() {
            return Err(self.library.last_fault());
        }
        // SAFETY: not null, so as the caller promises.
        let text = unsafe { CStr::from_ptr(chars) }
            .to_string_lossy()
            .into_owned();
        // SAFETY: as the caller promises; it is freed only here.
        unsafe { free(chars.cast()) };
        Ok(text)
    }

    /// `virDomainGetVcpus`: those of the first `most` that are there, and of the first 8,192.
    pub(crate) fn vcpus(self, most: u32) -> Result<impl Iterator<Item = VcpuInfo>, Fault> {
        // The number is the daemon's, which may not decide on this process's memory.
        let room = most.min(u32::try_from(MAX_VCPUS).unwrap_or(u32::MAX));
        let mut infos = vec![NO_VCPU; room as usize];
        let room = room.cast_signed();
        // SAFETY: the domain is alive for 'l (`of`), and the call writes up to `room` virVcpuInfos,
        // whose layout libvirt never changes, and no CPU maps.
        let written = unsafe {
            self.library.calls.virDomainGetVcpus(
                self.raw,
                infos.as_mut_ptr(),
                room,
                ptr::null_mut(),
                0,
            )
        };
        let written = usize::try_from(written).map_err(|_| self.library.last_fault())?;
        infos.truncate(written);
        Ok(infos.into_iter().map(|info| VcpuInfo {
            number: info.number,
            state: u64::try_from(info.state).unwrap_or(u64::MAX),
            cpu_time_ns: info.cpuTime,
            cpu: info.cpu,
        }))
    }

    /// `virDomainGetInfo`.
    pub(crate) fn info(self) -> Result<DomainInfo, Fault> {
        let mut info = MaybeUninit::<virDomainInfo>::zeroed();
        // SAFETY: the domain is alive for 'l (`of`), and the call writes one virDomainInfo, whose
        // layout libvirt never changes.
        let status = unsafe {
            self.library
                .calls
                .virDomainGetInfo(self.raw, info.as_mut_ptr())
        };
        if status < 0 {
            return Err(self.library.last_fault());
        }
        // SAFETY: all fields are numbers, for which the zeroes that were there are values too.
        let info = unsafe { info.assume_init() };
        Ok(DomainInfo {
            state: info.state.into(),
            max_mem_kib: info.maxMem,
            mem_kib: info.memory,
            vcpus: info.nrVirtCpu.into(),
            cpu_time_ns: info.cpuTime,
        })
    }
}

/// A vCPU of which nothing is known.
const NO_VCPU: virVcpuInfo = virVcpuInfo {
    number: 0,
    state: 0,
    cpuTime: 0,
    cpu: -1,
};

const fn uuid_bytes() -> [u8; 16] {
    const { assert!(super::bindings::VIR_UUID_BUFLEN == 16) };
    [0; 16]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_for_vcpus_is_bounded() {
        let library = Library::load().unwrap();
        let connection = Connection::open(library, Some(c"test:///default")).unwrap();
        let domains = connection.active_domains().unwrap();
        let vcpus = domains.get(0).domain.vcpus(u32::MAX).unwrap();
        assert_eq!(vcpus.count(), 2);
    }
}
