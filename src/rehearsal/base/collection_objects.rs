//! What collections hold: records of this instance, in their order, and global ids of others.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::save::is_visible;
use crate::rehearsal::db::{Deferral, resolve_link};
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{CollectionObject, Linked, State, SystemId, Target};

const PAGE_FYLR: u64 = 100;
const PAGE_EASYDB5: u64 = 1000;

/// How a list that is sent changes the one that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::rehearsal) enum Change {
    Replace,
    Push,
    Splice,
    Remove,
}

/// `GET /collection/objects/{id}`
pub(in crate::rehearsal) fn get_objects(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user()?;
    let is_easydb5 = call.shared.options.kind == Kind::Easydb5;
    let (limit, offset) = call.page(if is_easydb5 { PAGE_EASYDB5 } else { PAGE_FYLR })?;
    let state = call.read();
    let (id, version) = find(call, &state, id)?;
    let all = state.collection_objects.get(&id).map_or(&[][..], Vec::as_slice);
    let props = if is_easydb5 { "_webfrontend_props" } else { "webfrontend_props" };
    let objects = all.iter().skip(offset).take(limit).map(|entry| {
        let global = match &entry.target {
            Linked::Foreign(id) => id.clone(),
            Linked::Here(Target::Id(id)) => format!("{id}@{}", state.uuid),
            Linked::Here(target) => {
                state.records.find(*target).map_or_else(String::new, |(id, _)| format!("{id}@{}", state.uuid))
            }
        };
        object([("_global_object_id", global.into()), (props, entry.webfrontend_props.clone())])
    });
    Ok(Answer::json(&object([
        ("_version", version.into()),
        ("offset", offset.into()),
        ("limit", limit.into()),
        ("count", all.len().into()),
        ("objects", Node::List(objects.collect())),
    ])))
}

/// `POST /collection/{objects,push,splice,remove}/{id}`
pub(in crate::rehearsal) fn post_objects(call: &Call, id: &str, change: Change) -> Result<Answer, Problem> {
    call.user()?;
    let body = call.request.json()?;
    // What is to be removed is sent as it is, everything else in an object.
    let list = if change == Change::Remove { &body } else { body.at("objects") };
    let Node::List(sent) = list else {
        return Err(Problem::generic("The request body must hold a list of objects."));
    };
    let mut state = call.write();
    let (id, version) = find(call, &state, id)?;
    let doc = state.collections.get(id).map(|item| item.doc.path(&["collection", "objects_allowed"]).bool());
    if doc == Some(Some(false)) {
        return Err(Problem::generic(format!("The collection {id} takes no records.")));
    }
    let mut objects = Vec::new();
    for entry in sent {
        objects.push(read(&state, entry)?);
    }
    let list = state.collection_objects.entry(id).or_default();
    match change {
        Change::Replace => *list = objects,
        Change::Push => list.extend(objects),
        Change::Splice => {
            let index = body.at("index").number().map_or(list.len(), |index| (index as usize).min(list.len()));
            let count =
                body.at("count").number().map_or(list.len() - index, |count| (count as usize).min(list.len() - index));
            list.splice(index..index + count, objects);
        }
        Change::Remove => {
            if objects.iter().any(|object| !list.iter().any(|known| known.target == object.target)) {
                let text = "Not all objects were found in the collection.";
                return Err(Problem::new(400, "CollectionRemoveNotAllObjectsFound", "objects", text));
            }
            list.retain(|known| !objects.iter().any(|object| object.target == known.target));
        }
    }
    let count = list.len();
    Ok(Answer::json(&object([("_version", version.into()), ("count", count.into())])))
}

fn find(call: &Call, state: &State, id: &str) -> Result<(u64, u64), Problem> {
    let found = id.parse().ok().and_then(|id: u64| Some((id, state.collections.get(id)?)));
    let found = found.filter(|(_, item)| is_visible(call, &item.doc, "system.root"));
    let (id, item) = found.ok_or_else(|| {
        Problem::new(404, "ObjectNotFound", "ferrors", format!("Record collection:{id} was not found."))
    })?;
    Ok((id, item.version))
}

/// A local record must be there or be promised; the id of another instance is taken as it is.
fn read(state: &State, entry: &Node<'_>) -> Result<CollectionObject, Problem> {
    let props = entry.get("webfrontend_props").or_else(|| entry.get("_webfrontend_props"));
    let webfrontend_props = props.map_or(Doc::Null, Node::to_doc);
    if let Some(lookup) = entry.get("lookup:_global_object_id") {
        let model = &state.documents.model;
        let name = lookup.at("_objecttype").text().unwrap_or_default();
        let unknown = || Problem::new(400, "UnknownObjecttype", "api", format!("Unknown object type {name}."));
        let (table, _) = model.objecttype(name).ok_or_else(unknown)?;
        let (target, _) = resolve_link(state, model, table, lookup, Deferral::Allowed)?;
        return Ok(CollectionObject { target: Linked::Here(target), webfrontend_props });
    }
    let id = entry.at("_global_object_id").text().unwrap_or_default();
    let (number, of) = id.split_once('@').ok_or_else(|| Problem::generic(format!("{entry} names no record.")))?;
    if of != "local" && of != state.uuid {
        return Ok(CollectionObject { target: Linked::Foreign(id.to_owned()), webfrontend_props });
    }
    let known = number.parse().ok().map(SystemId).filter(|id| state.records.get(*id).is_some());
    let known = known.ok_or_else(|| Problem::lookup_not_found("_global_object_id", id))?;
    Ok(CollectionObject { target: Linked::Here(Target::Id(known)), webfrontend_props })
}
