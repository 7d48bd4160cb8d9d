//! Check: everything that is wrong with an archive, stopping at nothing. Content is proved by our own seals, ids and
//! digests alone; redb's page checksums prove nothing about it.

mod derived;
pub(in crate::archive) mod entries;
mod packs;

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

use redb::ReadTransaction;

use crate::archive::check::entries::Damaged;
use crate::archive::chunks::Chunks;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::file::Archive;
use crate::archive::id::SnapshotNumber;
use crate::archive::pack::PACK_MAX;
use crate::archive::snapshot::{self, Snapshot};
use crate::model::entry::Digest;
use crate::model::event::{Event, Observer};
use crate::model::path::EntryPath;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every table, snapshot, list and recipe, and that every chunk they name is there.
    Structure,
    /// That, and every byte: each pack, each chunk against its id, each entry against its digest.
    Data,
}

/// What a check has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub snapshots: u64,
    /// Entries of all snapshots.
    pub entries: u64,
    pub packs: u64,
    pub chunks: u64,
    /// Plain bytes that were read and found right: of chunks, and of entries.
    pub bytes_plain: u64,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is damaged.
    pub damage: String,
    /// What cannot be given back because of it; empty if nothing needs it.
    pub hits: Vec<Hit>,
}

/// Something that a finding makes unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub snapshot: SnapshotNumber,
    pub name: String,
    /// `None`: the snapshot as a whole.
    pub path: Option<EntryPath>,
    /// The records hit, counted from 1 within the payload; empty where it is not about records.
    pub records: Vec<u64>,
}

impl Archive {
    /// Looks for everything that is wrong.
    ///
    /// # Errors
    /// When not even a view of the database can be had.
    pub fn check(&self, depth: Depth, observer: &dyn Observer) -> Result<Report, Error> {
        let transaction = self.read()?;
        let mut check =
            Check { archive: self, depth, observer, report: Report::default(), damaged: Damaged::default() };
        check.whole("runs", guarded(|| derived::runs(&transaction)));
        check.packs(&transaction);
        check.derived(&transaction);
        check.snapshots(&transaction);
        check.whole("drafts", guarded(|| derived::drafts(&transaction)));
        Ok(check.report)
    }
}

/// A check under way.
struct Check<'a> {
    archive: &'a Archive,
    depth: Depth,
    observer: &'a dyn Observer,
    report: Report,
    damaged: Damaged,
}

impl Check<'_> {
    /// Notes a finding that is not about chunks.
    fn note(&mut self, damage: impl ToString) {
        self.find(damage);
    }

    fn find(&mut self, damage: impl ToString) -> usize {
        let damage = damage.to_string();
        if let Some(at) = self.report.findings.iter().position(|finding| finding.damage == damage) {
            return at;
        }
        self.report.findings.push(Finding { damage, hits: Vec::new() });
        self.report.findings.len() - 1
    }

    /// Notes what was found in a part that is looked at as a whole.
    fn whole(&mut self, part: &str, found: Result<Result<Vec<Error>, Error>, Error>) {
        match found {
            Ok(Ok(errors)) => errors.iter().for_each(|error| self.note(plain(error))),
            Ok(Err(error)) | Err(error) => self.note(format!("{part}: {}", plain(&error))),
        }
    }

    /// Every pack, on all cores.
    fn packs(&mut self, transaction: &ReadTransaction) {
        let ids = match guarded(|| packs::all(transaction)) {
            Ok(Ok(ids)) => ids,
            Ok(Err(error)) | Err(error) => return self.note(format!("packs: {}", plain(&error))),
        };
        let bytes: u64 = ids.len() as u64 * PACK_MAX as u64;
        self.observer.observe(Event::Started { verb: "check", entries: ids.len() as u64, bytes });
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (archive, depth, observer) = (self.archive, self.depth, self.observer);
        let results = Mutex::new(Vec::new());
        let next = Mutex::new(ids.iter());
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(id) = next.lock().unwrap_or_else(PoisonError::into_inner).next().copied() {
                        let seen = guarded(|| packs::check(archive, transaction, id, depth)).and_then(|seen| seen);
                        observer.observe(Event::Advanced { entries: 1, bytes: PACK_MAX as u64 });
                        results.lock().unwrap_or_else(PoisonError::into_inner).push((id, seen));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(id, _)| *id);
        for (_, seen) in results {
            match seen {
                Ok(seen) => {
                    self.report.packs += 1;
                    self.report.chunks += seen.chunks;
                    self.report.bytes_plain += seen.bytes;
                    for (run, damage) in seen.damaged {
                        let finding = self.find(damage);
                        self.damaged.add(run, finding);
                    }
                }
                Err(error) => self.note(plain(&error)),
            }
        }
        self.observer.observe(Event::Finished);
    }

    /// What is derived from the packs: extents, ids, index.
    fn derived(&mut self, transaction: &ReadTransaction) {
        self.whole("extents", guarded(|| derived::extents(transaction)));
        self.whole("ids and index", guarded(|| derived::ids_and_index(transaction)));
        match guarded(|| derived::lost_extents(transaction)) {
            Ok(Ok(lost)) => {
                for (run, damage) in lost {
                    let finding = self.find(damage);
                    self.damaged.add(run, finding);
                }
            }
            Ok(Err(error)) | Err(error) => self.note(format!("extents: {}", plain(&error))),
        }
    }

    /// Every snapshot, its list, its recipes, and with [`Depth::Data`] its entries.
    fn snapshots(&mut self, transaction: &ReadTransaction) {
        let (snapshots, chunks) = match guarded(|| Ok((snapshot::all(transaction)?, Chunks::new(transaction)?))) {
            Ok(Ok(found)) => found,
            Ok(Err(error)) | Err(error) => return self.note(format!("snapshots: {}", plain(&error))),
        };
        let mut names = HashSet::new();
        let mut seen = HashSet::new();
        for snapshot in snapshots {
            match snapshot {
                Ok(snapshot) => {
                    names.insert((snapshot.name.clone(), snapshot.number.0));
                    self.snapshot(&snapshot, &chunks, &mut seen);
                }
                Err(error) => self.note(plain(&error)),
            }
        }
        self.whole("names", guarded(|| derived::names(transaction, &names)));
    }

    fn snapshot(&mut self, snapshot: &Snapshot, chunks: &Chunks, seen: &mut HashSet<Digest>) {
        self.report.snapshots += 1;
        let mut walk = entries::walk(chunks, snapshot, &self.damaged, self.depth, seen);
        if walk.is_any_wrong() {
            // Entries that are the same as a wrong one were passed over.
            walk = entries::walk(chunks, snapshot, &self.damaged, self.depth, &mut HashSet::new());
        }
        self.report.entries += walk.rows;
        self.report.bytes_plain += walk.bytes;
        for entry in walk.unsound {
            for (finding, records) in entry.damaged {
                let damage = self.report.findings[finding].damage.clone();
                self.hit(&damage, snapshot, Some(entry.path.clone()), records);
            }
            for damage in entry.wrong {
                self.hit(&damage, snapshot, Some(entry.path.clone()), Vec::new());
            }
        }
        match walk.ended {
            Ok(()) if walk.rows == snapshot.counts.entries => {}
            Ok(()) => self.hit(&Damage::Recipe.to_string(), snapshot, None, Vec::new()),
            Err(error) => self.hit(&plain(&error), snapshot, None, Vec::new()),
        }
    }

    fn hit(&mut self, damage: &str, snapshot: &Snapshot, path: Option<EntryPath>, records: Vec<u64>) {
        let at = self.find(damage);
        let hit = Hit { snapshot: snapshot.number, name: snapshot.name.clone(), path, records };
        self.report.findings[at].hits.push(hit);
    }
}

/// What an error says, without what is said of every finding.
fn plain(error: &Error) -> String {
    match error {
        Error::Damaged(damage) => damage.to_string(),
        error => {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        }
    }
}
