//! The order of domains.

/// The indices of a list's domains in ascending order of id. It is kept from tick to tick for its buffer.
#[derive(Default)]
pub(crate) struct Order {
    sorted: Vec<(u32, usize)>,
}

impl Order {
    /// Sorts the indices 0 to `len` by the id at each. An index without an id is left out, and so is a
    /// second index with the same id. libvirt lists domains in no order.
    pub(crate) fn sort(
        &mut self,
        len: usize,
        id: impl Fn(usize) -> Option<u32>,
    ) -> impl Iterator<Item = (u32, usize)> {
        self.sorted.clear();
        self.sorted
            .extend((0..len).filter_map(|index| Some((id(index)?, index))));
        self.sorted.sort_unstable();
        self.sorted.dedup_by_key(|&mut (id, _)| id);
        self.sorted.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_without_duplicates_and_without_ended_domains() {
        let ids = [Some(12), None, Some(3), Some(12), Some(1)];
        let mut order = Order::default();
        let sorted: Vec<_> = order.sort(ids.len(), |index| ids[index]).collect();
        assert_eq!(sorted, [(1, 4), (3, 2), (12, 0)]);
    }
}
