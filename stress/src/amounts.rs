//! Sizes, times and percentages as people write them.

use std::time::Duration;

/// Bytes: `512`, `64K`, `1M`, `2G`, of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    scaled(text, 0)
}

/// The same, but a bare number is MiB.
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
        .map_err(|_| "a size is a whole number, with K, M or G behind it or without")?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "more than 2^64 bytes".into())
}

/// Times: `500ms`, `10s`, `2m`; a bare number is seconds.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number and its unit, like 500ms, 10s or 2m".to_owned();
    let time = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?,
        Err(_) => humantime::parse_duration(text).map_err(|_| wrong())?,
    };
    // A load runs on absolute nanoseconds in 64 bits; a century leaves room.
    match time.as_secs() {
        _ if time.is_zero() => Err("no time at all is no load".into()),
        0..3_000_000_000 => Ok(time),
        _ => Err("more than a century".into()),
    }
}

/// A part of a whole, in percent.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    text.trim_end_matches('%')
        .parse()
        .ok()
        .filter(|part| (0.1..=100.0).contains(part))
        .ok_or_else(|| "a duty is 0.1 to 100 percent".into())
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
