//! A connection to a hypervisor.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use virtmon_model::Uuid;

use super::bindings::{VIR_CONNECT_LIST_DOMAINS_ACTIVE, virConnect, virNodeInfo};
use super::domain::OwnedDomain;
use super::error::LibvirtError;
use super::library::Library;
use super::lists::{ActiveDomains, StatsRecordList};

/// Seconds between two keepalive messages to the daemon of a remote host. libvirt's own daemon answers
/// them from its event loop, whatever its workers do.
const KEEPALIVE_INTERVAL_S: i32 = 2;
/// Number of unanswered keepalive messages after which libvirt closes the connection, which ends the
/// calls that wait on it.
const KEEPALIVE_COUNT: u32 = 4;

/// An open connection. Dropping it closes it.
pub(crate) struct Connection {
    pub(super) library: &'static Library,
    raw: NonNull<virConnect>,
}

/// The result of `virNodeGetInfo`.
pub(crate) struct NodeInfo {
    /// Number of active CPUs.
    pub(crate) cpus: u32,
    /// Memory of the machine, in KiB.
    pub(crate) mem_kib: u64,
}

impl Connection {
    /// `virConnectOpenReadOnly`. Without a URI libvirt's own configuration decides.
    pub(crate) fn open(
        library: &'static Library,
        uri: Option<&CStr>,
    ) -> Result<Self, LibvirtError> {
        let is_remote = uri.is_some_and(is_remote);
        let uri = uri.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: the URI is null or a NUL-terminated string that lives through the call.
        let raw = unsafe { library.calls.virConnectOpenReadOnly(uri) };
        let raw = NonNull::new(raw).ok_or_else(|| library.last_error())?;
        let connection = Self { library, raw };
        if is_remote {
            // SAFETY: the connection is open. A driver that is not libvirt's own remote one refuses,
            // and then has its own keepalive, or none.
            unsafe {
                library.calls.virConnectSetKeepAlive(
                    raw.as_ptr(),
                    KEEPALIVE_INTERVAL_S,
                    KEEPALIVE_COUNT,
                )
            };
        }
        Ok(connection)
    }

    /// `virConnectIsAlive`: true if the connection to the daemon is still open. Makes no remote call.
    pub(crate) fn is_alive(&self) -> bool {
        // SAFETY: the connection is open as long as `self` is.
        unsafe { self.library.calls.virConnectIsAlive(self.raw.as_ptr()) == 1 }
    }

    /// `virConnectGetType`: the driver's name (`QEMU`, `Xen`).
    pub(crate) fn driver(&self) -> Result<String, LibvirtError> {
        // SAFETY: the connection is open as long as `self` is.
        let name = unsafe { self.library.calls.virConnectGetType(self.raw.as_ptr()) };
        if name.is_null() {
            return Err(self.library.last_error());
        }
        // SAFETY: not null, so a NUL-terminated string that the connection owns; it is copied
        // while the connection is borrowed.
        let name = unsafe { CStr::from_ptr(name) };
        Ok(name.to_string_lossy().into_owned())
    }

    /// `virConnectGetVersion`: the hypervisor's version as 1,000,000 * major + 1,000 * minor +
    /// release, 0 if libvirt cannot find it out.
    pub(crate) fn hypervisor_version(&self) -> Result<u64, LibvirtError> {
        let mut version = 0;
        // SAFETY: the connection is open, and the call writes one number to the address it is given.
        let status = unsafe {
            self.library
                .calls
                .virConnectGetVersion(self.raw.as_ptr(), &raw mut version)
        };
        self.check(status).map(|()| version)
    }

    /// `virNodeGetInfo`.
    pub(crate) fn node_info(&self) -> Result<NodeInfo, LibvirtError> {
        let mut info = MaybeUninit::<virNodeInfo>::zeroed();
        // SAFETY: the connection is open, and the call writes one virNodeInfo, whose layout
        // libvirt never changes.
        let status = unsafe {
            self.library
                .calls
                .virNodeGetInfo(self.raw.as_ptr(), info.as_mut_ptr())
        };
        self.check(status)?;
        // SAFETY: all fields are numbers, and the zeroes written before the call are valid numbers.
        let info = unsafe { info.assume_init() };
        Ok(NodeInfo {
            cpus: info.cpus,
            mem_kib: info.memory,
        })
    }

    /// `virNodeGetFreeMemory`, in bytes.
    pub(crate) fn free_memory(&self) -> Result<u64, LibvirtError> {
        // SAFETY: the connection is open as long as `self` is.
        match unsafe { self.library.calls.virNodeGetFreeMemory(self.raw.as_ptr()) } {
            0 => Err(self.library.last_error()),
            bytes => Ok(bytes),
        }
    }

    /// `virConnectGetAllDomainStats`.
    pub(crate) fn stats(
        &self,
        groups: u32,
        flags: u32,
    ) -> Result<StatsRecordList<'_>, LibvirtError> {
        let mut list = ptr::null_mut();
        // SAFETY: the connection is open. The call writes one pointer: to a list that is ours from
        // then on, or nothing if it fails.
        let listed = unsafe {
            self.library.calls.virConnectGetAllDomainStats(
                self.raw.as_ptr(),
                groups,
                &raw mut list,
                flags,
            )
        };
        let len = self.list_len(listed)?;
        // SAFETY: the list comes from the call just made, with as many records as it returned, and
        // nobody else has it. The connection is borrowed for the list's lifetime.
        Ok(unsafe { StatsRecordList::from_raw(self.library, list, len) })
    }

    /// `virDomainListGetStats`: the same for these domains alone. The flags must not select domains.
    pub(crate) fn stats_of(
        &self,
        domains: &[OwnedDomain<'_>],
        groups: u32,
        flags: u32,
    ) -> Result<StatsRecordList<'_>, LibvirtError> {
        let domains = domains.iter().map(|domain| domain.domain().raw);
        let mut domains: Vec<_> = domains.chain([ptr::null_mut()]).collect();
        let mut list = ptr::null_mut();
        // SAFETY: the array ends with a null pointer, and the entries before it are domains that are
        // borrowed for the call. The call writes one pointer: to a list that is ours from then on,
        // or nothing if it fails.
        let listed = unsafe {
            self.library.calls.virDomainListGetStats(
                domains.as_mut_ptr(),
                groups,
                &raw mut list,
                flags,
            )
        };
        let len = self.list_len(listed)?;
        // SAFETY: the list comes from the call just made, with as many records as it returned, and
        // nobody else has it. The connection is borrowed for the list's lifetime.
        Ok(unsafe { StatsRecordList::from_raw(self.library, list, len) })
    }

    /// `virConnectListAllDomains`: the active domains.
    pub(crate) fn active_domains(&self) -> Result<ActiveDomains<'_>, LibvirtError> {
        let mut list = ptr::null_mut();
        // SAFETY: the connection is open. The call writes one pointer: to an array that is ours
        // from then on, or nothing if it fails.
        let listed = unsafe {
            self.library.calls.virConnectListAllDomains(
                self.raw.as_ptr(),
                &raw mut list,
                VIR_CONNECT_LIST_DOMAINS_ACTIVE,
            )
        };
        let len = self.list_len(listed)?;
        // SAFETY: the array comes from the call just made, with as many domains as it returned,
        // and nobody else has it. The connection is borrowed for the array's lifetime.
        Ok(unsafe { ActiveDomains::from_raw(self.library, list, len) })
    }

    /// `virDomainLookupByUUID`.
    pub(crate) fn find(&self, uuid: Uuid) -> Result<OwnedDomain<'_>, LibvirtError> {
        let bytes = uuid.as_bytes();
        // SAFETY: the connection is open, and the call reads VIR_UUID_BUFLEN bytes, which is 16.
        let domain = unsafe {
            self.library
                .calls
                .virDomainLookupByUUID(self.raw.as_ptr(), bytes.as_ptr())
        };
        let domain = NonNull::new(domain).ok_or_else(|| self.library.last_error())?;
        // SAFETY: the domain comes from the call just made, with a reference that is ours. The
        // connection is borrowed for the domain's lifetime.
        Ok(unsafe { OwnedDomain::from_raw(self.library, domain) })
    }

    /// The connection, which is open as long as `self` is.
    pub(super) fn raw(&self) -> *mut virConnect {
        self.raw.as_ptr()
    }

    fn check(&self, status: i32) -> Result<(), LibvirtError> {
        if status < 0 {
            Err(self.library.last_error())
        } else {
            Ok(())
        }
    }

    fn list_len(&self, listed: i32) -> Result<usize, LibvirtError> {
        usize::try_from(listed).map_err(|_| self.library.last_error())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the connection is open, this reference to it is given back only here, and the
        // lists that borrow it do not exist any more. A failure needs no handling.
        unsafe { self.library.calls.virConnectClose(self.raw.as_ptr()) };
    }
}

/// True if a URI names a host. Nothing reports the end of a connection to a remote host that is down. A
/// daemon of this host ends its connections when it ends.
pub(crate) fn is_remote(uri: &CStr) -> bool {
    let uri = uri.to_bytes();
    let after = uri.windows(3).position(|three| three == b"://");
    after.is_some_and(|at| !matches!(uri.get(at + 3), None | Some(b'/' | b'?')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::library::installed;

    #[test]
    fn a_uri_with_a_host_is_remote() {
        for remote in [
            c"qemu+tcp://127.0.0.1:16509/system",
            c"qemu+ssh://root@kvm1/system",
            c"xen://[::1]/system",
        ] {
            assert!(is_remote(remote), "{remote:?}");
        }
        for local in [
            c"qemu:///system",
            c"qemu+unix:///system?socket=/run/a://b",
            c"test:///default",
            c"://",
            c"qemu",
        ] {
            assert!(!is_remote(local), "{local:?}");
        }
    }

    #[test]
    fn the_number_of_vcpus_is_bounded() {
        let Some(library) = installed() else { return };
        let connection = Connection::open(library, Some(c"test:///default")).unwrap();
        let domains = connection.active_domains().unwrap();
        let vcpus = domains.get(0).domain.vcpus(u32::MAX).unwrap();
        assert_eq!(vcpus.count(), 2);
    }
}
