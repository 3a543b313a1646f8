//! One kind of rate of one domain within an interval.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::subsamples::Spread;

/// What is known of the rates so far, in memory that grows with a hundredth of them at most.
#[derive(Debug, Default)]
pub(super) struct Collector {
    count: usize,
    min: f64,
    max: f64,
    /// Of each rate times its ns.
    sum: f64,
    elapsed_ns: u64,
    /// The greatest of them, the least of these first.
    greatest: BinaryHeap<Reverse<Rate>>,
}

/// A rate, in an order of all numbers.
#[derive(Debug, Clone, Copy)]
struct Rate(f64);

impl Collector {
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.greatest.clear();
    }

    /// Takes a rate and the ns that it is of. So many of the greatest are kept.
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

    /// How the rates were spread; `None` where there is none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ns of an interval are exact in 53 bits"
    )]
    pub(super) fn spread(&mut self) -> Option<Spread> {
        if self.count == 0 {
            return None;
        }
        Some(Spread {
            min: self.min,
            mean: self.sum / self.elapsed_ns as f64,
            max: self.max,
            p99: self.p99(),
        })
    }

    /// The nearest rank, which is among the greatest. It takes them off, down to that one.
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

    fn collect(rates: impl Iterator<Item = (f64, u64)>, greatest: usize) -> Option<Spread> {
        let mut collector = Collector::default();
        rates.for_each(|(rate, ns)| collector.add(rate, ns, greatest));
        collector.spread()
    }

    #[test]
    fn a_spread_is_of_the_rates_that_are_known() {
        assert_eq!(collect(std::iter::empty(), 9), None);
        let all = (1..=200u32).rev().map(|n| (f64::from(n), 10));
        let spread = collect(all, 6).unwrap();
        assert_eq!(
            (spread.min, spread.mean, spread.max, spread.p99),
            (1.0, 100.5, 200.0, Some(198.0))
        );
    }

    #[test]
    fn the_mean_is_weighted_by_time() {
        let spread = collect([(100.0, 1), (0.0, 3)].into_iter(), 3).unwrap();
        assert_eq!(spread.mean, 25.0);
    }

    #[test]
    fn p99_is_the_nearest_rank_by_a_sort() {
        let mut dice = 7u32;
        for count in 1..=700usize {
            let mut rates: Vec<f64> = (0..count)
                .map(|_| {
                    dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f64::from(dice >> 20)
                })
                .collect();
            let spread = collect(rates.iter().map(|&rate| (rate, 1)), count / 50 + 2).unwrap();
            rates.sort_by(f64::total_cmp);
            let nearest = rates[(count * 99).div_ceil(100) - 1];
            assert_eq!(spread.p99, Some(nearest), "{count}");
        }
    }

    #[test]
    fn what_is_kept_has_a_bound_and_what_is_beyond_it_is_not_known() {
        let many = |count: u32| (0..count).map(|n| (f64::from(n % 1_000), 1));
        let mut collector = Collector::default();
        many(100_000).for_each(|(rate, ns)| collector.add(rate, ns, 22));
        assert!(collector.greatest.capacity() < 100);
        // 1,000 readings were reckoned with.
        assert_eq!(collect(many(2_000), 22).unwrap().p99, Some(989.0));
        let longer = collect(many(3_000), 22).unwrap();
        assert_eq!((longer.p99, longer.max), (None, 999.0));
    }
}
