//! Rows that could not be read, from the snapshot before: pure.

use std::mem;
use std::time::Duration;

use virtmon_model::{Domain, Snapshot, State};

/// Gives each row that has an error the values that it had `elapsed` ago in `before`, and their
/// age: a row's values are of one moment, so that rates made of them are right. Its state and name
/// are those of now, where they are known.
///
/// A row that was never read whole keeps what is known of it now.
pub(crate) fn over(before: &mut Snapshot, now: &mut Snapshot, elapsed: Duration) {
    let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).max(1);
    for row in now.domains.iter_mut().filter(|row| row.error.is_some()) {
        let Ok(at) = before
            .domains
            .binary_search_by_key(&row.identity.id, |old| old.identity.id)
        else {
            continue;
        };
        let old = &mut before.domains[at];
        if old.identity == row.identity && was_whole(old) {
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

/// A row that has an error and is not stale has values that were not all read.
fn was_whole(old: &Domain) -> bool {
    old.stale_ns > 0 || old.error.is_none()
}

#[cfg(test)]
mod tests;
