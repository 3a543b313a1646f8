//! The lists of domains that libvirt returns.

use std::marker::PhantomData;
use std::ptr;

use super::bindings::{virDomainPtr, virDomainStatsRecordPtr};
use super::domain::Domain;
use super::library::Library;
use super::memory::free;
use super::record::StatsRecord;

/// The result of `virConnectGetAllDomainStats` or `virDomainListGetStats`: domains, each with its
/// values.
pub(crate) struct StatsRecordList<'c> {
    library: &'static Library,
    list: *mut virDomainStatsRecordPtr,
    len: usize,
    connection: PhantomData<&'c ()>,
}

impl StatsRecordList<'_> {
    /// Takes ownership of a list.
    ///
    /// # Safety
    /// `list` must be one that either call made with `len` records, on a connection that is open for
    /// all of the type's lifetime, and nobody else's to free; it may be null if `len` is 0.
    pub(super) unsafe fn from_raw(
        library: &'static Library,
        list: *mut virDomainStatsRecordPtr,
        len: usize,
    ) -> Self {
        Self {
            library,
            list,
            len,
            connection: PhantomData,
        }
    }

    /// Number of domains.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The record at an index less than [`len`](Self::len).
    pub(crate) fn get(&self, index: usize) -> StatsRecord<'_> {
        assert!(index < self.len);
        // SAFETY: `from_raw` was promised `len` records, none of them null, and `index` is less; they
        // live until `self` is dropped, which the record's lifetime rules out. Each has `nparams`
        // values at `params`, and a domain that the list holds a reference to.
        unsafe {
            let record = &**self.list.add(index);
            StatsRecord::new(
                Domain::new(self.library, record.dom),
                record.params,
                record.nparams,
            )
        }
    }
}

impl Drop for StatsRecordList<'_> {
    fn drop(&mut self) {
        // SAFETY: the list is whole and is freed only here, its records with it; null is allowed.
        // What `get` returned borrows `self` and does not exist any more.
        unsafe { self.library.calls.virDomainStatsRecordListFree(self.list) };
    }
}

/// The result of `virConnectListAllDomains`: domains without values.
pub(crate) struct ActiveDomains<'c> {
    library: &'static Library,
    list: *mut virDomainPtr,
    len: usize,
    connection: PhantomData<&'c ()>,
}

impl ActiveDomains<'_> {
    /// Takes ownership of an array.
    ///
    /// # Safety
    /// `list` must be one that `virConnectListAllDomains` made with `len` domains, on a connection that
    /// is open for all of the type's lifetime, and nobody else's to free; it may be null if `len` is 0.
    pub(super) unsafe fn from_raw(
        library: &'static Library,
        list: *mut virDomainPtr,
        len: usize,
    ) -> Self {
        Self {
            library,
            list,
            len,
            connection: PhantomData,
        }
    }

    /// Number of domains.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The domain at an index less than [`len`](Self::len), as a record without values.
    pub(crate) fn get(&self, index: usize) -> StatsRecord<'_> {
        assert!(index < self.len);
        // SAFETY: `from_raw` was promised `len` domains, none of them null, and `index` is less; they
        // live until `self` is dropped, which the record's lifetime rules out. No values are read.
        unsafe {
            let domain = Domain::new(self.library, *self.list.add(index));
            StatsRecord::new(domain, ptr::null(), 0)
        }
    }
}

impl Drop for ActiveDomains<'_> {
    fn drop(&mut self) {
        for index in 0..self.len {
            // SAFETY: each of the `len` domains holds one reference that is ours, given back only
            // here. What `get` returned borrows `self` and does not exist any more.
            unsafe { self.library.calls.virDomainFree(*self.list.add(index)) };
        }
        // SAFETY: libvirt's documentation gives the array to free(3), and it is freed only here;
        // null is allowed.
        unsafe { free(self.list.cast()) };
    }
}
