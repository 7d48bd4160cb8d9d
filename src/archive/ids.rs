//! The ids of the chunks of a pack, beside the pack: an import compares ids by the hundred thousand and must not read
//! the packs for that. Derived: each id can be computed again from its chunk.

use bincode::{Decode, Encode};

use crate::archive::error::{Damage, Error};
use crate::archive::id::{ChunkId, PackId};
use crate::archive::pack::OpenPack;
use crate::archive::{codec, seal, tables};

/// The ids of a pack's frames, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct PackIds {
    frames: Vec<FrameIds>,
}

/// The ids of a frame's chunks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct FrameIds {
    /// 16 bytes each.
    ids: Vec<u8>,
    /// The chunks that were first seen with volatile values: the distance of each slot to the one before.
    with_values: Vec<u32>,
    /// 8 bytes for each of those: a short hash of its values.
    checks: Vec<u8>,
}

/// What is known of a chunk without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub id: ChunkId,
    /// Short hash of the volatile values that it was first seen with; 0 for none.
    pub value_check: u64,
}

impl PackIds {
    #[must_use]
    pub fn of(pack: &OpenPack) -> Self {
        let frames = pack.frames.iter().map(|frame| FrameIds::new(&frame.ids, &frame.value_checks)).collect();
        Self { frames }
    }

    /// Every chunk of a frame; `None` where there is no such frame or it is malformed.
    #[must_use]
    pub fn frame(&self, frame: usize) -> Option<Vec<Known>> {
        let frame = self.frames.get(frame)?;
        let ids = frame.ids.as_chunks::<16>().0;
        let mut known: Vec<Known> = ids.iter().map(|id| Known { id: ChunkId(*id), value_check: 0 }).collect();
        let mut slot = 0;
        for (distance, check) in frame.with_values.iter().zip(frame.checks.as_chunks::<8>().0) {
            slot += *distance as usize;
            known.get_mut(slot)?.value_check = u64::from_le_bytes(*check);
        }
        Some(known)
    }

    /// Writes the row of a pack.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn insert(&self, table: &mut redb::Table<'_, u64, &[u8]>, pack: PackId) -> Result<(), Error> {
        let sealed = seal::seal("ids", &tables::key_of(pack.0), codec::encode(self));
        table.insert(pack.0, sealed.as_slice())?;
        Ok(())
    }

    /// Reads the row of a pack.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn read(table: &impl redb::ReadableTable<u64, &'static [u8]>, pack: PackId) -> Result<Self, Error> {
        let damaged = || Damage::Value { table: "ids", key: pack.to_string() };
        let value = table.get(pack.0)?.ok_or_else(damaged)?;
        let bytes = seal::open("ids", &tables::key_of(pack.0), value.value()).map_err(|_| damaged())?;
        Ok(codec::decode(bytes).map_err(|_| damaged())?)
    }
}

impl FrameIds {
    fn new(ids: &[ChunkId], value_checks: &[u64]) -> Self {
        let mut frame = Self { ids: ids.iter().flat_map(|id| id.0).collect(), with_values: Vec::new(), checks: Vec::new() };
        let mut last = 0;
        for (slot, check) in value_checks.iter().enumerate().filter(|(_, check)| **check != 0) {
            frame.with_values.push((slot - last) as u32);
            frame.checks.extend_from_slice(&check.to_le_bytes());
            last = slot;
        }
        frame
    }
}
