//! Times of a zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of times.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of this machine.
    #[must_use]
    pub fn local() -> Self {
        Self(TimeZone::system())
    }

    /// A zone that is so many hours ahead of UTC.
    #[must_use]
    pub fn hours_ahead(hours: i8) -> Self {
        Self(TimeZone::fixed(jiff::tz::offset(hours)))
    }

    fn text(&self, wall_ns: u64, format: &str) -> String {
        let timestamp = Timestamp::from_nanosecond(wall_ns.into());
        // A time that no calendar has is not a time.
        timestamp.map_or_else(
            |_| "-".into(),
            |at| {
                at.to_zoned_datetime(self.0.clone())
                    .strftime(format)
                    .to_string()
            },
        )
    }

    /// Time of day, with this many decimals.
    #[must_use]
    pub fn time(&self, wall_ns: u64, decimals: usize) -> String {
        let mut text = self.text(wall_ns, "%H:%M:%S");
        if decimals > 0 {
            let fraction = format!("{:09}", wall_ns % 1_000_000_000);
            text.push('.');
            text.push_str(&fraction[..decimals.min(9)]);
        }
        text
    }

    /// Date.
    #[must_use]
    pub fn date(&self, wall_ns: u64) -> String {
        self.text(wall_ns, "%Y-%m-%d")
    }

    /// Name or offset of the zone: `UTC`, `+01:00`.
    #[must_use]
    pub fn name(&self, wall_ns: u64) -> String {
        if self.0 == TimeZone::UTC {
            "UTC".into()
        } else {
            self.text(wall_ns, "%:z")
        }
    }

    /// The time in ns since 1970 of a time of day, with a date or on the day of `near_ns`:
    /// `14:03`, `14:03:16.5`, `2026-11-23 22:03`.
    #[must_use]
    pub fn parse(&self, text: &str, near_ns: u64) -> Option<u64> {
        let near = Timestamp::from_nanosecond(near_ns.into()).ok()?;
        let near = near.to_zoned_datetime(self.0.clone()).date();
        let text = text.trim().replace('T', " ");
        let (date, time) = match text.split_once(' ') {
            Some((date, time)) => (date.parse().ok()?, time),
            None => (near, &*text),
        };
        let time: jiff::civil::Time = time.trim().parse().ok()?;
        let zoned = date
            .to_datetime(time)
            .to_zoned_datetime(self.0.clone())
            .ok()?;
        u64::try_from(zoned.timestamp().as_nanosecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-11-23 22:03:16.839 UTC
    const AT: u64 = 1_795_471_396_839_000_000;

    #[test]
    fn times_have_their_zone() {
        let utc = Zone::utc();
        assert_eq!(utc.time(AT, 1), "22:03:16.8");
        assert_eq!(
            (utc.date(AT), utc.name(AT)),
            ("2026-11-23".into(), "UTC".into())
        );
        let berlin = Zone::hours_ahead(1);
        assert_eq!(
            (berlin.time(AT, 0), berlin.name(AT)),
            ("23:03:16".into(), "+01:00".into())
        );
        assert_eq!(utc.date(u64::MAX), "2554-07-21");
    }

    #[test]
    fn times_are_parsed_on_the_day_of_the_recording() {
        let utc = Zone::utc();
        assert_eq!(utc.parse("22:03:16.839", AT), Some(AT));
        assert_eq!(utc.parse("2026-11-23 22:03:16.839", AT + 1), Some(AT));
        assert_eq!(Zone::hours_ahead(1).parse("23:03:16.839", AT), Some(AT));
        for wrong in ["", "25:00", "-", "2026-13-01 00:00", "now", "1"] {
            assert_eq!(utc.parse(wrong, AT), None, "{wrong}");
        }
    }
}
