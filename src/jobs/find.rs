//! Find: records that a pattern matches. Every distinct record is searched once, in however many snapshots it stands.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use regex::bytes::Regex;
use roaring::RoaringTreemap;

use crate::archive::id::{ChunkNumber, SnapshotNumber};
use crate::archive::{self, Archive, Item, Payload, RecordReader, Snapshot, SnapshotName, snapshot};
use crate::jobs::Error;
use crate::model::path::EntryPath;
use crate::model::payload::{Identity, difference};

/// What to look for, and where.
pub struct Find {
    /// Searched for in the JSON text of a record as it stands, or in the value that `at` leads to.
    pub pattern: Regex,
    /// An RFC 6901 pointer. Strings are searched by what they say, all else as it is written.
    pub at: Option<String>,
    /// Only records of these objecttypes; of all, and of base types, if there are none.
    pub objecttypes: Vec<String>,
    pub among: Among,
}

/// Which snapshots are searched.
pub enum Among {
    /// The newest of each backup name.
    Newest,
    These(Vec<SnapshotName>),
    All,
}

/// A record that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The snapshots that hold it, newest first.
    pub snapshots: Vec<SnapshotNumber>,
    /// The backup name of the newest of them.
    pub name: String,
    /// The payload in the newest of them.
    pub path: EntryPath,
    /// Its place in the payload, counted from 1.
    pub record: u64,
    pub kind: String,
    pub objecttype: Option<String>,
    pub identity: Identity,
    /// What was searched: the record, or the value at the pointer; without volatile values.
    pub text: Vec<u8>,
    /// Where in it the first match stands.
    pub matched: std::ops::Range<usize>,
}

/// A snapshot, and the records in it that match.
struct Holder {
    snapshot: Snapshot,
    matching: RoaringTreemap,
}

impl Find {
    /// Searches the archive at `archive`, and hands over every record that matches, once.
    ///
    /// # Errors
    /// When the archive cannot be read, there is no such snapshot, or the first error of `visit`.
    pub fn run<E: From<Error>>(&self, archive: &Path, mut visit: impl FnMut(Found) -> Result<(), E>) -> Result<(), E> {
        let archive = Archive::open(archive).map_err(Error::from)?;
        let records = RecordReader::of(&archive).map_err(Error::from)?;
        let snapshots = self.snapshots(&archive)?;
        let mut holders = Vec::new();
        let mut all = RoaringTreemap::new();
        for snapshot in snapshots {
            let held = self.held(&records, &snapshot)?;
            all |= &held;
            holders.push(Holder { snapshot, matching: held });
        }
        let matching = self.search(&records, &all)?;
        for holder in &mut holders {
            holder.matching &= &matching;
        }
        for at in 0..holders.len() {
            self.tell(&records, &holders, at, &mut visit)?;
        }
        Ok(())
    }

    /// Newest first.
    fn snapshots(&self, archive: &Archive) -> Result<Vec<Snapshot>, Error> {
        let transaction = archive.read()?;
        if let Among::These(names) = &self.among {
            let found = names.iter().map(|name| snapshot::find(&transaction, name));
            let mut found = found.collect::<Result<Vec<_>, _>>()?;
            found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.number));
            found.dedup();
            return Ok(found);
        }
        let mut snapshots = snapshot::all(&transaction)?.into_iter().collect::<Result<Vec<_>, _>>()?;
        snapshots.reverse();
        if let Among::Newest = self.among {
            let mut names = Vec::new();
            snapshots.retain(|snapshot| {
                let is_newest = !names.contains(&snapshot.name);
                names.push(snapshot.name.clone());
                is_newest
            });
        }
        Ok(snapshots)
    }

    fn is_meant(&self, payload: &Payload) -> bool {
        let objecttype = payload.body.records.as_ref().and_then(|records| records.objecttype.as_ref());
        self.objecttypes.is_empty() || objecttype.is_some_and(|objecttype| self.objecttypes.contains(objecttype))
    }

    fn held(&self, records: &RecordReader, snapshot: &Snapshot) -> Result<RoaringTreemap, Error> {
        let mut held = RoaringTreemap::new();
        records.items(snapshot, |item| {
            if let Item::Payload(payload) = item
                && self.is_meant(&payload)
            {
                payload.runs.iter().for_each(|run| {
                    held.insert_range(run.range());
                });
            }
            Ok::<(), archive::Error>(())
        })?;
        Ok(held)
    }

    fn search(&self, records: &RecordReader, numbers: &RoaringTreemap) -> Result<RoaringTreemap, Error> {
        let matching = Mutex::new(RoaringTreemap::new());
        records.read(numbers, |number, record| {
            if self.find(record).is_some() {
                matching.lock().unwrap_or_else(PoisonError::into_inner).insert(number.0);
            }
            Ok::<(), Error>(())
        })?;
        Ok(matching.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is searched of a record, and where the first match is.
    fn find(&self, record: &[u8]) -> Option<(Vec<u8>, std::ops::Range<usize>)> {
        let Some(pointer) = &self.at else {
            let matched = self.pattern.find(record)?.range();
            return Some((record.to_vec(), matched));
        };
        let value = difference::at(record, pointer)?;
        let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned()).into_bytes();
        let matched = self.pattern.find(&text)?.range();
        Some((text, matched))
    }

    /// Tells what the snapshot at `at` holds and no newer one does.
    fn tell<E: From<Error>>(
        &self,
        records: &RecordReader,
        holders: &[Holder],
        at: usize,
        visit: &mut impl FnMut(Found) -> Result<(), E>,
    ) -> Result<(), E> {
        let (newer, rest) = holders.split_at(at);
        let Some((holder, older)) = rest.split_first() else { return Ok(()) };
        let mut cursor = records.cursor();
        let mut failed = None;
        let walked = records.items(&holder.snapshot, |item| {
            let Item::Payload(payload) = item else { return Ok(()) };
            if !self.is_meant(&payload) {
                return Ok(());
            }
            let mut give = |snapshots: Vec<SnapshotNumber>, record: u64, bytes: &[u8]| {
                let Some((text, matched)) = self.find(bytes) else { return Ok(()) };
                visit(found(holder, snapshots, &payload, record, bytes, text, matched))
            };
            let mut before = 0;
            for run in &payload.runs {
                for number in run.in_set(&holder.matching) {
                    if newer.iter().any(|newer| newer.matching.contains(number)) {
                        continue;
                    }
                    let holding = older.iter().filter(|older| older.matching.contains(number));
                    let numbers = std::iter::once(holder).chain(holding).map(|holder| holder.snapshot.number).collect();
                    let bytes = cursor.chunk(ChunkNumber(number))?;
                    if let Err(error) = give(numbers, before + number - run.first.0 + 1, bytes) {
                        failed = Some(error);
                        return Err(archive::Error::Panicked);
                    }
                }
                before += run.count;
            }
            if payload.has_others() {
                records.others(&payload, |place, bytes| {
                    give(vec![holder.snapshot.number], place + 1, bytes).map_err(|error| {
                        failed = Some(error);
                        archive::Error::Panicked
                    })
                })?;
            }
            Ok(())
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(walked.map_err(Error::from)?),
        }
    }
}

fn found(
    holder: &Holder,
    snapshots: Vec<SnapshotNumber>,
    payload: &Payload,
    record: u64,
    bytes: &[u8],
    text: Vec<u8>,
    matched: std::ops::Range<usize>,
) -> Found {
    let records = payload.body.records.as_ref();
    Found {
        snapshots,
        name: holder.snapshot.name.clone(),
        path: payload.path.clone(),
        record,
        kind: records.map(|records| records.kind.clone()).unwrap_or_default(),
        objecttype: records.and_then(|records| records.objecttype.clone()),
        identity: Identity::of(bytes),
        text,
        matched,
    }
}
