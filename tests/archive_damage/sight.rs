//! What can be seen of an archive: what it lists, what it gives back entry by entry, and what a check says. Two sights
//! compared tell whether damage was served, told, or neither.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use fonds::archive::check::Finding;
use fonds::archive::runs::{self, LogPage, Run, RunOutcome};
use fonds::archive::{Archive, Body, Error, Row, Snapshot, SnapshotReader, snapshot};
use fonds::model::entry::{Digest, EntryHead};
use fonds::model::log::{Level, Numbered};

use crate::support::archives::findings;

/// A snapshot and a path in it.
pub type Key = (u64, String);

/// An archive as it can be seen. Errors are kept as texts.
pub struct Sight {
    snapshots: Result<Vec<Result<Snapshot, String>>, String>,
    /// What is listed, and the digest of what is given back.
    entries: BTreeMap<Key, (EntryHead, Result<Digest, String>)>,
    /// The snapshots that cannot be opened, or whose list breaks off.
    cut: BTreeMap<u64, String>,
    runs: Vec<(Run, Vec<Numbered>)>,
}

/// What became of an archive because of damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as it was.
    Harmless,
    /// Something cannot be had any more, and who asks for it or checks the archive is told.
    Told,
    /// What must not be.
    Wrong(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Harmless => out.write_str("harmless"),
            Self::Told => out.write_str("told"),
            Self::Wrong(why) => out.write_str(&why.replace('\n', " ")),
        }
    }
}

impl From<&str> for Outcome {
    fn from(line: &str) -> Self {
        match line {
            "harmless" => Self::Harmless,
            "told" => Self::Told,
            why => Self::Wrong(why.to_owned()),
        }
    }
}

impl Sight {
    /// Looks at all that the archive at `path` has.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let archive = Archive::open(path)?;
        let transaction = archive.read()?;
        let snapshots = snapshot::all(&transaction).map_err(text);
        let snapshots = snapshots.map(|rows| rows.into_iter().map(|row| row.map_err(text)).collect());
        let mut sight = Self { snapshots, entries: BTreeMap::new(), cut: BTreeMap::new(), runs: Vec::new() };
        for snapshot in sight.listed() {
            sight.look_into(&archive, snapshot);
        }
        // What cannot be read is told; here it counts what is served.
        let runs = runs::all(&transaction).unwrap_or_default().into_iter().flatten();
        sight.runs = runs
            .map(|run| {
                let log = runs::lines(&transaction, run.id, LogPage::From(0), Level::Info, usize::MAX);
                (run, log.unwrap_or_default())
            })
            .collect();
        Ok(sight)
    }

    fn listed(&self) -> Vec<Snapshot> {
        self.snapshots.iter().flatten().flatten().cloned().collect()
    }

    fn look_into(&mut self, archive: &Archive, snapshot: Snapshot) {
        let number = snapshot.number.0;
        let looked = SnapshotReader::open(archive, snapshot).and_then(|reader| {
            reader.rows(|Row { head, body }| {
                let Body::File(body) = body else { return Ok(()) };
                let mut hasher = blake3::Hasher::new();
                let read = reader.read(&head.path, &body, |block| {
                    hasher.update(&block);
                    Ok::<(), Error>(())
                });
                let given = read.map(|()| Digest(*hasher.finalize().as_bytes())).map_err(text);
                self.entries.insert((number, head.path.to_string()), (head, given));
                Ok::<(), Error>(())
            })
        });
        if let Err(error) = looked {
            self.cut.insert(number, text(error));
        }
    }

    /// What has become of the archive that once was `self`, and stands at `path`. Later snapshots are no matter. Where pages
    /// were moved, a snapshot that is gone with its row has no name left: then it must be told that there is damage.
    pub fn compare(&self, path: &Path, moves_pages: bool) -> Outcome {
        let found = Archive::open(path).and_then(|archive| findings(&archive));
        let (Ok(seen), Ok(found)) = (Self::of(path), found) else { return Outcome::Told };
        let judged = self.served(&seen).and_then(|()| self.gone(&seen)).and_then(|lost| {
            let is_harmless =
                lost.is_empty() && seen.cut.is_empty() && self.listed().iter().all(|was| seen.listed().contains(was));
            if found.is_empty() && !is_harmless {
                return Err(format!("a check finds nothing: {lost:?} {:?}", seen.cut));
            }
            let is_nameless =
                |key: &Key| moves_pages && seen.listed().iter().all(|snapshot| snapshot.number.0 != key.0);
            let unnamed: Vec<&Key> = lost.iter().filter(|key| !names(&found, key) && !is_nameless(key)).collect();
            if !unnamed.is_empty() {
                return Err(format!("lost, but not named: {unnamed:?} by {found:?}"));
            }
            Ok(if found.is_empty() { Outcome::Harmless } else { Outcome::Told })
        });
        judged.unwrap_or_else(Outcome::Wrong)
    }

    /// Every entry that cannot be given back, and with an empty path every snapshot that cannot be opened.
    pub fn lost(&self) -> BTreeSet<Key> {
        let entries = self.entries.iter().filter(|(_, (_, given))| given.is_err()).map(|(key, _)| key.clone());
        entries.chain(self.cut.keys().map(|number| (*number, String::new()))).collect()
    }

    /// Whether all that is served is as it was.
    fn served(&self, seen: &Self) -> Result<(), String> {
        let newest = self.listed().last().map_or(0, |snapshot| snapshot.number.0);
        let listed = seen.listed().into_iter().filter(|snapshot| snapshot.number.0 <= newest);
        if let Some(wrong) = listed.into_iter().find(|snapshot| !self.listed().contains(snapshot)) {
            return Err(format!("a snapshot that never was: {wrong:?}"));
        }
        for (key, (head, given)) in seen.entries.iter().filter(|(key, _)| key.0 <= newest) {
            let Some((was, bytes)) = self.entries.get(key) else {
                return Err(format!("an entry that never was: {key:?}"));
            };
            if was != head || given.is_ok() && given != bytes {
                return Err(format!("wrong bytes served as {key:?}: {head:?} {given:?}"));
            }
        }
        for (run, log) in seen.runs.iter().filter(|(run, _)| run.id.0 <= newest) {
            let was = self.runs.iter().find(|(was, _)| was == run || as_begun(was) == *run);
            if !was.is_some_and(|(_, was)| log.iter().all(|line| was.contains(line))) {
                return Err(format!("a run that never was: {run:?} {log:?}"));
            }
        }
        Ok(())
    }

    /// What is not given back any more.
    fn gone(&self, seen: &Self) -> Result<BTreeSet<Key>, String> {
        let mut lost = BTreeSet::new();
        for key in self.entries.keys() {
            match seen.entries.get(key) {
                Some((_, Ok(_))) => {}
                Some((_, Err(_))) => drop(lost.insert(key.clone())),
                None => {
                    let is_listed = seen.listed().iter().any(|snapshot| snapshot.number.0 == key.0);
                    if is_listed && !seen.cut.contains_key(&key.0) {
                        return Err(format!("{key:?} is gone without a word"));
                    }
                    lost.insert(key.clone());
                }
            }
        }
        Ok(lost)
    }
}

/// A run as it was noted before it ended. A page of that time in the place of a later one, as a drive leaves that has lost
/// a write, was true once: every seal in it holds, and the run looks as if it had been killed.
fn as_begun(run: &Run) -> Run {
    Run { ended: None, outcome: RunOutcome::Running, ..run.clone() }
}

/// Whether a finding says that the entry is hit, its manifest, without which no snapshot is opened, or all of its snapshot.
fn names(found: &[Finding], (number, path): &Key) -> bool {
    found.iter().any(|finding| {
        let is_hit = finding.hits.iter().filter(|hit| hit.snapshot.0 == *number).any(|hit| {
            let hit = hit.path.as_ref().map(ToString::to_string);
            hit.is_none_or(|hit| hit == *path || hit == "manifest.json")
        });
        let is_row = finding.damage.starts_with(&format!("value {number} of table snapshots "));
        let is_table = finding.damage.starts_with("snapshots: ");
        is_hit || is_row || is_table
    })
}

fn text(error: Error) -> String {
    error.to_string()
}
