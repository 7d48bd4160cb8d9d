//! Verify: a target is read back as if it were backed up, and every item is compared with what the backup says. Of each
//! item a short stand-in is held, never its text.

mod backups;
mod findings;
mod lot;
mod members;
mod names;
mod read;
mod report;
mod side;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::fylr::source::{CHECKPOINT_EVERY, Events, Files, Looker, ReadOptions, Resume, Source};
use crate::fylr::target::{Comparing, RULES, Renames};
use crate::fylr::{self, Client};
use crate::jobs::restore::{BackupSource, Look, RestoreFrom, look};
use crate::jobs::verify::lot::Forming;
use crate::jobs::verify::names::names;
use crate::jobs::verify::read::Reading;
use crate::jobs::verify::side::Backup;
use crate::jobs::verify::told::Told;
use crate::jobs::{Error, patience};
use crate::model::event::{Event, Observer};
use crate::model::ledger::Ledger;

pub(in crate::jobs) use backups::{Compared as BackupsCompared, compare as compare_backups};
pub use report::{Form, write_report};

/// Differences that are told one by one; of more there is a count.
pub const DIFFERENCES_MAX: usize = 1000;
/// A file that the target fetches may take so long after the one before: some are films, and come from far.
pub const FILES_PATIENCE: Duration = Duration::from_mins(1);
/// Items of a page.
const PAGE: u64 = 1000;

/// What to compare.
#[derive(Clone)]
pub struct Verify {
    pub from: RestoreFrom,
    pub connection: fylr::Options,
    /// Files did not come along.
    pub without_files: bool,
    /// Renditions came along, too, with these new names.
    pub renditions: Option<Renames>,
    /// Events did not come along.
    pub without_events: bool,
}

/// Items of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    pub in_backup: u64,
    pub same: u64,
    pub different: u64,
    pub missing: u64,
    /// On the target only: it may have been there before, or have come since.
    pub more: u64,
}

/// Something that no rule explains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// `objekt 123 version 2`
    pub what: String,
    pub why: String,
}

/// What has been found.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    pub backup: String,
    pub server: String,
    pub counts: BTreeMap<String, Compared>,
    /// The first ones, and how many there are.
    pub differences: Vec<Difference>,
    pub difference_count: u64,
    /// Links to what is not in the backup: the target keeps them open.
    pub open_links: u64,
    /// What is on the target only: the first ones.
    pub more: Vec<String>,
    /// Files that the target is still fetching: whether they are right is not known yet.
    pub files_coming: u64,
    /// What was not compared.
    pub notes: BTreeSet<String>,
}

impl Verified {
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.difference_count == 0
    }

    /// The documented differences, and why they are none.
    #[must_use]
    pub fn rules() -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut rules: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for rule in &RULES {
            rules.entry(rule.why).or_default().push(rule.key);
        }
        rules
    }
}

impl Verify {
    /// Reads both, and compares them.
    ///
    /// # Errors
    /// When one of the two cannot be read.
    pub fn run(&self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Verified, Error> {
        self.run_knowing(archive, None, FILES_PATIENCE, observer)
    }

    /// The same with a ledger that is at hand, instead of the one that the archive has of this restore. Files that the target
    /// fetches are waited for as long as one comes within `patience`.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_knowing(
        &self,
        archive: &Path,
        ledger: Option<&dyn Ledger>,
        patience: Duration,
        observer: &Arc<dyn Observer + Send + Sync>,
    ) -> Result<Verified, Error> {
        let runtime = Runtime::new().map_err(Error::Runtime)?;
        let connected = Client::connect(self.connection.clone(), Arc::clone(observer));
        let client = patience::wait(&runtime, &**observer, connected)?;
        let source = BackupSource::of(&self.from, archive, &**observer)?;
        let scan = Arc::new(look(&source, &Renames::default(), &**observer)?);
        let told = match ledger {
            Some(ledger) => Told::of_ledger(ledger)?,
            None => Told::of_archive(archive, &client, &source.digest())?,
        };
        let comparing = self.comparing(&scan, &told, client.instance().version);
        let comparing = Comparing { names: Arc::new(names(&source, &scan)?), ..comparing };
        let without_events = self.without_events || told.brought.as_ref().is_some_and(|it| it.events == Events::None);
        let server = client.server().to_string();
        let records = scan.payloads.iter().map(|payload| payload.records).sum();
        observer.observe(Event::Started { verb: "verify", entries: records, bytes: 0 });
        let options = self.reading(&scan, archive, without_events);
        let looker = looker(comparing.clone(), Arc::clone(&scan));
        let forming = Forming { comparing, survey: &scan.survey };
        let mut backup = Backup::new(&source, &scan, &forming);
        backup.learn(without_events)?;
        let waited = patience::wait(&runtime, &**observer, told.wait(&client, &**observer, patience))?;
        let reading = {
            let _inside = runtime.enter();
            let planned = patience::wait(&runtime, &**observer, Source::plan(client, options, quiet()))?;
            planned.looked_at(looker).read(Resume::default())
        };
        let mut verified = Verified { backup: source.label(), server, ..Verified::default() };
        waited.tell(&mut verified);
        let findings = Reading::new(reading, &runtime, &**observer).compare(&backup, &mut verified)?;
        findings.finish(&backup, &mut verified)?;
        verified.open_links = scan.survey.unresolved();
        if scan.survey.repeated > 0 {
            let text =
                "versions of records stand in the backup a second time, or behind later ones: these were left out";
            verified.notes.insert(format!("{} {text}", scan.survey.repeated));
        }
        if self.without_files {
            verified.notes.insert("files were not compared".to_owned());
        }
        told.tell(&scan, &mut verified);
        observer.observe(Event::Finished);
        Ok(verified)
    }

    /// What is compared: what the restore left behind on purpose is not.
    fn comparing(&self, scan: &Look, told: &Told, target: Option<fylr::Version>) -> Comparing {
        let brought = told.brought.as_ref();
        Comparing {
            without_files: self.without_files || brought.is_some_and(|brought| !brought.has_known_files()),
            renditions: self.renditions.clone(),
            is_easydb5: scan.origins.is_easydb5,
            is_importer: scan.origins.is_importer,
            events: brought.and_then(|brought| match &brought.events {
                Events::Of(types) => Some(types.clone()),
                Events::All | Events::None => None,
            }),
            file_version: brought.and_then(|brought| brought.file_version.clone()),
            deleted_links: brought.is_some_and(|brought| brought.deleted_links),
            target,
            mended: Arc::clone(&told.mended),
            names: Arc::default(),
        }
    }

    fn reading(&self, scan: &Look, archive: &Path, without_events: bool) -> ReadOptions {
        ReadOptions {
            all_versions: scan.survey.histories > 0,
            include_deleted: scan.survey.deleted > 0,
            include: None,
            events: if without_events { Events::None } else { Events::All },
            files: Files::Urls,
            maximum_count: None,
            chunk_size: PAGE,
            url_days: None,
            is_pretty: false,
            is_compressed: false,
            workers: self.connection.workers.max(1),
            checkpoint_every: CHECKPOINT_EVERY,
            folder: folder_of(archive),
        }
    }
}

/// Looks at records of the target where they arrive.
fn looker(comparing: Comparing, scan: Arc<Look>) -> Looker {
    Arc::new(move |objecttype, text, context| comparing.answer(objecttype, text, context, &|id| scan.survey.has(id)))
}

/// The folder of the archive: there is room where it grows.
fn folder_of(archive: &Path) -> PathBuf {
    match archive.parent() {
        Some(folder) if folder.is_dir() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// What a source says of itself belongs to a backup of it.
fn quiet() -> Arc<dyn Observer + Send + Sync> {
    Arc::new(crate::model::event::Silent)
}
