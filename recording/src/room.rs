//! How much a decoded reading may take up: bounds that no real host comes near, so that a recording
//! made by somebody else can't fill the memory of who replays it.

/// Domains of a host: domids and libvirt's ids end far below.
pub const MAX_DOMAINS: usize = 65_535;
/// vCPUs of a domain (`MAX_VIRT_CPUS` of a PV guest, the largest of all hypervisors).
pub const MAX_VCPUS: usize = 8_192;
/// NICs, and disks, of a domain.
pub const MAX_DEVICES: usize = 1_024;
/// Lines on what could not be read.
pub const MAX_WARNINGS: usize = 1_000;
/// pCPUs, and NUMA nodes, of a host.
pub const MAX_HOST_ROWS: usize = 65_536;

/// Bytes of all rows of a reading.
const ROWS_BYTES: usize = 20 << 20;
/// Bytes of all text in the tables of a reading, each time that it stands there.
const TEXT_BYTES: usize = 6 << 20;
/// NICs and disks of all domains: each can have two events of its own.
const ALL_DEVICES: usize = 32_768;
/// Bytes of one text: the longest value of xenstore, each byte escaped.
const MOST_TEXT: usize = 16 << 10;

/// What is left for a reading.
#[derive(Debug)]
pub struct Room {
    rows: usize,
    text: usize,
    devices: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            rows: ROWS_BYTES,
            text: TEXT_BYTES,
            devices: ALL_DEVICES,
        }
    }
}

impl Room {
    /// Takes so many rows; `None` where there is no room for them.
    pub fn rows<T>(&mut self, count: usize) -> Option<()> {
        let bytes = size_of::<T>().checked_mul(count)?;
        self.rows = self.rows.checked_sub(bytes)?;
        Some(())
    }

    /// Takes so many NICs or disks. A host has fewer of them than of other rows.
    pub fn devices<T>(&mut self, count: usize) -> Option<()> {
        self.devices = self.devices.checked_sub(count)?;
        self.rows::<T>(count)
    }

    /// Takes a text of so many bytes that stands in so many rows; `None` where it is longer than a
    /// text may be, or there is no room for it.
    pub fn text(&mut self, bytes: usize, times: usize) -> Option<()> {
        if bytes > MOST_TEXT {
            return None;
        }
        self.text = self.text.checked_sub(bytes.checked_mul(times)?)?;
        Some(())
    }

    /// Bytes that were taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        ROWS_BYTES - self.rows + TEXT_BYTES - self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_given_and_no_more() {
        let mut room = Room::default();
        assert_eq!(room.rows::<[u8; 1 << 20]>(21), None);
        assert_eq!(room.rows::<u64>(usize::MAX), None);
        assert_eq!(room.taken(), 0, "what is refused is not taken");
        assert_eq!(room.rows::<[u8; 1 << 20]>(20), Some(()));
        assert_eq!(room.rows::<u8>(1), None);
        assert_eq!(room.text(MOST_TEXT + 1, 1), None);
        assert_eq!(room.text(MOST_TEXT, 384), Some(()));
        assert_eq!(room.text(1, 1), None);
        assert_eq!(room.text(1, usize::MAX), None);
        assert_eq!(room.taken(), ROWS_BYTES + TEXT_BYTES);
        let mut room = Room::default();
        assert_eq!(room.devices::<u8>(ALL_DEVICES), Some(()));
        assert_eq!(room.devices::<u8>(1), None);
    }
}
