//! List: the snapshots of an archive.

use std::path::Path;

use crate::archive::{self, Archive, Snapshot, snapshot};
use crate::jobs::Error;

/// All snapshots of the archive at `archive`, oldest first; one that cannot be read is an item, not the end.
///
/// # Errors
/// When the archive cannot be opened.
pub fn list(archive: &Path) -> Result<Vec<Result<Snapshot, archive::Error>>, Error> {
    Ok(snapshot::all(&Archive::open(archive)?.read()?)?)
}
