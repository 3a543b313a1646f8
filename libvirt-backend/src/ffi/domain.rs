//! One domain of a list.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use virtmon_model::Uuid;
use virtmon_recording::limits::MAX_VCPUS;

use super::bindings::{
    VIR_DOMAIN_METADATA_ELEMENT, VIR_UUID_BUFLEN, virDomain, virDomainInfo, virDomainPtr,
    virVcpuInfo,
};
use super::error::LibvirtError;
use super::library::Library;
use super::memory::{copy_string, free};

/// A domain, borrowed from the list or the object that holds it.
#[derive(Clone, Copy)]
pub(crate) struct Domain<'l> {
    pub(super) library: &'static Library,
    pub(super) raw: virDomainPtr,
    owner: PhantomData<&'l ()>,
}

// SAFETY: libvirt's objects may be used from any thread, by several at once, since 0.6.0 (its
// documentation, "thread safety"); the domain is alive for as long as this is (`new`).
unsafe impl Send for Domain<'_> {}

/// A domain with a reference of its own, from `virDomainLookupByUUID`.
pub(crate) struct OwnedDomain<'c> {
    library: &'static Library,
    raw: NonNull<virDomain>,
    connection: PhantomData<&'c ()>,
}

impl OwnedDomain<'_> {
    /// Takes ownership of a domain.
    ///
    /// # Safety
    /// `raw` must be a domain of a connection that is open for all of the type's lifetime, with a
    /// reference that is nobody else's to free.
    pub(super) unsafe fn from_raw(library: &'static Library, raw: NonNull<virDomain>) -> Self {
        Self {
            library,
            raw,
            connection: PhantomData,
        }
    }

    /// The domain, for as long as `self` lives.
    pub(crate) fn domain(&self) -> Domain<'_> {
        // SAFETY: the reference is held until `self` is dropped, which the lifetime rules out.
        unsafe { Domain::new(self.library, self.raw.as_ptr()) }
    }
}

impl Drop for OwnedDomain<'_> {
    fn drop(&mut self) {
        // SAFETY: the reference is ours (`from_raw`), and given back only here.
        unsafe { self.library.calls.virDomainFree(self.raw.as_ptr()) };
    }
}

/// The result of `virDomainGetInfo`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DomainInfo {
    /// A `virDomainState`.
    pub(crate) state: u32,
    /// Maximum memory, in KiB.
    pub(crate) max_mem_kib: u64,
    /// Memory in use, in KiB.
    pub(crate) mem_kib: u64,
    /// Number of online vCPUs.
    pub(crate) vcpus: u32,
    /// CPU time used, in ns.
    pub(crate) cpu_time_ns: u64,
}

/// One vCPU in the result of `virDomainGetVcpus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VcpuInfo {
    /// Number of the vCPU.
    pub(crate) number: u32,
    /// A `virVcpuState`.
    pub(crate) state: u64,
    /// CPU time used, in ns.
    pub(crate) cpu_time_ns: u64,
    /// The pCPU that the vCPU is on; negative if it is on none, or if that is unknown.
    pub(crate) cpu: i32,
}

impl<'l> Domain<'l> {
    /// Borrows a domain.
    ///
    /// # Safety
    /// `raw` must be a domain to which a reference is held for all of `'l`.
    pub(super) unsafe fn new(library: &'static Library, raw: virDomainPtr) -> Self {
        Self {
            library,
            raw,
            owner: PhantomData,
        }
    }

    /// `virDomainGetID`: `None` if the domain was not running any more when it was listed. Makes no
    /// remote call.
    pub(crate) fn id(self) -> Option<u32> {
        // SAFETY: the domain is alive for 'l (`new`).
        let id = unsafe { self.library.calls.virDomainGetID(self.raw) };
        (id != u32::MAX).then_some(id)
    }

    /// `virDomainGetUUID`. Makes no remote call.
    pub(crate) fn uuid(self) -> Uuid {
        const { assert!(VIR_UUID_BUFLEN == 16) };
        let mut bytes = [0; 16];
        // SAFETY: the domain is alive for 'l (`new`). The call writes VIR_UUID_BUFLEN bytes, which
        // is 16, and fails only if its argument is no domain.
        unsafe {
            self.library
                .calls
                .virDomainGetUUID(self.raw, bytes.as_mut_ptr())
        };
        Uuid::from_bytes(bytes)
    }

    /// `virDomainGetName`. Makes no remote call.
    pub(crate) fn name(self) -> &'l [u8] {
        // SAFETY: the domain is alive for 'l (`new`).
        let name = unsafe { self.library.calls.virDomainGetName(self.raw) };
        if name.is_null() {
            return &[];
        }
        // SAFETY: not null, so a NUL-terminated string that the domain object owns and never
        // changes: it lives as long as the object, for 'l.
        unsafe { CStr::from_ptr(name) }.to_bytes()
    }

    /// `virDomainGetMetadata`: the element of this namespace in the domain's metadata, as XML.
    pub(crate) fn metadata(self, namespace: &CStr) -> Result<String, LibvirtError> {
        let element = VIR_DOMAIN_METADATA_ELEMENT.cast_signed();
        // SAFETY: the domain is alive for 'l (`new`), and the namespace a NUL-terminated string that
        // lives through the call.
        let xml = unsafe {
            self.library
                .calls
                .virDomainGetMetadata(self.raw, element, namespace.as_ptr(), 0)
        };
        // SAFETY: libvirt's documentation gives the string to the caller and to free(3).
        unsafe { self.take_string(xml) }
    }

    /// `virDomainGetXMLDesc`: the XML of the running domain.
    pub(crate) fn xml(self) -> Result<String, LibvirtError> {
        // SAFETY: the domain is alive for 'l (`new`).
        let xml = unsafe { self.library.calls.virDomainGetXMLDesc(self.raw, 0) };
        // SAFETY: libvirt's documentation gives the string to the caller and to free(3).
        unsafe { self.take_string(xml) }
    }

    /// A string that a call returned, or the call's error.
    ///
    /// # Safety
    /// `chars` must be null after a call that failed, or a NUL-terminated string of malloc(3)'s that
    /// nobody else frees.
    unsafe fn take_string(self, chars: *mut c_char) -> Result<String, LibvirtError> {
        if chars.is_null() {
            return Err(self.library.last_error());
        }
        // SAFETY: not null, so as the caller promises.
        let text = unsafe { copy_string(chars) };
        // SAFETY: as the caller promises; it is freed only here.
        unsafe { free(chars.cast()) };
        Ok(text)
    }

    /// `virDomainGetVcpus`: the online vCPUs of the first `max`, and of no more than the first 8,192.
    pub(crate) fn vcpus(self, max: u32) -> Result<impl Iterator<Item = VcpuInfo>, LibvirtError> {
        // The number is the daemon's, which must not decide on this process's memory.
        let capacity = max.min(u32::try_from(MAX_VCPUS).unwrap_or(u32::MAX));
        let mut infos = vec![NO_VCPU; capacity as usize];
        // SAFETY: the domain is alive for 'l (`new`), and the call writes up to `capacity`
        // virVcpuInfos, whose layout libvirt never changes, and no CPU maps.
        let written = unsafe {
            self.library.calls.virDomainGetVcpus(
                self.raw,
                infos.as_mut_ptr(),
                capacity.cast_signed(),
                ptr::null_mut(),
                0,
            )
        };
        let written = usize::try_from(written).map_err(|_| self.library.last_error())?;
        infos.truncate(written);
        Ok(infos.into_iter().map(|info| VcpuInfo {
            number: info.number,
            state: u64::try_from(info.state).unwrap_or(u64::MAX),
            cpu_time_ns: info.cpuTime,
            cpu: info.cpu,
        }))
    }

    /// `virDomainGetInfo`.
    pub(crate) fn info(self) -> Result<DomainInfo, LibvirtError> {
        let mut info = MaybeUninit::<virDomainInfo>::zeroed();
        // SAFETY: the domain is alive for 'l (`new`), and the call writes one virDomainInfo, whose
        // layout libvirt never changes.
        let status = unsafe {
            self.library
                .calls
                .virDomainGetInfo(self.raw, info.as_mut_ptr())
        };
        if status < 0 {
            return Err(self.library.last_error());
        }
        // SAFETY: all fields are numbers, and the zeroes written before the call are valid numbers.
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

/// A vCPU without known values.
const NO_VCPU: virVcpuInfo = virVcpuInfo {
    number: 0,
    state: 0,
    cpuTime: 0,
    cpu: -1,
};
