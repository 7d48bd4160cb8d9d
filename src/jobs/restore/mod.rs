//! Restore: a backup is written to one or many targets, side by side. First everything is looked at and planned; what
//! each target has got is noted in the archive.

mod check;
mod cut;
mod plan;
mod presets;
mod run;
mod scan;
mod segments;
mod source;
mod streams;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::archive::ledger::LedgerHead;
use crate::archive::{Archive, SnapshotName, ledger};
use crate::fylr::target::{self, FileApi, WriteOptions};
use crate::fylr::{self, Client, InstanceKind};
use crate::jobs::restore::plan::Asked;
use crate::jobs::restore::scan::{Scan, scan};
use crate::jobs::{Error, patience};
use crate::model::event::Observer;

pub use plan::{Plan, TargetPlan};
pub use run::{Outcome, id_map};
pub(crate) use scan::{Scan as Look, scan as look};
pub(crate) use segments::{Cutter, SegmentReader};
pub use source::BackupSource;

/// What is restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreFrom {
    Snapshot(SnapshotName),
    /// A directory with a backup, or the manifest in it.
    Directory(PathBuf),
}

/// An instance that is written to.
#[derive(Clone)]
pub struct Target {
    /// What people call it.
    pub name: String,
    pub connection: fylr::Options,
}

/// What to do about what is on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreStart {
    /// Leave it there.
    New,
    /// Delete everything before.
    Purge,
    /// Go on with an earlier restore.
    Continue,
}

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    FromBackup,
    File(PathBuf),
    /// It is not written.
    None,
}

/// What to restore, to where, and how.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Restore {
    pub from: RestoreFrom,
    pub targets: Vec<Target>,
    pub start: RestoreStart,
    pub write: WriteOptions,
    pub base_config: Document,
    pub datamodel: Document,
    /// Only what was set aside before.
    pub only_aside: bool,
    /// Restore to the source, too.
    pub is_forced: bool,
    pub skips_unknown: bool,
    /// Every record and every packed file is read before anything is written.
    pub checks_first: bool,
}

/// A restore that has been planned.
pub struct Planned {
    pub plan: Plan,
    pub(super) restore: Restore,
    pub(super) source: Arc<BackupSource>,
    pub(super) scan: Scan,
    pub(super) clients: Vec<Client>,
    pub(super) runtime: Runtime,
    pub(super) archive: PathBuf,
    pub(super) label: String,
}

impl Restore {
    /// Looks at the backup and at all targets. Nothing is changed anywhere.
    ///
    /// # Errors
    /// When the backup cannot be read, or a target does not let the login in.
    pub fn plan(mut self, archive: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Planned, Error> {
        let runtime = Runtime::new().map_err(Error::Runtime)?;
        let (source, label) = self.open(archive, &**observer)?;
        // Who cannot be reached is told before a long look at the backup.
        let mut clients = Vec::new();
        for target in &self.targets {
            let connected = Client::connect(target.connection.clone(), Arc::clone(observer));
            clients
                .push(patience::wait(&runtime, &**observer, connected).map_err(|error| self.of_target(target, error))?);
        }
        let mut scan = scan(&source, &self.write.renames, &**observer)?;
        self.documents(&mut scan)?;
        let presets = presets::adopt(&mut self.write, &mut scan);
        let asked = Asked {
            start: self.start,
            is_forced: self.is_forced,
            skips_unknown: self.skips_unknown,
            writes_datamodel: scan.documents.datamodel.is_some()
                && self.datamodel != Document::None
                && !self.write.is_dry_run,
            only_aside: self.only_aside,
            write: &self.write,
        };
        let mut plan = plan::common(&scan, label.clone(), &asked);
        plan.notes.extend(presets);
        if self.checks_first {
            plan.refusals.extend(check::check(&source, &scan, &**observer)?);
        }
        let backup = source.digest();
        let ledgers = ledgers(archive)?;
        for (target, client) in self.targets.iter().zip(&clients) {
            let contents = match client.instance().kind {
                // What cannot be a target need not be looked at.
                InstanceKind::Easydb5 => target::Contents::default(),
                InstanceKind::Fylr => patience::wait(&runtime, &**observer, target::look(client))
                    .map_err(|error| self.of_target(target, error))?,
            };
            let place = (client.server().to_string(), client.server().host().to_owned());
            let of =
                plan::of_target(&target.name, place, client.instance(), contents, &ledgers, (&scan, &backup), &asked);
            plan.targets.push(of);
        }
        if let Some(client) = clients.first().filter(|_| self.write.file_api != FileApi::None) {
            let token = self.write.file_token.as_ref();
            for url in &scan.survey.files.samples {
                let url = scan.origins.located(url);
                let tried = target::try_url(client, token, &url);
                if let Some(why) = patience::wait(&runtime, &**observer, tried)? {
                    plan.notes.push(format!(
                        "a file of the source cannot be read ({why}); signed URLs expire: --file-api-access-token gives \
                         a token in their place, or a new backup with --include-files holds the bytes"
                    ));
                    break;
                }
            }
        }
        Ok(Planned {
            plan,
            restore: self,
            source: Arc::new(source),
            scan,
            clients,
            runtime,
            archive: archive.to_owned(),
            label,
        })
    }

    fn open(&self, archive: &Path, observer: &dyn Observer) -> Result<(BackupSource, String), Error> {
        match &self.from {
            RestoreFrom::Snapshot(name) => {
                let source = BackupSource::snapshot(archive, name)?;
                let label = source.label();
                Ok((source, label))
            }
            RestoreFrom::Directory(path) => Ok((BackupSource::directory(path, observer)?, path.display().to_string())),
        }
    }

    /// With several targets the one that fails must be told.
    fn of_target(&self, target: &Target, error: fylr::Error) -> Error {
        if self.targets.len() > 1 {
            return Error::OfTarget { target: target.name.clone(), source: error };
        }
        error.into()
    }

    /// Documents of files take the place of the backup's.
    fn documents(&self, scan: &mut Scan) -> Result<(), Error> {
        for (wanted, found) in
            [(&self.base_config, &mut scan.documents.base_config), (&self.datamodel, &mut scan.documents.datamodel)]
        {
            if let Document::File(path) = wanted {
                let read = std::fs::read(path).map_err(|source| Error::Document { path: path.clone(), source })?;
                *found = Some(read);
            }
        }
        Ok(())
    }
}

/// The ledgers of an archive; none if there is no archive yet.
pub(crate) fn ledgers(archive: &Path) -> Result<Vec<LedgerHead>, Error> {
    match Archive::open(archive) {
        Ok(archive) => Ok(ledger::all(&archive.read()?)?.into_iter().flatten().collect()),
        Err(crate::archive::Error::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
