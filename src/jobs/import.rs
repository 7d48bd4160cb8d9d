//! Import: a directory or a tar becomes a snapshot.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::id::RunId;
use crate::archive::runs::RunOutcome;
use crate::archive::snapshot::backup_name;
use crate::archive::{self, ArchiveMut, ArchiveWriter, Snapshot, Strictness, WriteOptions};
use crate::jobs::copy::copy;
use crate::jobs::log::RunLog;
use crate::jobs::naming::{self, NamedLast};
use crate::jobs::place::lies_in;
use crate::jobs::{Error, chain};
use crate::layout::{self, DirectoryReader, MissingPayloads, TarReader};
use crate::model::event::{Event, Observer};
use crate::model::manifest::{FILE_NAME, Manifest};

/// The name of standard input and standard output.
pub const STREAM: &str = "-";
/// The first run of an archive.
const FIRST_RUN: RunId = RunId(1);

/// What to import, and how.
pub struct Import {
    /// A directory, the manifest in it, a tar in any supported form, or [`STREAM`] for a tar on standard input.
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

/// What is known of an import before it begins.
struct Plan {
    started: Event,
    /// What the run is called.
    what: String,
    /// Whether a source that turns out bad takes the archive with it that was made for it.
    sweeps: bool,
}

type Watcher = Arc<dyn Observer + Send + Sync>;

impl Import {
    /// Imports into the archive at `archive`, which is created if there is none. A directory is looked at first; a tar is
    /// read once. Neither leaves an archive behind that was made for a backup that turned out bad.
    ///
    /// # Errors
    /// When an end fails; then the archive is as good as before, and what was stored already is found again.
    pub fn run(&self, archive: &Path, observer: &Watcher) -> Result<Imported, Error> {
        let log = RunLog::new(observer);
        if self.is_directory() { self.directory(archive, &log) } else { self.tar(archive, &log) }
    }

    fn directory(&self, archive: &Path, log: &Arc<RunLog>) -> Result<Imported, Error> {
        self.refuse_inside(archive)?;
        let reader = DirectoryReader::open(&self.source, self.missing, &**log)?;
        let name = self.name([reader.manifest().instance().name, self.folder_name()])?;
        let totals = reader.totals();
        let started = Event::Started { verb: "import", entries: totals.entries, bytes: totals.bytes };
        let plan = Plan { started, what: name.clone(), sweeps: false };
        self.write(archive, log, plan, |mut writer| {
            writer.rename(name);
            copy(&reader, writer, &**log)
        })
    }

    fn tar(&self, archive: &Path, log: &Arc<RunLog>) -> Result<Imported, Error> {
        let reader = if self.is_stream() {
            TarReader::stream(Box::new(io::stdin()), "standard input".to_owned())?
        } else {
            TarReader::open(&self.source)?
        };
        let started = Event::Started { verb: "import", entries: 0, bytes: reader.bytes() };
        let file = self.source.file_name().map(|name| name.to_string_lossy().into_owned());
        let stem = file.as_deref().filter(|name| *name != STREAM).map(|name| naming::stem(name).to_owned());
        let what = file.unwrap_or_default();
        let plan = Plan { started, what, sweeps: std::fs::symlink_metadata(archive).is_err() };
        let pick = |manifest: &Manifest| {
            let folder = reader.folder().map(naming::folder);
            self.name([manifest.instance().name, folder, stem.clone()])
        };
        self.write(archive, log, plan, |writer| copy(&reader, NamedLast { writer, pick: &pick }, &**log))
    }

    /// Opens the archive, writes the snapshot, and records how that went.
    fn write(
        &self,
        path: &Path,
        log: &Arc<RunLog>,
        plan: Plan,
        copy: impl FnOnce(ArchiveWriter<'_>) -> Result<Snapshot, Error>,
    ) -> Result<Imported, Error> {
        let archive = ArchiveMut::open_or_create(path)?;
        let recording = log.begin(&archive, &format!("import {}", plan.what))?;
        let run_id = recording.run().id;
        let is_first = run_id == FIRST_RUN;
        log.observe(plan.started);
        let options = WriteOptions { name: plan.what, run: run_id, strictness: self.strictness };
        let observer: Watcher = log.clone();
        let writer = ArchiveWriter::new(&archive, options, observer).map_err(Error::from);
        let imported = writer.and_then(|writer| copy(writer.missing(self.missing)));
        let (outcome, last) = match &imported {
            Ok(snapshot) => (RunOutcome::Done { snapshot: Some(snapshot.number) }, summary(snapshot)),
            Err(error) if plan.sweeps && is_first && is_bad_source(error) => {
                // Nobody else has written to it: it was made for this, and is still held.
                recording.abandon();
                let _ = std::fs::remove_file(path);
                return Err(imported.err().unwrap_or(Error::Archive(archive::Error::Panicked)));
            }
            Err(error) => (error.outcome(), chain(error)),
        };
        // After a failed write the handle refuses everything; the failure to record that must not hide the failure.
        let recorded = recording.end(outcome, last, None);
        let snapshot = imported?;
        recorded?;
        archive.close()?;
        Ok(Imported { snapshot })
    }

    fn is_stream(&self) -> bool {
        self.source == Path::new(STREAM)
    }

    fn is_directory(&self) -> bool {
        !self.is_stream() && (self.source.is_dir() || self.is_manifest())
    }

    fn is_manifest(&self) -> bool {
        self.source.file_name() == Some(OsStr::new(FILE_NAME)) && !self.source.is_dir()
    }

    /// An archive that grows in the directory that is read would become part of its own snapshots.
    fn refuse_inside(&self, archive: &Path) -> Result<(), Error> {
        if lies_in(archive, self.folder()) { Err(Error::Inside(archive.to_owned())) } else { Ok(()) }
    }

    /// The directory that is read.
    fn folder(&self) -> &Path {
        match self.source.parent().filter(|_| self.is_manifest()) {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => &self.source,
        }
    }

    fn folder_name(&self) -> Option<String> {
        Some(self.folder().canonicalize().ok()?.file_name()?.to_string_lossy().into_owned())
    }

    /// The name that was given, else the first of `candidates` that is one.
    fn name<const N: usize>(&self, candidates: [Option<String>; N]) -> Result<String, Error> {
        if let Some(name) = &self.name {
            return Ok(backup_name(name)?);
        }
        let legal = candidates.iter().flatten().find_map(|name| backup_name(name).ok());
        legal.ok_or_else(|| Error::NoName(self.source.display().to_string()))
    }
}

/// Whether it is what was read that is no backup.
fn is_bad_source(error: &Error) -> bool {
    match error {
        Error::Layout(error) => layout::is_bad_tar(error),
        Error::Archive(archive::Error::Content { source, .. }) => {
            let inner = source.get_ref().and_then(|inner| inner.downcast_ref());
            inner.is_some_and(layout::is_bad_tar)
        }
        Error::Archive(error) => matches!(
            error,
            archive::Error::Twice { .. }
                | archive::Error::Both { .. }
                | archive::Error::Folder { .. }
                | archive::Error::Outside { .. }
                | archive::Error::Absent { .. }
                | archive::Error::Flawed { .. }
        ),
        _ => false,
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
