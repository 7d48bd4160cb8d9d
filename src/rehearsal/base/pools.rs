//! Pools: a tree below `system:root`. What is `system:` exists on every instance and can only be updated.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::refer::look_up;
use crate::rehearsal::base::save::{Base, Saving, is_visible, items, page_of, save_all, saved};
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::State;

const POOL: Base = Base { name: "pool", shelf: |state| &state.pools, shelf_mut: |state| &mut state.pools };
const PAGE: u64 = 1000;
/// Fields that hold the id of a mapping, or one of a few words.
pub(super) const MAPPINGS: [&str; 3] = ["mapping_dc_export", "mapping_image_export", "mapping_image_import"];

/// `POST /pool`, `PUT /pool`
pub(in crate::rehearsal) fn post_pools(call: &Call) -> Result<Answer, Problem> {
    call.right("system.poolmanager")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let ids = save_all(call, &mut state, POOL, items(&body)?, |state, saving, doc| check(state, saving, doc))?;
    Ok(saved(&state, POOL, &ids))
}

fn check(state: &State, saving: &Saving<'_>, doc: &mut Doc) -> Result<(), Problem> {
    let Some(pool) = doc.get_mut("pool") else { return Ok(()) };
    let before = saving.existing.map(|item| item.doc.at("pool").at("is_system_pool").bool().unwrap_or(false));
    if pool.get("is_system_pool").and_then(Node::bool).is_some_and(|is_system| Some(is_system) != before) {
        let text = "\"is_system_pool\" cannot be set.";
        return Err(Problem::new(400, "UnableToSetIsSystemPool", "pool", text));
    }
    if let Some(lookup) = pool.take("lookup:_id_parent") {
        let parent = look_up(state, "pool", &lookup)?;
        pool.set("_id_parent", parent);
    }
    let parent = match pool.at("_id_parent") {
        Node::Null => None,
        id => {
            let known = id.number().filter(|id| state.pools.get(*id).is_some());
            Some(known.ok_or_else(|| Problem::lookup_not_found("_id_parent", &id.to_string()))?)
        }
    };
    if saving.existing.is_none() && parent.is_none() {
        return Err(Problem::new(400, "PoolNeedsParent", "rightcheck", "A pool needs a parent."));
    }
    if contains_itself(state, saving.id, parent) {
        let text = format!("The pool #{} contains itself as parent and cannot be saved.", saving.id);
        return Err(Problem::new(400, "IllegalPathForPool", "pool", text).with("pool", saving.id));
    }
    check_mappings(state, pool)?;
    check_tags(state, doc)
}

fn contains_itself(state: &State, id: u64, mut parent: Option<u64>) -> bool {
    while let Some(next) = parent {
        if next == id {
            return true;
        }
        parent = state.pools.get(next).and_then(|item| item.doc.path(&["pool", "_id_parent"]).number());
    }
    false
}

/// A mapping is named by its id, and must be there.
pub(super) fn check_mappings(state: &State, block: &Doc) -> Result<(), Problem> {
    for key in MAPPINGS {
        let wrong = match block.at(key) {
            Node::Null => false,
            Node::Text(word) => !matches!(&**word, "parent" | "objecttype" | "none"),
            id => id.number().is_none_or(|id| state.mappings.get(id).is_none()),
        };
        if wrong {
            return Err(Problem::lookup_not_found(key, &block.at(key).to_string()));
        }
    }
    Ok(())
}

/// Tags that are bound to something must be there.
pub(super) fn check_tags(state: &State, doc: &Doc) -> Result<(), Problem> {
    for tag in doc.at("_tags").list() {
        let id = tag.at("_id").number().unwrap_or_default();
        if state.tag(id).is_none() {
            let text = format!("Tag {id} not found.");
            return Err(Problem::new(400, "TagNotFound", "dbinfo", text).with("tagid", id));
        }
    }
    Ok(())
}

/// `GET /pool`. The whole list is for root only in easydb5; fylr leaves out what cannot be read.
pub(in crate::rehearsal) fn get_pools(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    if call.shared.options.kind == Kind::Easydb5 {
        call.root()?;
        let docs = state.pools.iter().map(|(_, item)| told(&state, &item.doc)).collect();
        return Ok(Answer::json(&Node::List(docs)));
    }
    page_of(call, &state.pools, PAGE, |_, item| {
        is_visible(call, &item.doc, "system.poolmanager").then(|| told(&state, &item.doc))
    })
}

/// `GET /pool/{id}`
pub(in crate::rehearsal) fn get_pool(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let item = id.parse().ok().and_then(|id| state.pools.get(id));
    let item = item.ok_or_else(|| {
        // What is not there and what may not be seen is told the same way.
        let text = format!("Insufficient rights to access resource pool {id}.");
        Problem::new(403, "InsufficientRights", "api", text).with("resource", format!("pool {id}"))
    })?;
    if !is_visible(call, &item.doc, "system.poolmanager") {
        return Err(Problem::system_right("system.poolmanager"));
    }
    Ok(Answer::one(&told(&state, &item.doc)))
}

/// A pool with its place in the tree.
fn told(state: &State, doc: &Doc) -> Doc {
    let mut doc = doc.clone();
    let id = doc.path(&["pool", "_id"]).number();
    let mut path = Vec::new();
    let mut next = id;
    while let Some(pool) = next.and_then(|id| state.pools.get(id)).map(|item| item.doc.at("pool")) {
        let short = object([("_id", pool.at("_id").clone()), ("name", pool.at("name").clone())]);
        path.push(object([("_basetype", "pool".into()), ("pool", short)]));
        next = pool.at("_id_parent").number();
    }
    path.reverse();
    let has_children = state.pools.iter().any(|(_, item)| item.doc.path(&["pool", "_id_parent"]).number() == id);
    doc.set("_level", path.len());
    doc.set("_path", Node::List(path));
    doc.set("_has_children", has_children);
    for (key, value) in [("_acl", Node::List(Vec::new())), ("_tags", Node::List(Vec::new()))] {
        if doc.at(key).is_null() {
            doc.set(key, value);
        }
    }
    doc.set("_compiled_tags", doc.at("_tags").clone());
    doc
}
