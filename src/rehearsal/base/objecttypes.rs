//! Settings of objecttypes. They are there with the data model and can only be updated; a name in the body must be the
//! type's own.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::pools::{check_mappings, check_tags};
use crate::rehearsal::base::save::{Base, items, save_all, saved};
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::problem::Problem;

const OBJECTTYPE: Base =
    Base { name: "objecttype", shelf: |state| &state.objecttypes, shelf_mut: |state| &mut state.objecttypes };
/// What is told only to those who manage objecttypes, and not in the short format.
const AUXILIARY: [&str; 9] = [
    "_acl",
    "_tags",
    "_private_tags",
    "_compiled_tags",
    "_transitions",
    "_private_transitions",
    "_maskfilters",
    "_columnfilters",
    "_standard_masks",
];

/// `POST /objecttype`
pub(in crate::rehearsal) fn post_objecttypes(call: &Call) -> Result<Answer, Problem> {
    call.right("system.objecttypemanager")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let ids = save_all(call, &mut state, OBJECTTYPE, items(&body)?, |state, saving, doc| {
        let block = doc.at("objecttype");
        let Some(before) = saving.existing else {
            let text = format!("Object type {} not found.", block.at("_id"));
            return Err(Problem::new(400, "ObjecttypeNotFound", "dbinfo", text).with("id", block.at("_id").clone()));
        };
        let name = before.doc.path(&["objecttype", "name"]);
        if !block.at("name").is_null() && block.at("name") != name {
            return Err(Problem::generic(format!("The object type is {name}, not {}.", block.at("name"))));
        }
        if matches!(doc.at("_standard_masks"), Node::List(masks) if masks.is_empty()) {
            let text = "An object type needs a standard mask; null takes the preferred one.";
            return Err(Problem::new(400, "ObjecttypeNeedsStandardMask", "ferrors", text));
        }
        check_mappings(state, block)?;
        check_tags(state, doc)
    })?;
    Ok(saved(&state, OBJECTTYPE, &ids))
}

/// `GET /objecttype`
pub(in crate::rehearsal) fn get_objecttypes(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let docs = state.objecttypes.iter().map(|(_, item)| told(call, &item.doc)).collect();
    Ok(Answer::json(&Node::List(docs)))
}

/// `GET /objecttype/{id}`
pub(in crate::rehearsal) fn get_objecttype(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let item = id.parse().ok().and_then(|id| state.objecttypes.get(id));
    Ok(Answer::one(&told(
        call,
        &item
            .ok_or_else(|| Problem::new(400, "ObjecttypeNotFound", "dbinfo", format!("Object type {id} not found.")))?
            .doc,
    )))
}

fn told(call: &Call, doc: &Doc) -> Doc {
    let may = call.right("system.objecttypemanager").is_ok() && call.request.param("format") != Some("short");
    let mut told = object([]);
    for (name, value) in doc.members() {
        if may || !AUXILIARY.contains(&&**name) {
            told.set(name.clone(), value.clone());
        }
    }
    if may {
        for key in ["_acl", "_tags", "_transitions"] {
            if told.at(key).is_null() {
                told.set(key, Node::List(Vec::new()));
            }
        }
    }
    told
}
