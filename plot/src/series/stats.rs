//! Statistics of a line's values.

use crate::options::By;

/// Number of bins of a histogram: eight for each power of two from 2^-10 to 2^54.
const BINS: usize = 512;

/// Mean, maximum and last value.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    weighted: f64,
    weight: f64,
    sum: f64,
    count: u64,
    max: Option<f64>,
    last: Option<f64>,
    histogram: Option<Box<[u32; BINS]>>,
}

impl Stats {
    /// Statistics with a histogram if the order needs one.
    #[must_use]
    pub fn of(by: By) -> Self {
        Self {
            histogram: (by == By::P95).then(|| Box::new([0; BINS])),
            ..Self::default()
        }
    }

    /// Adds a value that covers this time.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a weight has no more digits than a double"
    )]
    pub fn add(&mut self, value: f64, elapsed_ns: u64) {
        let weight = elapsed_ns as f64;
        self.weighted += value * weight;
        self.weight += weight;
        self.sum += value;
        self.count += 1;
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        self.last = Some(value);
        if let Some(histogram) = &mut self.histogram {
            let bin = &mut histogram[bin(value)];
            *bin = bin.saturating_add(1);
        }
    }

    /// Divides all values by a number. The percentile is of the values before.
    pub(super) fn divide(&mut self, by: f64) {
        self.weighted /= by;
        self.sum /= by;
        for value in [&mut self.max, &mut self.last].into_iter().flatten() {
            *value /= by;
        }
    }

    /// Sum of the values.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean over the time that the values cover.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count has no more digits than a double"
    )]
    pub fn mean(&self) -> Option<f64> {
        if self.weight > 0.0 {
            return Some(self.weighted / self.weight);
        }
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// Maximum.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.max
    }

    /// The value that orders the lines.
    #[must_use]
    pub fn by(&self, by: By) -> Option<f64> {
        match by {
            By::Mean => self.mean(),
            By::Max => self.max,
            By::P95 => self.p95(),
            By::Last => self.last,
        }
    }

    /// Lower end of the bin of the 95th percentile, by the nearest rank.
    fn p95(&self) -> Option<f64> {
        let histogram = self.histogram.as_ref()?;
        let rank = self.count.saturating_mul(95).div_ceil(100);
        let mut seen = 0;
        for (at, count) in histogram.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank && seen > 0 {
                return Some(bin_start(at));
            }
        }
        None
    }
}

/// The bin of a value: eighths of powers of two.
fn bin(value: f64) -> usize {
    if value.is_nan() || value < bin_start(1) {
        return 0;
    }
    let bits = value.to_bits();
    // The exponent, and the first three bits of the fraction.
    let eighths = usize::try_from(bits >> 49).unwrap_or(usize::MAX);
    eighths.saturating_sub((1023 - 10) * 8).min(BINS - 1)
}

fn bin_start(at: usize) -> f64 {
    match at {
        0 => 0.0,
        at => f64::from_bits(((at + (1023 - 10) * 8) as u64) << 49),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_over_time_and_the_percentile_within_an_eighth() {
        let mut stats = Stats::of(By::P95);
        for value in 1..=100_u32 {
            stats.add(f64::from(value), u64::from(value));
        }
        assert_eq!(stats.by(By::Mean), Some(67.0));
        assert_eq!(stats.by(By::Max), Some(100.0));
        assert_eq!(stats.by(By::Last), Some(100.0));
        assert_eq!(stats.by(By::P95), Some(88.0));
        assert_eq!(Stats::default().mean(), None);
        let mut gauge = Stats::default();
        gauge.add(4.0, 0);
        assert_eq!(gauge.mean(), Some(4.0));
    }

    #[test]
    fn bins_are_eighths_of_powers_of_two() {
        for value in [0.0, 1e-9, 1.0, 99.9, 1e9, 1e18, f64::MAX] {
            let at = bin(value);
            assert!(bin_start(at) <= value, "{value}");
            assert!(
                at == 0 || at == BINS - 1 || value < bin_start(at) * 1.126,
                "{value}"
            );
        }
    }
}
