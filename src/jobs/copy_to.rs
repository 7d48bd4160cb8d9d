//! Copy: snapshots of one archive come into another one, and are deduplicated there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::{
    Archive, ArchiveMut, ArchiveWriter, Snapshot, SnapshotName, SnapshotReader, Strictness, WriteOptions, snapshot,
};
use crate::jobs::Error;
use crate::jobs::copy::copy;
use crate::jobs::place::is_same;
use crate::jobs::record::recorded;
use crate::model::event::{Event, Observer};
use crate::model::listing::MissingPayloads;

/// Which snapshots, and where to.
pub struct CopyTo {
    /// All if there are none.
    pub snapshots: Vec<SnapshotName>,
    /// The other archive, which is created if there is none.
    pub target: PathBuf,
}

/// What became of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub from: Snapshot,
    pub to: Snapshot,
    /// It had been copied before.
    pub was_there: bool,
}

impl CopyTo {
    /// Copies from the archive at `archive`, oldest snapshot first. Name, time and tags stay, numbers are those of the
    /// other archive. A snapshot with the same name and time is there already.
    ///
    /// # Errors
    /// When an end fails, or both are the same; snapshots that were copied before that are whole.
    pub fn run(&self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Vec<Copied>, Error> {
        if is_same(archive, &self.target) {
            return Err(Error::SameArchive(self.target.clone()));
        }
        let source = Archive::open(archive)?;
        let mut copied = Vec::new();
        for snapshot in self.chosen(&source)? {
            let there = self.there(&snapshot)?;
            let was_there = there.is_some();
            let to = match there {
                Some(there) => there,
                None => self.one(&source, &snapshot, observer)?,
            };
            copied.push(Copied { from: snapshot, to, was_there });
        }
        Ok(copied)
    }

    fn chosen(&self, source: &Archive) -> Result<Vec<Snapshot>, Error> {
        let transaction = source.read()?;
        let mut chosen: Vec<Snapshot> = if self.snapshots.is_empty() {
            snapshot::all(&transaction)?.into_iter().collect::<Result<_, _>>()?
        } else {
            self.snapshots.iter().map(|name| snapshot::find(&transaction, name)).collect::<Result<_, _>>()?
        };
        chosen.sort_by_key(|snapshot| snapshot.number);
        chosen.dedup();
        Ok(chosen)
    }

    /// The same snapshot in the other archive.
    fn there(&self, snapshot: &Snapshot) -> Result<Option<Snapshot>, Error> {
        if !self.target.exists() {
            return Ok(None);
        }
        let found = snapshot::all(&Archive::open(&self.target)?.read()?)?;
        let is_same = |other: &Snapshot| other.name == snapshot.name && other.created == snapshot.created;
        Ok(found.into_iter().flatten().find(is_same))
    }

    fn one(
        &self,
        source: &Archive,
        snapshot: &Snapshot,
        observer: &Arc<dyn Observer + Send + Sync>,
    ) -> Result<Snapshot, Error> {
        let reader = SnapshotReader::open(source, snapshot.clone())?;
        if !self.target.exists() {
            ArchiveMut::create_new(&self.target)?.close()?;
        }
        let command = format!("copy {} {}", snapshot.name, snapshot.number);
        recorded(&self.target, &command, ArchiveMut::close, |target, run| {
            let counts = &snapshot.counts;
            observer.observe(Event::Started { verb: "copy", entries: counts.entries, bytes: counts.bytes });
            let strictness = Strictness::KeepFlawed;
            let options = WriteOptions { name: snapshot.name.clone(), run, strictness };
            let writer = ArchiveWriter::new(target, options, Arc::clone(observer))?;
            let writer = writer.like(snapshot).missing(MissingPayloads::Accept);
            let copied: Snapshot = copy::<_, _, Error>(&reader, writer, &**observer)?;
            let log = vec![format!("snapshot {} is snapshot {}", snapshot.number, copied.number)];
            Ok((copied, log))
        })
    }
}
