//! Numbers as cells: three significant digits and a letter, at most five characters.

use std::time::Duration;

/// Units of network and disk rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Units {
    /// Powers of 1024 bytes.
    #[default]
    Iec,
    /// Network in bits, powers of 1000; all else as in [`Units::Iec`].
    Bits,
    /// Whole numbers.
    Exact,
}

const IEC: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
const SI: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];

/// A number of bytes: `999`, `1.21M`, `1023M`.
#[must_use]
pub fn bytes(value: f64) -> String {
    scaled(value, 1024.0, &IEC)
}

/// A number of bits: powers of 1000.
#[must_use]
pub fn bits(value: f64) -> String {
    scaled(value, 1000.0, &SI)
}

/// A count: `310`, `8210`, `12.3K`.
#[must_use]
pub fn count(value: f64) -> String {
    if value < 9_999.5 {
        format!("{value:.0}")
    } else {
        scaled(value, 1000.0, &IEC)
    }
}

fn scaled(value: f64, base: f64, letters: &[&str]) -> String {
    let (mut value, mut at) = (value.max(0.0), 0);
    while value >= base - 0.5 && at + 1 < letters.len() {
        value /= base;
        at += 1;
    }
    let decimals = match value {
        _ if at == 0 => 0,
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}{}", letters[at])
}

/// A rate of bytes of the network.
#[must_use]
pub fn network(value: f64, units: Units) -> String {
    match units {
        Units::Iec => bytes(value),
        Units::Bits => bits(value * 8.0),
        Units::Exact => format!("{value:.0}"),
    }
}

/// An amount of bytes of a disk or of memory.
#[must_use]
pub fn amount(value: f64, units: Units) -> String {
    match units {
        Units::Exact => format!("{value:.0}"),
        Units::Iec | Units::Bits => bytes(value),
    }
}

/// A percentage with one decimal, without the sign.
#[must_use]
pub fn percent(value: f64) -> String {
    // A share of time is a little below 0 when two clocks differ: shown as 0.0, not as -0.0.
    let value = if value > -0.05 { value.max(0.0) } else { value };
    if value < 99_999.0 {
        format!("{value:.1}")
    } else {
        count(value)
    }
}

/// A duration in one or two units: `4s`, `97s`, `22m`, `2h`, `3d`.
#[must_use]
pub fn ago(duration: Duration) -> String {
    match duration.as_secs() {
        s @ 0..100 => format!("{s}s"),
        s @ 100..6_000 => format!("{}m", s / 60),
        s @ 6_000..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// An interval as people write it: `1s`, `500ms`, `10us`.
#[must_use]
pub fn interval(ns: u64) -> String {
    match ns {
        0 => "-".into(),
        ns if ns % 60_000_000_000 == 0 => format!("{}m", ns / 60_000_000_000),
        ns if ns % 1_000_000_000 == 0 => format!("{}s", ns / 1_000_000_000),
        ns if ns % 1_000_000 == 0 => format!("{}ms", ns / 1_000_000),
        ns => format!("{}us", ns / 1_000),
    }
}

/// A time of a measurement in ms: `1.5 ms`.
#[must_use]
pub fn millis(ns: u64) -> String {
    let ms = virtmon_analysis::counter::ratio(ns, 1_000_000);
    if ms < 1_000.0 {
        format!("{ms:.1} ms")
    } else {
        format!("{:.1} s", ms / 1_000.0)
    }
}

/// CPU time: `12.3s`, `2:05m`, `11:05h`.
#[must_use]
pub fn cpu_time(ns: u64) -> String {
    let s = ns / 1_000_000_000;
    match s {
        0..100 => format!("{}.{}s", s, ns / 100_000_000 % 10),
        100..6_000 => format!("{}:{:02}m", s / 60, s % 60),
        6_000..360_000 => format!("{}:{:02}h", s / 3_600, s / 60 % 60),
        _ => format!("{}d{:02}h", s / 86_400, s / 3_600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_at_most_five_characters() {
        for (value, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1_023.4, "1023"),
            (1_023.6, "1.00K"),
            (1_268_777.0, "1.21M"),
            (88_290_099.0, "84.2M"),
            (1023.0 * 1048576.0, "1023M"),
            (68_719_476_736.0, "64.0G"),
            (10_234.0, "9.99K"),
            (10_236.0, "10.0K"),
            (f64::MAX, ""),
        ] {
            let shown = bytes(value);
            if !text.is_empty() {
                assert_eq!(shown, text, "{value}");
                assert!(shown.len() <= 5);
            }
        }
        assert_eq!(bits(8_000_000.0), "8.00M");
        assert_eq!(count(8_210.4), "8210");
        assert_eq!(count(11_024.0), "11.0K");
        assert_eq!(percent(-0.01), "0.0");
        assert_eq!(percent(566.04), "566.0");
        assert_eq!(network(1_000.0, Units::Bits), "8.00k");
        assert_eq!(network(1_234_567.0, Units::Exact), "1234567");
    }

    #[test]
    fn durations_are_short() {
        for (s, text) in [
            (4, "4s"),
            (97, "97s"),
            (300, "5m"),
            (7_300, "2h"),
            (200_000, "2d"),
        ] {
            assert_eq!(ago(Duration::from_secs(s)), text);
        }
        assert_eq!(interval(500_000_000), "500ms");
        assert_eq!(cpu_time(125_000_000_000), "2:05m");
        assert_eq!(cpu_time(1_250_000_000), "1.2s");
    }
}
