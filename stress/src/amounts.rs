//! Parsers of sizes, times and percentages.

use std::time::Duration;

/// Parses a number of bytes: `512`, `64K`, `1M`, `2G`, with units of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    scaled(text, 0)
}

/// Parses a number of bytes. A number without a unit is in MiB.
pub(crate) fn mebibytes(text: &str) -> Result<u64, String> {
    scaled(text, 20)
}

fn scaled(text: &str, bare: u32) -> Result<u64, String> {
    let (number, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        _ => (text, bare),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a size is a whole number, optionally followed by K, M or G")?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "the size is more than 2^64 bytes".into())
}

/// Parses a time: `500ms`, `10s`, `2m`. A number without a unit is in seconds.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let invalid = || "a time is a number with a unit, such as 500ms, 10s or 2m".to_owned();
    let time = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| invalid())?,
        Err(_) => humantime::parse_duration(text).map_err(|_| invalid())?,
    };
    // A load uses absolute times in ns with 64 bits. They can't overflow within a century.
    match time.as_secs() {
        _ if time.is_zero() => Err("a time of 0 is no load".into()),
        0..3_000_000_000 => Ok(time),
        _ => Err("the time is more than a century".into()),
    }
}

/// Parses a percentage.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    text.trim_end_matches('%')
        .parse()
        .ok()
        .filter(|part| (0.1..=100.0).contains(part))
        .ok_or_else(|| "a duty is between 0.1 and 100 percent".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("64K", 65_536),
            ("3m", 3 << 20),
            ("2G", 2 << 30),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert_eq!(mebibytes("64"), Ok(64 << 20));
        assert_eq!(mebibytes("64K"), Ok(65_536));
        for text in ["", "M", "-1", "1.5M", "1T", "99999999999G"] {
            assert!(size(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn times() {
        for (text, ms) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("2m", 120_000),
            ("1.5", 1_500),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "0", "0s", "-1", "1x", "nan", "1000y"] {
            assert!(time(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn percentages() {
        assert_eq!(percent("12.5"), Ok(12.5));
        assert_eq!(percent("100%"), Ok(100.0));
        for text in ["", "0", "101", "nan", "-3"] {
            assert!(percent(text).is_err(), "{text:?}");
        }
    }
}
