//! The last stage of writing: frames become packs, packs become commits. One thread owns the write transaction.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, never, select};
use redb::{ReadableDatabase as _, WriteTransaction};

use crate::archive::database::OpenDatabase;
use crate::archive::drafts::Draft;
use crate::archive::error::Error;
use crate::archive::frame::PackedFrame;
use crate::archive::id::{ChunkNumber, ChunkRun};
use crate::archive::ids::Known;
use crate::archive::index::{self, Prefix};
use crate::archive::pack::{self, OpenPack};
use crate::archive::packing::{self, OpenPacks};
use crate::archive::writer::checkpoint::{Checkpoint, Watermark};
use crate::archive::writer::known::Pending;
use crate::archive::{ids, tables};
use crate::model::event::{Event, Observer};

/// A commit is made after so many bytes of packs, …
const COMMIT_BYTES: usize = 64 << 20;
/// … or so many chunks, so that what is pending stays small.
const COMMIT_CHUNKS: usize = 256 << 10;

/// Writes packs.
pub struct Store {
    packs: OpenPacks,
    batch: Batch,
    /// Bytes that all new frames take.
    pub bytes_stored: u64,
    observer: Option<Arc<dyn Observer + Send + Sync>>,
    draft: Option<Draft>,
    arrived: Watermark,
    /// Checkpoints that are not reached yet.
    coming: VecDeque<Checkpoint>,
}

/// The commit that is being gathered.
struct Batch {
    database: Arc<OpenDatabase>,
    pending: Arc<Pending>,
    transaction: Option<WriteTransaction>,
    bytes: usize,
    chunks: Vec<(ChunkNumber, Known)>,
}

impl Store {
    /// A store of chunks from `next` on, which keeps a draft up to date if there is one.
    ///
    /// # Errors
    /// When the packs that have room cannot be read.
    pub fn new(
        database: Arc<OpenDatabase>,
        pending: Arc<Pending>,
        next: ChunkNumber,
        draft: Option<Draft>,
    ) -> Result<Self, Error> {
        let packs = OpenPacks::reopen(&database.begin_read()?)?;
        let batch = Batch { database, pending, transaction: None, bytes: 0, chunks: Vec::new() };
        let bytes_stored = draft.as_ref().map_or(0, |draft| draft.bytes_stored);
        let (arrived, coming) = (Watermark::new(next), VecDeque::new());
        Ok(Self { packs, batch, bytes_stored, observer: None, draft, arrived, coming })
    }

    /// Tells how much it stores.
    #[must_use]
    pub fn telling(mut self, observer: Arc<dyn Observer + Send + Sync>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// A store of chunks that have their numbers from elsewhere.
    ///
    /// # Errors
    /// When the packs that have room cannot be read.
    pub fn of_numbered(database: Arc<OpenDatabase>) -> Result<Self, Error> {
        // Nothing waits for any of them to arrive.
        Self::new(database, Arc::default(), ChunkNumber(u64::MAX), None)
    }

    /// Takes frames until there are no more.
    ///
    /// # Errors
    /// When a pack cannot be written.
    pub fn run(mut self, frames: &Receiver<PackedFrame>, mut checkpoints: Receiver<Checkpoint>) -> Result<Self, Error> {
        loop {
            select! {
                recv(frames) -> frame => match frame {
                    Ok(frame) => self.place(frame)?,
                    Err(_) => {
                        self.coming.extend(checkpoints.try_iter());
                        self.reach()?;
                        return Ok(self);
                    }
                },
                recv(checkpoints) -> checkpoint => match checkpoint {
                    Ok(checkpoint) => self.coming.push_back(checkpoint),
                    Err(_) => checkpoints = never(),
                },
            }
            self.reach()?;
        }
    }

    /// Commits up to the last checkpoint before which nothing is missing.
    fn reach(&mut self) -> Result<(), Error> {
        let mut is_reached = false;
        while self.coming.front().is_some_and(|next| self.arrived.has_reached(next.upto))
            && let Some(checkpoint) = self.coming.pop_front()
        {
            if !std::mem::replace(&mut is_reached, true) {
                self.packs.iter().try_for_each(|pack| self.batch.write(pack))?;
            }
            if let Some(draft) = &mut self.draft {
                draft.state = checkpoint.state;
                draft.bytes_new = checkpoint.bytes_new;
                draft.bytes_stored = self.bytes_stored;
                draft.add(self.batch.transaction()?, &checkpoint.rows)?;
            }
        }
        if !is_reached {
            return Ok(());
        }
        self.packs.written();
        self.packs.note(self.batch.transaction()?)?;
        self.batch.commit()
    }

    /// Takes a frame; commits when there is enough.
    ///
    /// # Errors
    /// When a pack cannot be written.
    pub fn place(&mut self, frame: PackedFrame) -> Result<(), Error> {
        frame.entry.numbers.iter().for_each(|run| self.arrived.add(*run));
        let bytes = pack::cost(&frame) as u64;
        self.bytes_stored += bytes;
        if let Some(observer) = &self.observer {
            observer.observe(Event::Stored { bytes });
        }
        self.packs.place(frame).iter().try_for_each(|full| self.batch.write(full))
    }

    /// Writes what is left, into as few packs as it fits; then `last` writes what makes it visible, and everything is
    /// committed at once.
    ///
    /// # Errors
    /// When the database refuses; then whether it was committed is unknown.
    pub fn finish(mut self, last: impl FnOnce(&WriteTransaction, u64) -> Result<(), Error>) -> Result<(), Error> {
        self.packs.consolidate();
        self.packs.iter().try_for_each(|pack| self.batch.write(pack))?;
        let transaction = self.batch.transaction()?;
        self.packs.note(transaction)?;
        last(transaction, self.bytes_stored)?;
        self.batch.commit()
    }
}

impl Batch {
    fn transaction(&mut self) -> Result<&WriteTransaction, Error> {
        Ok(match &mut self.transaction {
            Some(transaction) => transaction,
            none => none.insert(tables::begin_write(&self.database)?),
        })
    }

    fn write(&mut self, pack: &OpenPack) -> Result<(), Error> {
        if !pack.is_changed() {
            return Ok(());
        }
        self.bytes += packing::write(self.transaction()?, pack)?;
        for frame in &pack.frames[pack.frames_stored..] {
            let numbers = frame.entry.numbers.iter().copied().flat_map(ChunkRun::numbers);
            self.chunks.extend(numbers.zip(frame.known.iter().copied()));
        }
        if self.bytes >= COMMIT_BYTES || self.chunks.len() >= COMMIT_CHUNKS {
            self.commit()?;
        }
        Ok(())
    }

    /// Commits what was written since the last commit.
    fn commit(&mut self) -> Result<(), Error> {
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        self.chunks.sort_unstable_by_key(|(number, _)| *number);
        ids::insert(&mut transaction.open_table(tables::IDS)?, &self.chunks)?;
        let entries = self.chunks.iter().map(|(number, known)| (Prefix::from(&known.id), *number)).collect();
        index::add(&transaction, entries)?;
        transaction.commit()?;
        self.pending.committed(self.chunks.drain(..).map(|(_, known)| known.id));
        self.bytes = 0;
        Ok(())
    }
}
