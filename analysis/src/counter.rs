//! Arithmetic on pairs of counters. A rate that can't be known is `None`: nothing is clamped.

/// What part of a whole, as a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits of a difference are exact up to 104 days of ns and 8 PiB"
)]
pub fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// How much a counter of ns grew, in percent of the ns that passed.
pub fn percent(now: Option<u64>, before: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    Some(per_ns(now, before, elapsed_ns)? * 100.0)
}

/// How much a counter grew in a second.
pub fn per_second(now: Option<u64>, before: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    Some(per_ns(now, before, elapsed_ns)? * 1e9)
}

fn per_ns(now: Option<u64>, before: Option<u64>, elapsed_ns: u64) -> Option<f64> {
    let delta = now?.checked_sub(before?)?;
    // Most counters of most guests: no need to convert and divide.
    if delta == 0 && elapsed_ns > 0 {
        return Some(0.0);
    }
    (elapsed_ns > 0).then(|| ratio(delta, elapsed_ns))
}

/// Whether any of these counters, before and now, is less than it was.
pub fn any_backwards<const N: usize>(pairs: [(Option<u64>, Option<u64>); N]) -> bool {
    pairs
        .iter()
        .any(|(before, now)| matches!((before, now), (Some(before), Some(now)) if now < before))
}

/// The row that something is true of, looked for first where it was expected.
pub fn find<T>(rows: &[T], expected: usize, is_it: impl Fn(&T) -> bool) -> Option<&T> {
    rows.get(expected)
        .filter(|&row| is_it(row))
        .or_else(|| rows.iter().find(|&row| is_it(row)))
}
