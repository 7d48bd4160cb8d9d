//! Extents: where the chunks of a run of numbers stand. Derived from the packs' directories.

use bincode::{Decode, Encode};
use redb::ReadableTable;

use crate::archive::error::{Damage, Error};
use crate::archive::frame::FrameEntry;
use crate::archive::id::{ChunkNumber, ChunkRun, PackId};
use crate::archive::{codec, seal, tables};

/// A run of chunk numbers that stand side by side in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub run: ChunkRun,
    pub place: Place,
}

/// Where the first chunk of an extent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    pub pack: PackId,
    /// The frame's position in the pack.
    pub frame: u32,
    /// The chunk's position in the frame.
    pub slot: u32,
}

#[derive(Encode, Decode)]
struct StoredExtent {
    place: Place,
    count: u64,
}

impl Extent {
    /// The slot of a chunk of this extent.
    #[must_use]
    pub fn slot(&self, number: ChunkNumber) -> Option<usize> {
        let ahead = number.0.checked_sub(self.run.first.0).filter(|ahead| *ahead < self.run.count)?;
        Some(self.place.slot as usize + ahead as usize)
    }

    /// Every extent that a pack's directory tells.
    pub fn of_entries<'a>(pack: PackId, entries: impl Iterator<Item = &'a FrameEntry>) -> impl Iterator<Item = Self> {
        (0..).zip(entries).flat_map(move |(frame, entry)| {
            entry.numbers.iter().scan(0, move |slot, run| {
                let place = Place { pack, frame, slot: *slot };
                *slot += run.count as u32;
                Some(Self { run: *run, place })
            })
        })
    }

    /// Takes the rows of a pack's extents away.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn remove_all<'a>(
        entries: impl Iterator<Item = &'a FrameEntry>,
        table: &mut redb::Table<'_, u64, &[u8]>,
    ) -> Result<(), Error> {
        for run in entries.flat_map(|entry| &entry.numbers) {
            table.remove(run.first.0)?;
        }
        Ok(())
    }

    /// Writes the extent's row.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn insert(&self, table: &mut redb::Table<'_, u64, &[u8]>) -> Result<(), Error> {
        let first = self.run.first.0;
        let value = codec::encode(&StoredExtent { place: self.place, count: self.run.count });
        table.insert(first, seal::seal("extents", &tables::key_of(first), value).as_slice())?;
        Ok(())
    }
}

/// The extent that holds a chunk.
///
/// # Errors
/// When there is none, or its row is damaged.
pub fn find(table: &impl ReadableTable<u64, &'static [u8]>, number: ChunkNumber) -> Result<Extent, Error> {
    let (key, value) = table.range(..=number.0)?.next_back().ok_or(Damage::NoChunk(number.0))??;
    let extent = decode(key.value(), value.value())?;
    if extent.slot(number).is_some() { Ok(extent) } else { Err(Damage::NoChunk(number.0).into()) }
}

/// A row of the table.
///
/// # Errors
/// When the row is damaged.
pub fn decode(first: u64, sealed: &[u8]) -> Result<Extent, Error> {
    let damaged = || Damage::Value { table: "extents", key: first.to_string() };
    let bytes = seal::open("extents", &tables::key_of(first), sealed).map_err(|_| damaged())?;
    let StoredExtent { place, count } = codec::decode(bytes).map_err(|_| damaged())?;
    Ok(Extent { run: ChunkRun { first: ChunkNumber(first), count }, place })
}

/// The number after the last one that has an extent.
///
/// # Errors
/// When the last row is damaged.
pub fn next_number(table: &impl ReadableTable<u64, &'static [u8]>) -> Result<ChunkNumber, Error> {
    let Some((key, value)) = table.last()? else { return Ok(ChunkNumber(0)) };
    let last = decode(key.value(), value.value())?;
    Ok(last.run.first.plus(last.run.count))
}
