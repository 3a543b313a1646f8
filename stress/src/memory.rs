//! Memory load: memory that is allocated and written.

use std::sync::atomic::Ordering;

use crate::load::{Load, Work, counter};
use crate::report::Figure;
use crate::{cli, clock};

/// Number of bytes written between two checks of the time. The kernel allocates memory page by page,
/// when it is written.
const CHUNK: usize = 1 << 20;

/// Creates one thread that repeatedly writes all of the memory and pauses.
pub(crate) fn prepare(request: &cli::Memory) -> Result<Load, String> {
    let bytes = request.size;
    let too_much = || format!("can't allocate {bytes} bytes");
    let length = usize::try_from(bytes).map_err(|_| too_much())?;
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(length).map_err(|_| too_much())?;
    let (time, pause) = (clock::ns(request.end.time), clock::ns(request.pause));
    let ((allocated, allocated_shown), (passes, passes_shown)) = (counter(), counter());
    let work: Work = Box::new(move |start| {
        clock::sleep_until(start)?;
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        while clock::now()? < start + time {
            let mut at = 0;
            while at < length && clock::now()? < start + time {
                let end = (at + CHUNK).min(length);
                memory.resize(memory.len().max(end), 0);
                random.fill(&mut memory[at..end]);
                allocated.store(memory.len() as u64, Ordering::Relaxed);
                at = end;
            }
            if at == length {
                passes.fetch_add(1, Ordering::Relaxed);
            }
            clock::sleep_until((clock::now()? + pause).min(start + time))?;
        }
        Ok(())
    });
    Ok(Load {
        name: "memory",
        time: request.end.time,
        works: vec![work],
        figures: vec![
            Figure {
                name: "held_bytes",
                requested: Some(Box::new(move |_| bytes)),
                counters: vec![allocated_shown],
                each: 1,
            },
            Figure {
                name: "passes",
                requested: None,
                counters: vec![passes_shown],
                each: 1,
            },
        ],
    })
}

/// xorshift64, a generator of data that no host can merge or compress. It needs no source of
/// randomness.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Fills a buffer with the next values.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for eight in bytes.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            eight.copy_from_slice(&self.0.to_ne_bytes()[..eight.len()]);
        }
    }
}
