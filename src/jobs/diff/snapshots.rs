//! Two snapshots of one archive: what both have are the same chunks, and only the others are read.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use roaring::RoaringTreemap;

use crate::archive::{self, Body, Item, Payload, RecordReader, Row, Snapshot};
use crate::jobs::Error;
use crate::jobs::diff::entries::Entries;
use crate::jobs::diff::matching::Matcher;
use crate::jobs::diff::spool::Spool;
use crate::jobs::diff::{COMPARED_MAX, Group};
use crate::model::entry::{Digest, Role};

/// The records of one snapshot by kind and objecttype.
#[derive(Default)]
pub(super) struct Held {
    pub(super) chunks: BTreeMap<Group, RoaringTreemap>,
    /// Payloads with records that are no chunks.
    pub(super) others: Vec<Payload>,
}

impl Held {
    pub(super) fn add(&mut self, payload: Payload) {
        let chunks = self.chunks.entry(group(&payload)).or_default();
        for run in &payload.runs {
            chunks.insert_range(run.range());
        }
        if payload.has_others() {
            self.others.push(payload);
        }
    }
}

pub(in crate::jobs) fn group(payload: &Payload) -> Group {
    let records = payload.body.records.as_ref();
    let kind = records.map(|records| records.kind.clone()).unwrap_or_default();
    Group { kind, objecttype: records.and_then(|records| records.objecttype.clone()) }
}

pub(super) fn compare(
    records: &RecordReader,
    before: &Snapshot,
    after: &Snapshot,
    spool: &mut Spool,
    details: bool,
) -> Result<(BTreeMap<Group, Matcher>, Entries), Error> {
    let mut entries = Entries::new(details);
    let (mut old, mut new) = (Held::default(), Held::default());
    let mut texts = Texts::default();
    records.items(before, |item| {
        match item {
            Item::Payload(payload) => old.add(payload),
            Item::Other(row) => {
                if let Body::File(file) = &row.body {
                    entries.before(row.head.role, &row.head.path, file.digest);
                }
                texts.before(row);
            }
        }
        Ok::<(), archive::Error>(())
    })?;
    records.items(after, |item| {
        match item {
            Item::Payload(payload) => new.add(payload),
            Item::Other(row) => {
                if let Body::File(file) = &row.body {
                    entries.after(row.head.role, &row.head.path, file.digest);
                }
                texts.after(row);
            }
        }
        Ok::<(), archive::Error>(())
    })?;
    entries.finish(|visit| {
        Ok(records.items(before, |item| {
            if let Item::Other(row) = item {
                visit(&row.head.path);
            }
            Ok::<(), archive::Error>(())
        })?)
    })?;
    entries.compared = texts.differing(records)?;
    Ok((matchers(records, old, new, spool)?, entries))
}

/// Finds and reads what only one of them holds.
fn matchers(
    records: &RecordReader,
    mut old: Held,
    mut new: Held,
    spool: &mut Spool,
) -> Result<BTreeMap<Group, Matcher>, Error> {
    let mut matchers: BTreeMap<Group, Matcher> = BTreeMap::new();
    let groups: Vec<Group> = old.chunks.keys().chain(new.chunks.keys()).cloned().collect();
    for group in groups {
        if matchers.contains_key(&group) {
            continue;
        }
        let (before, after) =
            (old.chunks.remove(&group).unwrap_or_default(), new.chunks.remove(&group).unwrap_or_default());
        let matcher = Mutex::new((Matcher::default(), &mut *spool));
        let lock = || matcher.lock().unwrap_or_else(PoisonError::into_inner);
        records.read(&(&before - &after), |_, record| {
            let (matcher, spool) = &mut *lock();
            matcher.add_before(record, spool)
        })?;
        records.read(&(&after - &before), |_, record| {
            let (matcher, spool) = &mut *lock();
            matcher.add_after(record, spool)
        })?;
        let (mut matcher, _) = matcher.into_inner().unwrap_or_else(PoisonError::into_inner);
        matcher.unchanged = (before & after).len();
        matchers.insert(group, matcher);
    }
    others(records, &old.others, &new.others, &mut matchers, spool)?;
    Ok(matchers)
}

/// Records that are no chunks are told apart by their digests.
fn others(
    records: &RecordReader,
    old: &[Payload],
    new: &[Payload],
    matchers: &mut BTreeMap<Group, Matcher>,
    spool: &mut Spool,
) -> Result<(), Error> {
    let same =
        |payload: &Payload, among: &[Payload]| among.iter().any(|other| other.body.digest == payload.body.digest);
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    for (payloads, others, found) in [(old, new, &mut before), (new, old, &mut after)] {
        for payload in payloads.iter().filter(|payload| !same(payload, others)) {
            let found: &mut BTreeMap<(Group, Digest), Vec<u8>> = found;
            let group = group(payload);
            records.others(payload, |_, record| {
                found.insert((group.clone(), Digest::of(record)), record.to_vec());
                Ok::<(), archive::Error>(())
            })?;
        }
    }
    for ((group, digest), record) in &before {
        if !after.contains_key(&(group.clone(), *digest)) {
            matchers.entry(group.clone()).or_default().add_before(record, spool)?;
        }
    }
    for ((group, digest), record) in &after {
        let matcher = matchers.entry(group.clone()).or_default();
        if before.contains_key(&(group.clone(), *digest)) {
            matcher.unchanged += 1;
        } else {
            matcher.add_after(record, spool)?;
        }
    }
    Ok(())
}

/// The data models and base configs of two snapshots.
#[derive(Default)]
struct Texts {
    before: BTreeMap<Role, Row>,
    after: BTreeMap<Role, Row>,
}

impl Texts {
    fn before(&mut self, row: Row) {
        if is_text(row.head.role) {
            self.before.insert(row.head.role, row);
        }
    }

    fn after(&mut self, row: Row) {
        if is_text(row.head.role) {
            self.after.insert(row.head.role, row);
        }
    }

    fn differing(&self, records: &RecordReader) -> Result<Vec<(Role, Option<Vec<u8>>, Option<Vec<u8>>)>, Error> {
        let mut differing = Vec::new();
        for role in [Role::Datamodel, Role::BaseConfig] {
            let (before, after) = (self.before.get(&role), self.after.get(&role));
            if digest(before) != digest(after) {
                differing.push((role, read(records, before)?, read(records, after)?));
            }
        }
        Ok(differing)
    }
}

pub(super) fn is_text(role: Role) -> bool {
    matches!(role, Role::Datamodel | Role::BaseConfig)
}

fn digest(row: Option<&Row>) -> Option<Digest> {
    match &row?.body {
        Body::File(file) => Some(file.digest),
        Body::Folder | Body::Missing => None,
    }
}

pub(super) fn read(records: &RecordReader, row: Option<&Row>) -> Result<Option<Vec<u8>>, Error> {
    let Some(Row { head, body: Body::File(body) }) = row else { return Ok(None) };
    let whole = records.whole(&head.path, body, COMPARED_MAX)?;
    Ok(Some(whole.unwrap_or_else(|| format!("\"{} bytes, digest {}\"", body.size, body.digest).into_bytes())))
}
