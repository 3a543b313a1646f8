//! Sums and maxima over the guests of all hosts at a moment.

/// Values of one line, by host: the ticks of several hosts are at different times.
#[derive(Debug, Default)]
pub(super) struct Totals {
    hosts: Vec<Option<Partial>>,
    sequence: u64,
}

#[derive(Debug, Clone, Copy)]
struct Partial {
    end_ns: i64,
    elapsed_ns: u64,
    value: Option<f64>,
}

use crate::follow::place::Place;

/// How values of guests become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combine {
    Sum,
    Max,
}

impl Combine {
    /// Adds a value of a guest.
    pub(super) fn add(self, total: Option<f64>, value: f64) -> Option<f64> {
        Some(match (self, total) {
            (_, None) => value,
            (Self::Sum, Some(total)) => total + value,
            (Self::Max, Some(total)) => total.max(value),
        })
    }
}

impl Totals {
    /// The value over all hosts after a tick of one of them, and its place. A host counts until it has
    /// had no tick for two of its intervals.
    pub(super) fn add(
        &mut self,
        at: &Place,
        value: Option<f64>,
        combine: Combine,
    ) -> Option<(Place, f64)> {
        if self.hosts.len() <= at.host {
            self.hosts.resize(at.host + 1, None);
        }
        self.hosts[at.host] = Some(Partial {
            end_ns: at.end_ns,
            elapsed_ns: at.elapsed_ns,
            value,
        });
        let is_alone = {
            let others = self.hosts.iter().enumerate();
            let mut others = others.filter(|(host, partial)| {
                *host != at.host && partial.is_some_and(|partial| partial.is_current(at.end_ns))
            });
            others.next().is_none()
        };
        if is_alone {
            return Some((*at, value?));
        }
        let mut total = None;
        for partial in self.hosts.iter().flatten() {
            if partial.is_current(at.end_ns) {
                total = combine.add(total, partial.value?);
            }
        }
        self.sequence += 1;
        let place = Place {
            host: usize::MAX,
            sequence: self.sequence,
            ..*at
        };
        Some((place, total?))
    }
}

impl Partial {
    fn is_current(&self, now_ns: i64) -> bool {
        let age = now_ns.saturating_sub(self.end_ns).max(0).unsigned_abs();
        age <= self.elapsed_ns.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_of_a_moment_are_added_and_a_silent_one_ends() {
        let mut totals = Totals::default();
        let mut at = |host, end_ns, value| {
            let place = Place {
                host,
                end_ns,
                elapsed_ns: 10,
                ..Place::default()
            };
            let total = totals.add(&place, value, Combine::Sum);
            total.map(|(_, total)| total)
        };
        assert_eq!(at(0, 10, Some(1.0)), Some(1.0));
        assert_eq!(at(1, 11, Some(5.0)), Some(6.0));
        assert_eq!(at(0, 20, Some(2.0)), Some(7.0));
        assert_eq!(at(1, 21, None), None);
        assert_eq!(at(0, 30, Some(3.0)), None);
        assert_eq!(at(0, 50, Some(4.0)), Some(4.0));
    }
}
