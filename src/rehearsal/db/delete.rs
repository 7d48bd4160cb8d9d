//! `DELETE /db/{objecttype}`: records are deleted but kept. Each is named by its `_id` and its current version. Where
//! others link to one, a policy must say what becomes of these; without it a person would be asked.

use std::sync::Arc;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::db::flags::Flags;
use crate::rehearsal::db::insert::{Done, Insertion, find};
use crate::rehearsal::db::rights::{Right, may};
use crate::rehearsal::json::{HOLE, Node, object};
use crate::rehearsal::problem::{Problem, confirmation};
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{CollectionObject, Facts, Item, Linked, State, SystemId, Target};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Ask,
    /// Those that link are deleted, too.
    Remove,
    /// Their links become null.
    SetNull,
    /// They are gathered in a new collection.
    CreateCollection,
    Undelete,
    Purge,
}

pub(in crate::rehearsal) fn delete(call: &Call, objecttype: &str) -> Result<Answer, Problem> {
    let user = call.user()?;
    let policy = policy(call)?;
    let body = call.request.json()?;
    let Node::List(triples) = &body else {
        return Err(Problem::generic("The request body must be a list of triples."));
    };
    let mut state = call.write();
    let model = Arc::clone(&state.documents.model);
    let table = find(&model, objecttype)?;
    let mut ids = Vec::new();
    for triple in triples {
        ids.push(check(call, &state, table, triple, policy)?);
    }
    let is_linked = |id: &SystemId| {
        let uuid = state.records.get(*id).map(|record| record.uuid);
        let linking = uuid.map(|uuid| state.records.linking_to(*id, uuid)).unwrap_or_default();
        linking.iter().any(|(source, _)| !ids.contains(source))
    };
    if policy == Policy::Ask && !call.is_own && ids.iter().any(is_linked) {
        return Ok(confirmation("Delete", "Other records link to these.", ("delete_policy", "remove")));
    }
    let flags = Flags::of(call, user);
    let mut deletion = Insertion { call, model, flags, now: now(), done: Vec::new() };
    let mut affected = Affected::default();
    for id in ids {
        affected.apply(&mut deletion, &mut state, id, policy);
    }
    affected.gather(&mut state, user);
    if !call.is_own {
        deletion.log(&mut state);
    }
    Ok(Answer::json(&affected.answer(policy)))
}

fn policy(call: &Call) -> Result<Policy, Problem> {
    let is_new = call.has(6, 22, 0);
    match call.request.param("delete_policy") {
        None => Ok(Policy::Ask),
        Some("remove") => Ok(Policy::Remove),
        Some("setnull") => Ok(Policy::SetNull),
        Some("create_collection") => Ok(Policy::CreateCollection),
        Some("undelete") if is_new => Ok(Policy::Undelete),
        Some("purge") if is_new => Ok(Policy::Purge),
        Some(other) => Err(Problem::parameter("delete_policy", other)),
    }
}

/// The record that a triple `[_id, version, comment]` names.
fn check(call: &Call, state: &State, table: usize, triple: &Node<'_>, policy: Policy) -> Result<SystemId, Problem> {
    let [id, version, comment] = triple.list() else {
        return Err(Problem::generic("An entry must be [_id, version, comment]."));
    };
    if !comment.is_null() && comment.text().is_none() {
        return Err(Problem::generic("The comment must be a text or null."));
    }
    let found = id.number().and_then(|id| state.records.by_row(table, id));
    let found = found.and_then(|id| Some((id, state.records.get(id)?)));
    let (system_id, record) = found.ok_or_else(|| Problem::lookup_not_found("_id", &id.to_string()))?;
    let name = &state.documents.model.tables[table].name;
    if record.deleted_at.is_some() && !matches!(policy, Policy::Undelete | Policy::Purge) {
        return Err(Problem::lookup_not_found("_id", &id.to_string()));
    }
    let current = record.versions.len() as u64;
    let received = version.number().unwrap_or(0);
    if received != current {
        let text =
            format!("Version mismatch for {name}:{system_id}: received version {received}, current is {current}.");
        let problem =
            Problem::new(400, "VersionMismatch", "object", text).with("object", format!("{name}:{system_id}"));
        let problem = problem.with("currentversion", current).with("expectedversion", current);
        return Err(problem.with("receivedversion", received));
    }
    let pool = record.versions.last().map_or(0, |version| version.pool);
    let table = &state.documents.model.tables[table];
    if may(state, &call.caller, Right::Delete, table, pool, Some(record.owner), None) {
        return Ok(system_id);
    }
    let text = format!("Insufficient rights to delete {name}:{id}.");
    Err(Problem::new(403, "ObjectInsufficientRights", "ferrors", text).with("right", "delete"))
}

/// What has become of whom.
#[derive(Default)]
struct Affected {
    removed: Vec<SystemId>,
    cleared: Vec<SystemId>,
    gathered: Vec<SystemId>,
    /// The collection that these were gathered in.
    collection: Option<u64>,
}

impl Affected {
    fn apply(&mut self, deletion: &mut Insertion<'_>, state: &mut State, id: SystemId, policy: Policy) {
        let uuid = state.records.get(id).map(|record| record.uuid);
        let linking = uuid.map(|uuid| state.records.linking_to(id, uuid)).unwrap_or_default();
        match policy {
            Policy::Undelete => {
                state.records.mark(id, None);
                return;
            }
            Policy::Purge => drop(state.records.remove(id)),
            _ => self.mark(deletion, state, id),
        }
        if policy == Policy::Purge {
            self.removed.push(id);
            return;
        }
        for (source, _) in linking {
            match policy {
                Policy::Remove if state.records.get(source).is_some_and(|record| record.deleted_at.is_none()) => {
                    self.mark(deletion, state, source);
                }
                Policy::SetNull => {
                    clear(state, source, id);
                    self.cleared.push(source);
                }
                Policy::CreateCollection => self.gathered.push(source),
                _ => {}
            }
        }
    }

    /// Puts the records that link to deleted ones into a new collection of the caller, at the top.
    fn gather(&mut self, state: &mut State, user: u64) {
        if self.gathered.is_empty() {
            return;
        }
        let id = state.collections.next_id();
        let root = state.collections.by_reference("system:root");
        let block = object([
            ("_id", id.into()),
            ("_id_parent", root.into()),
            ("_version", 1_u64.into()),
            ("type", "workfolder".into()),
            ("children_allowed", true.into()),
            ("objects_allowed", true.into()),
        ]);
        let owner = object([("_basetype", "user".into()), ("user", object([("_id", user.into())]))]);
        let doc = object([("_basetype", "collection".into()), ("collection", block), ("_owner", owner)]);
        state.collections.put(id, Item { version: 1, doc });
        let linked =
            |id: &SystemId| CollectionObject { target: Linked::Here(Target::Id(*id)), webfrontend_props: Node::Null };
        state.collection_objects.insert(id, self.gathered.iter().map(linked).collect());
        self.collection = Some(id);
    }

    fn mark(&mut self, deletion: &mut Insertion<'_>, state: &mut State, id: SystemId) {
        state.records.mark(id, Some(deletion.now.clone().into_boxed_str()));
        deletion.done.push(Done::Deleted(id));
        self.removed.push(id);
    }

    fn answer(&self, policy: Policy) -> Node<'static> {
        let policy = match policy {
            Policy::Ask => "",
            Policy::Remove => "remove",
            Policy::SetNull => "setnull",
            Policy::CreateCollection => "create_collection",
            Policy::Undelete => "undelete",
            Policy::Purge => "purge",
        };
        let list = |ids: &[SystemId]| Node::List(ids.iter().map(|id| id.0.into()).collect());
        let mut answer =
            object([("policy", policy.into()), ("removed", list(&self.removed)), ("setnull", list(&self.cleared))]);
        if let Some(id) = self.collection {
            answer.set("create_collection", id);
        }
        answer
    }
}

/// Takes the links to a record out of the newest version of another.
fn clear(state: &mut State, source: SystemId, target: SystemId) {
    let Some(record) = state.records.get_mut(source) else { return };
    let links = record.facts.links.iter().filter(|(_, link)| !matches!(link, Target::Id(id) if *id == target));
    let facts = Facts { links: links.copied().collect(), ..record.facts.clone() };
    if let Some(version) = record.versions.last_mut() {
        let end = format!(":{target}{HOLE}");
        let parts = version.body.split(HOLE).enumerate().map(|(at, part)| {
            let is_link = at % 2 == 1 && part.starts_with('L') && format!("{part}{HOLE}").ends_with(&end);
            match at % 2 {
                1 if is_link => "null".to_owned(),
                1 => format!("{HOLE}{part}{HOLE}"),
                _ => part.to_owned(),
            }
        });
        version.body = parts.collect::<String>().into_boxed_str();
    }
    state.records.refact(source, facts);
}
