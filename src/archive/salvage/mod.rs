//! Salvage: everything that can still be proved is taken out of a file that may be refused by redb, cut off, or full of
//! damaged pages. Packs and snapshots prove themselves by their checks, wherever in the file they stand; the rest of an
//! archive is derived from them, and made anew.

mod carve;
mod rescue;
mod transfer;

use std::path::Path;
use std::sync::Arc;

use crate::archive::error::Error;
use crate::archive::file::{Archive, ArchiveMut, Temporary};
use crate::archive::id::SnapshotNumber;
use crate::archive::runs::RunOutcome;
use crate::archive::salvage::carve::Carved;
use crate::archive::snapshot::{self, Snapshot};
use crate::model::event::Observer;
use crate::model::path::EntryPath;

/// What was salvaged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Length of the damaged file.
    pub bytes_scanned: u64,
    /// Packs that proved whole, older versions of others aside.
    pub packs: u64,
    pub chunks: u64,
    /// In the order of their numbers.
    pub snapshots: Vec<SalvagedSnapshot>,
}

/// A snapshot that was found, and what could not be found of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalvagedSnapshot {
    pub number: SnapshotNumber,
    pub name: String,
    pub entries: u64,
    /// Entries that are lost, in the order of the list. They are recorded as missing.
    pub lost: Vec<EntryPath>,
    /// Entries that are lost with their names.
    pub nameless: u64,
    /// Whether the manifest is lost; then a new one names the payloads.
    pub manifest_lost: bool,
}

impl SalvagedSnapshot {
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.nameless == 0
    }
}

/// Takes everything that can be proved out of the file `damaged`, which is only read, into a new archive at `new`.
///
/// # Errors
/// When there is a file at `new`, `damaged` cannot be read or holds nothing that can be proved, or `new` cannot be
/// written. Then there is no archive at `new`.
pub fn salvage(damaged: &Path, new: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Salvaged, Error> {
    if std::fs::symlink_metadata(new).is_ok() {
        return Err(Error::Exists(new.to_owned()));
    }
    let mut carved = Carved::from_file(damaged, &**observer)?;
    if let Some(snapshots) = listed(damaged) {
        carved.snapshots = snapshots;
    }
    if carved.packs.is_empty() || carved.snapshots.is_empty() {
        return Err(Error::NothingProved(damaged.to_owned()));
    }
    let unfinished = Temporary::beside(new)?;
    let archive = ArchiveMut::create_new(unfinished.path())?;
    let salvaged = into(&archive, damaged, carved, &**observer)?;
    archive.close()?;
    unfinished.publish(new)?;
    Ok(salvaged)
}

fn into(archive: &ArchiveMut, damaged: &Path, carved: Carved, observer: &dyn Observer) -> Result<Salvaged, Error> {
    let run = archive.begin_run("salvage")?;
    let copied = transfer::transfer(archive, damaged, &carved.packs, observer)?;
    let snapshots = rescue::rescue(archive, carved.snapshots, run.id, observer)?;
    let whole = snapshots.iter().filter(|snapshot| snapshot.is_whole()).count();
    let log = vec![format!("{} snapshots found, {whole} of them whole", snapshots.len())];
    archive.end_run(run, RunOutcome::Done { snapshot: None }, &log)?;
    Ok(Salvaged { bytes_scanned: carved.bytes, packs: copied.packs, chunks: copied.chunks, snapshots })
}

/// The snapshots that the archive lists, if it can be opened and all of them can be read: then those that were forgotten
/// stay so.
fn listed(damaged: &Path) -> Option<Vec<Snapshot>> {
    let transaction = Archive::open(damaged).and_then(|archive| archive.read()).ok()?;
    let snapshots = snapshot::all(&transaction).ok()?.into_iter().collect::<Result<Vec<_>, _>>().ok()?;
    if snapshots.is_empty() { None } else { Some(snapshots) }
}
