//! Prune: the space of what no snapshot needs is given back.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::archive::id::SnapshotNumber;
use crate::archive::prune::{PrunePlan, Unused};
use crate::archive::{Archive, ArchiveMut};
use crate::jobs::Error;
use crate::jobs::record::recorded;
use crate::model::event::Observer;

/// What a prune has done.
pub struct Pruned {
    pub plan: PrunePlan,
    /// The length of the file before.
    pub bytes_before: u64,
    /// The length of the file after.
    pub bytes_after: u64,
}

/// Says what a prune of the archive at `archive` would do, once the snapshots `without` are forgotten.
///
/// # Errors
/// When the archive cannot be read, or is so damaged that it cannot be told what is needed.
pub fn plan_prune(archive: &Path, unused: Unused, without: &[SnapshotNumber]) -> Result<PrunePlan, Error> {
    Ok(Archive::open(archive)?.plan_prune(unused, without)?)
}

/// Whether the file of the archive at `archive` is much longer than what it holds. A prune that was killed can leave it
/// so with nothing left to drop; pruning again makes it short.
///
/// # Errors
/// When the archive cannot be read.
pub fn is_roomy(archive: &Path) -> Result<bool, Error> {
    Ok(Archive::open(archive)?.is_roomy()?)
}

/// Prunes the archive at `archive`.
///
/// # Errors
/// As [`plan_prune`], and when the archive cannot be written; then every snapshot is as good as before.
pub fn prune(archive: &Path, unused: Unused, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Pruned, Error> {
    let length = || fs::metadata(archive).map_or(0, |metadata| metadata.len());
    let bytes_before = length();
    let plan = recorded(archive, "prune", ArchiveMut::close_compact, |archive, _| {
        // Planned again: as long as the archive is open nobody else can change it.
        let plan = archive.plan_prune(unused)?;
        archive.prune(&plan, &**observer)?;
        let line = format!(
            "{} packs dropped, {} rewritten, {} unneeded chunks gone",
            plan.packs_dropped,
            plan.packs_rewritten,
            plan.gone()
        );
        Ok((plan, vec![line]))
    })?;
    Ok(Pruned { plan, bytes_before, bytes_after: length() })
}
