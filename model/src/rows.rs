use std::ops::{Deref, DerefMut};

/// A list that keeps its rows' buffers when it is emptied, so that filling it again with as many
/// rows allocates nothing.
#[derive(Debug, Clone)]
pub struct Rows<T> {
    kept: Vec<T>,
    len: usize,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Rows<T> {
    /// How many rows there are: without a look at the buffer, which is most of the work where it is
    /// asked for every domain at every tick.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T: Default> Rows<T> {
    /// Empties the list.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a row and returns it as an earlier use left it: the caller sets every field.
    pub fn next_row(&mut self) -> &mut T {
        if self.len == self.kept.len() {
            self.kept.push(T::default());
        }
        self.len += 1;
        &mut self.kept[self.len - 1]
    }

    /// Makes the list this long and returns its rows as an earlier use left them: the caller sets
    /// every field.
    pub fn resize(&mut self, len: usize) -> &mut [T] {
        if len > self.kept.len() {
            // Of the many domains that have one device, each would have room for four.
            self.kept.reserve_exact(len - self.kept.len());
            self.kept.resize_with(len, T::default);
        }
        self.len = len;
        &mut self.kept[..len]
    }

    /// Takes the last row away again.
    pub fn drop_last(&mut self) {
        self.len = self.len.saturating_sub(1);
    }
}

impl<T> Deref for Rows<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.kept[..self.len]
    }
}

impl<T> DerefMut for Rows<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.kept[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_used_again() {
        let mut rows: Rows<String> = Rows::default();
        rows.next_row().push_str("a name that needs the heap");
        let place = rows[0].as_ptr();
        rows.clear();
        assert!(rows.is_empty());
        let row = rows.next_row();
        assert_eq!(row.as_ptr(), place);
        assert_eq!(row, "a name that needs the heap");
        rows.drop_last();
        rows.drop_last();
        assert_eq!(rows.len(), 0);
        let rows = rows.resize(2);
        assert_eq!(rows[0].as_ptr(), place);
        assert_eq!(rows[1], "");
    }
}
