//! The records: each version as compact JSON with holes where links and files are put in at rendering, beside the few
//! fields that are looked for. A record costs little more than its bytes.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::rehearsal::json::{Node, parse_stored};
use crate::rehearsal::state::ids::{SystemId, Uuid};

/// What a link leads to, there or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::rehearsal) enum Target {
    Id(SystemId),
    Uuid(Uuid),
}

/// Where a record stands in a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::rehearsal) enum Parent {
    #[default]
    None,
    One(Target),
    /// Of a poly-hierarchy; `None` is a root beside others.
    Many(Box<[Option<Target>]>),
}

#[derive(Debug)]
pub(in crate::rehearsal) struct Record {
    pub table: usize,
    pub id: u64,
    pub uuid: Uuid,
    pub created: Box<str>,
    pub owner: (bool, u64),
    pub versions: Vec<Version>,
    pub deleted_at: Option<Box<str>>,
    /// Of the newest version.
    pub facts: Facts,
}

/// One version of a record.
#[derive(Debug)]
pub(in crate::rehearsal) struct Version {
    pub create_user: u64,
    pub last_modified: Box<str>,
    pub comment: Option<Box<str>>,
    pub tags: Box<[u64]>,
    /// The list, as JSON.
    pub acl: Option<Box<str>>,
    pub private_acl: bool,
    /// 0: none.
    pub pool: u64,
    pub parent: Parent,
    /// The members of the objecttype's block, with holes, without the braces.
    pub body: Box<str>,
}

/// What is looked for.
#[derive(Debug, Default, Clone)]
pub(in crate::rehearsal) struct Facts {
    /// Links by the id of their column.
    pub links: Box<[(u64, Target)]>,
    /// Values of unique keys: the place of the key in the table, and the value's fingerprint.
    pub keys: Box<[(usize, Fingerprint)]>,
    /// The first text of the record, as JSON: what people see of it.
    pub standard: Box<str>,
}

/// A value of a column or key, shortened: 128 bits of BLAKE3.
pub(in crate::rehearsal) type Fingerprint = u128;

/// The records by the values of one column.
type ColumnIndex = HashMap<Fingerprint, HashSet<SystemId>>;

#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Records {
    last: u64,
    by_id: HashMap<SystemId, Record>,
    by_uuid: HashMap<Uuid, SystemId>,
    /// By table: records in the order of their `_id`.
    rows: Vec<Vec<(u64, SystemId)>>,
    /// The same without those that are deleted.
    live: Vec<Vec<(u64, SystemId)>>,
    last_ids: Vec<u64>,
    /// Who links where, newest versions only.
    links: HashMap<Target, Vec<(SystemId, u64)>>,
    unique: HashMap<(usize, usize, Fingerprint), Vec<SystemId>>,
    /// Values of columns that were looked up by: by table and column; made when first asked for.
    columns: Mutex<HashMap<(usize, String), ColumnIndex>>,
    /// Targets that are promised, with the table they must be of.
    promised: HashMap<Target, usize>,
}

pub(in crate::rehearsal) fn fingerprint(text: &str) -> Fingerprint {
    let digest = blake3::hash(text.as_bytes());
    let (first, _) = digest.as_bytes().split_at(16);
    first.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

impl Records {
    pub fn get(&self, id: SystemId) -> Option<&Record> {
        self.by_id.get(&id)
    }

    pub fn get_mut(&mut self, id: SystemId) -> Option<&mut Record> {
        self.by_id.get_mut(&id)
    }

    /// The record that a target is, if it is there.
    pub fn find(&self, target: Target) -> Option<(SystemId, &Record)> {
        let id = match target {
            Target::Id(id) => id,
            Target::Uuid(uuid) => *self.by_uuid.get(&uuid)?,
        };
        Some((id, self.by_id.get(&id)?))
    }

    /// The record with this `_id` of a table.
    pub fn by_row(&self, table: usize, id: u64) -> Option<SystemId> {
        let rows = self.rows.get(table)?;
        let at = rows.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(rows[at].1)
    }

    /// Records of a table, by ascending `_id`.
    pub fn rows(&self, table: usize) -> &[(u64, SystemId)] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
    }

    /// Records of a table that are not deleted, by ascending `_id`.
    pub fn live(&self, table: usize) -> &[(u64, SystemId)] {
        self.live.get(table).map_or(&[], Vec::as_slice)
    }

    pub fn count(&self, table: usize) -> usize {
        self.rows(table).len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub fn next_system_id(&mut self) -> SystemId {
        self.last += 1;
        SystemId(self.last)
    }

    pub fn next_id(&mut self, table: usize) -> u64 {
        if self.last_ids.len() <= table {
            self.last_ids.resize(table + 1, 0);
        }
        self.last_ids[table] += 1;
        self.last_ids[table]
    }

    /// Raises the sequence, as fylr does since 6.32 when a promise names an id.
    pub fn reserve(&mut self, id: SystemId) {
        self.last = self.last.max(id.0);
    }

    pub fn insert(&mut self, id: SystemId, record: Record) {
        self.reserve(id);
        let table = record.table;
        if self.last_ids.len() <= table {
            self.last_ids.resize(table + 1, 0);
        }
        self.last_ids[table] = self.last_ids[table].max(record.id);
        add_row(&mut self.rows, table, record.id, id);
        add_row(&mut self.live, table, record.id, id);
        self.by_uuid.insert(record.uuid, id);
        self.index(id, table, &record.facts);
        self.by_id.insert(id, record);
        self.read_columns(id, Change::Comes);
    }

    pub fn remove(&mut self, id: SystemId) -> Option<Record> {
        self.read_columns(id, Change::Goes);
        let record = self.by_id.remove(&id)?;
        self.unindex(id, record.table, &record.facts);
        self.by_uuid.remove(&record.uuid);
        remove_row(&mut self.rows, record.table, record.id);
        remove_row(&mut self.live, record.table, record.id);
        Some(record)
    }

    /// Adds a version; the facts of the one before come back.
    pub fn push(&mut self, id: SystemId, version: Version, facts: Facts) -> Facts {
        self.read_columns(id, Change::Goes);
        let Some(record) = self.by_id.get_mut(&id) else { return facts };
        record.versions.push(version);
        self.read_columns(id, Change::Comes);
        self.refact(id, facts)
    }

    /// Takes the newest version away again.
    pub fn pop(&mut self, id: SystemId, facts: Facts) {
        self.read_columns(id, Change::Goes);
        if let Some(record) = self.by_id.get_mut(&id) {
            record.versions.pop();
        }
        self.read_columns(id, Change::Comes);
        self.refact(id, facts);
    }

    /// Replaces the facts of a record; the old ones come back.
    pub fn refact(&mut self, id: SystemId, facts: Facts) -> Facts {
        let Some(record) = self.by_id.get_mut(&id) else { return facts };
        let table = record.table;
        let old = std::mem::replace(&mut record.facts, facts.clone());
        let is_deleted = record.deleted_at.is_some();
        if !is_deleted {
            self.unindex(id, table, &old);
            self.index(id, table, &facts);
        }
        old
    }

    /// Marks a record as deleted, or not any more. Deleted ones hold no unique key and link to nothing.
    pub fn mark(&mut self, id: SystemId, deleted_at: Option<Box<str>>) {
        let Some(record) = self.by_id.get_mut(&id) else { return };
        let (was, is) = (record.deleted_at.is_some(), deleted_at.is_some());
        record.deleted_at = deleted_at;
        let (table, row, facts) = (record.table, record.id, record.facts.clone());
        match (was, is) {
            (false, true) => {
                remove_row(&mut self.live, table, row);
                self.unindex(id, table, &facts);
                self.read_columns(id, Change::Goes);
            }
            (true, false) => {
                add_row(&mut self.live, table, row, id);
                self.index(id, table, &facts);
                self.read_columns(id, Change::Comes);
            }
            _ => {}
        }
    }

    fn index(&mut self, id: SystemId, table: usize, facts: &Facts) {
        for (column, target) in &facts.links {
            self.links.entry(*target).or_default().push((id, *column));
        }
        for (key, value) in &facts.keys {
            self.unique.entry((table, *key, *value)).or_default().push(id);
        }
    }

    fn unindex(&mut self, id: SystemId, table: usize, facts: &Facts) {
        for (column, target) in &facts.links {
            if let Some(sources) = self.links.get_mut(target)
                && let Some(at) = sources.iter().position(|source| *source == (id, *column))
            {
                sources.swap_remove(at);
            }
        }
        for (key, value) in &facts.keys {
            if let Some(holders) = self.unique.get_mut(&(table, *key, *value)) {
                holders.retain(|holder| *holder != id);
            }
        }
    }

    /// Who holds a value of a unique key.
    pub fn holder(&self, table: usize, key: usize, value: Fingerprint, but: Option<SystemId>) -> Option<SystemId> {
        let holders = self.unique.get(&(table, key, value))?;
        holders.iter().copied().find(|holder| Some(*holder) != but)
    }

    /// Records whose newest version links here, with the id of the column, in the order of their ids.
    pub fn linking_to(&self, id: SystemId, uuid: Uuid) -> Vec<(SystemId, u64)> {
        let by = |target| self.links.get(&target).into_iter().flatten().copied();
        let mut sources = by(Target::Id(id)).chain(by(Target::Uuid(uuid))).collect::<Vec<_>>();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// Notes that a record of a table is promised.
    pub fn promise(&mut self, target: Target, table: usize) {
        if let Target::Id(id) = target {
            self.reserve(id);
        }
        self.promised.insert(target, table);
    }

    /// The table that a promised record must be of.
    pub fn promised(&self, target: Target) -> Option<usize> {
        self.promised.get(&target).copied()
    }

    /// The live records whose column has a value; the column is read once, when it is first asked for.
    pub fn by_column(&self, table: usize, column: &str, values: &[String]) -> Vec<SystemId> {
        let mut columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        let index = columns.entry((table, column.to_owned())).or_insert_with(|| self.read_column(table, column));
        let found = values.iter().map(|value| index.get(&fingerprint(value)).cloned().unwrap_or_default());
        let common = found.reduce(|a, b| a.intersection(&b).copied().collect()).unwrap_or_default();
        let mut common = common.into_iter().collect::<Vec<_>>();
        common.sort_unstable();
        common
    }

    fn read_column(&self, table: usize, column: &str) -> ColumnIndex {
        let mut index = ColumnIndex::new();
        for (_, id) in self.live(table) {
            for value in self.by_id.get(id).map(|record| values_of(record, &[column])).unwrap_or_default() {
                index.entry(value.1).or_default().insert(*id);
            }
        }
        index
    }

    /// Keeps what was read of columns true when the newest version of a record comes or goes.
    fn read_columns(&mut self, id: SystemId, change: Change) {
        let columns = self.columns.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(record) = self.by_id.get(&id).filter(|_| !columns.is_empty()) else { return };
        let read = columns.keys().filter(|(table, _)| *table == record.table).map(|(_, name)| name.clone());
        let read = read.collect::<Vec<_>>();
        if read.is_empty() {
            return;
        }
        let names = read.iter().map(String::as_str).collect::<Vec<_>>();
        for (at, value) in values_of(record, &names) {
            let Some(index) = columns.get_mut(&(record.table, read[at].clone())) else { continue };
            match change {
                Change::Comes => drop(index.entry(value).or_default().insert(id)),
                Change::Goes => {
                    if let Some(holders) = index.get_mut(&value) {
                        holders.remove(&id);
                    }
                }
            }
        }
    }

    /// Another data model: nothing that was read by columns holds.
    pub fn model_changed(&mut self) {
        self.columns.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[derive(Clone, Copy)]
enum Change {
    Comes,
    Goes,
}

/// What the newest version of a record has in some columns: their places, and the values.
fn values_of(record: &Record, columns: &[&str]) -> Vec<(usize, Fingerprint)> {
    let body = record.versions.last().map(|version| format!("{{{}}}", version.body)).unwrap_or_default();
    let Ok(block) = parse_stored(&body) else { return Vec::new() };
    let values = columns.iter().enumerate();
    values
        .flat_map(|(at, name)| lookup_values(block.at(name)).into_iter().map(move |value| (at, fingerprint(&value))))
        .collect()
}

fn add_row(rows: &mut Vec<Vec<(u64, SystemId)>>, table: usize, row: u64, id: SystemId) {
    if rows.len() <= table {
        rows.resize(table + 1, Vec::new());
    }
    let rows = &mut rows[table];
    if let Err(at) = rows.binary_search_by_key(&row, |(row, _)| *row) {
        rows.insert(at, (row, id));
    }
}

fn remove_row(rows: &mut [Vec<(u64, SystemId)>], table: usize, row: u64) {
    let Some(rows) = rows.get_mut(table) else { return };
    if let Ok(at) = rows.binary_search_by_key(&row, |(row, _)| *row) {
        rows.remove(at);
    }
}

/// The values under which a column is found: a text, a number, or each language of a localized text.
pub(in crate::rehearsal) fn lookup_values(value: &Node<'_>) -> Vec<String> {
    match value {
        Node::Text(_) | Node::Number(_) => vec![value.to_string()],
        Node::Object(languages) => {
            let set = languages.iter().filter(|(_, text)| text.text().is_some());
            set.map(|(language, text)| format!("{language}:{text}")).collect()
        }
        _ => Vec::new(),
    }
}
