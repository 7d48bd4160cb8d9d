//! Check: everything that is wrong with an archive, stopping at nothing.

use crate::archive::id::SnapshotNumber;
use crate::model::path::EntryPath;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every table, snapshot, list and recipe, and that every chunk they name is there.
    Structure,
    /// That, and every byte: each pack, each chunk against its id, each entry against its digest.
    Data,
}

/// What a check has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub snapshots: u64,
    /// Entries of all snapshots.
    pub entries: u64,
    pub packs: u64,
    pub chunks: u64,
    /// Plain bytes that were read and found right.
    pub bytes_plain: u64,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is damaged.
    pub damage: String,
    /// What cannot be given back because of it; empty if nothing needs it.
    pub hits: Vec<Hit>,
}

/// Something that a finding makes unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub snapshot: SnapshotNumber,
    pub name: String,
    /// `None`: the snapshot as a whole.
    pub path: Option<EntryPath>,
    /// The records hit, counted from 1 within the payload; empty where it is not about records.
    pub records: Vec<u64>,
}

impl crate::archive::Archive {
    /// Looks for everything that is wrong.
    ///
    /// # Errors
    /// When not even the tables can be opened.
    pub fn check(&self, _depth: Depth, _observer: &dyn crate::model::event::Observer) -> Result<Report, crate::archive::Error> {
        todo!()
    }
}
