//! One record before it is stored: which one it is, which version, where it stands, and whether all of it is right.
//! Nothing is changed here, so that a refusal leaves no trace.

use std::collections::HashSet;

use crate::rehearsal::auth::Caller;
use crate::rehearsal::datamodel::{Model, Table};
use crate::rehearsal::db::flags::Flags;
use crate::rehearsal::db::head::{self, Head};
use crate::rehearsal::db::links::{self, Deferral};
use crate::rehearsal::db::rights::{self, Right};
use crate::rehearsal::db::unique;
use crate::rehearsal::db::values::Values;
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{Facts, Parent, State, SystemId, Target, Uuid};

/// What will be stored.
pub(super) struct Draft {
    pub existing: Option<SystemId>,
    pub system_id: Option<SystemId>,
    pub uuid: Option<Uuid>,
    pub id: Option<u64>,
    pub head: Head,
    pub pool: u64,
    pub tags: Vec<u64>,
    pub parent: Parent,
    pub body: String,
    pub facts: Facts,
    pub promises: Vec<(Target, usize)>,
}

pub(super) struct Drafting<'s> {
    pub state: &'s State,
    pub model: &'s Model,
    pub table: usize,
    pub flags: Flags,
    pub caller: &'s Caller,
}

impl Drafting<'_> {
    pub fn draft(&self, record: &Node<'_>, chance: fastrand::Rng) -> Result<Draft, Problem> {
        let table = &self.model.tables[self.table];
        if !record.is_object() {
            return Err(Problem::inconsistent(format!("a record of {} is {}", table.name, record.kind())));
        }
        let head = head::read(self.state, table, record, self.flags)?;
        let block = record.at(&table.name);
        if !block.is_object() {
            return Err(Problem::inconsistent(format!("the record has no block \"{}\"", table.name)));
        }
        let mut draft = self.identify(table, record, block)?;
        self.check_version(table, &draft, record, block)?;
        draft.head = head;
        draft.pool = self.pool(table, block)?;
        self.check_right(&draft)?;
        draft.tags = self.tags(table, &draft);
        let mut values = Values::new(self.state, self.model, self.flags, chance);
        if let Some(record) = draft.existing.and_then(|id| self.state.records.get(id)) {
            values.former_rows = record.versions.last().map(|version| rows_of(&version.body)).unwrap_or_default();
        }
        values.block(table, block)?;
        draft.parent = self.parent(table, &draft, block, &mut values)?;
        let links = values.links.into_boxed_slice();
        let keys = unique::keys(table, block, &links, &draft.parent);
        draft.facts = Facts { links, keys, standard: values.standard.into_boxed_str() };
        draft.body = values.body;
        draft.promises = values.promises;
        if !self.flags.skip_constraints {
            unique::check(self.state, table, self.table, &draft.facts.keys, draft.existing)?;
        }
        Ok(draft)
    }

    /// Which record it is: by lookup, by `_id`, by `_system_object_id`, by `_uuid`; all that are given must agree.
    fn identify(&self, table: &Table, record: &Node<'_>, block: &Node<'_>) -> Result<Draft, Problem> {
        let records = &self.state.records;
        let (system_id, uuid) = (system_id(record)?, uuid(record)?);
        let id = block.at("_id").number();
        let looked_up = match block.get("lookup:_id") {
            None => None,
            Some(lookup) => {
                let (target, _) = links::resolve(self.state, self.model, self.table, lookup, Deferral::Refused)?;
                records.find(target).map(|(id, _)| id)
            }
        };
        let by_system_id = system_id.filter(|id| records.get(*id).is_some());
        let by_uuid = uuid.and_then(|uuid| records.find(Target::Uuid(uuid))).map(|(id, _)| id);
        let by_row = id.and_then(|id| records.by_row(self.table, id));
        let found = [looked_up, by_row, by_system_id, by_uuid];
        let existing = found.iter().flatten().next().copied();
        if let Some(existing) = existing {
            let known = records.get(existing);
            let is_other = |other: &Option<SystemId>| other.is_some_and(|other| other != existing);
            let differs = known.is_some_and(|record| {
                record.table != self.table
                    || uuid.is_some_and(|uuid| uuid != record.uuid)
                    || id.is_some_and(|id| id != record.id)
            });
            if found.iter().any(is_other) || differs || system_id.is_some_and(|id| id != existing) {
                return Err(Problem::unique(if by_uuid.is_some() { "object_uuid" } else { "object_system_object_id" })
                    .with("objecttype", table.name.clone()));
            }
        }
        Ok(Draft {
            existing,
            system_id,
            uuid,
            id,
            head: Head::default(),
            pool: 0,
            tags: Vec::new(),
            parent: Parent::None,
            body: String::new(),
            facts: Facts::default(),
            promises: Vec::new(),
        })
    }

    /// A new record has version 1 or none, an existing one the stored version and one. A deleted one has no next.
    fn check_version(&self, table: &Table, draft: &Draft, record: &Node<'_>, block: &Node<'_>) -> Result<(), Problem> {
        let known = draft.existing.and_then(|id| Some((id, self.state.records.get(id)?)));
        let current = known.map_or(0, |(_, record)| record.versions.len() as u64);
        let is_automatic = [record, block].iter().any(|node| node.at("_version:auto_increment").bool() == Some(true));
        let received = match block.at("_version") {
            Node::Null if is_automatic || current == 0 => current + 1,
            node => node.number().unwrap_or(0),
        };
        let is_deleted = known.is_some_and(|(_, record)| record.deleted_at.is_some());
        if received == current + 1 && !is_deleted {
            return Ok(());
        }
        let object = draft.existing.or(draft.system_id).map_or_else(|| "new".to_owned(), |id| id.to_string());
        let object = format!("{}:{object}", table.name);
        let text = format!(
            "Version mismatch for {object}: received version {received}, current is {current}, expected {}.",
            current + 1
        );
        if !self.flags.has_version_code {
            return Err(Problem::generic(text));
        }
        let problem = Problem::new(400, "VersionMismatch", "object", text).with("object", object);
        Err(problem
            .with("currentversion", current)
            .with("expectedversion", current + 1)
            .with("receivedversion", received))
    }

    /// The pool, which a type with pools must have.
    fn pool(&self, table: &Table, block: &Node<'_>) -> Result<u64, Problem> {
        let node = block.at("_pool");
        if !table.pool_link {
            return if node.is_null() {
                Ok(0)
            } else {
                Err(Problem::inconsistent(format!("the object type {} has no pools", table.name)))
            };
        }
        if node.is_null() {
            if self.flags.skip_constraints {
                return Ok(0);
            }
            let text = format!("The object type {} has pool management, a pool is needed.", table.name);
            let problem = Problem::new(400, "ObjecttypeHasPoolManagement", "object", text);
            return Err(problem.with("objecttype", table.name.clone()));
        }
        let pool = node.at("pool");
        if let Some(lookup) = pool.get("lookup:_id") {
            let reference = lookup.at("reference").text();
            let reference = reference.ok_or_else(|| Problem::inconsistent("pools are looked up by reference"))?;
            let id = self.state.pools.by_reference(reference);
            return id.ok_or_else(|| Problem::lookup_not_found("reference", reference));
        }
        let id = pool.at("_id").number().filter(|id| self.state.pools.get(*id).is_some());
        id.ok_or_else(|| Problem::lookup_not_found("_id", &pool.at("_id").to_string()))
    }

    fn check_right(&self, draft: &Draft) -> Result<(), Problem> {
        let right = if draft.existing.is_some() { Right::Write } else { Right::Create };
        let owner = draft.existing.and_then(|id| self.state.records.get(id)).map(|record| record.owner);
        let table = &self.model.tables[self.table];
        if rights::may(self.state, self.caller, right, table, draft.pool, owner, None) {
            return Ok(());
        }
        let text = format!("Insufficient rights to save a record of {}.", table.name);
        Err(Problem::new(403, "ObjectInsufficientRights", "ferrors", text).with("right", right.name()))
    }

    /// What was sent, with hidden default tags; without a list the default ones, or those there were.
    fn tags(&self, table: &Table, draft: &Draft) -> Vec<u64> {
        let before = draft.existing.and_then(|id| self.state.records.get(id)?.versions.last());
        let sent = draft.head.tags.clone();
        let hidden = || head::default_tags(self.state, table, draft.pool, true);
        match (sent, before) {
            (Some(mut tags), _) => {
                let missing = hidden().into_iter().filter(|id| !tags.contains(id)).collect::<Vec<_>>();
                tags.extend(missing);
                tags
            }
            (None, Some(before)) => before.tags.to_vec(),
            (None, None) if self.flags.has_default_tags => head::default_tags(self.state, table, draft.pool, false),
            (None, None) => hidden(),
        }
    }

    /// The parent or parents, of the same table; no record stands below itself.
    fn parent(
        &self,
        table: &Table,
        draft: &Draft,
        block: &Node<'_>,
        values: &mut Values<'_>,
    ) -> Result<Parent, Problem> {
        let keys = ["_id_parent", "lookup:_id_parent", "_parents"];
        let given = keys.iter().filter(|key| !block.at(key).is_null()).copied().collect::<Vec<_>>();
        let parent = match given.as_slice() {
            [] => Parent::None,
            ["_parents"] if table.is_polyhierarchical => self.parents(table, block.at("_parents"), values)?,
            ["_id_parent"] if table.is_hierarchical => {
                let id = block.at("_id_parent").number().and_then(|id| self.state.records.by_row(self.table, id));
                let is_live = |id: &SystemId| self.state.records.get(*id).is_some_and(|r| r.deleted_at.is_none());
                let id = id.filter(is_live);
                Parent::One(Target::Id(
                    id.ok_or_else(|| Problem::lookup_not_found("_id_parent", &block.at("_id_parent").to_string()))?,
                ))
            }
            ["lookup:_id_parent"] if table.is_hierarchical => {
                let lookup = block.at("lookup:_id_parent");
                let found = links::resolve(self.state, self.model, self.table, lookup, Deferral::Allowed)?;
                Parent::One(self.promise(found, values))
            }
            _ => {
                let text = format!("the object type {} does not take {} like this", table.name, given.join(" and "));
                return Err(Problem::inconsistent(text));
            }
        };
        let direct: Vec<Target> = match &parent {
            Parent::None => Vec::new(),
            Parent::One(target) => vec![*target],
            Parent::Many(targets) => targets.iter().flatten().copied().collect(),
        };
        values.links.extend(direct.iter().map(|target| (0, *target)));
        self.refuse_loop(table, draft, direct)?;
        Ok(parent)
    }

    fn parents(&self, table: &Table, parents: &Node<'_>, values: &mut Values<'_>) -> Result<Parent, Problem> {
        let Node::List(parents) = parents else { return Err(Problem::inconsistent("\"_parents\" must be a list")) };
        let mut targets: Vec<Option<Target>> = Vec::new();
        for parent in parents {
            let target = match parent {
                Node::Null => None,
                parent => {
                    let found = values.wrapped("_parents", self.table, parent)?;
                    Some(self.promise(found, values))
                }
            };
            if targets.contains(&target) {
                return Err(Problem::inconsistent(format!("a record of {} has a parent twice", table.name)));
            }
            targets.push(target);
        }
        Ok(if targets.is_empty() { Parent::None } else { Parent::Many(targets.into_boxed_slice()) })
    }

    fn promise(&self, (target, is_promised): (Target, bool), values: &mut Values<'_>) -> Target {
        if is_promised {
            values.promises.push((target, self.table));
        }
        target
    }

    fn refuse_loop(&self, table: &Table, draft: &Draft, mut above: Vec<Target>) -> Result<(), Problem> {
        let own = draft.existing.or(draft.system_id);
        let mut seen = Vec::new();
        while let Some(target) = above.pop() {
            let is_own = match target {
                Target::Id(id) => Some(id) == own,
                Target::Uuid(uuid) => Some(uuid) == draft.uuid,
            };
            if is_own {
                return Err(Problem::inconsistent(format!("a record of {} would stand below itself", table.name)));
            }
            if seen.contains(&target) {
                continue;
            }
            seen.push(target);
            let version = self.state.records.find(target).and_then(|(_, record)| record.versions.last());
            match version.map(|version| &version.parent) {
                Some(Parent::One(next)) => above.push(*next),
                Some(Parent::Many(next)) => above.extend(next.iter().flatten()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The `_system_object_id` of a record, which must fit into 63 bits.
fn system_id(record: &Node<'_>) -> Result<Option<SystemId>, Problem> {
    match record.at("_system_object_id") {
        Node::Null => Ok(None),
        node => {
            let id = node.number().filter(|id| *id > 0 && i64::try_from(*id).is_ok()).map(SystemId);
            id.map(Some).ok_or_else(|| Problem::inconsistent(format!("{node} is no _system_object_id")))
        }
    }
}

fn uuid(record: &Node<'_>) -> Result<Option<Uuid>, Problem> {
    match record.at("_uuid") {
        Node::Null => Ok(None),
        node => {
            let uuid = node.text().and_then(Uuid::parse);
            uuid.map(Some).ok_or_else(|| Problem::inconsistent(format!("{node} is no _uuid")))
        }
    }
}

/// The UUIDs of the rows in a stored body.
fn rows_of(body: &str) -> HashSet<Uuid> {
    const KEY: &str = "{\"_uuid\":\"";
    // In a text the quotes would be escaped, so that what is found is a key.
    let starts = body.match_indices(KEY).map(|(at, _)| at + KEY.len());
    starts.filter_map(|at| Uuid::parse(body.get(at..at + 36)?)).collect()
}
