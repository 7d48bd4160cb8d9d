//! Export: a snapshot becomes a directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::{Archive, Snapshot, SnapshotName, SnapshotReader, snapshot};
use crate::jobs::Error;
use crate::jobs::copy::copy;
use crate::jobs::place::lies_in;
use crate::layout::{DirectoryWriter, Existing, WriteOptions, Written};
use crate::model::event::{Event, Observer};

/// What to export, and how.
pub struct Export {
    pub snapshot: SnapshotName,
    pub destination: PathBuf,
    pub options: WriteOptions,
}

/// What an export has done.
pub struct Exported {
    pub snapshot: Snapshot,
    pub written: Written,
}

impl Export {
    /// Exports from the archive at `archive`.
    ///
    /// # Errors
    /// When an end fails; then nothing stands at the destination that was not there before.
    pub fn run(&self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Exported, Error> {
        if self.options.existing == Existing::Replace && lies_in(archive, &self.destination) {
            return Err(Error::Replaced(archive.to_owned()));
        }
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, &self.snapshot)?;
        let reader = SnapshotReader::open(&archive, snapshot.clone())?;
        let counts = &snapshot.counts;
        let writer = DirectoryWriter::create(&self.destination, self.options)?;
        observer.observe(Event::Started { verb: "export", entries: counts.entries, bytes: counts.bytes });
        let written = copy::<_, _, Error>(&reader, writer, &**observer)?;
        Ok(Exported { snapshot, written })
    }
}
