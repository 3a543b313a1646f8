//! A connection to a hypervisor.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use super::bindings::{VIR_CONNECT_LIST_DOMAINS_ACTIVE, virConnect, virNodeInfo};
use super::domain::Found;
use super::{ActiveDomains, Library, StatsRecords};
use crate::connection::error::Fault;
use virtmon_model::Uuid;

/// How often to ask a far host's daemon whether it is there, in seconds, and how often in vain before
/// the connection is closed, which ends the calls that wait on it. libvirt's own daemon answers from
/// its event loop, whatever its workers do.
const EACH_S: i32 = 2;
const MOST_UNHEARD: u32 = 4;

/// An open connection, closed when dropped.
pub(crate) struct Connection {
    pub(super) library: &'static Library,
    raw: NonNull<virConnect>,
}

/// What `virNodeGetInfo` tells of the host.
pub(crate) struct NodeInfo {
    /// Active CPUs.
    pub(crate) cpus: u32,
    /// Memory of the machine, in KiB.
    pub(crate) mem_kib: u64,
}

impl Connection {
    /// `virConnectOpenReadOnly`: by no URI, to what libvirt's own configuration says.
    pub(crate) fn open(library: &'static Library, uri: Option<&CStr>) -> Result<Self, Fault> {
        let is_far = uri.is_some_and(names_host);
        let uri = uri.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: the URI is null or a NUL-terminated string that lives through the call.
        let raw = unsafe { library.calls.virConnectOpenReadOnly(uri) };
        let raw = NonNull::new(raw).ok_or_else(|| library.last_fault())?;
        let connection = Self { library, raw };
        if is_far {
            // SAFETY: the connection is open. A driver that is not libvirt's own remote one refuses,
            // and then has its own way, or none.
            unsafe {
                library
                    .calls
                    .virConnectSetKeepAlive(raw.as_ptr(), EACH_S, MOST_UNHEARD)
            };
        }
        Ok(connection)
    }

    /// `virConnectIsAlive`: whether the way to the daemon is still open. Asks nobody.
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: the connection is open as long as `self` is.
        unsafe { self.library.calls.virConnectIsAlive(self.raw.as_ptr()) == 1 }
    }

    /// `virConnectGetType`: the driver's name (`QEMU`, `Xen`).
    pub(crate) fn driver(&self) -> Result<String, Fault> {
        // SAFETY: the connection is open as long as `self` is.
        let name = unsafe { self.library.calls.virConnectGetType(self.raw.as_ptr()) };
        if name.is_null() {
            return Err(self.library.last_fault());
        }
        // SAFETY: not null, so a NUL-terminated string that the connection owns; it is copied
        // while the connection is borrowed.
        let name = unsafe { CStr::from_ptr(name) };
        Ok(name.to_string_lossy().into_owned())
    }

    /// `virConnectGetVersion`: the hypervisor's version as 1,000,000 * major + 1,000 * minor +
    /// release, 0 where libvirt can't find it out.
    pub(crate) fn hypervisor_version(&self) -> Result<u64, Fault> {
        let mut version = 0;
        // SAFETY: the connection is open, and the call writes one number to where it is told.
        let status = unsafe {
            self.library
                .calls
                .virConnectGetVersion(self.raw.as_ptr(), &raw mut version)
        };
        self.done(status).map(|()| version)
    }

    /// `virNodeGetInfo`.
    pub(crate) fn node_info(&self) -> Result<NodeInfo, Fault> {
        let mut info = MaybeUninit::<virNodeInfo>::zeroed();
        // SAFETY: the connection is open, and the call writes one virNodeInfo, whose layout
        // libvirt never changes.
        let status = unsafe {
            self.library
                .calls
                .virNodeGetInfo(self.raw.as_ptr(), info.as_mut_ptr())
        };
        self.done(status)?;
        // SAFETY: all fields are numbers, for which the zeroes that were there are values too.
        let info = unsafe { info.assume_init() };
        Ok(NodeInfo {
            cpus: info.cpus,
            mem_kib: info.memory,
        })
    }

    /// `virNodeGetFreeMemory`, in bytes.
    pub(crate) fn free_memory(&self) -> Result<u64, Fault> {
        // SAFETY: the connection is open as long as `self` is.
        match unsafe { self.library.calls.virNodeGetFreeMemory(self.raw.as_ptr()) } {
            0 => Err(self.library.last_fault()),
            bytes => Ok(bytes),
        }
    }

    /// `virConnectGetAllDomainStats`.
    pub(crate) fn stats(&self, groups: u32, flags: u32) -> Result<StatsRecords<'_>, Fault> {
        let mut list = ptr::null_mut();
        // SAFETY: the connection is open. The call writes one pointer: to a list that is ours from
        // then on, or, where it fails, nothing.
        let listed = unsafe {
            self.library.calls.virConnectGetAllDomainStats(
                self.raw.as_ptr(),
                groups,
                &raw mut list,
                flags,
            )
        };
        let len = usize::try_from(listed).map_err(|_| self.library.last_fault())?;
        // SAFETY: the list comes from the call just made, with as many records as it returned, and
        // nobody else has it.
        Ok(unsafe { StatsRecords::own(self, list, len) })
    }

    /// `virDomainListGetStats`: the same for these domains alone. The flags may not choose domains.
    pub(crate) fn stats_of(
        &self,
        domains: &[Found<'_>],
        groups: u32,
        flags: u32,
    ) -> Result<StatsRecords<'_>, Fault> {
        let domains = domains.iter().map(|found| found.domain().raw);
        let mut domains: Vec<_> = domains.chain([ptr::null_mut()]).collect();
        let mut list = ptr::null_mut();
        // SAFETY: the array ends with a null pointer, and what is before it are domains that are
        // borrowed for the call. The call writes one pointer: to a list that is ours from then on,
        // or, where it fails, nothing.
        let listed = unsafe {
            self.library.calls.virDomainListGetStats(
                domains.as_mut_ptr(),
                groups,
                &raw mut list,
                flags,
            )
        };
        let len = usize::try_from(listed).map_err(|_| self.library.last_fault())?;
        // SAFETY: the list comes from the call just made, with as many records as it returned, and
        // nobody else has it.
        Ok(unsafe { StatsRecords::own(self, list, len) })
    }

    /// `virConnectListAllDomains`, those that are active.
    pub(crate) fn active_domains(&self) -> Result<ActiveDomains<'_>, Fault> {
        let mut list = ptr::null_mut();
        // SAFETY: the connection is open. The call writes one pointer: to an array that is ours
        // from then on, or, where it fails, nothing.
        let listed = unsafe {
            self.library.calls.virConnectListAllDomains(
                self.raw.as_ptr(),
                &raw mut list,
                VIR_CONNECT_LIST_DOMAINS_ACTIVE,
            )
        };
        let len = usize::try_from(listed).map_err(|_| self.library.last_fault())?;
        // SAFETY: the array comes from the call just made, with as many domains as it returned,
        // and nobody else has it.
        Ok(unsafe { ActiveDomains::own(self, list, len) })
    }

    /// `virDomainLookupByUUID`.
    pub(crate) fn find(&self, uuid: Uuid) -> Result<Found<'_>, Fault> {
        let bytes = uuid.as_bytes();
        // SAFETY: the connection is open, and the call reads VIR_UUID_BUFLEN bytes, which is 16.
        let domain = unsafe {
            self.library
                .calls
                .virDomainLookupByUUID(self.raw.as_ptr(), bytes.as_ptr())
        };
        let domain = NonNull::new(domain).ok_or_else(|| self.library.last_fault())?;
        // SAFETY: the domain comes from the call just made, with a reference that is ours.
        Ok(unsafe { Found::own(self, domain) })
    }

    /// The connection, which is open as long as `self` is.
    pub(super) fn raw(&self) -> *mut virConnect {
        self.raw.as_ptr()
    }

    fn done(&self, status: i32) -> Result<(), Fault> {
        if status < 0 {
            Err(self.library.last_fault())
        } else {
            Ok(())
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the connection is open, this reference to it is given back only here, and the
        // lists that borrow it are gone. There is nothing to do about a failure.
        unsafe { self.library.calls.virConnectClose(self.raw.as_ptr()) };
    }
}

/// Whether a URI has a host in it: nobody tells of the end of a connection to one that is gone. A
/// daemon of this host ends its connections as it ends.
pub(crate) fn names_host(uri: &CStr) -> bool {
    let uri = uri.to_bytes();
    let after = uri.windows(3).position(|three| three == b"://");
    after.is_some_and(|at| !matches!(uri.get(at + 3), None | Some(b'/' | b'?')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_or_not() {
        for far in [
            c"qemu+tcp://127.0.0.1:16509/system",
            c"qemu+ssh://root@kvm1/system",
            c"xen://[::1]/system",
        ] {
            assert!(names_host(far), "{far:?}");
        }
        for here in [
            c"qemu:///system",
            c"qemu+unix:///system?socket=/run/a://b",
            c"test:///default",
            c"://",
            c"qemu",
        ] {
            assert!(!names_host(here), "{here:?}");
        }
    }
}
