//! Stats: what an archive holds, what it takes, and what keeping it together saved.

use redb::{ReadTransaction, ReadableTable as _, ReadableTableMetadata as _};

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::file::Archive;
use crate::archive::id::PackId;
use crate::archive::pack::Pack;
use crate::archive::snapshot::{self, Snapshot};
use crate::archive::tables;

/// Sizes of an archive.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Length of the file.
    pub file_bytes: u64,
    /// Plain bytes of all snapshots, each counted in full.
    pub bytes_plain: u64,
    /// Plain bytes of all chunks, each counted once.
    pub bytes_unique: u64,
    /// What the packs take.
    pub bytes_stored: u64,
    /// What the ids, the index and the extents take.
    pub bytes_index: u64,
    pub snapshots: u64,
    pub packs: u64,
    pub chunks: u64,
    pub names: Vec<NameStats>,
}

/// Sizes of the snapshots of one backup name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameStats {
    pub name: String,
    pub snapshots: u64,
    pub bytes_plain: u64,
    /// Plain bytes that its snapshots were the first to bring.
    pub bytes_new: u64,
    /// What those take in packs.
    pub bytes_stored: u64,
}

impl Stats {
    /// How many times smaller deduplication made it; 1 for an empty archive.
    #[must_use]
    pub fn deduplication(&self) -> f64 {
        ratio(self.bytes_plain, self.bytes_unique)
    }

    /// How many times smaller compression made what was left.
    #[must_use]
    pub fn compression(&self) -> f64 {
        ratio(self.bytes_unique, self.bytes_stored)
    }
}

fn ratio(before: u64, after: u64) -> f64 {
    if after == 0 { 1.0 } else { before as f64 / after as f64 }
}

impl Archive {
    /// Sizes, counted from the packs' directories and the snapshots.
    ///
    /// # Errors
    /// When a table or a pack cannot be read.
    pub fn stats(&self) -> Result<Stats, Error> {
        let transaction = self.read()?;
        let file_bytes = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        let mut stats = Stats { file_bytes, ..Stats::default() };
        guarded(|| stats.count_packs(&transaction))??;
        for snapshot in snapshot::all(&transaction)? {
            stats.count_snapshot(&snapshot?);
        }
        stats.bytes_index = guarded(|| derived_bytes(&transaction))??;
        Ok(stats)
    }
}

impl Stats {
    fn count_packs(&mut self, transaction: &ReadTransaction) -> Result<(), Error> {
        for row in transaction.open_table(tables::PACKS)?.iter()? {
            let (id, bytes) = row?;
            let id = PackId(id.value());
            let pack = Pack::open(id, bytes.value()).map_err(|_| Damage::Pack(id))?;
            self.packs += 1;
            self.bytes_stored += bytes.value().len() as u64;
            for entry in pack.entries() {
                self.chunks += entry.lengths.len() as u64;
                let values = entry.values.as_ref().map_or(0, |values| values.part.plain);
                self.bytes_unique += u64::from(entry.chunks.plain) + u64::from(values);
            }
        }
        Ok(())
    }

    fn count_snapshot(&mut self, snapshot: &Snapshot) {
        self.snapshots += 1;
        self.bytes_plain += snapshot.counts.bytes;
        let at = self.names.iter().position(|name| name.name == snapshot.name).unwrap_or_else(|| {
            self.names.push(NameStats { name: snapshot.name.clone(), ..NameStats::default() });
            self.names.len() - 1
        });
        let name = &mut self.names[at];
        name.snapshots += 1;
        name.bytes_plain += snapshot.counts.bytes;
        name.bytes_new += snapshot.added.bytes_plain;
        name.bytes_stored += snapshot.added.bytes_stored;
    }
}

/// Bytes of the tables that could be made again from the packs.
fn derived_bytes(transaction: &ReadTransaction) -> Result<u64, Error> {
    let tables = [
        transaction.open_untyped_table(tables::EXTENTS)?.stats()?,
        transaction.open_untyped_table(tables::IDS)?.stats()?,
        transaction.open_untyped_table(tables::INDEX)?.stats()?,
    ];
    Ok(tables.iter().map(|table| table.stored_bytes() + table.metadata_bytes() + table.fragmented_bytes()).sum())
}
