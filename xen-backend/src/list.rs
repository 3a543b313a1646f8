//! The buffer that the list of domains is read into.

use std::io;
use std::ops::DerefMut;
use std::slice::ChunksExact;

use xen_sys::HypercallBuffer;
use xen_sys::abi::DomainInfo;

/// Bytes that a list is read into, kept from tick to tick.
pub(crate) trait Room: DerefMut<Target = [u8]> {
    /// Makes room for that many bytes; what is there stays.
    fn resize(&mut self, bytes: usize) -> io::Result<()>;
}

impl Room for HypercallBuffer {
    fn resize(&mut self, bytes: usize) -> io::Result<()> {
        HypercallBuffer::resize(self, bytes)
    }
}

impl Room for Vec<u8> {
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

impl<B: Room> DomainList<B> {
    /// Room for so many domains more than the last list held, so that a few new ones need no
    /// second call. The room is not made larger than needed: libxenctrl zeroes and copies all of
    /// it at every call.
    const SPARE: usize = 8;

    /// An empty list whose entries are `stride` bytes each.
    pub(crate) fn new(entries: B, stride: usize) -> Self {
        Self {
            entries,
            stride,
            listed: 0,
        }
    }

    /// Reads the list anew.
    ///
    /// `getinfolist` fills the buffer, from a byte on, with the domains from a domid upwards, and
    /// returns how many there were. Where they fill it, the rest is asked for from the last
    /// domid + 1: domids have holes, so a count says nothing of where to go on.
    pub(crate) fn read(
        &mut self,
        mut getinfolist: impl FnMut(u32, &mut B, usize) -> io::Result<usize>,
    ) -> io::Result<()> {
        let mut room = self.listed + Self::SPARE;
        self.listed = 0;
        let mut first = 0;
        loop {
            self.entries.resize(room * self.stride)?;
            let free = room - self.listed;
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
            room = self.listed * 2;
        }
    }

    /// The domains of the last list, in ascending order of domid.
    pub(crate) fn iter(&self) -> Infos<'_> {
        Infos::of(self.bytes(), self.stride)
    }

    /// The last list as it was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.entries[..self.listed * self.stride]
    }
}

/// The entries of a list, one after the other.
#[derive(Clone)]
pub(crate) struct Infos<'a>(ChunksExact<'a, u8>);

impl<'a> Infos<'a> {
    /// Those of a list whose entries are `stride` bytes each.
    pub(crate) fn of(list: &'a [u8], stride: usize) -> Self {
        Self(list.chunks_exact(stride))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Each beside a row, in order. The entries themselves are walked, which the compiler counts
    /// together with the rows: the domains of one iterator beside those of another it counts apart.
    pub(crate) fn beside<'r, R>(
        self,
        rows: &'r mut [R],
    ) -> impl Iterator<Item = (&'r mut R, DomainInfo)> + use<'a, 'r, R> {
        let both = rows.iter_mut().zip(self.0);
        both.filter_map(|(row, entry)| Some((row, DomainInfo::decode(entry)?)))
    }
}

impl Iterator for Infos<'_> {
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

    /// A hypervisor with these domids, which counts how often it is called.
    fn hypervisor<'a, B: Room>(
        domids: &'a [u16],
        calls: &'a mut usize,
    ) -> impl FnMut(u32, &mut B, usize) -> io::Result<usize> + 'a {
        move |first, entries, from| {
            *calls += 1;
            let wanted = domids.iter().filter(|&&domid| u32::from(domid) >= first);
            let mut listed = 0;
            for (entry, domid) in entries[from..].chunks_exact_mut(STRIDE).zip(wanted) {
                entry[..2].copy_from_slice(&domid.to_le_bytes());
                listed += 1;
            }
            Ok(listed)
        }
    }

    fn domids<B: Room>(list: &DomainList<B>) -> Vec<u16> {
        list.iter().map(|info| info.domain).collect()
    }

    fn a_thousand_with_holes(entries: impl Room) {
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
    fn a_list_that_just_fills_the_room_is_asked_on() {
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
