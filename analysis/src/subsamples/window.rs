//! Values of one rate of one domain within an interval.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::distribution::Distribution;

/// Summary of the values so far. Its memory grows with a hundredth of their number at most.
#[derive(Debug, Default)]
pub(super) struct RateWindow {
    count: usize,
    min: f64,
    max: f64,
    /// Sum of each value times its duration in ns.
    sum: f64,
    elapsed_ns: u64,
    /// The greatest values; the least of them is at the top.
    greatest: BinaryHeap<Reverse<Rate>>,
}

/// A value with a total order.
#[derive(Debug, Clone, Copy)]
struct Rate(f64);

impl RateWindow {
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.greatest.clear();
    }

    /// Adds a value and the duration in ns that it covers. The `greatest` greatest values are kept.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ns of an interval are exact in 53 bits"
    )]
    pub(super) fn add(&mut self, rate: f64, elapsed_ns: u64, greatest: usize) {
        if self.count == 0 {
            (self.min, self.max) = (rate, rate);
            (self.sum, self.elapsed_ns) = (0.0, 0);
        }
        self.count += 1;
        self.min = self.min.min(rate);
        self.max = self.max.max(rate);
        self.sum += rate * elapsed_ns as f64;
        self.elapsed_ns = self.elapsed_ns.saturating_add(elapsed_ns);
        if self.greatest.len() < greatest {
            self.greatest.push(Reverse(Rate(rate)));
        } else if let Some(mut least) = self.greatest.peek_mut()
            && Rate(rate) > least.0
        {
            *least = Reverse(Rate(rate));
        }
    }

    /// Distribution of the values; `None` if there is none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ns of an interval are exact in 53 bits"
    )]
    pub(super) fn distribution(&mut self) -> Option<Distribution> {
        if self.count == 0 {
            return None;
        }
        Some(Distribution {
            min: self.min,
            mean: self.sum / self.elapsed_ns as f64,
            max: self.max,
            p99: self.p99(),
        })
    }

    /// The 99th percentile by nearest rank. Removes the values above it.
    fn p99(&mut self) -> Option<f64> {
        let rank = (self.count * 99).div_ceil(100);
        let from_greatest = self.count - rank + 1;
        while self.greatest.len() > from_greatest {
            self.greatest.pop();
        }
        let least = self.greatest.peek()?;
        (self.greatest.len() == from_greatest).then_some(least.0.0)
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rate {}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(rates: impl Iterator<Item = (f64, u64)>, greatest: usize) -> Option<Distribution> {
        let mut window = RateWindow::default();
        rates.for_each(|(rate, ns)| window.add(rate, ns, greatest));
        window.distribution()
    }

    #[test]
    fn a_distribution_covers_the_known_rates() {
        assert_eq!(collect(std::iter::empty(), 9), None);
        let all = (1..=200u32).rev().map(|n| (f64::from(n), 10));
        let distribution = collect(all, 6).unwrap();
        assert_eq!(
            (
                distribution.min,
                distribution.mean,
                distribution.max,
                distribution.p99
            ),
            (1.0, 100.5, 200.0, Some(198.0))
        );
    }

    #[test]
    fn the_mean_is_weighted_by_time() {
        let distribution = collect([(100.0, 1), (0.0, 3)].into_iter(), 3).unwrap();
        assert_eq!(distribution.mean, 25.0);
    }

    #[test]
    fn p99_is_the_nearest_rank_by_a_sort() {
        let mut random = 7u32;
        for count in 1..=700usize {
            let mut rates: Vec<f64> = (0..count)
                .map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f64::from(random >> 20)
                })
                .collect();
            let distribution =
                collect(rates.iter().map(|&rate| (rate, 1)), count / 50 + 2).unwrap();
            rates.sort_by(f64::total_cmp);
            let nearest = rates[(count * 99).div_ceil(100) - 1];
            assert_eq!(distribution.p99, Some(nearest), "{count}");
        }
    }

    #[test]
    fn memory_is_bounded_and_a_percentile_beyond_it_is_unknown() {
        let many = |count: u32| (0..count).map(|n| (f64::from(n % 1_000), 1));
        let mut window = RateWindow::default();
        many(100_000).for_each(|(rate, ns)| window.add(rate, ns, 22));
        assert!(window.greatest.capacity() < 100);
        // The window expects 1,000 samples.
        assert_eq!(collect(many(2_000), 22).unwrap().p99, Some(989.0));
        let longer = collect(many(3_000), 22).unwrap();
        assert_eq!((longer.p99, longer.max), (None, 999.0));
    }
}
