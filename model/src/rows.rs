//! A list with reusable rows.

use std::ops::{Deref, DerefMut};

/// A list that keeps the buffers of its rows when it is emptied. Filling it again with the same number
/// of rows allocates nothing.
#[derive(Debug, Clone)]
pub struct Rows<T> {
    buffer: Vec<T>,
    len: usize,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self {
            buffer: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Rows<T> {
    /// Number of rows. The function does not access the buffer, because that access would be most of
    /// its cost when it is called for every domain at every tick.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// True if there are no rows.
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

    /// Appends a row and returns it with the values of an earlier use. The caller sets every field.
    pub fn next_row(&mut self) -> &mut T {
        if self.len == self.buffer.len() {
            self.buffer.push(T::default());
        }
        self.len += 1;
        &mut self.buffer[self.len - 1]
    }

    /// Sets the number of rows and returns the rows with the values of an earlier use. The caller sets
    /// every field.
    pub fn resize(&mut self, len: usize) -> &mut [T] {
        if len > self.buffer.len() {
            // Without `exact`, each domain with one device would have memory for four.
            self.buffer.reserve_exact(len - self.buffer.len());
            self.buffer.resize_with(len, T::default);
        }
        self.len = len;
        &mut self.buffer[..len]
    }

    /// Removes the last row.
    pub fn drop_last(&mut self) {
        self.len = self.len.saturating_sub(1);
    }
}

impl<T> Deref for Rows<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.buffer[..self.len]
    }
}

impl<T> DerefMut for Rows<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_of_rows_are_reused() {
        let mut rows: Rows<String> = Rows::default();
        rows.next_row().push_str("a name that needs the heap");
        let address = rows[0].as_ptr();
        rows.clear();
        assert!(rows.is_empty());
        let row = rows.next_row();
        assert_eq!(row.as_ptr(), address);
        assert_eq!(row, "a name that needs the heap");
        rows.drop_last();
        rows.drop_last();
        assert_eq!(rows.len(), 0);
        let rows = rows.resize(2);
        assert_eq!(rows[0].as_ptr(), address);
        assert_eq!(rows[1], "");
    }
}
