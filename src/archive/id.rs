//! The names of things in an archive; each its own type.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use roaring::RoaringTreemap;

/// The content address of a chunk: the first 16 bytes of BLAKE3, keyed with the archive's key for the chunk's class.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId(pub [u8; 16]);

impl ChunkId {
    #[must_use]
    pub fn of(key: &[u8; 32], bytes: &[u8]) -> Self {
        let hash = blake3::keyed_hash(key, bytes);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        Self(id)
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// The number of a chunk: given in order of arrival, never given twice, and what recipes name. Neighbours in a payload
/// get neighbouring numbers, so a run of a thousand records is two integers in a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ChunkNumber(pub u64);

impl ChunkNumber {
    #[must_use]
    pub fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

/// Consecutive chunk numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ChunkRun {
    pub first: ChunkNumber,
    pub count: u64,
}

impl ChunkRun {
    /// Appends `number` to `runs`, lengthening the last run if it fits.
    pub fn push(runs: &mut Vec<Self>, number: ChunkNumber) {
        match runs.last_mut() {
            Some(last) if last.first.plus(last.count) == number => last.count += 1,
            _ => runs.push(Self { first: number, count: 1 }),
        }
    }

    /// From the first number to the one behind the last.
    #[must_use]
    pub fn range(self) -> std::ops::Range<u64> {
        self.first.0..self.first.0.saturating_add(self.count)
    }

    /// Those of its numbers that are in `set`, in order.
    pub fn in_set(self, set: &RoaringTreemap) -> impl Iterator<Item = u64> {
        let mut numbers = set.iter();
        numbers.advance_to(self.first.0);
        numbers.take_while(move |number| self.range().contains(number))
    }

    /// The numbers of the run.
    pub fn numbers(self) -> impl Iterator<Item = ChunkNumber> {
        (self.first.0..self.first.0.saturating_add(self.count)).map(ChunkNumber)
    }
}

/// The key of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PackId(pub u64);

impl fmt::Display for PackId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// The number of a snapshot: counts up from 1 within an archive, never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct SnapshotNumber(pub u64);

impl fmt::Display for SnapshotNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// The number of a run: one execution of a job that wrote to the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl FromStr for RunId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
