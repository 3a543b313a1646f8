//! Guests that are asked apart from each other, when one of them has blocked the call for all.
//!
//! The daemon lists them all by itself. Then each guest takes a call of its own, four at a
//! time: while no more than three are blocked, it takes the time of one to find them
//! out, and the rows of the others are whole.

use std::mem;
use std::time::{Duration, Instant};

use virtmon_model::{Snapshot, Uuid};

use super::{MOST_APART, MOST_HELD, Readers, Unread};
use crate::connection::session::Ask;
use crate::recording::encode::RawSample;
use crate::workers::worker::{Reader, Reply, Request, Unheard};

/// A reader that asks some guests.
struct Asking {
    reader: usize,
    since: Instant,
}

impl Readers {
    /// Reads what the daemon knows of all guests, then these groups of each guest by itself. The row
    /// of a guest that does not answer in time has an error.
    pub(super) fn read_apart(&mut self, groups: u32) -> Result<(), Unread> {
        self.ask_idle(Ask::Base, Vec::new())?;
        let room = MOST_HELD.saturating_sub(self.held()).min(MOST_APART);
        // Taken from the end: those that answered the last time come first.
        let domains = self.snapshot.domains.iter();
        let mut parts: Vec<_> = domains.map(|row| vec![row.identity.uuid]).collect();
        parts.sort_by_key(|part| self.whole.contains(&part[0]));
        let ready = self.readers.iter().filter(|reader| reader.is_ready());
        for _ in ready.count()..room.min(parts.len()) {
            self.start_connecting();
        }
        let kept = self.ask_parts(groups, parts, room);
        self.kept.merge(&kept);
        let rows = self.snapshot.domains.iter();
        self.skipped = rows.filter(|row| row.error.is_some()).count();
        Ok(())
    }

    /// Asks for the parts by readers that are connected by then, and puts the
    /// rows where they belong. Returns what is kept of them.
    fn ask_parts(
        &mut self,
        groups: u32,
        mut parts: Vec<Vec<Uuid>>,
        mut room: usize,
    ) -> Vec<RawSample> {
        let slice = self.patience.for_one();
        let mut kept = Vec::new();
        let mut asking: Vec<Asking> = Vec::new();
        let until = Instant::now() + slice * 2;
        loop {
            while asking.len() < room
                && !parts.is_empty()
                && let Some(reader) = self.readers.iter().position(Reader::is_ready)
            {
                asking.push(self.ask_part(reader, groups, parts.pop().unwrap_or_default()));
            }
            let connects = !parts.is_empty() && self.readers.iter().any(Reader::connects);
            let is_late = Instant::now() >= until;
            if is_late || asking.is_empty() && (room == 0 || !connects) {
                return kept;
            }
            // The first is waited for, a moment only; the others are looked at.
            let mut wait = Duration::from_millis(1);
            if connects {
                self.see_connected(&mut wait);
            }
            let mut at = 0;
            while let Some(one) = asking.get(at) {
                match self.readers[one.reader].hear(mem::take(&mut wait)) {
                    Ok(reply) => {
                        asking.swap_remove(at);
                        self.take_in(reply, &mut kept);
                    }
                    Err(Unheard::Silence) if one.since.elapsed() < slice => at += 1,
                    Err(_) => {
                        asking.swap_remove(at);
                        room -= 1;
                    }
                }
            }
        }
    }

    fn ask_part(&mut self, reader: usize, groups: u32, only: Vec<Uuid>) -> Asking {
        self.readers[reader].ask(Request {
            ask: Some(Ask::Guests(groups)),
            only,
            snapshot: Snapshot::default(),
            kept: RawSample::default(),
        });
        Asking {
            reader,
            since: Instant::now(),
        }
    }

    /// Hears of the readers that have connected.
    fn see_connected(&mut self, wait: &mut Duration) {
        for reader in self.readers.iter_mut().filter(|reader| reader.connects()) {
            // Where it has failed it is not ready, and is asked nothing.
            let _ = reader.hear(mem::take(wait));
        }
    }

    /// Puts the rows of a reply in the places of those that the daemon alone has made. Where the call
    /// failed, those stay.
    fn take_in(&mut self, mut reply: Reply, kept: &mut Vec<RawSample>) {
        if reply.done.is_err() {
            return;
        }
        for row in reply.snapshot.domains.iter_mut() {
            let rows = &mut self.snapshot.domains;
            if let Ok(at) = rows.binary_search_by_key(&row.identity.id, |old| old.identity.id)
                && rows[at].identity == row.identity
            {
                mem::swap(&mut rows[at], row);
            }
        }
        kept.push(reply.kept);
    }
}
