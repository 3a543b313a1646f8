//! The reads that are under way: a fixed number of places.

use super::node::Node;

/// So many at once.
pub(super) const MOST: usize = 128;

/// A read that is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) domid: u32,
    pub(super) serial: u32,
    pub(super) node: Node,
}

/// The places.
#[derive(Debug)]
pub(super) struct Requests {
    /// What each place has, and under which number.
    places: Vec<Option<(u32, Request)>>,
    free: Vec<usize>,
    /// Makes numbers differ that have one place after the other.
    last: u32,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            places: vec![None; MOST],
            free: (0..MOST).rev().collect(),
            last: 0,
        }
    }
}

impl Requests {
    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// Whether any read is not answered.
    pub(super) fn are_under_way(&self) -> bool {
        self.free.len() < self.places.len()
    }

    /// Takes a place; returns the number that the answer will have, never 0.
    pub(super) fn add(&mut self, request: Request) -> Option<u32> {
        let place = self.free.pop()?;
        // The upper 24 bits go from 1 on.
        self.last = (self.last + 1) % ((1 << 24) - 1);
        let number = (self.last + 1) << 8 | u32::try_from(place).ok()?;
        self.places[place] = Some((number, request));
        Some(number)
    }

    /// Takes what an answer of this number is to.
    pub(super) fn take(&mut self, number: u32) -> Option<Request> {
        let place = usize::try_from(number & 0xff).ok()?;
        let held = self.places.get_mut(place)?;
        let (_, request) = held.take_if(|(held, _)| *held == number)?;
        self.free.push(place);
        Some(request)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        let last = self.last;
        *self = Self {
            last,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_finds_its_request_once() {
        let mut requests = Requests::default();
        let request = |domid: u32| Request {
            domid,
            serial: 1,
            node: Node::Name,
        };
        let domid = |n: usize| u32::try_from(n).unwrap();
        let numbers: Vec<u32> = (0..MOST)
            .map(|n| requests.add(request(domid(n))).unwrap())
            .collect();
        assert!(!requests.has_room());
        assert_eq!(requests.add(request(0)), None);
        assert_eq!(requests.take(0), None);
        assert_eq!(requests.take(u32::MAX), None);
        for (n, &number) in numbers.iter().enumerate().rev() {
            assert_eq!(requests.take(number), Some(request(domid(n))));
            assert_eq!(requests.take(number), None);
        }
        let again = requests.add(request(7)).unwrap();
        assert!(!numbers.contains(&again));
        requests.last = (1 << 24) - 3;
        for _ in 0..4 {
            let number = requests.add(request(9)).unwrap();
            assert!(number >> 8 > 0);
            assert_eq!(requests.take(number), Some(request(9)));
        }
    }
}
