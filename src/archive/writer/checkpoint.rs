//! Checkpoints: up to here everything is stored, so a draft may name it. Frames are compressed side by side and arrive
//! in any order; a checkpoint is reached when all chunks before it are there.

use std::collections::BTreeMap;

use crate::archive::drafts::Kept;
use crate::archive::id::{ChunkNumber, ChunkRun};

/// A point in the order of chunks, and what is complete there.
pub struct Checkpoint {
    /// All chunks below this number belong to it.
    pub upto: ChunkNumber,
    /// The entries that have become complete since the last one.
    pub rows: Vec<Kept>,
    /// For the job.
    pub state: Vec<u8>,
    /// Plain bytes that were not there before, since the draft began.
    pub bytes_new: u64,
}

/// The number below which every chunk has arrived.
pub struct Watermark {
    next: u64,
    /// Runs that have arrived ahead: first number, number after the last.
    ahead: BTreeMap<u64, u64>,
}

impl Watermark {
    pub fn new(next: ChunkNumber) -> Self {
        Self { next: next.0, ahead: BTreeMap::new() }
    }

    pub fn add(&mut self, run: ChunkRun) {
        self.ahead.insert(run.first.0, run.first.plus(run.count).0);
        while let Some(first) = self.ahead.first_entry().filter(|first| *first.key() <= self.next) {
            self.next = self.next.max(first.remove());
        }
    }

    pub fn has_reached(&self, number: ChunkNumber) -> bool {
        self.next >= number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_reached_when_nothing_before_it_is_missing() {
        let run = |first, count| ChunkRun { first: ChunkNumber(first), count };
        let mut mark = Watermark::new(ChunkNumber(10));
        assert!(mark.has_reached(ChunkNumber(10)) && !mark.has_reached(ChunkNumber(11)));
        mark.add(run(20, 5));
        mark.add(run(12, 3));
        assert!(!mark.has_reached(ChunkNumber(11)));
        mark.add(run(10, 2));
        assert!(mark.has_reached(ChunkNumber(15)) && !mark.has_reached(ChunkNumber(16)));
        mark.add(run(15, 5));
        assert!(mark.has_reached(ChunkNumber(25)) && !mark.has_reached(ChunkNumber(26)));
    }
}
