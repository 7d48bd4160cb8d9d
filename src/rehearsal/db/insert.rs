//! `POST /db/{objecttype}`: records in the order of the request, all or none. Several versions of one record may stand
//! in one request, in their order. An update replaces all values, those that are left out become null.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::datamodel::Model;
use crate::rehearsal::db::draft::{Draft, Drafting};
use crate::rehearsal::db::flags::Flags;
use crate::rehearsal::db::render::{Format, Renderer};
use crate::rehearsal::db::{links, reverse};
use crate::rehearsal::json::{Node, escape};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;
use crate::rehearsal::state::{Event, Facts, Record, State, SystemId, Target, Uuid, Version};

/// The most records of one request: the documented limit of the server.
pub(super) const BATCH_MAX: usize = 1000;

/// What has been done, so that it can be undone.
pub(super) enum Done {
    Inserted(SystemId),
    Updated { id: SystemId, facts: Facts, owner: (bool, u64) },
    Deleted(SystemId),
}

/// A request under way.
pub(super) struct Insertion<'c> {
    pub call: &'c Call<'c>,
    pub model: Arc<Model>,
    pub flags: Flags,
    pub now: String,
    pub done: Vec<Done>,
}

pub(in crate::rehearsal) fn post(call: &Call, objecttype: &str) -> Result<Answer, Problem> {
    let user = call.user()?;
    let body = call.request.json()?;
    let Node::List(records) = &body else {
        return Err(Problem::generic("The request body must be a list of records."));
    };
    if records.len() > BATCH_MAX {
        return Err(Problem::generic(format!("{} records in one request, the limit is {BATCH_MAX}.", records.len())));
    }
    let format = Format::of(call, Format::Standard)?;
    let flags = Flags::of(call, user);
    let mut state = call.write();
    let model = Arc::clone(&state.documents.model);
    let table = find(&model, objecttype)?;
    let mut insertion = Insertion { call, model, flags, now: now(), done: Vec::new() };
    let mut saved = Vec::with_capacity(records.len());
    for record in records {
        match insertion.save(&mut state, table, record) {
            Ok(id) => saved.push(id),
            Err(problem) => {
                insertion.undo(&mut state);
                return Err(problem);
            }
        }
    }
    let mut out = String::from("[");
    let renderer = Renderer::new(call, &state, format);
    for (at, id) in saved.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        renderer.newest(*id, &mut out);
    }
    out.push(']');
    if flags.dry_run {
        insertion.undo(&mut state);
    } else if !flags.skip_events {
        insertion.log(&mut state);
    }
    Ok(Answer::json_text(200, out))
}

pub(super) fn find(model: &Model, objecttype: &str) -> Result<usize, Problem> {
    let found = model.objecttype(objecttype).map(|(at, _)| at);
    found.ok_or_else(|| {
        let text = format!("Unknown object type {objecttype}.");
        Problem::new(400, "UnknownObjecttype", "api", text).with("objecttype", objecttype.to_owned())
    })
}

impl Insertion<'_> {
    /// Saves one record, with the children that it brings.
    pub fn save(&mut self, state: &mut State, table: usize, record: &Node<'_>) -> Result<SystemId, Problem> {
        let model = Arc::clone(&self.model);
        let chance = self.call.shared.chance(fastrand::Rng::fork);
        let drafting = Drafting { state, model: &model, table, flags: self.flags, caller: &self.call.caller };
        let draft = drafting.draft(record, chance)?;
        for (target, of) in &draft.promises {
            state.records.promise(*target, *of);
        }
        let id = match draft.existing {
            Some(id) => self.update(state, id, draft),
            None => self.insert(state, table, draft)?,
        };
        if !self.flags.skip_reverse_nested {
            reverse::reconcile(self, state, table, id, record.at(&model.tables[table].name))?;
        }
        Ok(id)
    }

    fn insert(&mut self, state: &mut State, table: usize, draft: Draft) -> Result<SystemId, Problem> {
        let id = draft.system_id.unwrap_or_else(|| state.records.next_system_id());
        let uuid = draft.uuid.unwrap_or_else(|| self.call.shared.chance(Uuid::random));
        for target in [Target::Id(id), Target::Uuid(uuid)] {
            if state.records.promised(target).is_some_and(|of| of != table) {
                return Err(links::wrong_objecttype(&self.model, state.records.promised(target).unwrap_or(table)));
            }
        }
        let row = draft.id.unwrap_or_else(|| state.records.next_id(table));
        let created = draft.head.created.clone().unwrap_or_else(|| self.now.clone());
        let owner = draft.head.owner.unwrap_or((false, self.flags.user));
        let facts = draft.facts.clone();
        let record = Record {
            table,
            id: row,
            uuid,
            created: created.into_boxed_str(),
            owner,
            versions: vec![self.version(draft)],
            deleted_at: None,
            facts,
        };
        state.records.insert(id, record);
        self.done.push(Done::Inserted(id));
        Ok(id)
    }

    fn update(&mut self, state: &mut State, id: SystemId, draft: Draft) -> SystemId {
        let owner = draft.head.owner;
        let facts = draft.facts.clone();
        let version = self.version(draft);
        let facts = state.records.push(id, version, facts);
        if let Some(record) = state.records.get_mut(id) {
            self.done.push(Done::Updated { id, facts, owner: record.owner });
            record.owner = owner.unwrap_or(record.owner);
        }
        id
    }

    fn version(&self, draft: Draft) -> Version {
        let Draft { head, pool, tags, parent, body, .. } = draft;
        Version {
            create_user: head.create_user.unwrap_or(self.flags.user),
            last_modified: head.last_modified.unwrap_or_else(|| self.now.clone()).into_boxed_str(),
            comment: head.comment.map(String::into_boxed_str),
            tags: tags.into_boxed_slice(),
            acl: head.acl.map(String::into_boxed_str),
            private_acl: head.private_acl,
            pool,
            parent,
            body: body.into_boxed_str(),
        }
    }

    /// Puts everything back as it was; numbers that were drawn stay used.
    pub fn undo(&mut self, state: &mut State) {
        while let Some(done) = self.done.pop() {
            match done {
                Done::Inserted(id) => drop(state.records.remove(id)),
                Done::Updated { id, facts, owner } => {
                    state.records.pop(id, facts);
                    if let Some(record) = state.records.get_mut(id) {
                        record.owner = owner;
                    }
                }
                Done::Deleted(id) => state.records.mark(id, None),
            }
        }
    }

    /// Writes what was done into the log of events.
    pub fn log(&self, state: &mut State) {
        for done in &self.done {
            let (kind, id) = match done {
                Done::Inserted(id) => ("OBJECT_INSERT", *id),
                Done::Updated { id, .. } => ("OBJECT_UPDATE", *id),
                Done::Deleted(id) => ("OBJECT_DELETE", *id),
            };
            let Some(record) = state.records.get(id) else { continue };
            let objecttype = self.model.tables[record.table].name.clone();
            let mut members = String::from("\"schema\":\"user\",\"basetype\":\"object\",\"objecttype\":");
            escape(&objecttype, &mut members);
            let (row, version) = (record.id, record.versions.len());
            let _ = write!(
                members,
                ",\"object_id\":{row},\"object_version\":{version},\"system_object_id\":{id},\"global_object_id\":\"{id}@{}\",",
                state.uuid
            );
            state.events.add(Event {
                id: 0,
                kind: kind.into(),
                basetype: "object".into(),
                objecttype: objecttype.into(),
                timestamp: self.now.clone().into_boxed_str(),
                user: self.flags.user,
                members: members.into_boxed_str(),
                info: "{}".into(),
            });
        }
    }
}
