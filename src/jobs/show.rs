//! Show: what a snapshot holds.

use std::path::Path;

use crate::archive::{self, Archive, Row, Snapshot, SnapshotName, SnapshotReader, snapshot};
use crate::jobs::Error;

/// A snapshot that is looked at. What its row tells is there even if its entries cannot be read.
pub struct Shown {
    archive: Archive,
    pub snapshot: Snapshot,
}

impl Shown {
    /// Finds a snapshot in the archive at `archive`.
    ///
    /// # Errors
    /// When the archive cannot be opened, or there is no such snapshot.
    pub fn open(archive: &Path, name: &SnapshotName) -> Result<Self, Error> {
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, name)?;
        Ok(Self { archive, snapshot })
    }

    /// Hands over every entry, in restore order.
    ///
    /// # Errors
    /// When the list of entries is damaged, or the first error of `visit`.
    pub fn entries<E: From<archive::Error>>(&self, visit: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        SnapshotReader::open(&self.archive, self.snapshot.clone())?.rows(visit)
    }
}
