/// The places of a list's domains in ascending order of id. RawSample from tick to tick for its buffer.
#[derive(Default)]
pub(crate) struct Order {
    sorted: Vec<(u32, usize)>,
}

impl Order {
    /// Sorts the places 0 to `len` by the id at each: a place without an id is left out, and so
    /// is an id that is there already. libvirt lists domains in no order.
    pub(crate) fn of(
        &mut self,
        len: usize,
        id: impl Fn(usize) -> Option<u32>,
    ) -> impl Iterator<Item = (u32, usize)> {
        self.sorted.clear();
        self.sorted
            .extend((0..len).filter_map(|at| Some((id(at)?, at))));
        self.sorted.sort_unstable();
        self.sorted.dedup_by_key(|&mut (id, _)| id);
        self.sorted.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascending_each_once_and_without_those_that_ended() {
        let ids = [Some(12), None, Some(3), Some(12), Some(1)];
        let mut order = Order::default();
        let sorted: Vec<_> = order.of(ids.len(), |at| ids[at]).collect();
        assert_eq!(sorted, [(1, 4), (3, 2), (12, 0)]);
    }
}
