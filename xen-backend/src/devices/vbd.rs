//! A block device that this domain's kernel serves (`xen-blkback`): counters and name.

use std::io;
use std::path::Path;

use virtmon_model::Disk;

use super::counter::Counter;

/// Counters of xen-blkback in sysfs (`drivers/block/xen-blkback/xenbus.c`), in the order in which
/// they are read.
const COUNTERS: [&str; 7] = [
    "rd_req", "wr_req", "rd_sect", "wr_sect", "f_req", "ds_req", "oo_req",
];

/// Size of a sector in blkif, independent of the sectors of the disk (`xen/io/blkif.h`).
const SECTOR_BYTES: u64 = 512;

/// Converts the size that a backend writes to xenstore to bytes. `sectors` is in units of 512 bytes,
/// independent of `sector-size` (`xen/io/blkif.h` since Xen 4.20; Linux and QEMU always).
pub(crate) fn bytes_of_sectors(sectors: &[u8]) -> Option<u64> {
    let sectors: u64 = str::from_utf8(sectors).ok()?.parse().ok()?;
    sectors.checked_mul(SECTOR_BYTES)
}

/// A device with open counters.
pub(crate) struct Vbd([Counter; COUNTERS.len()]);

impl Vbd {
    /// Opens the device `devid` of a domain below `/sys/bus/xen-backend/devices`. The error is
    /// `ENOENT` if this kernel does not serve it, or not yet.
    pub(crate) fn open(backends: &Path, domid: u32, devid: u32) -> io::Result<Self> {
        let statistics = backends.join(format!("vbd-{domid}-{devid}/statistics"));
        let [a, b, c, d, e, f, g] = COUNTERS.map(|name| Counter::open(&statistics.join(name)));
        Ok(Self([a?, b?, c?, d?, e?, f?, g?]))
    }

    /// Fills in all counters, or none after an error.
    pub(crate) fn read(&self, disk: &mut Disk) -> io::Result<()> {
        let mut values = [0; COUNTERS.len()];
        for (value, counter) in values.iter_mut().zip(&self.0) {
            *value = counter.read()?;
        }
        let [rd_req, wr_req, rd_sect, wr_sect, f_req, ds_req, oo_req] = values;
        disk.rd_requests = Some(rd_req);
        disk.wr_requests = Some(wr_req);
        disk.rd_bytes = rd_sect.checked_mul(SECTOR_BYTES);
        disk.wr_bytes = wr_sect.checked_mul(SECTOR_BYTES);
        disk.fl_requests = Some(f_req);
        disk.ds_requests = Some(ds_req);
        disk.queue_full = Some(oo_req);
        Ok(())
    }
}

/// The name of a device number in the guest's configuration, by Xen's
/// `docs/man/xen-vbd-interface.7`. For a number of an unknown kind it is the number itself.
pub(crate) fn name(devid: u32) -> String {
    /// The extended numbers of xvd: 1 << 28 | disk << 8 | partition.
    const EXTENDED: u32 = 1 << 28;
    let (prefix, disk, partition) = match (devid >> 8, devid & 0xff) {
        _ if devid & EXTENDED != 0 => ("xvd", (devid & !EXTENDED) >> 8, devid & 0xff),
        (202, minor) => ("xvd", minor >> 4, minor & 15),
        (8, minor) => ("sd", minor >> 4, minor & 15),
        (3, minor) => ("hd", minor >> 6, minor & 63),
        (22, minor) => ("hd", 2 + (minor >> 6), minor & 63),
        _ => return devid.to_string(),
    };
    let mut name = format!("{prefix}{}", letters(disk));
    if partition != 0 {
        name.push_str(&partition.to_string());
    }
    name
}

/// Letters of a disk: a to z, then aa, ab and so on.
fn letters(mut disk: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'a' + u8::try_from(disk % 26).unwrap_or(0)));
        if disk < 26 {
            break;
        }
        disk = disk / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_device_number_is_a_name() {
        let names = [
            (51712, "xvda"),
            (51713, "xvda1"),
            (51728, "xvdb"),
            (51728 + 13 * 16, "xvdo"),
            (1 << 28 | 16 << 8, "xvdq"),
            (1 << 28 | 26 << 8 | 3, "xvdaa3"),
            (1 << 28 | 701 << 8, "xvdzz"),
            (1 << 28 | 702 << 8, "xvdaaa"),
            (768, "hda"),
            (833, "hdb1"),
            (5632, "hdc"),
            (2048, "sda"),
            (2065, "sdb1"),
            (4711, "4711"),
        ];
        for (devid, expected) in names {
            assert_eq!(name(devid), expected, "{devid}");
        }
    }

    #[test]
    fn sectors_become_bytes_and_a_damaged_counter_leaves_all_unknown() {
        let root = tempfile::tempdir().unwrap();
        let statistics = root.path().join("vbd-3-51712/statistics");
        fs::create_dir_all(&statistics).unwrap();
        assert!(Vbd::open(root.path(), 3, 51712).is_err());
        for (n, counter) in COUNTERS.iter().enumerate() {
            fs::write(statistics.join(counter), format!("{}\n", n + 1)).unwrap();
        }
        let vbd = Vbd::open(root.path(), 3, 51712).unwrap();
        let mut disk = Disk::default();
        vbd.read(&mut disk).unwrap();
        let expected = Disk {
            rd_requests: Some(1),
            wr_requests: Some(2),
            rd_bytes: Some(3 * 512),
            wr_bytes: Some(4 * 512),
            fl_requests: Some(5),
            ds_requests: Some(6),
            queue_full: Some(7),
            ..Disk::default()
        };
        assert_eq!(disk, expected);

        fs::write(statistics.join("oo_req"), "7").unwrap();
        let mut disk = Disk::default();
        vbd.read(&mut disk).unwrap_err();
        assert_eq!(disk, Disk::default());
    }
}
