//! The ids of chunks, beside the packs: an import compares ids by the hundred thousand and must not read the packs for
//! that. Derived: each id can be computed again from its chunk.

use bincode::{Decode, Encode};
use redb::ReadableTable;
use roaring::RoaringTreemap;

use crate::archive::error::{Damage, Error};
use crate::archive::id::{ChunkId, ChunkNumber};
use crate::archive::{codec, seal, tables};

/// Bytes of a row's ids: with key, seal and what redb adds four rows fill a page of 4 KiB, and shorter ones fit beside.
const ROW_MAX: usize = 960;

/// The ids of chunks with consecutive numbers.
#[derive(Debug, Clone, Default, Encode, Decode)]
struct StoredIds {
    /// 16 bytes each.
    ids: Vec<u8>,
    /// The chunks that were first seen with volatile values: the distance of each to the one before.
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

/// The ids of a run of chunks.
#[derive(Debug, Clone)]
pub struct IdRun {
    first: ChunkNumber,
    known: Vec<Known>,
}

impl IdRun {
    /// What is known of a chunk, if it is of this run.
    #[must_use]
    pub fn get(&self, number: ChunkNumber) -> Option<Known> {
        let ahead = number.0.checked_sub(self.first.0)?;
        self.known.get(usize::try_from(ahead).ok()?).copied()
    }

    /// Every chunk of the run.
    pub fn iter(&self) -> impl Iterator<Item = (ChunkNumber, ChunkId)> {
        self.known().map(|(number, known)| (number, known.id))
    }

    /// What is known of every chunk of the run.
    fn known(&self) -> impl Iterator<Item = (ChunkNumber, Known)> {
        (0..).zip(&self.known).map(|(ahead, known)| (self.first.plus(ahead), *known))
    }

    /// Bytes of the row, nearly.
    fn weight(&self) -> usize {
        let checks = self.known.iter().filter(|known| known.value_check != 0).count();
        16 * self.known.len() + 10 * checks
    }

    fn stored(&self) -> StoredIds {
        let ids = self.known.iter().flat_map(|known| known.id.0).collect();
        let mut stored = StoredIds { ids, ..StoredIds::default() };
        let mut last = 0;
        for (slot, known) in self.known.iter().enumerate().filter(|(_, known)| known.value_check != 0) {
            stored.with_values.push((slot - last) as u32);
            stored.checks.extend_from_slice(&known.value_check.to_le_bytes());
            last = slot;
        }
        stored
    }

    fn restored(first: ChunkNumber, stored: &StoredIds) -> Option<Self> {
        let ids = stored.ids.as_chunks::<16>().0;
        let mut known: Vec<Known> = ids.iter().map(|id| Known { id: ChunkId(*id), value_check: 0 }).collect();
        let mut slot = 0;
        for (distance, check) in stored.with_values.iter().zip(stored.checks.as_chunks::<8>().0) {
            slot += *distance as usize;
            known.get_mut(slot)?.value_check = u64::from_le_bytes(*check);
        }
        Some(Self { first, known })
    }
}

/// Writes the rows of chunks that are sorted by number. In order rows fill their pages; out of order they would leave
/// a quarter of them empty.
///
/// # Errors
/// When the database refuses.
pub fn insert(table: &mut redb::Table<'_, u64, &'static [u8]>, chunks: &[(ChunkNumber, Known)]) -> Result<(), Error> {
    let mut rows = Rows { table, run: None };
    chunks.iter().try_for_each(|(number, known)| rows.push(*number, *known))?;
    rows.finish()
}

/// Writes all rows anew: without the chunks that are `gone`, and without the checks of those whose volatile values are
/// `stripped` off.
///
/// # Errors
/// When a row is damaged, or the database refuses.
pub fn rewrite(
    transaction: &redb::WriteTransaction,
    gone: &RoaringTreemap,
    stripped: &RoaringTreemap,
) -> Result<(), Error> {
    tables::rewrite(transaction, tables::IDS, |old, new| {
        let mut rows = Rows { table: new, run: None };
        for row in old.iter()? {
            let (first, sealed) = row?;
            for (number, mut known) in decode(first.value(), sealed.value())?.known() {
                if gone.contains(number.0) {
                    continue;
                }
                if stripped.contains(number.0) {
                    known.value_check = 0;
                }
                rows.push(number, known)?;
            }
        }
        rows.finish()
    })
}

/// Gathers chunks into rows.
struct Rows<'a, 't> {
    table: &'a mut redb::Table<'t, u64, &'static [u8]>,
    run: Option<IdRun>,
}

impl Rows<'_, '_> {
    fn push(&mut self, number: ChunkNumber, known: Known) -> Result<(), Error> {
        match &mut self.run {
            Some(run) if run.first.plus(run.known.len() as u64) == number && run.weight() + 26 <= ROW_MAX => {
                run.known.push(known);
                Ok(())
            }
            _ => {
                let full = self.run.replace(IdRun { first: number, known: vec![known] });
                full.map_or(Ok(()), |full| self.insert(&full))
            }
        }
    }

    fn finish(mut self) -> Result<(), Error> {
        self.run.take().map_or(Ok(()), |last| self.insert(&last))
    }

    fn insert(&mut self, run: &IdRun) -> Result<(), Error> {
        let first = run.first.0;
        let sealed = seal::seal("ids", &tables::key_of(first), codec::encode(&run.stored()));
        self.table.insert(first, sealed.as_slice())?;
        Ok(())
    }
}

/// The run that holds a chunk; `None` if there is none.
///
/// # Errors
/// When its row is damaged.
pub fn find(table: &impl ReadableTable<u64, &'static [u8]>, number: ChunkNumber) -> Result<Option<IdRun>, Error> {
    let Some(row) = table.range(..=number.0)?.next_back() else { return Ok(None) };
    let (key, value) = row?;
    let run = decode(key.value(), value.value())?;
    Ok(run.get(number).is_some().then_some(run))
}

/// A row of the table.
///
/// # Errors
/// When it is damaged.
pub fn decode(first: u64, sealed: &[u8]) -> Result<IdRun, Error> {
    let damaged = || Damage::Value { table: "ids", key: first.to_string() };
    let bytes = seal::open("ids", &tables::key_of(first), sealed).map_err(|_| damaged())?;
    let stored: StoredIds = codec::decode(bytes).map_err(|_| damaged())?;
    Ok(IdRun::restored(ChunkNumber(first), &stored).ok_or_else(damaged)?)
}
