//! Arithmetic on pairs of counters. A rate that cannot be known is `None`; no value is clamped.

/// Share of a whole, as a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits of a difference are exact up to 104 days of ns and 8 PiB"
)]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// Growth of a counter of ns, in percent of the elapsed ns.
pub fn percent(now: Option<u64>, previous: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    Some(per_ns(now, previous, elapsed_ns)? * 100.0)
}

/// Growth of a counter per second.
pub fn per_second(now: Option<u64>, previous: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    Some(per_ns(now, previous, elapsed_ns)? * 1e9)
}

fn per_ns(now: Option<u64>, previous: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    let delta = now?.checked_sub(previous?)?;
    // Most counters of most guests do not change: no conversion and no division.
    if delta == 0 && elapsed_ns > 0 {
        return Some(0.0);
    }
    (elapsed_ns > 0).then(|| ratio(delta, elapsed_ns))
}

/// Growth of the first counter per unit of the second, rounded to the nearest: the mean time of a
/// request, for one. Both are (previous, now). `None` if the second did not grow.
pub fn mean(total: [Option<u64>; 2], count: [Option<u64>; 2]) -> Option<u64> {
    let growth = |[previous, now]: [Option<u64>; 2]| now?.checked_sub(previous?);
    let count = growth(count)?;
    let total = growth(total)?;
    total.saturating_add(count / 2).checked_div(count)
}

/// True if any of these counters, given as (previous, now), is less than it was.
pub fn any_backwards<const N: usize>(pairs: [(Option<u64>, Option<u64>); N]) -> bool {
    pairs.iter().any(
        |(previous, now)| matches!((previous, now), (Some(previous), Some(now)) if now < previous),
    )
}

/// Index of the row that satisfies a condition. The expected index is tried first.
pub fn find<T>(rows: &[T], expected: usize, matches: impl Fn(&T) -> bool) -> Option<usize> {
    if rows.get(expected).is_some_and(&matches) {
        return Some(expected);
    }
    rows.iter().position(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_known_only_if_the_count_grew() {
        assert_eq!(mean([Some(100), Some(350)], [Some(1), Some(3)]), Some(125));
        assert_eq!(mean([Some(0), Some(5)], [Some(0), Some(3)]), Some(2));
        assert_eq!(mean([Some(0), Some(5)], [Some(3), Some(3)]), None);
        assert_eq!(mean([Some(6), Some(5)], [Some(3), Some(4)]), None);
        assert_eq!(mean([None, Some(5)], [Some(3), Some(4)]), None);
        assert_eq!(
            mean([Some(0), Some(u64::MAX)], [Some(0), Some(4)]),
            Some(u64::MAX / 4)
        );
    }
}
