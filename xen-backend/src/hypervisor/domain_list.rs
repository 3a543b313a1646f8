//! The list of domains, and the buffer that it is read into.

use std::io;
use std::ops::DerefMut;
use std::slice::ChunksExact;

use xen_sys::HypercallBuffer;
use xen_sys::abi::DomainInfo;

/// A buffer for the list, kept between ticks.
pub(crate) trait ListBuffer: DerefMut<Target = [u8]> {
    /// Sets the length of the buffer. The bytes in it stay.
    fn resize(&mut self, bytes: usize) -> io::Result<()>;
}

impl ListBuffer for HypercallBuffer {
    fn resize(&mut self, bytes: usize) -> io::Result<()> {
        HypercallBuffer::resize(self, bytes)
    }
}

impl ListBuffer for Vec<u8> {
    fn resize(&mut self, bytes: usize) -> io::Result<()> {
        Vec::resize(self, bytes, 0);
        Ok(())
    }
}

/// The last list of domains.
pub(crate) struct DomainList<B> {
    entries: B,
    stride: usize,
    listed: usize,
}

impl<B: ListBuffer> DomainList<B> {
    /// Number of entries that the buffer has beyond those of the last list, so that a few new
    /// domains need no second call. The buffer is not larger, because libxenctrl zeroes and copies
    /// all of it at every call.
    const SPARE: usize = 8;

    /// An empty list whose entries are `stride` bytes each.
    pub(crate) fn new(entries: B, stride: usize) -> Self {
        Self {
            entries,
            stride,
            listed: 0,
        }
    }

    /// Reads the list.
    ///
    /// `getinfolist` takes a domid, the buffer and an offset. It fills the buffer from that offset
    /// with the domains from that domid upwards, and returns their number. If they fill the buffer,
    /// the next call starts at the last domid + 1. The number of domains can't be used for that,
    /// because domids have holes.
    pub(crate) fn read(
        &mut self,
        mut getinfolist: impl FnMut(u32, &mut B, usize) -> io::Result<usize>,
    ) -> io::Result<()> {
        let mut capacity = self.listed + Self::SPARE;
        self.listed = 0;
        let mut first = 0;
        loop {
            self.entries.resize(capacity * self.stride)?;
            let free = capacity - self.listed;
            let from = self.listed * self.stride;
            let more = getinfolist(first, &mut self.entries, from)?.min(free);
            self.listed += more;
            if more < free {
                return Ok(());
            }
            let Some(last) = self.iter().last() else {
                return Ok(());
            };
            first = u32::from(last.domain) + 1;
            capacity = self.listed * 2;
        }
    }

    /// The domains of the last list, in ascending order of domid.
    pub(crate) fn iter(&self) -> DomainInfos<'_> {
        DomainInfos::new(self.bytes(), self.stride)
    }

    /// The raw bytes of the last list.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.entries[..self.listed * self.stride]
    }
}

/// Iterator over the entries of a list.
#[derive(Clone)]
pub(crate) struct DomainInfos<'a>(ChunksExact<'a, u8>);

impl<'a> DomainInfos<'a> {
    /// The entries of a list, of `stride` bytes each.
    pub(crate) fn new(list: &'a [u8], stride: usize) -> Self {
        Self(list.chunks_exact(stride))
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Pairs each row with its entry, in order. The iterator runs over the raw entries, so that the
    /// compiler uses one counter for rows and entries. For an iterator over decoded entries it uses
    /// two.
    pub(crate) fn zip_rows<'r, R>(
        self,
        rows: &'r mut [R],
    ) -> impl Iterator<Item = (&'r mut R, DomainInfo)> + use<'a, 'r, R> {
        let pairs = rows.iter_mut().zip(self.0);
        pairs.filter_map(|(row, entry)| Some((row, DomainInfo::decode(entry)?)))
    }
}

impl Iterator for DomainInfos<'_> {
    type Item = DomainInfo;

    #[inline]
    fn next(&mut self) -> Option<DomainInfo> {
        DomainInfo::decode(self.0.next()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIDE: usize = 112;

    /// A hypervisor with these domids that counts its calls.
    fn hypervisor<'a, B: ListBuffer>(
        domids: &'a [u16],
        calls: &'a mut usize,
    ) -> impl FnMut(u32, &mut B, usize) -> io::Result<usize> + 'a {
        move |first, entries, from| {
            *calls += 1;
            let listed_ids = domids.iter().filter(|&&domid| u32::from(domid) >= first);
            let mut listed = 0;
            for (entry, domid) in entries[from..].chunks_exact_mut(STRIDE).zip(listed_ids) {
                entry[..2].copy_from_slice(&domid.to_le_bytes());
                listed += 1;
            }
            Ok(listed)
        }
    }

    fn domids<B: ListBuffer>(list: &DomainList<B>) -> Vec<u16> {
        list.iter().map(|info| info.domain).collect()
    }

    fn a_thousand_with_holes(entries: impl ListBuffer) {
        let all: Vec<u16> = (0..1004).map(|n| n * 7).collect();
        let mut list = DomainList::new(entries, STRIDE);
        let mut calls = 0;
        list.read(hypervisor(&all, &mut calls)).unwrap();
        assert_eq!(domids(&list), all);

        calls = 0;
        list.read(hypervisor(&all, &mut calls)).unwrap();
        assert_eq!(calls, 1, "the second time one call has room for all");
        assert_eq!(domids(&list), all);

        list.read(hypervisor(&all[..3], &mut calls)).unwrap();
        assert_eq!(domids(&list), all[..3]);
    }

    #[test]
    fn a_thousand_domains_with_holes_are_each_listed_once() {
        a_thousand_with_holes(Vec::new());
        a_thousand_with_holes(HypercallBuffer::new(0).unwrap());
    }

    #[test]
    fn a_list_that_fills_the_buffer_needs_a_second_call() {
        let eight: Vec<u16> = (0..8).collect();
        let mut list = DomainList::new(Vec::new(), STRIDE);
        let mut calls = 0;
        list.read(hypervisor(&eight, &mut calls)).unwrap();
        assert_eq!(domids(&list), eight);
        assert_eq!(calls, 2);
    }

    #[test]
    fn a_refused_call_is_an_error() {
        let mut list = DomainList::new(Vec::new(), STRIDE);
        let refused = |_: u32, _: &mut Vec<u8>, _| Err(io::Error::from_raw_os_error(13));
        assert_eq!(list.read(refused).unwrap_err().raw_os_error(), Some(13));
    }
}
