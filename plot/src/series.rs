//! The values of one line, down-sampled while they are read.

pub mod stats;

use crate::follow::place::Place;
use crate::series::stats::Stats;

/// Places for the values of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// First place on the axis, in ns.
    pub first_ns: i64,
    /// Last place on the axis, in ns.
    pub last_ns: i64,
    /// Number of buckets of which each keeps its minimum and maximum; `None` if every value is kept.
    pub buckets: Option<usize>,
}

/// The values of one line.
#[derive(Debug, Clone)]
pub struct Series {
    grid: Grid,
    /// Mean, maximum and last value of all values.
    pub stats: Stats,
    /// Host and sequence of the last value.
    last: Option<(usize, u64)>,
    steps: Vec<Step>,
    buckets: Vec<Option<Bucket>>,
    last_bucket: Option<usize>,
}

/// A value, and the interval that it covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Begin of the interval, in ns on the axis.
    pub start_ns: i64,
    /// End of the interval.
    pub end_ns: i64,
    /// The value.
    pub value: f64,
    /// True if the step continues the one before.
    pub is_joined: bool,
}

/// The values of one bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    min: (i64, f64),
    max: (i64, f64),
    /// True if the first value continues the one before.
    is_joined: bool,
    /// True if a value within the bucket does not continue the one before.
    has_break: bool,
}

/// A part of a line without a gap: places on the axis and values. One point alone is a dot.
pub type Piece = Vec<(i64, f64)>;

impl Series {
    /// A line without values.
    #[must_use]
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            stats: Stats::default(),
            last: None,
            steps: Vec::new(),
            buckets: vec![None; grid.buckets.unwrap_or(0)],
            last_bucket: None,
        }
    }

    /// Adds the value at a tick. A tick without a value, or one that does not continue the tick before,
    /// ends the line.
    pub fn add(&mut self, at: &Place, value: f64) {
        let is_joined = self.last == Some((at.host, at.sequence.wrapping_sub(1)));
        self.last = Some((at.host, at.sequence));
        self.stats.add(value, at.elapsed_ns);
        if self.buckets.is_empty() {
            self.steps.push(Step {
                start_ns: at.start_ns.max(self.grid.first_ns),
                end_ns: at.end_ns,
                value,
                is_joined,
            });
        } else {
            self.add_to_bucket(at.end_ns, value, is_joined);
        }
    }

    fn add_to_bucket(&mut self, at_ns: i64, value: f64, is_joined: bool) {
        let span = i128::from(self.grid.last_ns) - i128::from(self.grid.first_ns) + 1;
        let offset = i128::from(at_ns) - i128::from(self.grid.first_ns);
        let at = offset.max(0) * self.buckets.len() as i128 / span.max(1);
        let at = usize::try_from(at).unwrap_or(0).min(self.buckets.len() - 1);
        let is_next = self.last_bucket == Some(at) || self.buckets[at].is_none();
        self.last_bucket = Some(at);
        match &mut self.buckets[at] {
            Some(bucket) => {
                bucket.has_break |= !is_joined || !is_next;
                if value < bucket.min.1 {
                    bucket.min = (at_ns, value);
                }
                if value > bucket.max.1 {
                    bucket.max = (at_ns, value);
                }
            }
            empty => {
                *empty = Some(Bucket {
                    min: (at_ns, value),
                    max: (at_ns, value),
                    is_joined,
                    has_break: false,
                });
            }
        }
    }

    /// The line of the values divided by a number.
    #[must_use]
    pub fn divided(mut self, by: f64) -> Self {
        self.stats.divide(by);
        for step in &mut self.steps {
            step.value /= by;
        }
        for bucket in self.buckets.iter_mut().flatten() {
            bucket.min.1 /= by;
            bucket.max.1 /= by;
        }
        self
    }

    /// True if there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stats.count() == 0
    }

    /// Every value, if every value is kept.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The parts of the line.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        if self.buckets.is_empty() {
            self.stepped()
        } else {
            self.bucketed()
        }
    }

    /// The lower or upper edge of the values, with one point for each bucket.
    #[must_use]
    pub fn edge(&self, is_low: bool) -> Vec<Piece> {
        if self.buckets.is_empty() {
            return self.stepped();
        }
        let mut pieces: Vec<Piece> = Vec::new();
        let mut is_open = false;
        for bucket in self.buckets.iter().flatten() {
            if !(is_open && bucket.is_joined) {
                pieces.push(Vec::new());
            }
            let value = if is_low { bucket.min.1 } else { bucket.max.1 };
            if let Some(piece) = pieces.last_mut() {
                piece.push((bucket.min.0.min(bucket.max.0), value));
            }
            is_open = !bucket.has_break;
        }
        pieces
    }

    fn stepped(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for step in &self.steps {
            let is_joined = step.is_joined && !pieces.is_empty();
            if !is_joined {
                pieces.push(Vec::new());
            }
            let Some(piece) = pieces.last_mut() else {
                continue;
            };
            // The intervals of two ticks meet, but for a step of the wall clock.
            let start = match piece.last() {
                Some(&(end, _)) => end.min(step.end_ns),
                None => step.start_ns,
            };
            if start < step.end_ns {
                piece.push((start, step.value));
            }
            piece.push((step.end_ns, step.value));
        }
        pieces
    }

    fn bucketed(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut is_open = false;
        for bucket in self.buckets.iter().flatten() {
            if !(is_open && bucket.is_joined) {
                pieces.push(Vec::new());
            }
            let Some(piece) = pieces.last_mut() else {
                continue;
            };
            let (first, second) = if bucket.min.0 <= bucket.max.0 {
                (bucket.min, bucket.max)
            } else {
                (bucket.max, bucket.min)
            };
            piece.push(first);
            if first.1.to_bits() != second.1.to_bits() {
                piece.push(second);
            }
            is_open = !bucket.has_break;
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(buckets: Option<usize>, values: &[(u64, f64)]) -> Vec<Piece> {
        let mut series = Series::new(Grid {
            first_ns: 0,
            last_ns: 99,
            buckets,
        });
        for &(tick, value) in values {
            let end_ns = i64::try_from(tick).unwrap();
            let at = Place {
                start_ns: end_ns - 1,
                end_ns,
                elapsed_ns: 1,
                sequence: tick,
                ..Place::default()
            };
            series.add(&at, value);
        }
        series.pieces()
    }

    #[test]
    fn a_line_is_stepped_and_stops_where_a_tick_has_no_value() {
        let pieces = series(None, &[(1, 5.0), (2, 7.0), (4, 1.0)]);
        assert_eq!(
            pieces,
            [
                vec![(0, 5.0), (1, 5.0), (1, 7.0), (2, 7.0)],
                vec![(3, 1.0), (4, 1.0)]
            ]
        );
    }

    #[test]
    fn a_bucket_keeps_its_minimum_and_maximum_in_their_order() {
        let values: Vec<(u64, f64)> = (0..100)
            .map(|tick| (tick, if tick == 37 { 9.0 } else { 1.0 }))
            .collect();
        assert_eq!(
            series(Some(5), &values),
            [vec![
                (0, 1.0),
                (20, 1.0),
                (37, 9.0),
                (40, 1.0),
                (60, 1.0),
                (80, 1.0)
            ]]
        );
    }

    #[test]
    fn a_gap_in_buckets_ends_the_line_also_within_one() {
        let values: Vec<(u64, f64)> = (0..100)
            .filter(|tick| *tick != 25 && !(50..90).contains(tick))
            .map(|tick| (tick, 1.0))
            .collect();
        let pieces = series(Some(10), &values);
        assert_eq!(
            pieces,
            [
                vec![(0, 1.0), (10, 1.0), (20, 1.0)],
                vec![(30, 1.0), (40, 1.0)],
                vec![(90, 1.0)]
            ]
        );
    }
}
