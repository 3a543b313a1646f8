//! Times: RFC 3339 of the tables, moments of the command line, and zones.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

/// Nanoseconds of a second.
pub const SECOND_NS: i64 = 1_000_000_000;

/// Time zone of the axis.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Name on the axis.
    pub name: String,
    zone: TimeZone,
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// The zone with this name of the IANA database; `local` is that of the system.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn parse(name: &str) -> Result<Self, String> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        let zone = if name == "local" {
            TimeZone::try_system()
        } else {
            TimeZone::get(name)
        };
        match zone {
            Ok(zone) => Ok(Self {
                name: zone.iana_name().unwrap_or(name).to_owned(),
                zone,
            }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The calendar time of a moment, in ns since 1970.
    #[must_use]
    pub fn at(&self, ns: i64) -> ZonedDateTime {
        let moment = Timestamp::from_nanosecond(ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.to_zoned_datetime(self.zone.clone())
    }

    /// Offset from UTC at a moment, in ns.
    #[must_use]
    pub fn offset_ns(&self, ns: i64) -> i64 {
        i64::from(self.at(ns).offset().seconds()) * SECOND_NS
    }

    fn ns_of(&self, date: DateTime) -> Option<i64> {
        let zoned = self
            .zone
            .to_ambiguous_zoned_datetime(date)
            .compatible()
            .ok()?;
        i64::try_from(zoned.timestamp().as_nanosecond()).ok()
    }
}

/// A moment of the command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// A moment with its offset from UTC, in ns since 1970.
    Absolute(i64),
    /// A date and time in the zone of the axis.
    DateTime(DateTime),
    /// A time on the day of the first tick, or the first one after that tick.
    Time(Time),
    /// Time since the first tick, in ns.
    Since(i64),
}

impl Moment {
    /// Parses `14:03`, `14:03:16.5`, `2026-11-23 22:03`, `2026-11-23`, RFC 3339 or `+90s`.
    ///
    /// # Errors
    /// The text is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(since) = text.strip_prefix('+') {
            let since: SignedDuration = since.parse().map_err(|_| wrong(text))?;
            let ns = i64::try_from(since.as_nanos()).map_err(|_| wrong(text))?;
            return Ok(Self::Since(ns));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            let ns = i64::try_from(at.as_nanosecond()).map_err(|_| wrong(text))?;
            return Ok(Self::Absolute(ns));
        }
        if text.contains('-') {
            if let Ok(date) = text.parse::<Date>()
                && text.len() <= 10
            {
                return Ok(Self::DateTime(date.at(0, 0, 0, 0)));
            }
            return text.parse().map(Self::DateTime).map_err(|_| wrong(text));
        }
        text.parse().map(Self::Time).map_err(|_| wrong(text))
    }

    /// The moment in ns since 1970, where the first tick was at `first_ns`.
    #[must_use]
    pub fn resolve(self, first_ns: i64, zone: &Zone) -> Option<i64> {
        match self {
            Self::Absolute(ns) => Some(ns),
            Self::DateTime(date) => zone.ns_of(date),
            Self::Since(ns) => first_ns.checked_add(ns),
            Self::Time(time) => {
                let day = zone.at(first_ns).date();
                let same = zone.ns_of(day.to_datetime(time))?;
                // A run that began before midnight has its early times on the next day.
                if same + 12 * 3_600 * SECOND_NS < first_ns {
                    return zone.ns_of(day.tomorrow().ok()?.to_datetime(time));
                }
                Some(same)
            }
        }
    }
}

fn wrong(text: &str) -> String {
    format!(
        "{text:?} is no moment: 14:03, 14:03:16.5, '2026-11-23 22:03', 2026-11-23T22:03:00Z or +90s"
    )
}

/// Reads the time of a row, RFC 3339 in UTC with up to nine decimals, in ns since 1970.
#[must_use]
pub fn parse_utc(text: &[u8]) -> Option<i64> {
    if let Some(ns) = parse_usual(text) {
        return Some(ns);
    }
    let text = std::str::from_utf8(text).ok()?;
    let at: Timestamp = text.parse().ok()?;
    i64::try_from(at.as_nanosecond()).ok()
}

/// Reads `2026-11-23T02:42:46.123456789Z`, as virtmon writes it.
fn parse_usual(text: &[u8]) -> Option<i64> {
    let text: &[u8; 30] = text.try_into().ok()?;
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_i64, |sum, digit| {
            digit
                .is_ascii_digit()
                .then(|| sum * 10 + i64::from(digit - b'0'))
        })
    };
    let marks = [
        text[4], text[7], text[10], text[13], text[16], text[19], text[29],
    ];
    if &marks != b"--T::.Z" {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let ns = number(20, 29)?;
    if !((1970..2262).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 1970 of the proleptic Gregorian calendar, with years that begin in March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND_NS + ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        for text in [
            "2026-11-23T02:42:46.123456789Z",
            "1970-01-01T00:00:00.000000001Z",
            "2024-02-29T23:59:59.999999999Z",
            "2100-03-01T12:00:00.500000000Z",
        ] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(
                parse_usual(text.as_bytes()).map(i128::from),
                Some(at.as_nanosecond())
            );
        }
        assert_eq!(
            parse_utc(b"2026-11-23T02:42:46Z"),
            Some(1_795_401_766 * SECOND_NS)
        );
        for text in [
            "",
            "yesterday",
            "2026-13-23T02:42:46.123456789Z",
            "2026-11-23T02:42:46.12345678xZ",
        ] {
            assert_eq!(parse_utc(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_on_the_day_of_the_first_tick_or_the_next_one() {
        let first = parse_utc(b"2026-11-23T22:00:00Z").unwrap();
        let at = |text: &str| Moment::parse(text).unwrap().resolve(first, &Zone::utc());
        let ns = |text: &str| parse_utc(text.as_bytes());
        assert_eq!(at("22:03"), ns("2026-11-23T22:03:00Z"));
        assert_eq!(at("22:03:16.5"), ns("2026-11-23T22:03:16.5Z"));
        assert_eq!(at("01:00"), ns("2026-11-24T01:00:00Z"));
        assert_eq!(at("2026-11-24 01:00"), ns("2026-11-24T01:00:00Z"));
        assert_eq!(at("2026-11-24"), ns("2026-11-24T00:00:00Z"));
        assert_eq!(at("2026-11-24T01:00:00+01:00"), ns("2026-11-24T00:00:00Z"));
        assert_eq!(at("+90s"), ns("2026-11-23T22:01:30Z"));
        for wrong in ["", "noon", "25:00", "+", "50%"] {
            assert!(Moment::parse(wrong).is_err(), "{wrong}");
        }
    }
}
