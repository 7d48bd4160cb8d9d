//! Stats: what an archive holds, what it takes, and what keeping it together saved.

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

impl crate::archive::Archive {
    /// Counts.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn stats(&self) -> Result<Stats, crate::archive::Error> {
        todo!()
    }
}
