//! Import: a directory becomes a snapshot.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::runs::RunOutcome;
use crate::archive::snapshot::backup_name;
use crate::archive::{ArchiveMut, ArchiveWriter, Snapshot, Strictness, WriteOptions};
use crate::jobs::copy::copy;
use crate::jobs::log::RunLog;
use crate::jobs::place::lies_in;
use crate::jobs::{Error, chain};
use crate::layout::{DirectoryReader, MissingPayloads};
use crate::model::event::{Event, Observer};
use crate::model::manifest::FILE_NAME;

/// What to import, and how.
pub struct Import {
    /// A directory, or the manifest in it.
    pub source: PathBuf,
    /// The backup name; the source instance's name if there is none.
    pub name: Option<String>,
    pub missing: MissingPayloads,
    pub strictness: Strictness,
}

/// What an import has done.
pub struct Imported {
    pub snapshot: Snapshot,
}

impl Import {
    /// Imports into the archive at `archive`, which is created if there is none. The source is looked at first: what
    /// cannot be imported leaves no archive behind.
    ///
    /// # Errors
    /// When an end fails; then the archive is as good as before, and what was stored already is found again.
    pub fn run(&self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Imported, Error> {
        let log = RunLog::new(observer);
        let observer: Arc<dyn Observer + Send + Sync> = log.clone();
        self.refuse_inside(archive)?;
        let reader = DirectoryReader::open(&self.source, self.missing, &*observer)?;
        let name = self.name(&reader)?;
        let archive = ArchiveMut::open_or_create(archive)?;
        let run = archive.begin_run(&format!("import {name}"))?;
        let totals = reader.totals();
        observer.observe(Event::Started { verb: "import", entries: totals.entries, bytes: totals.bytes });
        let options = WriteOptions { name, run: run.id, strictness: self.strictness };
        let imported: Result<Snapshot, Error> = ArchiveWriter::new(&archive, options, Arc::clone(&observer))
            .map_err(Error::from)
            .and_then(|writer| copy(&reader, writer, &*observer));
        let (outcome, last) = match &imported {
            Ok(snapshot) => (RunOutcome::Done { snapshot: Some(snapshot.number) }, summary(snapshot)),
            Err(error) => (RunOutcome::Failed { why: chain(error) }, format!("error: {}", chain(error))),
        };
        // After a failed write the handle refuses everything; the failure to record that must not hide the failure.
        let recorded = archive.end_run(run, outcome, &log.lines(last));
        let snapshot = imported?;
        recorded?;
        archive.close()?;
        Ok(Imported { snapshot })
    }

    /// An archive that grows in the directory that is read would become part of its own snapshots.
    fn refuse_inside(&self, archive: &Path) -> Result<(), Error> {
        if lies_in(archive, self.directory()) { Err(Error::Inside(archive.to_owned())) } else { Ok(()) }
    }

    /// The directory that is read.
    fn directory(&self) -> &Path {
        let is_manifest = self.source.file_name() == Some(OsStr::new(FILE_NAME)) && !self.source.is_dir();
        match self.source.parent().filter(|_| is_manifest) {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => &self.source,
        }
    }

    fn name(&self, reader: &DirectoryReader) -> Result<String, Error> {
        if let Some(name) = &self.name {
            return Ok(backup_name(name)?);
        }
        let folder = || Some(self.directory().canonicalize().ok()?.file_name()?.to_string_lossy().into_owned());
        let candidates = [reader.manifest().instance().name, folder()];
        let legal = candidates.iter().flatten().find_map(|name| backup_name(name).ok());
        legal.ok_or_else(|| Error::NoName(self.source.display().to_string()))
    }
}

/// The last line of the log.
fn summary(snapshot: &Snapshot) -> String {
    let Snapshot { number, counts, added, .. } = snapshot;
    format!(
        "snapshot {number}: {} entries, {} bytes, {} records; new are {} records, {} bytes, stored in {}",
        counts.entries, counts.bytes, counts.records, added.records, added.bytes_plain, added.bytes_stored
    )
}
