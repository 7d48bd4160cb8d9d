//! What can be seen of an archive: what it lists, what it gives back entry by entry, and what a check says. Two sights
//! compared tell whether damage was served, told, or neither.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fonds::archive::check::Finding;
use fonds::archive::id::RunId;
use fonds::archive::runs::{self, Run};
use fonds::archive::{Archive, Body, Error, Row, Snapshot, SnapshotReader, snapshot};
use fonds::model::entry::{Digest, EntryHead};

use crate::support::archives::findings;

/// An archive as it can be seen. Errors are kept as texts.
#[derive(Debug, PartialEq, Eq)]
pub struct Sight {
    snapshots: Result<Vec<Result<Snapshot, String>>, String>,
    /// By snapshot and path: what is listed, and the digest of what is given back.
    entries: BTreeMap<(u64, String), (EntryHead, Result<Digest, String>)>,
    /// The snapshots whose list breaks off.
    cut: BTreeMap<u64, String>,
    runs: Result<Vec<(Result<Run, String>, Result<Vec<String>, String>)>, String>,
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

impl Sight {
    /// Looks at all that the archive at `path` has.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let archive = Archive::open(path)?;
        let mut sight = Self { snapshots: Ok(Vec::new()), entries: BTreeMap::new(), cut: BTreeMap::new(), runs: Ok(Vec::new()) };
        let transaction = archive.read()?;
        sight.snapshots = snapshot::all(&transaction).map(texts).map_err(text);
        for snapshot in sight.snapshots.iter().flatten().flatten().cloned().collect::<Vec<_>>() {
            sight.look_into(&archive, snapshot);
        }
        sight.runs = runs::all(&transaction).map_err(text).map(|runs| {
            let log = |run: &Result<Run, Error>| {
                let id = run.as_ref().map_or(RunId(0), |run| run.id);
                runs::log(&transaction, id).map_err(text)
            };
            runs.into_iter().map(|run| (log(&run), run)).map(|(log, run)| (run.map_err(text), log)).collect()
        });
        Ok(sight)
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

    /// What has become of the archive that once was `self`, and stands at `path`.
    pub fn compare(&self, path: &Path) -> Outcome {
        let seen = Self::of(path);
        let found = Archive::open(path).and_then(|archive| findings(&archive));
        match (seen, found) {
            (Err(_), _) | (_, Err(_)) => Outcome::Told,
            (Ok(seen), Ok(found)) if seen == *self && found.is_empty() => Outcome::Harmless,
            (Ok(seen), Ok(found)) => match self.difference(&seen, &found) {
                Ok(()) => Outcome::Told,
                Err(wrong) => Outcome::Wrong(wrong),
            },
        }
    }

    /// Whether all that is not as it was is an error where it is asked for, and named by a finding.
    fn difference(&self, seen: &Self, found: &[Finding]) -> Result<(), String> {
        let mut lost = BTreeSet::new();
        let (was, is) = (self.snapshots.as_ref(), seen.snapshots.as_ref());
        let listed = is.is_ok_and(|is| is.iter().all(Result::is_ok));
        if listed && was != is && found.is_empty() {
            return Err(format!("the snapshots are not those that were stored: {is:?}"));
        }
        for snapshot in is.into_iter().flatten().flatten() {
            if !was.is_ok_and(|was| was.contains(&Ok(snapshot.clone()))) {
                return Err(format!("a snapshot that never was: {snapshot:?}"));
            }
        }
        for (key, entry) in &seen.entries {
            match (self.entries.get(key), entry) {
                (was, entry) if was == Some(entry) => {}
                (Some((head, _)), (same, Err(_))) if head == same => drop(lost.insert(key.clone())),
                (was, entry) => return Err(format!("wrong bytes served as {key:?}: {entry:?} instead of {was:?}")),
            }
        }
        for key in self.entries.keys().filter(|key| !seen.entries.contains_key(*key)) {
            let is_listed = is.into_iter().flatten().flatten().any(|snapshot| snapshot.number.0 == key.0);
            if is_listed && !seen.cut.contains_key(&key.0) {
                return Err(format!("{key:?} is gone without a word"));
            }
            lost.insert(key.clone());
        }
        if seen != self && found.is_empty() {
            return Err(format!("a check finds nothing, but {} entries are lost, {:?}, {:?}", lost.len(), seen.cut, seen.runs));
        }
        let unnamed: Vec<_> = lost.iter().filter(|(snapshot, path)| !names(found, *snapshot, path)).collect();
        if unnamed.is_empty() { Ok(()) } else { Err(format!("lost, but not named: {unnamed:?} by {found:?}")) }
    }
}

/// Whether a finding says that the entry is hit, or the whole of its snapshot.
fn names(found: &[Finding], snapshot: u64, path: &str) -> bool {
    found.iter().any(|finding| {
        let is_row = finding.damage.contains(&format!("value {snapshot} of table snapshots"));
        let hits = |path: &str| {
            finding.hits.iter().any(|hit| {
                hit.snapshot.0 == snapshot && hit.path.as_ref().is_none_or(|hit| hit.to_string() == path)
            })
        };
        is_row || hits(path) || finding.damage.starts_with("snapshots:")
    })
}

fn text(error: Error) -> String {
    error.to_string()
}

fn texts<T>(items: Vec<Result<T, Error>>) -> Vec<Result<T, String>> {
    items.into_iter().map(|item| item.map_err(text)).collect()
}
