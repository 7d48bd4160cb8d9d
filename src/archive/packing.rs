//! Frames find their packs: a few packs are filled side by side, so that each frame finds one that it fits into well.

use redb::{ReadTransaction, ReadableTable as _, WriteTransaction};

use crate::archive::error::{Damage, Error};
use crate::archive::extent::Extent;
use crate::archive::frame::PackedFrame;
use crate::archive::id::PackId;
use crate::archive::pack::{self, OpenPack, Pack};
use crate::archive::{codec, seal, tables};

/// Packs that are filled side by side.
const PACKS_OPEN: usize = 4;
/// A pack with less room is as good as full.
const ROOM_MIN: usize = 2 << 10;
/// A pack with so much room at the end of a run is filled up by the next one.
const ROOM_REOPEN: usize = 32 << 10;
const TAIL: &str = "tail";

/// The packs that are being filled.
#[derive(Debug)]
pub struct OpenPacks {
    open: Vec<OpenPack>,
    next: PackId,
}

impl OpenPacks {
    /// Begins with the packs that the last run left with room.
    ///
    /// # Errors
    /// When the table of packs or the list of those with room cannot be read.
    pub fn reopen(transaction: &ReadTransaction) -> Result<Self, Error> {
        let packs = transaction.open_table(tables::PACKS)?;
        let last = packs.last()?.map_or(0, |(id, _)| id.value());
        let mut open = Vec::new();
        for id in with_room(transaction)?.into_iter().take(PACKS_OPEN) {
            let Some(bytes) = packs.get(id.0)? else { continue };
            // A damaged pack stays as it is, for others to find; what is new goes elsewhere.
            let Ok(pack) = Pack::open(id, bytes.value()) else { continue };
            open.push(OpenPack::reopened(id, &pack));
        }
        Ok(Self { open, next: PackId(last + 1) })
    }

    /// Puts a frame into the open pack that it fills best; gives back the packs that are full.
    pub fn place(&mut self, frame: PackedFrame) -> Vec<OpenPack> {
        let cost = pack::cost(&frame);
        let mut full = Vec::new();
        let fits = |(_, pack): &(usize, &OpenPack)| pack.room() >= cost;
        let best = self.open.iter().enumerate().filter(fits).min_by_key(|(_, pack)| pack.room()).map(|(at, _)| at);
        let at = match best {
            Some(at) => at,
            None => {
                if self.open.len() == PACKS_OPEN {
                    full.extend(self.take_fullest());
                }
                let pack = self.begin();
                self.open.push(pack);
                self.open.len() - 1
            }
        };
        self.open[at].push(frame);
        if self.open[at].room() < ROOM_MIN {
            full.push(self.open.swap_remove(at));
        }
        full
    }

    fn begin(&mut self) -> OpenPack {
        let pack = OpenPack::new(self.next);
        self.next = PackId(self.next.0 + 1);
        pack
    }

    fn take_fullest(&mut self) -> Option<OpenPack> {
        let fullest = self.open.iter().enumerate().min_by_key(|(_, pack)| pack.room()).map(|(at, _)| at)?;
        Some(self.open.swap_remove(fullest))
    }

    /// Moves the new frames of the open packs together, the largest first, into as few packs as they fit into. Those
    /// stay open.
    pub fn consolidate(&mut self) {
        let mut packs = std::mem::take(&mut self.open);
        let mut frames: Vec<PackedFrame> = packs.iter_mut().flat_map(OpenPack::take_new).collect();
        frames.sort_by_key(|frame| std::cmp::Reverse(frame.stored.len()));
        packs.sort_by_key(|pack| (std::cmp::Reverse(pack.frames_stored), pack.id));
        for frame in frames {
            let cost = pack::cost(&frame);
            match packs.iter_mut().find(|pack| pack.room() >= cost) {
                Some(pack) => pack.push(frame),
                None => {
                    let mut pack = self.begin();
                    pack.push(frame);
                    packs.push(pack);
                }
            }
        }
        packs.retain(|pack| !pack.frames.is_empty());
        self.open = packs;
    }

    /// The open packs.
    pub fn iter(&self) -> impl Iterator<Item = &OpenPack> {
        self.open.iter()
    }

    /// Everything in the open packs has been written; they may still be filled.
    pub fn written(&mut self) {
        self.open.retain(|pack| pack.room() >= ROOM_REOPEN);
        for pack in &mut self.open {
            pack.frames_stored = pack.frames.len();
        }
    }

    /// Packs that are rewritten or dropped are not filled any more.
    pub fn close(&mut self, is_gone: impl Fn(PackId) -> bool) {
        self.open.retain(|pack| !is_gone(pack.id));
    }

    /// Notes which packs have room, for the next run to fill.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn note(&self, transaction: &WriteTransaction) -> Result<(), Error> {
        let with_room: Vec<PackId> =
            self.open.iter().filter(|pack| pack.room() >= ROOM_REOPEN).map(|pack| pack.id).collect();
        let sealed = seal::seal("meta", TAIL.as_bytes(), codec::encode(&with_room));
        transaction.open_table(tables::META)?.insert(TAIL, sealed.as_slice())?;
        Ok(())
    }
}

/// The packs that the last run left with room.
///
/// # Errors
/// When the list of them cannot be read.
pub fn with_room(transaction: &ReadTransaction) -> Result<Vec<PackId>, Error> {
    let meta = transaction.open_table(tables::META)?;
    let Some(value) = meta.get(TAIL)? else { return Ok(Vec::new()) };
    let damaged = || Damage::Value { table: "meta", key: TAIL.to_owned() };
    let bytes = seal::open("meta", TAIL.as_bytes(), value.value()).map_err(|_| damaged())?;
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}

/// Writes a pack and the extents of its chunks; the bytes it takes.
///
/// # Errors
/// When the database refuses.
pub fn write(transaction: &WriteTransaction, pack: &OpenPack) -> Result<usize, Error> {
    let bytes = pack.seal();
    transaction.open_table(tables::PACKS)?.insert(pack.id.0, &bytes[..])?;
    let mut extents = transaction.open_table(tables::EXTENTS)?;
    Extent::of_entries(pack.id, pack.frames.iter().map(|frame| &frame.entry))
        .try_for_each(|extent| extent.insert(&mut extents))?;
    Ok(bytes.len())
}
