//! Rows that could not be read, from the previous snapshot. No I/O.

use std::mem;
use std::time::Duration;

use virtmon_model::{Domain, Snapshot, State};

/// Gives each row that has an error the values that it had in `previous`, `elapsed` ago, and marks it with
/// their age. All values of a row are of one moment, so that rates made of them are right. Its state and name
/// are the current ones, if they are known.
///
/// A row that was never read completely keeps its current values.
pub(crate) fn restore_previous(previous: &mut Snapshot, current: &mut Snapshot, elapsed: Duration) {
    let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).max(1);
    for row in current.domains.iter_mut().filter(|row| row.error.is_some()) {
        let Ok(index) = previous
            .domains
            .binary_search_by_key(&row.identity.id, |old| old.identity.id)
        else {
            continue;
        };
        let old = &mut previous.domains[index];
        if old.identity == row.identity && was_complete(old) {
            mem::swap(row, old);
            row.stale_ns = row.stale_ns.saturating_add(elapsed_ns);
            row.error = old.error.take();
            row.name = old.name.take().or_else(|| row.name.take());
            if old.state != State::Unknown {
                (row.state, row.reason) = (old.state, old.reason);
            }
        }
    }
}

/// True if all values of a row were read. A row that has an error and is not stale lacks some.
fn was_complete(old: &Domain) -> bool {
    old.stale_ns > 0 || old.error.is_none()
}

#[cfg(test)]
mod tests;
