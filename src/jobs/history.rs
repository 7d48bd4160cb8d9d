//! History: one record through all snapshots.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use memchr::memmem;
use roaring::RoaringTreemap;

use crate::archive::{self, Archive, Item, RecordReader, Snapshot, snapshot};
use crate::jobs::Error;
use crate::jobs::diff::{Group, KindDiff, Matcher, RecordChange, Spool, group};
use crate::model::entry::Digest;
use crate::model::payload::Identity;

/// Which record, and where to look.
pub struct History {
    /// A system object id, a uuid, or a reference.
    pub id: String,
    /// Only in snapshots of this backup name.
    pub name: Option<String>,
}

/// What happened to the record, or to one of its versions, between a snapshot and the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub snapshot: Snapshot,
    pub kind: String,
    pub objecttype: Option<String>,
    pub change: RecordChange,
}

/// The versions of the record that were found: their content by number, or by digest where they are no chunks.
type Versions = HashMap<Version, Vec<u8>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Version {
    Chunk(u64),
    Other(Digest),
}

/// What a snapshot holds of the record.
type Holding = BTreeMap<Group, Vec<Version>>;

impl History {
    /// Follows the record through the archive at `archive`: by backup name, oldest snapshot first.
    ///
    /// # Errors
    /// When the archive cannot be read, or no snapshot holds such a record.
    pub fn run(&self, archive: &Path) -> Result<Vec<Step>, Error> {
        let archive = Archive::open(archive)?;
        let records = RecordReader::of(&archive)?;
        let snapshots = snapshot::all(&archive.read()?)?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let is_meant = |snapshot: &Snapshot| self.name.as_ref().is_none_or(|name| snapshot.name == *name);
        let mut names: BTreeMap<String, Vec<Snapshot>> = BTreeMap::new();
        for snapshot in snapshots.into_iter().filter(is_meant) {
            names.entry(snapshot.name.clone()).or_default().push(snapshot);
        }
        let mut versions = self.search(&records, names.values().flatten())?;
        let mut steps = Vec::new();
        for snapshots in names.into_values() {
            let mut before = Holding::new();
            for snapshot in snapshots {
                let after = self.holding(&records, &snapshot, &mut versions)?;
                compare(&snapshot, before, &after, &versions, &mut steps)?;
                before = after;
            }
        }
        if steps.is_empty() { Err(Error::NoRecord(self.id.clone())) } else { Ok(steps) }
    }

    /// Reads every distinct record once.
    fn search<'a>(
        &self,
        records: &RecordReader,
        snapshots: impl Iterator<Item = &'a Snapshot>,
    ) -> Result<Versions, Error> {
        let mut all = RoaringTreemap::new();
        for snapshot in snapshots {
            records.items(snapshot, |item| {
                if let Item::Payload(payload) = item {
                    payload.runs.iter().for_each(|run| {
                        all.insert_range(run.range());
                    });
                }
                Ok::<(), archive::Error>(())
            })?;
        }
        // Another text can be written with escapes in too many ways.
        let is_plain = self.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let finder = memmem::Finder::new(if is_plain { self.id.as_bytes() } else { b"" });
        let versions = Mutex::new(Versions::new());
        records.read(&all, |number, record| {
            if finder.find(record).is_some() && Identity::of(record).is_called(&self.id) {
                let mut versions = versions.lock().unwrap_or_else(PoisonError::into_inner);
                versions.insert(Version::Chunk(number.0), record.to_vec());
            }
            Ok::<(), Error>(())
        })?;
        Ok(versions.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn holding(&self, records: &RecordReader, snapshot: &Snapshot, versions: &mut Versions) -> Result<Holding, Error> {
        let mut holding = Holding::new();
        let chunks: RoaringTreemap = versions
            .keys()
            .filter_map(|version| match version {
                Version::Chunk(number) => Some(*number),
                Version::Other(_) => None,
            })
            .collect();
        records.items(snapshot, |item| {
            let Item::Payload(payload) = item else { return Ok(()) };
            let mut held: Vec<Version> = Vec::new();
            for run in &payload.runs {
                held.extend(run.in_set(&chunks).map(Version::Chunk));
            }
            if payload.has_others() {
                records.others(&payload, |_, record| {
                    if Identity::of(record).is_called(&self.id) {
                        let version = Version::Other(Digest::of(record));
                        versions.entry(version).or_insert_with(|| record.to_vec());
                        held.push(version);
                    }
                    Ok::<(), archive::Error>(())
                })?;
            }
            if !held.is_empty() {
                holding.entry(group(&payload)).or_default().extend(held);
            }
            Ok::<(), archive::Error>(())
        })?;
        for held in holding.values_mut() {
            held.sort_unstable();
            held.dedup();
        }
        Ok(holding)
    }
}

/// Tells what differs between what a snapshot holds and what the one before it held.
fn compare(
    snapshot: &Snapshot,
    mut before: Holding,
    after: &Holding,
    versions: &Versions,
    steps: &mut Vec<Step>,
) -> Result<(), Error> {
    let mut spool = Spool::new(true);
    let groups: Vec<Group> =
        before.keys().filter(|group| !after.contains_key(group)).chain(after.keys()).cloned().collect();
    for group in groups {
        let (old, new) = (before.remove(&group).unwrap_or_default(), after.get(&group).cloned().unwrap_or_default());
        let mut matcher = Matcher::default();
        for version in old.iter().filter(|version| !new.contains(version)) {
            matcher.add_before(&versions[version], &mut spool)?;
        }
        for version in new.iter().filter(|version| !old.contains(version)) {
            matcher.add_after(&versions[version], &mut spool)?;
        }
        matcher.run(group, &mut spool, |kind: &KindDiff, change| {
            let (kind, objecttype) = (kind.kind.clone(), kind.objecttype.clone());
            steps.push(Step { snapshot: snapshot.clone(), kind, objecttype, change });
            Ok::<(), Error>(())
        })?;
    }
    Ok(())
}
