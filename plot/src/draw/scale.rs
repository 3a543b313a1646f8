//! The vertical axis: its unit, its end and its ticks.

use crate::panel::Quantity;

/// The vertical axis of a panel. It begins at 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Unit of the ticks.
    pub unit: String,
    /// Value of one unit.
    pub factor: f64,
    /// End of the axis, in units.
    pub end: f64,
    /// Distance of two ticks, in units.
    pub step: f64,
}

const BINARY: [(&str, f64); 5] = [
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];
const BITS: [(&str, f64); 4] = [
    ("bit/s", 0.125),
    ("kbit/s", 125.0),
    ("Mbit/s", 125_000.0),
    ("Gbit/s", 125_000_000.0),
];
const TIMES: [(&str, f64); 4] = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];

/// Largest number of steps of an axis.
const MAX_STEPS: f64 = 6.0;

impl Scale {
    /// The axis of values up to this one. `floor` is the least end.
    #[must_use]
    pub fn new(quantity: Quantity, max: f64, floor: f64) -> Self {
        let max = max.max(floor).max(f64::MIN_POSITIVE);
        let (unit, factor) = match quantity {
            Quantity::Percent(of) => (format!("% {of}").trim_end().to_owned(), 1.0),
            Quantity::Bytes => pick(&BINARY, max, ""),
            Quantity::ByteRate => pick(&BINARY, max, "/s"),
            Quantity::BitRate => pick(&BITS, max, ""),
            Quantity::Time => pick(&TIMES, max, ""),
        };
        let in_units = max / factor;
        let is_binary = matches!(quantity, Quantity::Bytes | Quantity::ByteRate);
        let step = if is_binary {
            (in_units / MAX_STEPS).log2().ceil().exp2()
        } else {
            decimal_step(in_units / MAX_STEPS)
        };
        let steps = (in_units / step - 1e-9).ceil().max(1.0);
        Self {
            unit,
            factor,
            end: steps * step,
            step,
        }
    }

    /// Ticks, in units.
    #[must_use]
    pub fn ticks(&self) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut n = 0.0;
        while n * self.step <= self.end * 1.000_001 {
            ticks.push(n * self.step);
            n += 1.0;
        }
        ticks
    }

    /// Part of the axis up to a value.
    #[must_use]
    pub fn part(&self, value: f64) -> f64 {
        value / self.factor / self.end
    }

    /// Text of a value, in units, with three digits.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        digits(value / self.factor)
    }
}

fn pick(units: &[(&str, f64)], max: f64, suffix: &str) -> (String, f64) {
    let fits = units.iter().rev().find(|(_, factor)| max >= *factor);
    let (name, factor) = fits.unwrap_or(&units[0]);
    (format!("{name}{suffix}"), *factor)
}

/// The least of 1, 2 and 5 times a power of ten that is not less.
#[must_use]
pub fn decimal_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let fits = steps.into_iter().find(|step| *step >= least * 0.999_999);
    fits.unwrap_or(10.0 * power)
}

/// A number with three digits, and no zeros at its end.
#[must_use]
pub fn digits(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size < 0.001 {
        return "<0.001".to_owned();
    }
    let places = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_zero_has_few_round_ticks_and_cuts_nothing() {
        let percent = Quantity::Percent("of a pCPU");
        for (quantity, max, unit, ticks) in [
            (
                percent,
                99.5,
                "% of a pCPU",
                vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0],
            ),
            (
                percent,
                566.0,
                "% of a pCPU",
                vec![0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0],
            ),
            (
                percent,
                3.0,
                "% of a pCPU",
                vec![0.0, 2.0, 4.0, 6.0, 8.0, 10.0],
            ),
            (
                Quantity::Bytes,
                4.0 * 1_073_741_824.0,
                "GiB",
                vec![0.0, 1.0, 2.0, 3.0, 4.0],
            ),
            (
                Quantity::ByteRate,
                1_500.0 * 1024.0,
                "MiB/s",
                vec![0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5],
            ),
            (
                Quantity::BitRate,
                125_000.0,
                "Mbit/s",
                vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            ),
            (
                Quantity::Time,
                2_500_000.0,
                "ms",
                vec![0.0, 0.5, 1.0, 1.5, 2.0, 2.5],
            ),
        ] {
            let scale = Scale::new(quantity, max, 10.0);
            assert_eq!(scale.unit, unit);
            let found: Vec<String> = scale.ticks().into_iter().map(digits).collect();
            let ticks: Vec<String> = ticks.into_iter().map(digits).collect();
            assert_eq!(found, ticks);
            assert!(scale.part(max) <= 1.0);
        }
        assert!(Scale::new(Quantity::Bytes, 0.0, 0.0).end > 0.0);
    }

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.000_1, "<0.001"),
            (0.125, "0.125"),
            (1.0, "1"),
            (1.256, "1.26"),
            (99.96, "100"),
            (1_234.5, "1234"),
        ] {
            assert_eq!(digits(value), text);
        }
    }
}
