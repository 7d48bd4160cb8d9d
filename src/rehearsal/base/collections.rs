//! Collections: a tree below `system:root`. The second level is made with the users and cannot be sent.

use std::collections::HashSet;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::refer::look_up;
use crate::rehearsal::base::save::{Base, Saving, is_visible, items, page_of, save_all, saved};
use crate::rehearsal::db::{Deferral, resolve_link};
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::{State, Target};

const COLLECTION: Base =
    Base { name: "collection", shelf: |state| &state.collections, shelf_mut: |state| &mut state.collections };
const PAGE: u64 = 1000;
/// Lookups in presentations that are followed: each slide has three places at most.
const SIDES: [&str; 3] = ["center", "left", "right"];

/// `PUT /collection/list`, since 6.8
pub(in crate::rehearsal) fn put_collections(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let body = call.request.json()?;
    let mut state = call.write();
    let ids = save_all(call, &mut state, COLLECTION, items(&body)?, |s, saving, doc| check(call, s, saving, doc))?;
    Ok(saved(&state, COLLECTION, &ids))
}

/// `PUT /collection`: one
pub(in crate::rehearsal) fn put_collection(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let body = call.request.json()?;
    if !body.is_object() {
        return Err(Problem::generic("The request body must be one collection."));
    }
    let mut state = call.write();
    let one = std::slice::from_ref(&body);
    let ids = save_all(call, &mut state, COLLECTION, one, |s, saving, doc| check(call, s, saving, doc))?;
    let doc = ids
        .first()
        .and_then(|id| state.collections.get(*id))
        .map(|item| told(call, &state, &parents(&state), &item.doc));
    Ok(Answer::json(&doc.unwrap_or_default()))
}

fn check(call: &Call, state: &mut State, saving: &Saving<'_>, doc: &mut Doc) -> Result<(), Problem> {
    for key in ["_count", "_count_recursive"] {
        doc.take(key);
    }
    let Some(collection) = doc.get_mut("collection") else { return Ok(()) };
    let was_system =
        saving.existing.is_some_and(|item| item.doc.path(&["collection", "is_system_collection"]).bool() == Some(true));
    if collection.at("is_system_collection").bool() == Some(true) && !was_system {
        return Err(Problem::generic("A system collection cannot be created."));
    }
    if let Some(lookup) = collection.take("lookup:_id_parent") {
        let parent = look_up(state, "collection", &lookup)?;
        collection.set("_id_parent", parent);
    }
    let before = saving.existing.map(|item| item.doc.path(&["collection", "_id_parent"]).clone());
    let parent = match (collection.at("_id_parent"), before) {
        (Node::Null, Some(before)) => before.number(),
        (id, _) => id.number(),
    };
    if saving.existing.is_none() || parent.is_some() {
        let found = parent.and_then(|id| state.collections.get(id));
        let found =
            found.ok_or_else(|| Problem::lookup_not_found("_id_parent", &collection.at("_id_parent").to_string()))?;
        if found.doc.path(&["collection", "children_allowed"]).bool() == Some(false) {
            return Err(Problem::generic("The parent collection takes no children."));
        }
        let owner = found.doc.path(&["_owner", "user", "_id"]).number();
        if !call.caller.is_root && owner != call.caller.user {
            let text = "Current user is missing permission \"bag_create\".";
            return Err(Problem::new(403, "RightRequired", "rightcheck", text).with("right", "bag_create"));
        }
        // The owner of a collection is always that of its parent.
        let owner = found.doc.at("_owner").clone();
        doc.set("_owner", owner);
    }
    check_uuid(state, saving, doc)?;
    check_create_object(state, doc)?;
    slides(state, doc)
}

fn check_uuid(state: &State, saving: &Saving<'_>, doc: &Doc) -> Result<(), Problem> {
    let uuid = doc.path(&["collection", "uuid"]);
    let holder = uuid.text().and_then(|uuid| state.collections.by_member("uuid", uuid));
    if holder.is_some_and(|holder| holder != saving.id) {
        return Err(Problem::unique("collection_uuid").with("value", uuid.clone()));
    }
    Ok(())
}

/// What is made of files that are uploaded into the collection.
fn check_create_object(state: &State, doc: &Doc) -> Result<(), Problem> {
    let settings = doc.path(&["collection", "create_object"]);
    if let Some(name) = settings.at("objecttype").text()
        && state.documents.model.objecttype(name).is_none()
    {
        let text = format!("Object type {name} not found.");
        return Err(Problem::new(400, "ObjecttypeNotFound", "dbinfo", text).with("objecttype", name.to_owned()));
    }
    match settings.at("mapping").number() {
        Some(id) if state.mappings.get(id).is_none() => Err(Problem::lookup_not_found("mapping", &id.to_string())),
        _ => Ok(()),
    }
}

/// `lookup:global_object_id` in the slides of a presentation becomes a global object id.
fn slides(state: &State, doc: &mut Doc) -> Result<(), Problem> {
    let presentation = doc
        .get_mut("collection")
        .and_then(|collection| collection.get_mut("webfrontend_props"))
        .and_then(|props| props.get_mut("presentation"))
        .and_then(|presentation| presentation.get_mut("slides"));
    let Some(Node::List(slides)) = presentation else { return Ok(()) };
    for slide in slides {
        for side in SIDES {
            let Some(place) = slide.get_mut(side) else { continue };
            let Some(lookup) = place.take("lookup:global_object_id") else { continue };
            let id = global_id(state, &lookup)?;
            place.set("global_object_id", id);
        }
    }
    Ok(())
}

/// The global id of the record that a lookup with its `_objecttype` finds.
fn global_id(state: &State, lookup: &Node<'_>) -> Result<String, Problem> {
    let model = &state.documents.model;
    let name = lookup.at("_objecttype").text().unwrap_or_default();
    let unknown = || Problem::new(400, "UnknownObjecttype", "api", format!("Unknown object type {name}."));
    let (table, _) = model.objecttype(name).ok_or_else(unknown)?;
    match resolve_link(state, model, table, lookup, Deferral::Allowed)? {
        (Target::Id(id), _) => Ok(format!("{id}@{}", state.uuid)),
        (Target::Uuid(_), _) => Err(Problem::generic("A slide cannot be deferred by _uuid.")),
    }
}

/// `GET /collection/list`: all; `…/list/{parent}`: one level
pub(in crate::rehearsal) fn get_collections(call: &Call, parent: Option<&str>) -> Result<Answer, Problem> {
    call.user()?;
    let parent = match parent {
        None => None,
        Some("null") => Some(None),
        Some(id) => Some(Some(id.parse::<u64>().map_err(|_| Problem::not_found("collection", id))?)),
    };
    let state = call.read();
    let parents = parents(&state);
    page_of(call, &state.collections, PAGE, |_, item| {
        let of = item.doc.path(&["collection", "_id_parent"]).number();
        let is_wanted = parent.is_none_or(|parent| parent == of);
        (is_wanted && is_visible(call, &item.doc, "system.root")).then(|| told(call, &state, &parents, &item.doc))
    })
}

/// `GET /collection/{id}`
pub(in crate::rehearsal) fn get_collection(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let item = id.parse().ok().and_then(|id| state.collections.get(id));
    let item = item.filter(|item| is_visible(call, &item.doc, "system.root"));
    let missing = || Problem::new(404, "ObjectNotFound", "ferrors", format!("Record collection:{id} was not found."));
    let item = item.ok_or_else(missing)?;
    Ok(Answer::json(&told(call, &state, &parents(&state), &item.doc)))
}

/// The ids of all collections that have children.
fn parents(state: &State) -> HashSet<u64> {
    state.collections.iter().filter_map(|(_, item)| item.doc.path(&["collection", "_id_parent"]).number()).collect()
}

/// A collection with what is counted, and its pin code only for root.
fn told(call: &Call, state: &State, parents: &HashSet<u64>, doc: &Doc) -> Doc {
    let mut doc = doc.clone();
    let id = doc.path(&["collection", "_id"]).number().unwrap_or_default();
    let has_pin = doc.path(&["collection", "pin_code"]).text().is_some();
    if !call.caller.is_root
        && let Some(collection) = doc.get_mut("collection")
    {
        collection.take("pin_code");
    }
    let mut path = Vec::new();
    let mut next = Some(id);
    while let Some(block) = next.and_then(|id| state.collections.get(id)).map(|item| item.doc.at("collection")) {
        let short = object([("_id", block.at("_id").clone())]);
        path.push(object([("_basetype", "collection".into()), ("collection", short)]));
        next = block.at("_id_parent").number();
    }
    path.reverse();
    doc.set("_count", state.collection_objects.get(&id).map_or(0, Vec::len));
    doc.set("_has_children", parents.contains(&id));
    doc.set("_has_acl", !doc.at("_acl").list().is_empty());
    doc.set("_has_pin", has_pin);
    let key = if call.shared.options.kind == Kind::Easydb5 { "_pin_ok" } else { "pin_ok" };
    doc.set(key, true);
    doc.set("_level", path.len());
    doc.set("_path", Node::List(path));
    doc
}
