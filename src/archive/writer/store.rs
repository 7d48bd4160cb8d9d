//! The last stage of writing: frames become packs, packs become commits. One thread owns the write transaction.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, WriteTransaction};

use crate::archive::error::{Damage, Error};
use crate::archive::extent::Extent;
use crate::archive::frame::PackedFrame;
use crate::archive::id::{ChunkNumber, ChunkRun, PackId};
use crate::archive::ids::Known;
use crate::archive::index::{self, Prefix};
use crate::archive::pack::{self, OpenPack, Pack};
use crate::archive::writer::known::Pending;
use crate::archive::{codec, ids, seal, tables};

/// A commit is made after so many bytes of packs, …
const COMMIT_BYTES: usize = 64 << 20;
/// … or so many chunks, so that what is pending stays small.
const COMMIT_CHUNKS: usize = 256 << 10;
/// Packs that are filled side by side, so that a frame finds one that it fits into well.
const PACKS_OPEN: usize = 4;
/// A pack with less room is as good as full.
const ROOM_MIN: usize = 2 << 10;
/// A pack with so much room at the end of a run is filled up by the next one.
const ROOM_REOPEN: usize = 32 << 10;
const TAIL: &str = "tail";

/// Writes packs.
pub struct Store {
    database: Arc<Database>,
    pending: Arc<Pending>,
    transaction: Option<WriteTransaction>,
    open: Vec<OpenPack>,
    next: PackId,
    /// Of the commit that is being gathered.
    bytes: usize,
    chunks: Vec<(ChunkNumber, Known)>,
    /// Bytes that all new frames take.
    pub bytes_stored: u64,
}

impl Store {
    /// # Errors
    /// When the packs that have room cannot be read.
    pub fn new(database: Arc<Database>, pending: Arc<Pending>) -> Result<Self, Error> {
        let transaction = database.begin_read()?;
        let last = transaction.open_table(tables::PACKS)?.last()?.map_or(0, |(id, _)| id.value());
        let open = reopen(&transaction)?;
        Ok(Self {
            database,
            pending,
            transaction: None,
            open,
            next: PackId(last + 1),
            bytes: 0,
            chunks: Vec::new(),
            bytes_stored: 0,
        })
    }

    /// Takes frames until there are no more.
    ///
    /// # Errors
    /// When a pack cannot be written.
    pub fn run(mut self, frames: &Receiver<PackedFrame>) -> Result<Self, Error> {
        for frame in frames {
            self.place(frame)?;
        }
        Ok(self)
    }

    /// Puts a frame into the open pack that it fills best.
    fn place(&mut self, frame: PackedFrame) -> Result<(), Error> {
        let cost = pack::cost(&frame);
        self.bytes_stored += cost as u64;
        let fits = |(_, pack): &(usize, &OpenPack)| pack.room() >= cost;
        let best = self.open.iter().enumerate().filter(fits).min_by_key(|(_, pack)| pack.room()).map(|(at, _)| at);
        let at = match best {
            Some(at) => at,
            None => {
                if self.open.len() == PACKS_OPEN {
                    self.write_fullest()?;
                }
                self.open.push(OpenPack::new(self.next));
                self.next = PackId(self.next.0 + 1);
                self.open.len() - 1
            }
        };
        self.open[at].push(frame);
        if self.open[at].room() < ROOM_MIN {
            let full = self.open.swap_remove(at);
            self.write(&full)?;
        }
        Ok(())
    }

    fn write_fullest(&mut self) -> Result<(), Error> {
        let fullest = self.open.iter().enumerate().min_by_key(|(_, pack)| pack.room()).map(|(at, _)| at);
        match fullest {
            Some(at) => {
                let full = self.open.swap_remove(at);
                self.write(&full)
            }
            None => Ok(()),
        }
    }

    fn write(&mut self, pack: &OpenPack) -> Result<(), Error> {
        if !pack.is_changed() {
            return Ok(());
        }
        let bytes = pack.seal();
        let transaction = match &mut self.transaction {
            Some(transaction) => transaction,
            none => none.insert(tables::begin_write(&self.database)?),
        };
        write_pack(transaction, pack, &bytes)?;
        for frame in &pack.frames[pack.frames_stored..] {
            let numbers = frame.entry.numbers.iter().copied().flat_map(ChunkRun::numbers);
            let known = frame.ids.iter().zip(&frame.value_checks);
            self.chunks
                .extend(numbers.zip(known.map(|(id, value_check)| Known { id: *id, value_check: *value_check })));
        }
        self.bytes += bytes.len();
        if self.bytes >= COMMIT_BYTES || self.chunks.len() >= COMMIT_CHUNKS {
            self.commit()?;
        }
        Ok(())
    }

    /// Commits what was written since the last commit.
    ///
    /// # Errors
    /// When the database refuses; then whether it was committed is unknown.
    pub fn commit(&mut self) -> Result<(), Error> {
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

    /// Writes what is left, into as few packs as it fits; then `last` writes what makes it visible, and everything is
    /// committed at once.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn finish(mut self, last: impl FnOnce(&WriteTransaction, u64) -> Result<(), Error>) -> Result<(), Error> {
        let tail = self.consolidate();
        for pack in &tail {
            self.write(pack)?;
        }
        let transaction = match self.transaction.take() {
            Some(transaction) => transaction,
            None => tables::begin_write(&self.database)?,
        };
        let with_room: Vec<PackId> =
            tail.iter().filter(|pack| pack.room() >= ROOM_REOPEN).map(|pack| pack.id).collect();
        let sealed = seal::seal("meta", TAIL.as_bytes(), codec::encode(&with_room));
        transaction.open_table(tables::META)?.insert(TAIL, sealed.as_slice())?;
        last(&transaction, self.bytes_stored)?;
        self.transaction = Some(transaction);
        self.commit()
    }

    /// Moves the new frames of the open packs together, the largest first.
    fn consolidate(&mut self) -> Vec<OpenPack> {
        let mut packs = std::mem::take(&mut self.open);
        let mut frames: Vec<PackedFrame> = packs.iter_mut().flat_map(OpenPack::take_new).collect();
        frames.sort_by_key(|frame| std::cmp::Reverse(frame.stored.len()));
        packs.sort_by_key(|pack| (std::cmp::Reverse(pack.frames_stored), pack.id));
        for frame in frames {
            let cost = pack::cost(&frame);
            let pack = packs.iter_mut().find(|pack| pack.room() >= cost);
            match pack {
                Some(pack) => pack.push(frame),
                None => {
                    let mut pack = OpenPack::new(self.next);
                    self.next = PackId(self.next.0 + 1);
                    pack.push(frame);
                    packs.push(pack);
                }
            }
        }
        packs.retain(|pack| !pack.frames.is_empty());
        packs
    }
}

fn write_pack(transaction: &WriteTransaction, pack: &OpenPack, bytes: &[u8]) -> Result<(), Error> {
    transaction.open_table(tables::PACKS)?.insert(pack.id.0, bytes)?;
    let mut extents = transaction.open_table(tables::EXTENTS)?;
    Extent::of_entries(pack.id, pack.frames.iter().map(|frame| &frame.entry))
        .try_for_each(|extent| extent.insert(&mut extents))
}

/// The packs that the last run left with room.
fn reopen(transaction: &redb::ReadTransaction) -> Result<Vec<OpenPack>, Error> {
    let meta = transaction.open_table(tables::META)?;
    let Some(value) = meta.get(TAIL)? else { return Ok(Vec::new()) };
    let damaged = || Damage::Value { table: "meta", key: TAIL.to_owned() };
    let bytes = seal::open("meta", TAIL.as_bytes(), value.value()).map_err(|_| damaged())?;
    let tail: Vec<PackId> = codec::decode(bytes).map_err(|_| damaged())?;
    let packs = transaction.open_table(tables::PACKS)?;
    let mut open = Vec::new();
    for id in tail.into_iter().take(PACKS_OPEN) {
        let Some(bytes) = packs.get(id.0)? else { continue };
        // A damaged pack stays as it is, for others to find; what is new goes elsewhere.
        let Ok(pack) = Pack::open(id, bytes.value()) else { continue };
        open.push(OpenPack::reopened(id, &pack));
    }
    Ok(open)
}
