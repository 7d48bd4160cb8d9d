//! What a prune would do: which packs hold nothing that is needed, and which are worth being rewritten without it.

use std::collections::BTreeMap;

use redb::{ReadTransaction, ReadableTable as _};
use roaring::RoaringTreemap;

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::extent;
use crate::archive::frame::{FrameEntry, Part};
use crate::archive::id::{ChunkRun, PackId, SnapshotNumber};
use crate::archive::pack::{PACK_MAX, Pack};
use crate::archive::packing;
use crate::archive::prune::marks::{self, Marks};
use crate::archive::tables;

/// How much of the archive may stay taken up by what nobody needs, in thousandths. Less costs more rewriting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused(pub u64);

impl Default for Unused {
    fn default() -> Self {
        Self(20)
    }
}

/// What a prune would do. Bytes are those of packs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrunePlan {
    pub chunks: u64,
    /// Chunks that no snapshot needs.
    pub chunks_unneeded: u64,
    pub packs: u64,
    /// Packs that nobody needs.
    pub packs_dropped: u64,
    /// Packs that are rewritten without what nobody needs.
    pub packs_rewritten: u64,
    /// What the rewriting reads.
    pub bytes_rewritten: u64,
    /// What is given back, nearly: frames are compressed anew, and pages are rounded.
    pub bytes_freed: u64,
    /// What nobody needs, but is not worth being rewritten.
    pub bytes_left: u64,
    pub needed: Marks,
    /// Dropped and rewritten packs, in the order of their ids.
    pub(super) chosen: Vec<PackId>,
    /// The chunks that go.
    pub(super) gone: RoaringTreemap,
    /// Records whose volatile values go.
    pub(super) stripped: RoaringTreemap,
}

/// A pack with something in it that nobody needs.
struct Candidate {
    id: PackId,
    bytes: u64,
    bytes_unneeded: u64,
    is_unneeded: bool,
    unneeded: Vec<ChunkRun>,
    stripped: Vec<ChunkRun>,
}

impl PrunePlan {
    /// Whether there is anything to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Chunks that go.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.gone.len()
    }

    /// What the packs take that are dropped or rewritten, nearly.
    #[must_use]
    pub fn bytes_total(&self) -> u64 {
        self.chosen.len() as u64 * PACK_MAX as u64
    }

    /// Plans from a view of the archive.
    ///
    /// # Errors
    /// When it cannot be told what is needed, or a pack that would be rewritten is damaged.
    pub(crate) fn new(
        transaction: &ReadTransaction,
        unused: Unused,
        without: &[SnapshotNumber],
    ) -> Result<Self, Error> {
        guarded(|| Self::plan(transaction, unused, without))?
    }

    fn plan(transaction: &ReadTransaction, unused: Unused, without: &[SnapshotNumber]) -> Result<Self, Error> {
        let mut plan = Self { needed: marks::mark(transaction, without)?, ..Self::default() };
        let mut candidates = plan.candidates(transaction)?;
        // The emptiest first: they give back the most for what is rewritten.
        candidates.sort_by_key(|pack| (std::cmp::Reverse(pack.bytes_unneeded * 1000 / pack.bytes.max(1)), pack.id));
        let unneeded: u64 = candidates.iter().map(|pack| pack.bytes_unneeded).sum();
        let stored = plan.packs * PACK_MAX as u64;
        let accepted = stored.saturating_sub(unneeded) * unused.0 / 1000;
        plan.bytes_left = unneeded;
        let mut left = BTreeMap::new();
        for pack in candidates {
            if pack.is_unneeded || pack.bytes_unneeded > 0 && plan.bytes_left > accepted {
                plan.choose(&pack);
            } else {
                left.insert(pack.id, pack);
            }
        }
        if !plan.is_empty() {
            plan.choose_tail(transaction, &left)?;
        }
        plan.chosen.sort_unstable();
        Ok(plan)
    }

    fn choose(&mut self, pack: &Candidate) {
        self.chosen.push(pack.id);
        self.bytes_left -= pack.bytes_unneeded;
        self.bytes_freed += pack.bytes_unneeded;
        for run in &pack.unneeded {
            self.gone.insert_range(run.range());
        }
        for run in &pack.stripped {
            self.stripped.insert_range(run.range());
        }
        if pack.is_unneeded {
            self.packs_dropped += 1;
        } else {
            self.packs_rewritten += 1;
            self.bytes_rewritten += pack.bytes;
        }
    }

    /// Packs with room are rewritten, too, so that all that is left comes together in as few as it can.
    fn choose_tail(&mut self, transaction: &ReadTransaction, left: &BTreeMap<PackId, Candidate>) -> Result<(), Error> {
        let packs = transaction.open_table(tables::PACKS)?;
        for id in packing::with_room(transaction)? {
            if self.chosen.contains(&id) {
                continue;
            }
            if let Some(candidate) = left.get(&id) {
                self.choose(candidate);
            } else if let Some(bytes) = packs.get(id.0)? {
                self.chosen.push(id);
                self.packs_rewritten += 1;
                self.bytes_rewritten += bytes.value().len() as u64;
            }
        }
        Ok(())
    }

    /// Looks at the extents for packs with unneeded chunks, and only at those packs.
    fn candidates(&mut self, transaction: &ReadTransaction) -> Result<Vec<Candidate>, Error> {
        let mut packs: BTreeMap<PackId, Content> = BTreeMap::new();
        for row in transaction.open_table(tables::EXTENTS)?.iter()? {
            let (first, sealed) = row?;
            let extent = extent::decode(first.value(), sealed.value())?;
            let content = packs.entry(extent.place.pack).or_default();
            content.chunks += extent.run.count;
            content.unneeded += extent.run.count - self.needed.chunks.range_cardinality(extent.run.range());
            content.stripped += self.needed.without_values.range_cardinality(extent.run.range());
        }
        let table = transaction.open_table(tables::PACKS)?;
        let mut candidates = Vec::new();
        for (id, content) in packs {
            self.packs += 1;
            self.chunks += content.chunks;
            self.chunks_unneeded += content.unneeded;
            if content.unneeded + content.stripped > 0 {
                let bytes = table.get(id.0)?.ok_or(Damage::NoPack(id))?;
                let pack = Pack::open(id, bytes.value()).map_err(|_| Damage::Pack(id))?;
                candidates.push(self.candidate(id, bytes.value().len() as u64, &pack));
            }
        }
        Ok(candidates)
    }

    fn candidate<B: AsRef<[u8]>>(&self, id: PackId, bytes: u64, pack: &Pack<B>) -> Candidate {
        let (unneeded, stripped) = (Vec::new(), Vec::new());
        let mut candidate = Candidate { id, bytes, bytes_unneeded: 0, is_unneeded: true, unneeded, stripped };
        for entry in pack.entries() {
            self.look(entry, &mut candidate);
        }
        if candidate.is_unneeded {
            candidate.bytes_unneeded = bytes;
        }
        candidate
    }

    fn look(&self, entry: &FrameEntry, candidate: &mut Candidate) {
        let numbers = entry.numbers.iter().copied().flat_map(ChunkRun::numbers);
        let counts = entry.values.as_ref().map_or(&[][..], |values| &values.counts);
        let (mut plain_unneeded, mut values_unneeded) = (0, 0);
        for (slot, (number, length)) in numbers.zip(&entry.lengths).enumerate() {
            let values = u64::from(counts.get(slot).copied().unwrap_or(0));
            if !self.needed.chunks.contains(number.0) {
                plain_unneeded += u64::from(*length);
                values_unneeded += values;
                ChunkRun::push(&mut candidate.unneeded, number);
                continue;
            }
            candidate.is_unneeded = false;
            if values > 0 && self.needed.without_values.contains(number.0) {
                values_unneeded += values;
                ChunkRun::push(&mut candidate.stripped, number);
            }
        }
        candidate.bytes_unneeded += share(&entry.chunks, plain_unneeded, u64::from(entry.chunks.plain));
        if let Some(values) = &entry.values {
            let all = counts.iter().map(|count| u64::from(*count)).sum();
            candidate.bytes_unneeded += share(&values.part, values_unneeded, all);
        }
    }
}

/// What a pack holds.
#[derive(Default)]
struct Content {
    chunks: u64,
    unneeded: u64,
    stripped: u64,
}

/// The stored bytes of some of what is in a part of a frame, nearly.
fn share(part: &Part, some: u64, all: u64) -> u64 {
    u64::from(part.stored) * some / all.max(1)
}
