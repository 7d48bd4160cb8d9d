//! Packs checked one by one: by their BLAKE3, each chunk by its id.

use redb::{ReadTransaction, ReadableTable as _};

use crate::archive::check::Depth;
use crate::archive::error::{Damage, Error};
use crate::archive::file::Archive;
use crate::archive::frame::{Frame, FrameEntry};
use crate::archive::id::{ChunkId, ChunkRun, PackId};
use crate::archive::pack::Pack;
use crate::archive::{extent, ids, tables};

/// Every pack that there is or should be.
pub(super) fn all(transaction: &ReadTransaction) -> Result<Vec<PackId>, Error> {
    let table = transaction.open_table(tables::EXTENTS)?;
    let mut ids: Vec<PackId> = Vec::new();
    for row in table.iter()? {
        let (first, sealed) = row?;
        // A damaged extent is told where extents are looked at.
        if let Ok(extent) = extent::decode(first.value(), sealed.value()) {
            ids.push(extent.place.pack);
        }
    }
    for row in transaction.open_table(tables::PACKS)?.range::<u64>(..)? {
        ids.push(PackId(row?.0.value()));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// What was seen of a pack.
#[derive(Default)]
pub(super) struct PackSeen {
    pub chunks: u64,
    pub bytes: u64,
    /// What cannot be read, and why.
    pub damaged: Vec<(ChunkRun, Damage)>,
}

pub(super) fn check(
    archive: &Archive,
    transaction: &ReadTransaction,
    id: PackId,
    depth: Depth,
) -> Result<PackSeen, Error> {
    let table = transaction.open_table(tables::PACKS)?;
    let mut seen = PackSeen::default();
    let Some(bytes) = table.get(id.0)? else {
        return lost(transaction, id, Damage::NoPack(id), seen);
    };
    if depth == Depth::Structure {
        return Ok(seen);
    }
    let Ok(pack) = Pack::open(id, bytes.value()) else {
        return lost(transaction, id, Damage::Pack(id), seen);
    };
    for at in 0..pack.frames() {
        let Some((entry, stored)) = pack.frame(at) else { continue };
        let right =
            Frame::open(entry, stored).ok().and_then(|frame| check_frame(archive, transaction, entry, &frame).ok());
        match right {
            Some(bytes) => {
                seen.chunks += entry.lengths.len() as u64;
                seen.bytes += bytes;
            }
            None => seen.damaged.extend(entry.numbers.iter().map(|run| (*run, Damage::Pack(id)))),
        }
    }
    Ok(seen)
}

/// Every chunk that the extents place in a pack.
fn lost(transaction: &ReadTransaction, id: PackId, damage: Damage, mut seen: PackSeen) -> Result<PackSeen, Error> {
    for row in transaction.open_table(tables::EXTENTS)?.iter()? {
        let (first, sealed) = row?;
        if let Ok(extent) = extent::decode(first.value(), sealed.value())
            && extent.place.pack == id
        {
            seen.damaged.push((extent.run, damage.clone()));
        }
    }
    if seen.damaged.is_empty() {
        return Err(damage.into());
    }
    Ok(seen)
}

/// Compares each chunk of a frame with its id; the plain bytes.
fn check_frame(
    archive: &Archive,
    transaction: &ReadTransaction,
    entry: &FrameEntry,
    frame: &Frame,
) -> Result<u64, Error> {
    let table = transaction.open_table(tables::IDS)?;
    let key = archive.header.chunk_key(entry.class);
    let numbers = entry.numbers.iter().copied().flat_map(ChunkRun::numbers);
    let mut run: Option<ids::IdRun> = None;
    let mut bytes = 0;
    for (slot, number) in numbers.enumerate() {
        let chunk = frame.chunk(slot).ok_or(Damage::NoChunk(number.0))?;
        bytes += chunk.len() as u64;
        let known = match run.as_ref().and_then(|run| run.get(number)) {
            Some(known) => Some(known),
            // A damaged row of ids is told where ids are looked at; the chunk is proved by its pack all the same.
            None => {
                run = ids::find(&table, number).ok().flatten();
                run.as_ref().and_then(|run| run.get(number))
            }
        };
        if known.is_some_and(|known| known.id != ChunkId::of(&key, chunk)) {
            return Err(Damage::NoChunk(number.0).into());
        }
    }
    Ok(bytes)
}
