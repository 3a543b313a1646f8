//! The lists of domains that libvirt hands out.

use std::ffi::c_void;
use std::ptr;

use super::bindings::{virDomainPtr, virDomainStatsRecordPtr};
use super::{Connection, Domain, Record};

/// What `virConnectGetAllDomainStats` or `virDomainListGetStats` returned: domains, each with its
/// values.
pub(crate) struct StatsRecords<'c> {
    connection: &'c Connection,
    list: *mut virDomainStatsRecordPtr,
    len: usize,
}

impl<'c> StatsRecords<'c> {
    /// Takes over a list.
    ///
    /// # Safety
    /// `list` must be one that either call made on this connection with `len` records, and nobody else's to free; it may be null where `len` is 0.
    pub(super) unsafe fn own(
        connection: &'c Connection,
        list: *mut virDomainStatsRecordPtr,
        len: usize,
    ) -> Self {
        Self {
            connection,
            list,
            len,
        }
    }

    /// How many domains there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The record at a place that is less than [`len`](Self::len).
    pub(crate) fn get(&self, at: usize) -> Record<'_> {
        assert!(at < self.len);
        // SAFETY: `own` was promised `len` records, none of them null, and `at` is less; they live
        // until `self` is dropped, which the record's lifetime rules out. Each has `nparams`
        // values at `params`, and a domain that the list holds a reference to.
        unsafe {
            let record = &**self.list.add(at);
            Record::of(
                Domain::of(self.connection.library, record.dom),
                record.params,
                record.nparams,
            )
        }
    }
}

impl Drop for StatsRecords<'_> {
    fn drop(&mut self) {
        // SAFETY: the list is whole and is freed only here, its records with it; null is allowed.
        // What `get` gave out borrows `self` and is gone.
        unsafe {
            self.connection
                .library
                .calls
                .virDomainStatsRecordListFree(self.list);
        }
    }
}

/// What `virConnectListAllDomains` returned: domains without values.
pub(crate) struct ActiveDomains<'c> {
    connection: &'c Connection,
    list: *mut virDomainPtr,
    len: usize,
}

impl<'c> ActiveDomains<'c> {
    /// Takes over an array.
    ///
    /// # Safety
    /// `list` must be one that `virConnectListAllDomains` made on this connection with `len`
    /// domains, and nobody else's to free; it may be null where `len` is 0.
    pub(super) unsafe fn own(
        connection: &'c Connection,
        list: *mut virDomainPtr,
        len: usize,
    ) -> Self {
        Self {
            connection,
            list,
            len,
        }
    }

    /// How many domains there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The domain at a place that is less than [`len`](Self::len), as a record without values.
    pub(crate) fn get(&self, at: usize) -> Record<'_> {
        assert!(at < self.len);
        // SAFETY: `own` was promised `len` domains, none of them null, and `at` is less; they live
        // until `self` is dropped, which the record's lifetime rules out. No values are read.
        unsafe {
            let domain = Domain::of(self.connection.library, *self.list.add(at));
            Record::of(domain, ptr::null(), 0)
        }
    }
}

impl Drop for ActiveDomains<'_> {
    fn drop(&mut self) {
        for at in 0..self.len {
            // SAFETY: each of the `len` domains holds one reference that is ours, given back only
            // here. What `get` gave out borrows `self` and is gone.
            unsafe {
                self.connection
                    .library
                    .calls
                    .virDomainFree(*self.list.add(at));
            }
        }
        // SAFETY: libvirt's documentation gives the array to free(3), and it is freed only here;
        // null is allowed.
        unsafe { free(self.list.cast()) };
    }
}

unsafe extern "C" {
    /// free(3), of the C library that the standard library links too.
    pub(super) fn free(memory: *mut c_void);
}
