//! The records of snapshots, for comparing and searching: which chunks they are, and what stands in them. Equal chunks
//! are read once, whatever payloads and snapshots they stand in.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use redb::ReadOnlyTable;
use roaring::RoaringTreemap;

use crate::archive::chunks::{ChunkCursor, Chunks};
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::file::Archive;
use crate::archive::frame::Class;
use crate::archive::id::{ChunkId, ChunkNumber, ChunkRun};
use crate::archive::list::{Body, FileBody, Row};
use crate::archive::rebuild::Rebuilder;
use crate::archive::snapshot::Snapshot;
use crate::archive::{ids, tables};
use crate::model::path::EntryPath;
use crate::model::payload::{Outline, Splitter, volatile};

/// Records that a thread reads at a time.
const SHARE: u64 = 512;
/// Of a longer record only the digest is compared, and it is not searched.
const RECORD_MAX: usize = 64 << 20;

/// The records of an archive.
pub struct RecordReader {
    chunks: Chunks,
    ids: ReadOnlyTable<u64, &'static [u8]>,
    key: [u8; 32],
}

/// A payload, and where its records are.
pub struct Payload {
    pub path: EntryPath,
    pub body: FileBody,
    /// Its records in order, as far as they are chunks.
    pub runs: Vec<ChunkRun>,
}

impl Payload {
    /// Whether some of its records are no chunks: very long ones, and numbers and short texts. Then
    /// [`RecordReader::elements`] gives all of them.
    #[must_use]
    pub fn has_others(&self) -> bool {
        let chunks: u64 = self.runs.iter().map(|run| run.count).sum();
        self.body.records.as_ref().is_some_and(|records| records.count != chunks)
    }
}

/// An entry of a snapshot, for comparing.
pub enum Item {
    Payload(Payload),
    Other(Row),
}

impl RecordReader {
    /// # Errors
    /// When the archive cannot be read.
    pub fn of(archive: &Archive) -> Result<Self, Error> {
        let transaction = archive.read()?;
        let ids = guarded(|| transaction.open_table(tables::IDS))??;
        Ok(Self { chunks: Chunks::new(&transaction)?, ids, key: archive.header.chunk_key(Class::Records) })
    }

    /// The id that a record without its volatile values has, or would have, in this archive.
    #[must_use]
    pub fn id(&self, record: &[u8]) -> ChunkId {
        ChunkId::of(&self.key, record)
    }

    /// Hands over the ids of records.
    ///
    /// # Errors
    /// When an id is missing or damaged, or the first error of `visit`.
    pub fn ids<E: From<Error>>(
        &self,
        numbers: &RoaringTreemap,
        mut visit: impl FnMut(ChunkNumber, ChunkId) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut near: Option<ids::IdRun> = None;
        for number in numbers.iter().map(ChunkNumber) {
            let known = match near.as_ref().and_then(|run| run.get(number)) {
                Some(known) => known,
                None => {
                    near = guarded(|| ids::find(&self.ids, number)).and_then(|found| found)?;
                    let known = near.as_ref().and_then(|run| run.get(number));
                    known.ok_or_else(|| Error::from(Damage::NoChunk(number.0)))?
                }
            };
            visit(number, known.id)?;
        }
        Ok(())
    }

    /// Hands over every entry of a snapshot, payloads with the runs of their records.
    ///
    /// # Errors
    /// When a list or recipe is damaged, or the first error of `visit`.
    pub fn items<E: From<Error>>(
        &self,
        snapshot: &Snapshot,
        mut visit: impl FnMut(Item) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut recipes = Rebuilder::new(&self.chunks);
        Rebuilder::new(&self.chunks).rows(snapshot, |_, row| match row {
            Row { head, body: Body::File(body) } if body.records.is_some() => {
                let mut runs = Vec::new();
                recipes.pages(&body.recipe, |_, page| {
                    runs.extend(page.runs().filter(|(_, is_records)| *is_records).map(|(run, _)| run));
                    Ok::<(), Error>(())
                })?;
                visit(Item::Payload(Payload { path: head.path, body, runs }))
            }
            row => visit(Item::Other(row)),
        })
    }

    /// For reading records one by one.
    #[must_use]
    pub fn cursor(&self) -> ChunkCursor<'_> {
        ChunkCursor::new(&self.chunks)
    }

    /// Hands over the records with these numbers, without their volatile values; on all cores, in no order.
    ///
    /// # Errors
    /// When a chunk is missing or damaged, or the first error of `visit`.
    pub fn read<E: From<Error> + Send>(
        &self,
        numbers: &RoaringTreemap,
        visit: impl Fn(ChunkNumber, &[u8]) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let queue = Mutex::new(numbers.iter());
        let failed = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let done =
                        guarded(|| self.read_shares(&queue, &failed, &visit)).map_err(E::from).and_then(|done| done);
                    if let Err(error) = done {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                });
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn read_shares<E: From<Error>>(
        &self,
        queue: &Mutex<roaring::treemap::Iter<'_>>,
        failed: &Mutex<Option<E>>,
        visit: &impl Fn(ChunkNumber, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cursor = ChunkCursor::new(&self.chunks);
        loop {
            let share: Vec<u64> = {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                queue.by_ref().take(SHARE as usize).collect()
            };
            if share.is_empty() || failed.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                return Ok(());
            }
            for number in share.into_iter().map(ChunkNumber) {
                visit(number, cursor.chunk(number)?)?;
            }
        }
    }

    /// Hands over the records of a payload that are no chunks with their places, counted from 0, and without their
    /// volatile values.
    ///
    /// # Errors
    /// When the payload cannot be rebuilt, or the first error of `visit`.
    pub fn others<E: From<Error>>(
        &self,
        payload: &Payload,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut numbers = RoaringTreemap::new();
        for run in &payload.runs {
            numbers.insert_range(run.range());
        }
        let mut chunks = HashSet::new();
        self.ids(&numbers, |_, id| {
            chunks.insert(id);
            Ok::<(), Error>(())
        })?;
        self.elements(
            payload,
            |place, record| {
                if chunks.contains(&self.id(record)) { Ok(()) } else { visit(place, record) }
            },
        )
    }

    /// Hands over every element of a payload's arrays with its place, counted from 0, without its volatile values.
    ///
    /// # Errors
    /// When the payload cannot be rebuilt, or the first error of `visit`.
    pub fn elements<E: From<Error>>(
        &self,
        payload: &Payload,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut elements = Elements::default();
        let mut rebuilder = Rebuilder::new(&self.chunks);
        rebuilder.rebuild(&payload.path, &payload.body, |block| elements.feed(&block, &mut visit))
    }

    /// The plain bytes of an entry that is not longer than `max`; `None` if it is.
    ///
    /// # Errors
    /// When it cannot be rebuilt.
    pub fn whole(&self, path: &EntryPath, body: &FileBody, max: u64) -> Result<Option<Vec<u8>>, Error> {
        if body.size > max {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        Rebuilder::new(&self.chunks).rebuild(path, body, |block| {
            bytes.extend(block);
            Ok::<(), Error>(())
        })?;
        Ok(Some(bytes))
    }
}

/// The elements of a payload that comes in blocks.
#[derive(Default)]
pub struct Elements {
    splitter: Splitter,
    /// What is left of the blocks before, from the unfinished element on.
    carry: Vec<u8>,
    /// The place of the carry's first byte.
    start: u64,
    count: u64,
    /// The unfinished element is too long to be held.
    long: Option<blake3::Hasher>,
}

impl Elements {
    /// Takes the next block, and hands over the elements that end in it, with their places counted from 0 and without
    /// their volatile values. Of one that is too long to be held it is the digest.
    ///
    /// # Errors
    /// The first error of `visit`.
    pub fn feed<E>(&mut self, block: &[u8], visit: &mut impl FnMut(u64, &[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut marks = Vec::new();
        self.splitter.feed(block, &mut marks);
        self.carry.extend_from_slice(block);
        for mark in marks {
            let end = (mark.end - self.start) as usize;
            match self.long.take() {
                Some(mut hasher) => {
                    hasher.update(&self.carry[..end]);
                    visit(self.count, hasher.finalize().to_hex().as_bytes())?;
                }
                None => {
                    let record = &mut self.carry[(mark.start - self.start) as usize..end];
                    let mut record = record.to_vec();
                    let stripped = volatile::strip(&mut record, &mut Vec::new());
                    visit(self.count, &record[..stripped.len])?;
                }
            }
            self.count += 1;
        }
        let end = self.start + self.carry.len() as u64;
        let keep = self.splitter.open_element().unwrap_or(end).max(self.start);
        self.carry.drain(..(keep - self.start) as usize);
        self.start = keep;
        if self.carry.len() > RECORD_MAX || self.long.is_some() {
            self.long.get_or_insert_default().update(&self.carry);
            self.start += self.carry.len() as u64;
            self.carry.clear();
        }
        Ok(())
    }

    /// What the payload was.
    #[must_use]
    pub fn finish(self) -> Outline {
        self.splitter.finish()
    }
}
