//! A number in a sysfs attribute, read at every tick through a descriptor that stays open.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use nix::errno::Errno;

/// An open attribute with one decimal number.
pub(crate) struct Counter(File);

impl Counter {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// Reads the current number. A read from offset 0 makes the kernel generate the text again
    /// (`kernfs_seq_start` through `seq_read_iter`).
    pub(crate) fn read(&self) -> io::Result<u64> {
        // The longest is 2^64 - 1 in 20 digits and a newline.
        let mut text = [0; 24];
        let bytes = self.0.read_at(&mut text, 0)?;
        parse(&text[..bytes])
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a whole decimal number"))
    }
}

/// True if an error means only that the device was removed. `ENODEV` is the error of the open
/// descriptor of a removed attribute.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::ENODEV | Errno::ENOENT | Errno::ENXIO))
}

/// Parses the text of an attribute. The newline is required: without it, digits may be missing.
pub(crate) fn parse(text: &[u8]) -> Option<u64> {
    let digits = text.strip_suffix(b"\n")?;
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_number_is_a_number() {
        assert_eq!(parse(b"0\n"), Some(0));
        assert_eq!(parse(b"5120\n"), Some(5120));
        assert_eq!(parse(b"18446744073709551615\n"), Some(u64::MAX));
        let not: [&[u8]; 9] = [
            b"",
            b"\n",
            b"512",
            b"-1\n",
            b" 1\n",
            b"1 2\n",
            b"0x10\n",
            b"18446744073709551616\n",
            b"\xff\n",
        ];
        for text in not {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_change_is_seen_through_the_same_descriptor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rd_req");
        std::fs::write(&path, "17\n").unwrap();
        let counter = Counter::open(&path).unwrap();
        assert_eq!(counter.read().unwrap(), 17);
        std::fs::write(&path, "18\n").unwrap();
        assert_eq!(counter.read().unwrap(), 18);
        std::fs::write(&path, "").unwrap();
        let error = counter.read().unwrap_err();
        assert!(!is_gone(&error), "{error}");
    }
}
