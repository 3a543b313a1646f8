//! Reads that xenstore has not answered: a table of fixed size.

use super::node::Node;

/// Most reads that are outstanding at a time.
pub(super) const MAX_REQUESTS: usize = 128;

/// A read that is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) domid: u32,
    pub(super) serial: u32,
    pub(super) node: Node,
}

/// The table.
#[derive(Debug)]
pub(super) struct Requests {
    /// Number and read of each slot.
    slots: Vec<Option<(u32, Request)>>,
    free: Vec<usize>,
    /// Counter that makes the numbers of successive requests in one slot differ.
    last: u32,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            slots: vec![None; MAX_REQUESTS],
            free: (0..MAX_REQUESTS).rev().collect(),
            last: 0,
        }
    }
}

impl Requests {
    pub(super) fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// True if any read is not answered.
    pub(super) fn has_pending(&self) -> bool {
        self.free.len() < self.slots.len()
    }

    /// Adds a read. Returns the number that the answer will have, which is never 0, or `None` if all
    /// slots are in use.
    pub(super) fn add(&mut self, request: Request) -> Option<u32> {
        let slot = self.free.pop()?;
        // The upper 24 bits count from 1.
        self.last = (self.last + 1) % ((1 << 24) - 1);
        let number = (self.last + 1) << 8 | u32::try_from(slot).ok()?;
        self.slots[slot] = Some((number, request));
        Some(number)
    }

    /// Removes the read that an answer with this number belongs to.
    pub(super) fn remove(&mut self, number: u32) -> Option<Request> {
        let slot = usize::try_from(number & 0xff).ok()?;
        let pending = self.slots.get_mut(slot)?;
        let (_, request) = pending.take_if(|(pending, _)| *pending == number)?;
        self.free.push(slot);
        Some(request)
    }

    /// Removes all reads.
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
    fn an_answer_removes_its_request_once() {
        let mut requests = Requests::default();
        let request = |domid: u32| Request {
            domid,
            serial: 1,
            node: Node::Name,
        };
        let domid = |n: usize| u32::try_from(n).unwrap();
        let numbers: Vec<u32> = (0..MAX_REQUESTS)
            .map(|n| requests.add(request(domid(n))).unwrap())
            .collect();
        assert!(!requests.has_room());
        assert_eq!(requests.add(request(0)), None);
        assert_eq!(requests.remove(0), None);
        assert_eq!(requests.remove(u32::MAX), None);
        for (n, &number) in numbers.iter().enumerate().rev() {
            assert_eq!(requests.remove(number), Some(request(domid(n))));
            assert_eq!(requests.remove(number), None);
        }
        let again = requests.add(request(7)).unwrap();
        assert!(!numbers.contains(&again));
        requests.last = (1 << 24) - 3;
        for _ in 0..4 {
            let number = requests.add(request(9)).unwrap();
            assert!(number >> 8 > 0);
            assert_eq!(requests.remove(number), Some(request(9)));
        }
    }
}
