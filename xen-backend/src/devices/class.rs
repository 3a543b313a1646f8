//! The devices of one kind that xenstore lists for a domain.

/// Most devices of one kind that are kept. No toolstack gives a domain more.
const MAX_DEVICES: usize = 1024;

/// State of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ListState {
    /// The list was not read yet.
    #[default]
    Waiting,
    /// The list is invalid or can't be read.
    Unknown,
    /// The list is complete.
    Known,
}

/// A device in the list.
#[derive(Debug)]
pub(crate) struct ListedDevice<T> {
    pub(crate) devid: u32,
    pub(crate) name: String,
    /// File or device behind a disk.
    pub(crate) path: String,
    /// Size of a disk.
    pub(crate) capacity_bytes: Option<u64>,
    /// Place of its counters in this domain's kernel; `None` if this kernel does not serve it.
    pub(crate) served: Option<T>,
}

/// The devices of one kind, in ascending order of device number.
#[derive(Debug)]
pub(crate) struct DeviceClass<T> {
    pub(crate) state: ListState,
    pub(crate) devices: Vec<ListedDevice<T>>,
}

impl<T> Default for DeviceClass<T> {
    fn default() -> Self {
        Self {
            state: ListState::default(),
            devices: Vec::new(),
        }
    }
}

impl<T> DeviceClass<T> {
    /// The device with a number.
    pub(crate) fn device_mut(&mut self, devid: u32) -> Option<&mut ListedDevice<T>> {
        let index = self.index_of(devid);
        self.devices.get_mut(index.ok()?)
    }

    pub(crate) fn contains(&self, devid: u32) -> bool {
        self.index_of(devid).is_ok()
    }

    /// Index of a device, or the index at which it would be inserted.
    fn index_of(&self, devid: u32) -> Result<usize, usize> {
        self.devices
            .binary_search_by_key(&devid, |device| device.devid)
    }

    pub(crate) fn all_served(&self) -> bool {
        self.devices.iter().all(|device| device.served.is_some())
    }

    /// Sets the list from a directory of xenstore: the device numbers as names, each followed by a
    /// NUL. Devices that were in the list before keep their data.
    pub(crate) fn set_list(&mut self, names: &[u8], name: impl Fn(u32) -> String) {
        self.state = ListState::Known;
        let mut devids = Vec::new();
        for word in names.split(|&byte| byte == 0).filter(|w| !w.is_empty()) {
            match std::str::from_utf8(word).map(str::parse) {
                Ok(Ok(devid)) if devids.len() < MAX_DEVICES => devids.push(devid),
                _ => self.state = ListState::Unknown,
            }
        }
        devids.sort_unstable();
        self.devices
            .retain(|device| devids.binary_search(&device.devid).is_ok());
        for devid in devids {
            if let Err(index) = self.index_of(devid) {
                let device = ListedDevice {
                    devid,
                    name: name(devid),
                    path: String::new(),
                    capacity_bytes: None,
                    served: None,
                };
                self.devices.insert(index, device);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(class: &DeviceClass<char>) -> Vec<(u32, Option<char>)> {
        class.devices.iter().map(|d| (d.devid, d.served)).collect()
    }

    #[test]
    fn devices_that_stay_in_the_list_keep_their_data() {
        let mut class: DeviceClass<char> = DeviceClass::default();
        let name = |devid: u32| devid.to_string();
        class.set_list(b"10\x002\x000\0", name);
        assert_eq!(listed(&class), [(0, None), (2, None), (10, None)]);
        class.devices[2].served = Some('x');
        class.set_list(b"10\x0011\0", name);
        assert_eq!(listed(&class), [(10, Some('x')), (11, None)]);
        assert_eq!(class.state, ListState::Known);
        class.set_list(b"", name);
        assert!(class.devices.is_empty() && class.all_served());
        assert_eq!(class.state, ListState::Known);
    }

    #[test]
    fn more_devices_than_a_domain_can_have_are_not_kept() {
        let mut class: DeviceClass<char> = DeviceClass::default();
        let names: String = (0..5000).map(|devid| format!("{devid}\0")).collect();
        class.set_list(names.as_bytes(), |devid| devid.to_string());
        assert_eq!(class.devices.len(), MAX_DEVICES);
        assert_eq!(class.state, ListState::Unknown);
    }

    #[test]
    fn a_name_that_is_no_number_makes_the_list_unknown() {
        for names in [
            &b"0\0x\0"[..],
            b"0\0-1\0",
            b"0\0\xff\0",
            b"0\x0099999999999\0",
        ] {
            let mut class: DeviceClass<char> = DeviceClass::default();
            class.set_list(names, |devid| devid.to_string());
            assert_eq!(class.state, ListState::Unknown);
            assert_eq!(listed(&class), [(0, None)]);
        }
    }
}
