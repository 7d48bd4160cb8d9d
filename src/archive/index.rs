//! The chunk index: from the front of a chunk id to the numbers it may have. Derived from the ids, so its form is
//! chosen for speed and size: sorted runs of packed blocks, one run a commit, merged when there are many of a size. A
//! candidate counts only when the full id agrees.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bincode::{Decode, Encode};
use redb::{ReadableTable, Table, WriteTransaction};

use crate::archive::error::{Damage, Error};
use crate::archive::id::{ChunkId, ChunkNumber};
use crate::archive::seal::SEAL_BYTES;
use crate::archive::{codec, seal, tables};

/// Bytes of a chunk id that the index keeps; among ten million chunks one look in a hundred thousand finds a candidate
/// that is another chunk.
const PREFIX_BYTES: usize = 5;
/// A block fills a page of 4 KiB: less what redb needs for header and key, the seal, and the width.
const BLOCK_MAX: usize = 4096 - 20 - SEAL_BYTES - 1;
/// So many runs of one size are merged into one.
const FAN_IN: usize = 8;
/// Runs are of one size when their entries are in the same power of this.
const SIZE_STEP: u64 = 8;
const META_KEY: &str = "index";

/// The front of a chunk id, as a number that sorts like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(u64);

impl From<&ChunkId> for Prefix {
    fn from(id: &ChunkId) -> Self {
        let mut bytes = [0; 8];
        bytes[8 - PREFIX_BYTES..].copy_from_slice(&id.0[..PREFIX_BYTES]);
        Self(u64::from_be_bytes(bytes))
    }
}

/// An entry of the index.
pub type Entry = (Prefix, ChunkNumber);

/// A sorted run of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct IndexRun {
    id: u32,
    pub entries: u64,
}

/// The runs of an archive's index.
///
/// # Errors
/// When the row is damaged.
pub fn runs(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<Vec<IndexRun>, Error> {
    let Some(value) = meta.get(META_KEY)? else { return Ok(Vec::new()) };
    let damaged = || Damage::Value { table: "meta", key: META_KEY.to_owned() };
    let bytes = seal::open("meta", META_KEY.as_bytes(), value.value()).map_err(|_| damaged())?;
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}

/// The numbers that a chunk with this prefix may have.
///
/// # Errors
/// When a block is damaged.
pub fn candidates(
    table: &impl ReadableTable<(u32, u64), &'static [u8]>,
    runs: &[IndexRun],
    prefix: Prefix,
    found: &mut Vec<ChunkNumber>,
) -> Result<(), Error> {
    for run in runs {
        let Some(row) = table.range((run.id, 0)..=(run.id, prefix.0))?.next_back() else { continue };
        let (key, value) = row?;
        let block = Block::open(key.value(), value.value())?;
        let start = block.partition_point(prefix);
        found.extend(
            (start..block.len()).map(|at| block.entry(at)).take_while(|entry| entry.0 == prefix).map(|entry| entry.1),
        );
    }
    Ok(())
}

/// Hands over every entry of a run, in order.
///
/// # Errors
/// When a block is damaged.
pub fn entries(
    table: &impl ReadableTable<(u32, u64), &'static [u8]>,
    run: IndexRun,
    mut visit: impl FnMut(Entry),
) -> Result<(), Error> {
    for row in table.range((run.id, 0)..=(run.id, u64::MAX))? {
        let (key, value) = row?;
        let block = Block::open(key.value(), value.value())?;
        (0..block.len()).for_each(|at| visit(block.entry(at)));
    }
    Ok(())
}

/// Adds the chunks of a commit and merges runs where there are many.
///
/// # Errors
/// When the database refuses or a block that is merged is damaged.
pub fn add(transaction: &WriteTransaction, mut new: Vec<Entry>) -> Result<(), Error> {
    if new.is_empty() {
        return Ok(());
    }
    new.sort_unstable();
    let mut meta = transaction.open_table(tables::META)?;
    let mut table = transaction.open_table(tables::INDEX)?;
    let mut runs = runs(&meta)?;
    let mut next = runs.iter().map(|run| run.id + 1).max().unwrap_or(0);
    runs.push(write_run(&mut table, next, new.into_iter().map(Ok))?);
    while let Some(crowd) = crowd(&runs) {
        next += 1;
        let merged = merge(&mut table, next, &crowd, |_| true)?;
        runs.retain(|run| !crowd.contains(run));
        runs.push(merged);
    }
    note(&mut meta, &runs)
}

/// Leaves out the entries of chunks that are gone.
///
/// # Errors
/// When the database refuses or a block is damaged.
pub fn retain(transaction: &WriteTransaction, is_kept: impl Fn(ChunkNumber) -> bool) -> Result<(), Error> {
    let mut meta = transaction.open_table(tables::META)?;
    let mut table = transaction.open_table(tables::INDEX)?;
    let runs = runs(&meta)?;
    let Some(next) = runs.iter().map(|run| run.id + 1).max() else { return Ok(()) };
    let merged = merge(&mut table, next, &runs, is_kept)?;
    note(&mut meta, &[merged])
}

fn note(meta: &mut Table<'_, &'static str, &'static [u8]>, runs: &[IndexRun]) -> Result<(), Error> {
    let sealed = seal::seal("meta", META_KEY.as_bytes(), codec::encode(&runs.to_vec()));
    meta.insert(META_KEY, sealed.as_slice())?;
    Ok(())
}

/// The runs to merge: all of the smallest size that there are too many of.
fn crowd(runs: &[IndexRun]) -> Option<Vec<IndexRun>> {
    let size = |run: &IndexRun| run.entries.max(1).ilog(SIZE_STEP);
    let mut sizes: Vec<u32> = runs.iter().map(size).collect();
    sizes.sort_unstable();
    let crowded = sizes.windows(FAN_IN).find(|window| window.first() == window.last())?[0];
    Some(runs.iter().filter(|run| size(run) <= crowded).copied().collect())
}

fn merge(
    table: &mut Table<'_, (u32, u64), &'static [u8]>,
    id: u32,
    crowd: &[IndexRun],
    is_kept: impl Fn(ChunkNumber) -> bool,
) -> Result<IndexRun, Error> {
    let mut heap = BinaryHeap::new();
    let mut sources: Vec<RunReader> =
        crowd.iter().map(|run| RunReader { run: run.id, after: None, block: None, at: 0 }).collect();
    for (at, source) in sources.iter_mut().enumerate() {
        if let Some(entry) = source.next(table)? {
            heap.push(Reverse((entry, at)));
        }
    }
    let mut writer = RunWriter::new(id);
    while let Some(Reverse((entry, at))) = heap.pop() {
        if is_kept(entry.1) {
            writer.push(table, entry)?;
        }
        if let Some(entry) = sources[at].next(table)? {
            heap.push(Reverse((entry, at)));
        }
    }
    let merged = writer.finish(table)?;
    for run in crowd {
        table.retain_in((run.id, 0)..=(run.id, u64::MAX), |_, _| false)?;
    }
    Ok(merged)
}

fn write_run(
    table: &mut Table<'_, (u32, u64), &'static [u8]>,
    id: u32,
    entries: impl Iterator<Item = Result<Entry, Error>>,
) -> Result<IndexRun, Error> {
    let mut writer = RunWriter::new(id);
    for entry in entries {
        writer.push(table, entry?)?;
    }
    writer.finish(table)
}

/// Reads a run block by block while the table is written.
struct RunReader {
    run: u32,
    after: Option<u64>,
    block: Option<Vec<Entry>>,
    at: usize,
}

impl RunReader {
    fn next(&mut self, table: &impl ReadableTable<(u32, u64), &'static [u8]>) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(entry) = self.block.as_ref().and_then(|block| block.get(self.at)) {
                self.at += 1;
                return Ok(Some(*entry));
            }
            let from = match self.after {
                None => 0,
                Some(u64::MAX) => return Ok(None),
                Some(last) => last + 1,
            };
            let Some(row) = table.range((self.run, from)..=(self.run, u64::MAX))?.next() else { return Ok(None) };
            let (key, value) = row?;
            let block = Block::open(key.value(), value.value())?;
            self.after = Some(key.value().1);
            self.block = Some((0..block.len()).map(|at| block.entry(at)).collect());
            self.at = 0;
        }
    }
}

/// Writes a run block by block.
struct RunWriter {
    id: u32,
    entries: u64,
    block: Vec<Entry>,
    /// Bytes that the largest number so far needs.
    width: usize,
}

impl RunWriter {
    fn new(id: u32) -> Self {
        Self { id, entries: 0, block: Vec::new(), width: 1 }
    }

    fn push(&mut self, table: &mut Table<'_, (u32, u64), &'static [u8]>, entry: Entry) -> Result<(), Error> {
        self.entries += 1;
        self.width = self.width.max(width(entry.1));
        // Entries with one prefix stay in one block, so that looking into one is enough.
        let is_full = (self.block.len() + 1) * (PREFIX_BYTES + self.width) > BLOCK_MAX;
        if is_full && self.block.last().is_some_and(|last| last.0 != entry.0) {
            self.flush(table)?;
        }
        self.block.push(entry);
        Ok(())
    }

    fn flush(&mut self, table: &mut Table<'_, (u32, u64), &'static [u8]>) -> Result<(), Error> {
        let Some(first) = self.block.first() else { return Ok(()) };
        let key = (self.id, first.0.0);
        let width = self.block.iter().map(|entry| width(entry.1)).max().unwrap_or(1);
        let mut bytes = Vec::with_capacity(BLOCK_MAX + SEAL_BYTES + 1);
        bytes.push(width as u8);
        for (prefix, number) in &self.block {
            bytes.extend_from_slice(&prefix.0.to_be_bytes()[8 - PREFIX_BYTES..]);
            bytes.extend_from_slice(&number.0.to_be_bytes()[8 - width..]);
        }
        table.insert(key, seal::seal("index", &seal_key(key), bytes).as_slice())?;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self, table: &mut Table<'_, (u32, u64), &'static [u8]>) -> Result<IndexRun, Error> {
        self.flush(table)?;
        Ok(IndexRun { id: self.id, entries: self.entries })
    }
}

/// Bytes that a number needs.
fn width(number: ChunkNumber) -> usize {
    (8 - number.0.leading_zeros() as usize / 8).max(1)
}

fn seal_key(key: (u32, u64)) -> [u8; 16] {
    tables::pair_of(u64::from(key.0), key.1)
}

/// A block whose seal has been checked.
struct Block<'a> {
    entries: &'a [u8],
    entry_bytes: usize,
}

impl<'a> Block<'a> {
    fn open(key: (u32, u64), sealed: &'a [u8]) -> Result<Self, Error> {
        let damaged = || Damage::Value { table: "index", key: format!("{} {:#x}", key.0, key.1) };
        let bytes = seal::open("index", &seal_key(key), sealed).map_err(|_| damaged())?;
        let (width, entries) = bytes.split_first().filter(|(width, _)| (1..=8).contains(*width)).ok_or_else(damaged)?;
        Ok(Self { entries, entry_bytes: PREFIX_BYTES + usize::from(*width) })
    }

    fn len(&self) -> usize {
        self.entries.len() / self.entry_bytes
    }

    fn entry(&self, at: usize) -> Entry {
        let entry = &self.entries[at * self.entry_bytes..(at + 1) * self.entry_bytes];
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (Prefix(number(&entry[..PREFIX_BYTES])), ChunkNumber(number(&entry[PREFIX_BYTES..])))
    }

    /// The first entry that is not before `prefix`.
    fn partition_point(&self, prefix: Prefix) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.entry(middle).0 < prefix { low = middle + 1 } else { high = middle }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::{Database, ReadableDatabase as _};

    #[test]
    fn every_chunk_is_found_after_many_commits_and_merges() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let database = Database::create(file.path()).expect("an empty database");
        let id = |number: u64| ChunkId::of(&[7; 32], &number.to_le_bytes());
        let mut next = 0;
        for commit in 0..40 {
            let transaction = database.begin_write().expect("a transaction");
            let count = 100 + commit * 37;
            let new = (next..next + count).map(|number| (Prefix::from(&id(number)), ChunkNumber(number))).collect();
            next += count;
            add(&transaction, new).expect("the index takes entries");
            transaction.commit().expect("the commit");
        }
        let transaction = database.begin_read().expect("a view");
        let table = transaction.open_table(tables::INDEX).expect("the index");
        let runs = runs(&transaction.open_table(tables::META).expect("meta")).expect("the runs");
        assert!(runs.len() < 2 * FAN_IN, "{runs:?}");
        assert_eq!(runs.iter().map(|run| run.entries).sum::<u64>(), next);
        for number in 0..next {
            let mut found = Vec::new();
            candidates(&table, &runs, Prefix::from(&id(number)), &mut found).expect("an answer");
            assert_eq!(found, [ChunkNumber(number)]);
        }
        let mut found = Vec::new();
        candidates(&table, &runs, Prefix::from(&id(next)), &mut found).expect("an answer");
        assert_eq!(found, []);
    }
}
