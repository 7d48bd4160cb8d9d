//! A part of a backup: without the records of some objecttypes, and without the files that only those have.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, PoisonError};

use regex::Regex;
use roaring::RoaringTreemap;

use crate::archive::{self, Item, Payload, RecordReader, SnapshotReader};
use crate::jobs::Error;
use crate::model::backup::BackupReader;
use crate::model::entry::{Content, EntryHead, Role};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;
use crate::model::payload::{PayloadKind, mentions};

/// Links from records that are taken to records of an objecttype that is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outside {
    /// The objecttype, or the kind of other records.
    pub from: String,
    pub to: String,
    pub links: u64,
}

/// A snapshot of which only a part is read.
pub struct Subset<'a> {
    reader: &'a SnapshotReader,
    manifest: Manifest,
    /// Payloads and files.
    left_out: HashSet<EntryPath>,
    pub outside: Vec<Outside>,
}

/// The payloads of a snapshot: those that are taken, and those that are not.
#[derive(Default)]
struct Parted {
    taken: BTreeMap<String, Vec<Payload>>,
    left_out: BTreeMap<String, Vec<Payload>>,
}

/// What records of one sort mention.
#[derive(Default)]
struct Mentioned {
    files: HashSet<String>,
    /// Objecttypes that are left out.
    links: BTreeMap<String, u64>,
}

impl<'a> Subset<'a> {
    /// The part of a snapshot with the objecttypes that match `include`; all that is no record of an objecttype is taken.
    ///
    /// # Errors
    /// When no objecttype matches, or the records cannot be read.
    pub fn new(reader: &'a SnapshotReader, records: &RecordReader, include: &Regex) -> Result<Self, Error> {
        let parted = Parted::new(reader, records, include)?;
        let names: BTreeSet<&str> = parted.left_out.keys().map(String::as_str).collect();
        let mut outside = Vec::new();
        let mut needed = HashSet::new();
        for (from, payloads) in &parted.taken {
            let mentioned = mentioned(records, payloads, &names)?;
            needed.extend(mentioned.files);
            let links = mentioned.links.into_iter();
            outside.extend(links.map(|(to, links)| Outside { from: from.clone(), to, links }));
        }
        let mut left_out = HashSet::new();
        for payloads in parted.left_out.values() {
            let files = mentioned(records, payloads, &BTreeSet::new())?.files;
            left_out
                .extend(files.into_iter().filter(|file| !needed.contains(file)).filter_map(|file| file.parse().ok()));
            left_out.extend(payloads.iter().map(|payload| payload.path.clone()));
        }
        let manifest = reader.manifest().without(|path| left_out.contains(path));
        let manifest = manifest.map_err(crate::layout::Error::Manifest)?;
        Ok(Self { reader, manifest, left_out, outside })
    }
}

impl Parted {
    fn new(reader: &SnapshotReader, records: &RecordReader, include: &Regex) -> Result<Self, Error> {
        let mut parted = Self::default();
        records.items(&reader.snapshot, |item| {
            let Item::Payload(payload) = item else { return Ok(()) };
            let held = payload.body.records.as_ref();
            let kind = held.map(|held| held.kind.clone()).unwrap_or_default();
            let objecttype = held.and_then(|held| held.objecttype.clone());
            let is_record = PayloadKind::from_import_type(&kind) == PayloadKind::Records;
            let is_taken = !is_record || objecttype.as_ref().is_none_or(|name| include.is_match(name));
            let part = if is_taken { &mut parted.taken } else { &mut parted.left_out };
            part.entry(objecttype.unwrap_or(kind)).or_default().push(payload);
            Ok::<(), archive::Error>(())
        })?;
        let is_objecttype =
            |payload: &Payload| payload.body.records.as_ref().is_some_and(|held| held.objecttype.is_some());
        if !parted.taken.values().flatten().any(is_objecttype) {
            let names = parted.left_out.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(Error::NoObjecttype { pattern: include.to_string(), names });
        }
        Ok(parted)
    }
}

fn mentioned(records: &RecordReader, payloads: &[Payload], names: &BTreeSet<&str>) -> Result<Mentioned, Error> {
    let mut numbers = RoaringTreemap::new();
    for run in payloads.iter().flat_map(|payload| &payload.runs) {
        numbers.insert_range(run.range());
    }
    let all = Mutex::new(Mentioned::default());
    let look = |record: &[u8]| {
        let files: Vec<String> = mentions::strings(record, "path").filter(|path| path.starts_with("files/")).collect();
        let links: Vec<String> =
            mentions::strings(record, "_objecttype").filter(|name| names.contains(name.as_str())).collect();
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.files.extend(files);
        for link in links {
            *all.links.entry(link).or_default() += 1;
        }
    };
    records.read(&numbers, |_, record| {
        look(record);
        Ok::<(), Error>(())
    })?;
    for payload in payloads.iter().filter(|payload| payload.has_others()) {
        records.others(payload, |_, record| {
            look(record);
            Ok::<(), archive::Error>(())
        })?;
    }
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl BackupReader for Subset<'_> {
    type Error = archive::Error;

    fn for_each<E, V>(&self, mut visit: V) -> Result<&Manifest, E>
    where
        E: From<Self::Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        self.reader.for_each(|head, content| {
            if head.role == Role::Manifest {
                let mut bytes = self.manifest.bytes();
                let head = EntryHead { size: Some(bytes.len() as u64), ..head.clone() };
                return visit(&head, Content::Bytes(&mut bytes));
            }
            if self.left_out.contains(&head.path) { Ok(()) } else { visit(head, content) }
        })?;
        Ok(&self.manifest)
    }
}
