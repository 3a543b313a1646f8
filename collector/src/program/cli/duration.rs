//! Times and intervals on the command line.

use std::time::Duration;

/// The shortest interval. Below it, sampling would take all of the machine.
const MIN_INTERVAL: Duration = Duration::from_millis(1);
/// The longest interval. A kernel timer holds 292 years, and several intervals must fit.
const MAX_INTERVAL: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Parses an interval: a time of 1 ms to 10 years.
pub(crate) fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_time(text)?;
    if interval < MIN_INTERVAL {
        return Err("an interval is at least 1ms".into());
    }
    if interval > MAX_INTERVAL {
        return Err("an interval is at most 10 years".into());
    }
    Ok(interval)
}

/// Parses `10ms`, `2m`, `1h 30m`. A bare number is seconds and may have decimals, as `0.5s` may.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number and its unit, like 10ms, 1s, 0.5 or 2m".to_owned();
    let seconds = text.strip_suffix('s').unwrap_or(text);
    if let Ok(seconds) = seconds.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    humantime::parse_duration(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        let ms = Duration::from_millis;
        for (text, time) in [
            ("10ms", ms(10)),
            ("1s", ms(1_000)),
            ("0.5", ms(500)),
            ("0.25s", ms(250)),
            ("3", ms(3_000)),
            ("2m", ms(120_000)),
            ("1h", ms(3_600_000)),
        ] {
            assert_eq!(parse_interval(text), Ok(time), "{text}");
        }
        for text in [
            "0", "0s", "1x", "500y", "87601h", "1e300", "", "-1", "1us", "nan", "inf", "1e400",
            "ms", "s",
        ] {
            assert!(parse_interval(text).is_err(), "{text:?}");
        }
    }
}
