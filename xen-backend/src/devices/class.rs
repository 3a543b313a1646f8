//! The devices of one kind that xenstore lists for a domain.

/// No toolstack gives a domain more devices of one kind.
const MOST: usize = 1024;

/// What xenstore has said of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Listing {
    /// Nothing yet.
    #[default]
    Waiting,
    /// Something that is no list, or it can't be asked.
    Unknown,
    /// All that there are.
    Known,
}

/// A device that is listed.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) devid: u32,
    pub(crate) name: String,
    /// What is behind a disk.
    pub(crate) path: String,
    /// The size of a disk.
    pub(crate) capacity_bytes: Option<u64>,
    /// Where this domain's kernel shows its counters; `None` where it does not serve the device.
    pub(crate) served: Option<T>,
}

/// The devices of one kind, in ascending order of device number.
#[derive(Debug)]
pub(crate) struct Class<T> {
    pub(crate) listing: Listing,
    pub(crate) slots: Vec<Slot<T>>,
}

impl<T> Default for Class<T> {
    fn default() -> Self {
        Self {
            listing: Listing::default(),
            slots: Vec::new(),
        }
    }
}

impl<T> Class<T> {
    /// The device of a number.
    pub(crate) fn slot_mut(&mut self, devid: u32) -> Option<&mut Slot<T>> {
        let place = self.slots.binary_search_by_key(&devid, |slot| slot.devid);
        self.slots.get_mut(place.ok()?)
    }

    pub(crate) fn has(&self, devid: u32) -> bool {
        let place = self.slots.binary_search_by_key(&devid, |slot| slot.devid);
        place.is_ok()
    }

    pub(crate) fn all_served(&self) -> bool {
        self.slots.iter().all(|slot| slot.served.is_some())
    }

    /// Takes in a directory of xenstore: the device numbers as names, each with a NUL behind it.
    /// The devices that stay keep what was found of them.
    pub(crate) fn list(&mut self, names: &[u8], name: impl Fn(u32) -> String) {
        self.listing = Listing::Known;
        let mut devids = Vec::new();
        for word in names.split(|&byte| byte == 0).filter(|w| !w.is_empty()) {
            match std::str::from_utf8(word).map(str::parse) {
                Ok(Ok(devid)) if devids.len() < MOST => devids.push(devid),
                _ => self.listing = Listing::Unknown,
            }
        }
        devids.sort_unstable();
        self.slots
            .retain(|slot| devids.binary_search(&slot.devid).is_ok());
        for devid in devids {
            if let Err(place) = self.slots.binary_search_by_key(&devid, |slot| slot.devid) {
                let slot = Slot {
                    devid,
                    name: name(devid),
                    path: String::new(),
                    capacity_bytes: None,
                    served: None,
                };
                self.slots.insert(place, slot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(class: &Class<char>) -> Vec<(u32, Option<char>)> {
        class.slots.iter().map(|s| (s.devid, s.served)).collect()
    }

    #[test]
    fn devices_that_stay_keep_what_was_found() {
        let mut class: Class<char> = Class::default();
        let name = |devid: u32| devid.to_string();
        class.list(b"10\x002\x000\0", name);
        assert_eq!(listed(&class), [(0, None), (2, None), (10, None)]);
        class.slots[2].served = Some('x');
        class.list(b"10\x0011\0", name);
        assert_eq!(listed(&class), [(10, Some('x')), (11, None)]);
        assert_eq!(class.listing, Listing::Known);
        class.list(b"", name);
        assert!(class.slots.is_empty() && class.all_served());
        assert_eq!(class.listing, Listing::Known);
    }

    #[test]
    fn more_devices_than_a_domain_can_have_are_not_kept() {
        let mut class: Class<char> = Class::default();
        let names: String = (0..5000).map(|devid| format!("{devid}\0")).collect();
        class.list(names.as_bytes(), |devid| devid.to_string());
        assert_eq!(class.slots.len(), MOST);
        assert_eq!(class.listing, Listing::Unknown);
    }

    #[test]
    fn a_name_that_is_no_number_makes_the_list_unknown() {
        for names in [
            &b"0\0x\0"[..],
            b"0\0-1\0",
            b"0\0\xff\0",
            b"0\x0099999999999\0",
        ] {
            let mut class: Class<char> = Class::default();
            class.list(names, |devid| devid.to_string());
            assert_eq!(class.listing, Listing::Unknown);
            assert_eq!(listed(&class), [(0, None)]);
        }
    }
}
