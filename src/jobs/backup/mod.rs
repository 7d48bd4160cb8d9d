//! Backup: an instance becomes a snapshot. What is complete is kept as it comes, so that an interrupted backup goes on.

mod content;
mod manifest;
mod unfinished;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::archive::runs::{Run, RunOutcome, now};
use crate::archive::snapshot::backup_name;
use crate::archive::{
    Archive, ArchiveMut, ArchiveWriter, Snapshot, SnapshotName, SnapshotReader, Strictness, WriteOptions, drafts,
};
use crate::fylr::source::{Delivery, ReadOptions, Report, Resume, Source};
use crate::fylr::{self, Client, Instance};
use crate::jobs::backup::content::{Arriving, Ended};
use crate::jobs::backup::unfinished::Progress;
use crate::jobs::export::{Export, Exported};
use crate::jobs::log::RunLog;
use crate::jobs::{Error, chain, patience, report};
use crate::layout::{self, Existing, Written};
use crate::model::backup::{BackupReader as _, BackupWriter as _};
use crate::model::entry::{Content, EntryHead, Role};
use crate::model::event::{Event, Observer};

/// What to do about an unfinished backup of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Refuse to begin another one.
    New,
    /// Give it up, and begin anew.
    Purge,
    /// Go on with it, or begin if there is none.
    Continue,
}

/// A directory that the snapshot is also written to.
#[derive(Debug, Clone)]
pub struct Directory {
    pub path: PathBuf,
    /// The level of gzip for payloads; 0 for none.
    pub compression: u32,
}

/// What to back up, and how.
pub struct Backup {
    pub connection: fylr::Options,
    pub read: ReadOptions,
    /// The backup name; the instance's if there is none.
    pub name: Option<String>,
    pub start: Start,
    /// Read everything back from the archive at the end.
    pub verify: bool,
    pub directory: Option<Directory>,
}

/// What a backup has done.
#[derive(Debug)]
pub struct BackedUp {
    pub snapshot: Snapshot,
    pub report: Report,
    /// Entries that were there already when it went on.
    pub entries_before: u64,
    /// All runs together.
    pub duration: Duration,
    /// Entries that were read back from the archive.
    pub verified: Option<u64>,
    pub written: Option<Written>,
}

impl Backup {
    /// Backs up into the archive at `archive`, which is created if there is none. The instance is looked at first: what
    /// cannot be backed up leaves no archive behind.
    ///
    /// # Errors
    /// When an end fails. What was complete until then is kept, and the same backup goes on with [`Start::Continue`].
    pub fn run(self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<BackedUp, Error> {
        let log = RunLog::new(observer);
        let observer: Arc<dyn Observer + Send + Sync> = log.clone();
        self.refuse_directory(archive)?;
        let runtime = Runtime::new().map_err(Error::Runtime)?;
        let Self { connection, read, name, start, verify, directory } = self;
        let options = read.clone();
        let source = patience::wait(&runtime, &*observer, async {
            let client = Client::connect(connection, Arc::clone(&observer)).await?;
            Source::plan(client, read, Arc::clone(&observer)).await
        })?;
        let instance = source.instance().clone();
        let name = name_of(name, &instance, &source)?;
        tell_plan(&source, options.include.is_some(), options.maximum_count, &*observer);
        let archive_path = archive;
        let archive = ArchiveMut::open_or_create(archive_path)?;
        let recording = log.begin(&archive, &format!("backup {name}"))?;
        let run = recording.run();
        let work = Work { archive: &archive, runtime: &runtime, observer: &observer, run, options: &options };
        let done = work.run(source, &name, start);
        let (outcome, last) = match &done {
            Ok(done) => (outcome_of(done), summary(&done.snapshot)),
            Err(error) => (error.outcome(), chain(error)),
        };
        let report = done.as_ref().ok().map(report::backed_up);
        // After a failed write the handle refuses everything; the failure to record that must not hide the failure.
        let recorded = recording.end(outcome, last, report.as_ref());
        let mut done = done?;
        recorded?;
        archive.close()?;
        if let Err(error) = fylr::source::remove_kept(&unfinished::folder_of(archive_path, &done.snapshot.name)) {
            tracing::warn!("what the unfinished backup has kept stays: {error}");
        }
        if verify {
            done.verified = Some(read_back(archive_path, &done.snapshot, &*observer)?);
        }
        if let Some(directory) = directory {
            done.written = Some(write_directory(archive_path, &done.snapshot, directory, start, &observer)?);
        }
        observer.observe(Event::Finished);
        Ok(done)
    }

    /// A directory that is in the way is told before anything is asked for.
    fn refuse_directory(&self, archive: &Path) -> Result<(), Error> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let is_used = std::fs::read_dir(&directory.path).is_ok_and(|mut entries| entries.next().is_some());
        if self.start == Start::New && (is_used || directory.path.is_file()) {
            return Err(Error::DirectoryInUse(directory.path.clone()));
        }
        if crate::jobs::place::lies_in(archive, &directory.path) {
            return Err(Error::Replaced(archive.to_owned()));
        }
        Ok(())
    }
}

/// The backup name that was given, or the instance's.
fn name_of(name: Option<String>, instance: &Instance, source: &Source) -> Result<String, Error> {
    let server = source.server();
    match name {
        Some(name) => Ok(backup_name(&name)?),
        None => {
            let candidates = [instance.name.as_deref(), Some(server.host())];
            let legal = candidates.into_iter().flatten().find_map(|name| backup_name(name).ok());
            legal.ok_or_else(|| Error::NoName(server.to_string()))
        }
    }
}

/// Says what will be read, and how much it seems to be.
fn tell_plan(source: &Source, is_selection: bool, most: Option<u64>, observer: &dyn Observer) {
    let objecttypes = source.objecttypes();
    let names = objecttypes.iter().map(|objecttype| (objecttype.name.clone(), objecttype.total));
    observer.observe(Event::Planned { objecttypes: names.collect(), is_selection });
    let records = objecttypes.iter().filter_map(|objecttype| objecttype.total);
    let records = records.map(|total| total.min(most.unwrap_or(u64::MAX))).sum();
    observer.observe(Event::Started { verb: "backup", entries: records, bytes: 0 });
}

/// What a backup works with.
struct Work<'a> {
    archive: &'a ArchiveMut,
    runtime: &'a Runtime,
    observer: &'a Arc<dyn Observer + Send + Sync>,
    run: &'a Run,
    options: &'a ReadOptions,
}

impl Work<'_> {
    fn run(&self, source: Source, name: &str, start: Start) -> Result<BackedUp, Error> {
        let instance = source.instance().clone();
        let server = source.server().to_string();
        let objecttypes: Vec<String> = source.objecttypes().iter().map(|found| found.name.clone()).collect();
        let mut progress = Progress::new(unfinished::identity(&server, &instance, &objecttypes, self.options));
        let (draft, resume) = unfinished::open(self.archive, name, self.run, start, &mut progress)?;
        let entries_before = draft.entries;
        self.observer.observe(Event::Counted { records: resume.records_there() });
        self.observer.observe(Event::Stored { bytes: draft.bytes_stored });
        let began = Instant::now();
        let options = WriteOptions { name: name.to_owned(), run: self.run.id, strictness: Strictness::TrustRecords };
        let mut writer = ArchiveWriter::drafting(self.archive, options, draft, Arc::clone(self.observer))?;
        let report = self.receive(source, resume, &mut writer, &mut progress, began)?;
        let duration = progress.duration(began);
        let text = manifest::text(&manifest::About {
            server: &server,
            instance: &instance,
            options: self.options,
            report: &report,
            progress: &progress,
            duration,
            finished: now(),
        });
        let manifest = manifest::entry(&mut writer, text)?;
        let snapshot = writer.finish(&manifest)?;
        Ok(BackedUp { snapshot, report, entries_before, duration, verified: None, written: None })
    }

    /// Takes every delivery until there are no more.
    fn receive(
        &self,
        source: Source,
        resume: Resume,
        writer: &mut ArchiveWriter<'_>,
        progress: &mut Progress,
        began: Instant,
    ) -> Result<Report, Error> {
        let reading = {
            let _inside = self.runtime.enter();
            source.read(resume)
        };
        let mut arriving = Arriving::new(reading, self.runtime, &**self.observer);
        loop {
            match arriving.next() {
                Delivery::Entry(head) => self.entry(&head, &mut arriving, writer, progress)?,
                Delivery::Phase { name, records } => self.observer.observe(Event::Phase { name, records }),
                Delivery::Checkpoint(state) => writer.checkpoint(progress.encode(state, began))?,
                Delivery::Done(report) => return Ok(*report),
                Delivery::Failed(error) => return Err(error.into()),
                // These belong to an entry that was given up.
                Delivery::Bytes(_) | Delivery::End { .. } | Delivery::Abandoned | Delivery::Looked(_) => {}
            }
        }
    }

    fn entry(
        &self,
        head: &EntryHead,
        arriving: &mut Arriving<'_>,
        writer: &mut ArchiveWriter<'_>,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        arriving.begin();
        let put = writer.put(head, Content::Bytes(arriving));
        match arriving.end() {
            Ended::Whole { records, unique } => {
                put?;
                if head.role == Role::Payload {
                    self.observer.observe(Event::Noted { text: format!("{}: {records} records", head.path) });
                    progress.payload(&head.path, records);
                }
                self.observer.observe(Event::Advanced { entries: 1, bytes: 0 });
                self.observer.observe(Event::Counted { records: unique });
                Ok(())
            }
            Ended::Abandoned => Ok(()),
            Ended::Failed(error) => Err(error.into()),
            // The writer has stopped taking bytes.
            Ended::Open => {
                put?;
                Err(Error::Fylr(fylr::Error::Panicked))
            }
        }
    }
}

/// Rebuilds every entry of the snapshot from the archive, and compares it with its digest; how many they are.
fn read_back(archive: &Path, snapshot: &Snapshot, observer: &dyn Observer) -> Result<u64, Error> {
    let archive = Archive::open(archive)?;
    let reader = SnapshotReader::open(&archive, snapshot.clone())?;
    observer.observe(Event::Phase { name: "reading back".to_owned(), records: 0 });
    let mut entries = 0;
    reader.for_each(|_, content| {
        if let Content::Bytes(content) = content {
            // The reader's own error is told instead of this one.
            let _ = std::io::copy(content, &mut std::io::sink());
        }
        entries += 1;
        observer.observe(Event::Advanced { entries: 1, bytes: 0 });
        Ok::<(), Error>(())
    })?;
    Ok(entries)
}

fn write_directory(
    archive: &Path,
    snapshot: &Snapshot,
    directory: Directory,
    start: Start,
    observer: &Arc<dyn Observer + Send + Sync>,
) -> Result<Written, Error> {
    let existing = if start == Start::New { Existing::Refuse } else { Existing::Replace };
    let options = layout::WriteOptions { existing, compression: Some(directory.compression), ..Default::default() };
    let export =
        Export { snapshot: SnapshotName::Number(snapshot.number), destination: directory.path, options, include: None };
    let Exported { written, .. } = export.run(archive, observer)?;
    Ok(written)
}

fn outcome_of(done: &BackedUp) -> RunOutcome {
    let snapshot = Some(done.snapshot.number);
    match done.report.aside.len() as u64 {
        0 => RunOutcome::Done { snapshot },
        count => RunOutcome::Aside { snapshot, count },
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

/// The drafts of an archive; one that cannot be read is an item, not the end.
///
/// # Errors
/// When the archive cannot be opened.
pub fn unfinished(archive: &Path) -> Result<Vec<Result<drafts::Draft, crate::archive::Error>>, Error> {
    Ok(drafts::all(&Archive::open(archive)?.read()?)?)
}
