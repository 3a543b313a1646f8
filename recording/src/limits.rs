//! Limits of the memory that a decoded sample may use. No real host comes near them. They protect a
//! replay from recordings that were made to exhaust its memory.

/// Most domains of a host. Domids and libvirt's ids end far below.
pub const MAX_DOMAINS: usize = 65_535;
/// Most vCPUs of a domain (`MAX_VIRT_CPUS` of a PV guest, the largest value of all hypervisors).
pub const MAX_VCPUS: usize = 8_192;
/// Most NICs, and most disks, of a domain.
pub const MAX_DEVICES: usize = 1_024;
/// Most warnings of a sample.
pub const MAX_WARNINGS: usize = 1_000;
/// Most pCPUs, and most NUMA nodes, of a host.
pub const MAX_HOST_ROWS: usize = 65_536;

/// Bytes of all rows of a sample.
const MAX_ROW_BYTES: usize = 20 << 20;
/// Bytes of all text in the tables of a sample. A text counts once for each row that contains it.
const MAX_TEXT_BYTES: usize = 6 << 20;
/// NICs and disks of all domains. Each of them can cause two events.
const MAX_ALL_DEVICES: usize = 32_768;
/// Bytes of one text: the longest value of xenstore, with each byte escaped.
pub(crate) const MAX_ONE_TEXT: usize = 16 << 10;

/// Memory that is left for the rest of a sample.
#[derive(Debug)]
pub struct DecodeBudget {
    rows: usize,
    text: usize,
    devices: usize,
}

impl Default for DecodeBudget {
    fn default() -> Self {
        Self {
            rows: MAX_ROW_BYTES,
            text: MAX_TEXT_BYTES,
            devices: MAX_ALL_DEVICES,
        }
    }
}

impl DecodeBudget {
    /// Takes memory for `count` rows; `None` if not enough is left.
    pub fn rows<T>(&mut self, count: usize) -> Option<()> {
        let bytes = size_of::<T>().checked_mul(count)?;
        self.rows = self.rows.checked_sub(bytes)?;
        Some(())
    }

    /// Takes memory for `count` NICs or disks; `None` if not enough is left. Their number has a lower
    /// limit than that of other rows.
    pub fn devices<T>(&mut self, count: usize) -> Option<()> {
        self.devices = self.devices.checked_sub(count)?;
        self.rows::<T>(count)
    }

    /// Takes memory for a text of `bytes` bytes in `times` rows; `None` if the text is too long or
    /// not enough memory is left.
    pub fn text(&mut self, bytes: usize, times: usize) -> Option<()> {
        if bytes > MAX_ONE_TEXT {
            return None;
        }
        self.text = self.text.checked_sub(bytes.checked_mul(times)?)?;
        Some(())
    }

    /// Number of bytes taken.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        MAX_ROW_BYTES - self.rows + MAX_TEXT_BYTES - self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_budget_can_be_taken() {
        let mut budget = DecodeBudget::default();
        assert_eq!(budget.rows::<[u8; 1 << 20]>(21), None);
        assert_eq!(budget.rows::<u64>(usize::MAX), None);
        assert_eq!(budget.used_bytes(), 0, "a refused request takes nothing");
        assert_eq!(budget.rows::<[u8; 1 << 20]>(20), Some(()));
        assert_eq!(budget.rows::<u8>(1), None);
        assert_eq!(budget.text(MAX_ONE_TEXT + 1, 1), None);
        assert_eq!(budget.text(MAX_ONE_TEXT, 384), Some(()));
        assert_eq!(budget.text(1, 1), None);
        assert_eq!(budget.text(1, usize::MAX), None);
        assert_eq!(budget.used_bytes(), MAX_ROW_BYTES + MAX_TEXT_BYTES);
        let mut budget = DecodeBudget::default();
        assert_eq!(budget.devices::<u8>(MAX_ALL_DEVICES), Some(()));
        assert_eq!(budget.devices::<u8>(1), None);
    }
}
