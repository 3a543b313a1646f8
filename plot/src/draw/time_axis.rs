//! The horizontal axis: the ticks of a clock.

use crate::draw::scale::{decimal_step, digits};
use crate::time::{SECOND_NS, Zone};

/// Steps between two ticks, in seconds.
const SECONDS: [i64; 21] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 2_592_000,
];
const DAY_NS: i64 = 86_400 * SECOND_NS;

/// The range of the horizontal axis.
#[derive(Debug, Clone)]
pub struct TimeAxis {
    /// First place, in ns.
    pub first_ns: i64,
    /// Last place, in ns; later than the first.
    pub last_ns: i64,
    /// Zone of the labels; `None` if the axis has seconds since the first tick.
    pub zone: Option<Zone>,
}

impl TimeAxis {
    /// Part of the axis up to a place.
    #[must_use]
    pub fn part(&self, at_ns: i64) -> f64 {
        span(self.first_ns, at_ns) / span(self.first_ns, self.last_ns)
    }

    /// Ticks with their labels, at most one for each `share` of the axis.
    #[must_use]
    pub fn ticks(&self, most: u32) -> Vec<(i64, String)> {
        let least = span(self.first_ns, self.last_ns) / 1e9 / f64::from(most.max(1));
        let step = if least <= 0.5 || self.zone.is_none() {
            whole_ns(decimal_step(least))
        } else {
            let fits = SECONDS.iter().find(|step| seconds(**step) >= least);
            let years = SECONDS[SECONDS.len() - 1] * 12;
            fits.map_or_else(|| whole_ns(least).max(years), |step| step * SECOND_NS)
        };
        let offset = match &self.zone {
            Some(zone) => zone.offset_ns(self.first_ns),
            None => 0,
        };
        let local = self.first_ns.saturating_add(offset);
        let mut at = local
            .saturating_sub(local.rem_euclid(step))
            .saturating_sub(offset);
        let mut ticks = Vec::new();
        while at <= self.last_ns && ticks.len() < 1_000 {
            if at >= self.first_ns {
                ticks.push((at, self.label(at, step)));
            }
            let Some(next) = at.checked_add(step) else {
                break;
            };
            at = next;
        }
        ticks
    }

    fn label(&self, at_ns: i64, step_ns: i64) -> String {
        let Some(zone) = &self.zone else {
            return relative(at_ns, step_ns);
        };
        let at = zone.at(at_ns);
        let is_midnight = at.hour() == 0 && at.minute() == 0 && at.second() == 0;
        if step_ns >= DAY_NS || is_midnight && at.subsec_nanosecond() == 0 {
            return at.strftime("%m-%d").to_string();
        }
        if step_ns < SECOND_NS {
            let places = places(step_ns);
            let whole = at.strftime("%H:%M:%S").to_string();
            let fraction = format!("{:09}", at.subsec_nanosecond());
            return format!("{whole}.{}", &fraction[..places.min(9)]);
        }
        let form = if step_ns < 60 * SECOND_NS {
            "%H:%M:%S"
        } else {
            "%H:%M"
        };
        at.strftime(form).to_string()
    }

    /// The range as text: dates, times and the zone.
    #[must_use]
    pub fn range(&self) -> String {
        let Some(zone) = &self.zone else {
            let length = digits(span(self.first_ns, self.last_ns) / 1e9);
            return format!("seconds since the first tick, {length} s");
        };
        let (first, last) = (zone.at(self.first_ns), zone.at(self.last_ns));
        let end = if first.date() == last.date() {
            "%H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        format!(
            "{} to {}, {}",
            first.strftime("%Y-%m-%d %H:%M:%S"),
            last.strftime(end),
            zone.name
        )
    }

    /// A place as text.
    #[must_use]
    pub fn moment(&self, at_ns: i64) -> String {
        match &self.zone {
            Some(zone) => zone.at(at_ns).strftime("%H:%M:%S%.3f").to_string(),
            None => format!("{:.3} s", span(0, at_ns) / 1e9),
        }
    }
}

/// Number of decimals of a second in multiples of the step.
fn places(step_ns: i64) -> usize {
    let mut unit = SECOND_NS;
    let mut places = 0;
    while unit > 1 && step_ns % unit != 0 {
        unit /= 10;
        places += 1;
    }
    places
}

fn relative(at_ns: i64, step_ns: i64) -> String {
    let places = places(step_ns);
    format!("{:.places$}", span(0, at_ns) / 1e9)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a place in pixels has few digits"
)]
fn span(from_ns: i64, to_ns: i64) -> f64 {
    (i128::from(to_ns) - i128::from(from_ns)) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a small constant")]
fn seconds(step: i64) -> f64 {
    step as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a float's cast saturates")]
fn whole_ns(seconds: f64) -> i64 {
    ((seconds * 1e9).round() as i64).max(1)
}

/// A length of time as text.
#[must_use]
pub fn duration(ns: i64) -> String {
    let seconds = span(0, ns) / 1e9;
    match seconds {
        _ if seconds < 1e-3 => format!("{} µs", digits(seconds * 1e6)),
        _ if seconds < 1.0 => format!("{} ms", digits(seconds * 1e3)),
        _ if seconds < 120.0 => format!("{} s", digits(seconds)),
        _ if seconds < 7_200.0 => format!("{} min", digits(seconds / 60.0)),
        _ if seconds < 172_800.0 => format!("{} h", digits(seconds / 3_600.0)),
        _ => format!("{} days", digits(seconds / 86_400.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_utc;

    fn labels(first: &str, seconds: f64, zone: Option<&str>) -> Vec<String> {
        let first_ns = parse_utc(first.as_bytes()).unwrap();
        let first_ns = if zone.is_none() { 0 } else { first_ns };
        let axis = TimeAxis {
            first_ns,
            last_ns: first_ns + whole_ns(seconds),
            zone: zone.map(|name| Zone::parse(name).unwrap()),
        };
        axis.ticks(5).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_times_of_the_zone() {
        let first = "2026-11-23T22:03:05.2Z";
        assert_eq!(
            labels(first, 22.0, Some("UTC")),
            ["22:03:10", "22:03:15", "22:03:20", "22:03:25"]
        );
        assert_eq!(
            labels(first, 1.0, Some("UTC")).last().unwrap(),
            "22:03:06.2"
        );
        assert_eq!(labels(first, 20_000.0, Some("UTC")), ["11-24", "02:00"]);
        assert_eq!(
            labels(first, 400_000.0, Some("UTC")),
            ["11-24", "11-25", "11-26", "11-27", "11-28"]
        );
        assert_eq!(labels(first, 22.0, None), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(first, 0.011, None), ["0.000", "0.005", "0.010"]);
    }

    #[test]
    fn lengths_have_a_unit() {
        assert_eq!(duration(500_000_000), "500 ms");
        assert_eq!(duration(90 * SECOND_NS), "90 s");
        assert_eq!(duration(3 * 86_400 * SECOND_NS), "3 days");
    }
}
