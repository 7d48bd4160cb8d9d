//! What the archive already holds, as a writer asks: mostly "is this the chunk after the last one?", which compares two
//! ids; else the index, behind a filter that answers nearly every "no" from memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastbloom::BloomFilter;
use redb::{Database, ReadOnlyTable, ReadableDatabase as _};

use crate::archive::database::OpenDatabase;
use crate::archive::error::Error;
use crate::archive::file::ArchiveMut;
use crate::archive::id::{ChunkId, ChunkNumber};
use crate::archive::ids::{self, IdRun, Known};
use crate::archive::index::{self, IndexRun, Prefix};
use crate::archive::tables;

/// Bits of the filter for each chunk: less than one in a hundred misses passes it.
const FILTER_BITS: usize = 10;
/// Chunks that the filter has room for beyond those of the archive.
const FILTER_NEW: usize = 1 << 20;
/// The filter never grows beyond this: 32 MiB, good for 27 million chunks.
const FILTER_BITS_MAX: usize = 32 << 23;
/// Chunks that have a number but are not committed yet; shared with the thread that commits them.
#[derive(Debug, Default)]
pub struct Pending(Mutex<PendingChunks>);

#[derive(Debug, Default)]
struct PendingChunks {
    chunks: HashMap<ChunkId, (ChunkNumber, u64)>,
    commits: u64,
}

impl Pending {
    fn lock(&self) -> MutexGuard<'_, PendingChunks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These chunks can be found in the archive from now on.
    pub fn committed(&self, ids: impl Iterator<Item = ChunkId>) {
        let mut pending = self.lock();
        for id in ids {
            pending.chunks.remove(&id);
        }
        pending.commits += 1;
    }
}

/// A view of one commit.
struct View {
    ids: ReadOnlyTable<u64, &'static [u8]>,
    index: ReadOnlyTable<(u32, u64), &'static [u8]>,
    runs: Vec<IndexRun>,
}

impl View {
    fn new(database: &Database) -> Result<Self, Error> {
        let transaction = database.begin_read()?;
        Ok(Self {
            ids: transaction.open_table(tables::IDS)?,
            index: transaction.open_table(tables::INDEX)?,
            runs: index::runs(&transaction.open_table(tables::META)?)?,
        })
    }
}

/// Answers whether chunks are known. Used by one thread.
pub struct KnownChunks {
    database: Arc<OpenDatabase>,
    pending: Arc<Pending>,
    view: View,
    /// The commit that the view shows.
    commits: u64,
    filter: BloomFilter,
    /// The runs of ids used last, the last one first.
    near: VecDeque<IdRun>,
}

/// Runs of ids that are kept at hand.
const NEAR: usize = 16;

impl KnownChunks {
    /// # Errors
    /// When the index cannot be read.
    pub fn new(archive: &ArchiveMut, pending: Arc<Pending>) -> Result<Self, Error> {
        let database = Arc::clone(&archive.database);
        let view = View::new(&database)?;
        let chunks: u64 = view.runs.iter().map(|run| run.entries).sum();
        let bits = (chunks as usize + FILTER_NEW).saturating_mul(FILTER_BITS).min(FILTER_BITS_MAX);
        let mut filter = BloomFilter::with_num_bits(bits).seed(&0).expected_items(chunks as usize + FILTER_NEW);
        for run in &view.runs {
            index::entries(&view.index, *run, |(prefix, _)| {
                filter.insert(&prefix);
            })?;
        }
        Ok(Self { database, pending, view, commits: 0, filter, near: VecDeque::new() })
    }

    /// What is known of the chunk with this number; `None` while it is not committed.
    ///
    /// # Errors
    /// When a row is damaged.
    pub fn at(&mut self, number: ChunkNumber) -> Result<Option<Known>, Error> {
        if let Some(at) = self.near.iter().position(|run| run.get(number).is_some()) {
            self.near.swap(0, at);
            return Ok(self.near[0].get(number));
        }
        let Some(run) = ids::find(&self.view.ids, number)? else { return Ok(None) };
        let known = run.get(number);
        self.near.truncate(NEAR - 1);
        self.near.push_front(run);
        Ok(known)
    }

    /// The number and value check of the chunk with this id, if it is known.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn find(&mut self, id: &ChunkId) -> Result<Option<(ChunkNumber, u64)>, Error> {
        let prefix = Prefix::from(id);
        if !self.filter.contains(&prefix) {
            return Ok(None);
        }
        let commits = {
            let pending = self.pending.lock();
            if let Some(found) = pending.chunks.get(id) {
                return Ok(Some(*found));
            }
            pending.commits
        };
        if commits != self.commits {
            self.view = View::new(&self.database)?;
            self.commits = commits;
        }
        let mut candidates = Vec::new();
        index::candidates(&self.view.index, &self.view.runs, prefix, &mut candidates)?;
        for number in candidates {
            if let Some(known) = self.at(number)?.filter(|known| known.id == *id) {
                return Ok(Some((number, known.value_check)));
            }
        }
        Ok(None)
    }

    /// A new chunk has got its number.
    pub fn add(&mut self, id: ChunkId, number: ChunkNumber, value_check: u64) {
        self.filter.insert(&Prefix::from(&id));
        self.pending.lock().chunks.insert(id, (number, value_check));
    }
}
