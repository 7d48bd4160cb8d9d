//! Which snapshot a page is about.

use axum::http::StatusCode;

use crate::archive::id::SnapshotNumber;
use crate::archive::{Archive, Snapshot, SnapshotName, snapshot};
use crate::web::address::SNAPSHOT;
use crate::web::answer::Refusal;
use crate::web::query::Query;
use crate::web::site::Site;

/// The snapshots of a backup, newest first, and the one that is meant.
pub(super) struct Chosen {
    pub name: String,
    pub snapshots: Vec<Snapshot>,
    pub snapshot: Snapshot,
}

impl Chosen {
    /// # Errors
    /// When the archive cannot be read, or there is no such backup or snapshot.
    pub fn look(site: &Site, name: &str, query: &Query) -> Result<Self, Refusal> {
        let transaction = Archive::open(&site.archive)?.read()?;
        let wanted: SnapshotName = name.parse().map_err(|_| Refusal::not_found())?;
        let SnapshotName::Backup { name, .. } = &wanted else { return Err(Refusal::not_found()) };
        let snapshot = match query.get(SNAPSHOT) {
            None => snapshot::find(&transaction, &wanted)?,
            Some(number) => {
                let number = number.parse().map_err(|_| Refusal::not_found())?;
                snapshot::find(&transaction, &SnapshotName::Number(SnapshotNumber(number)))?
            }
        };
        if snapshot.name != *name {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                format!("snapshot {} is one of {}", snapshot.number, snapshot.name),
                "the list of backups leads to all there are",
            ));
        }
        let all = snapshot::all(&transaction)?.into_iter().flatten();
        let mut snapshots: Vec<Snapshot> = all.filter(|one| one.name == *name).collect();
        snapshots.reverse();
        Ok(Self { name: name.clone(), snapshots, snapshot })
    }

    /// The same for jobs.
    pub fn snapshot_name(&self) -> SnapshotName {
        SnapshotName::Number(self.snapshot.number)
    }
}
