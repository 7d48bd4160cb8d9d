//! Overview: the backups of an archive, one for each backup name.

use std::collections::BTreeMap;
use std::path::Path;

use crate::archive::{self, Archive, Snapshot, snapshot};
use crate::jobs::Error;

/// The snapshots of one backup name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupOverview {
    pub name: String,
    pub newest: Snapshot,
    pub snapshots: u64,
    /// Plain bytes of all its snapshots, each counted in full.
    pub bytes_plain: u64,
    /// What those that it was the first to bring take in the archive.
    pub bytes_stored: u64,
}

/// All backups of the archive at `archive`, by name, and the snapshots that cannot be read.
///
/// # Errors
/// When the archive cannot be opened.
pub fn overview(archive: &Path) -> Result<(Vec<BackupOverview>, Vec<archive::Error>), Error> {
    let mut backups: BTreeMap<String, BackupOverview> = BTreeMap::new();
    let mut damaged = Vec::new();
    for snapshot in snapshot::all(&Archive::open(archive)?.read()?)? {
        let snapshot = match snapshot {
            Ok(snapshot) => snapshot,
            Err(error) => {
                damaged.push(error);
                continue;
            }
        };
        let backup = backups.entry(snapshot.name.clone()).or_insert_with(|| BackupOverview {
            name: snapshot.name.clone(),
            newest: snapshot.clone(),
            snapshots: 0,
            bytes_plain: 0,
            bytes_stored: 0,
        });
        backup.snapshots += 1;
        backup.bytes_plain += snapshot.counts.bytes;
        backup.bytes_stored += snapshot.added.bytes_stored;
        // They come oldest first.
        backup.newest = snapshot;
    }
    Ok((backups.into_values().collect(), damaged))
}
