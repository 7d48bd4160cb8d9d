//! Mappings of metadata. A new one gets a new id, whatever was sent; a profile that nobody knows is accepted.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::json::{Doc, Node, object};
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::Item;

/// `GET /xmlmapping/list`: profiles with the short form of their mappings
pub(in crate::rehearsal) fn get_mappings(call: &Call) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let mut profiles: Vec<Doc> = Vec::new();
    for (id, item) in state.mappings.iter() {
        let name = item.doc.at("profile");
        let short = object([("id", id.into()), ("displayname", item.doc.at("displayname").clone())]);
        let found = profiles.iter_mut().find(|profile| profile.at("profile") == name);
        if let Some(Node::List(mappings)) = found.and_then(|profile| profile.get_mut("mappings")) {
            mappings.push(short);
            continue;
        }
        profiles.push(object([
            ("profile", name.clone()),
            ("displayname", object([])),
            ("profile_type", item.doc.at("profile_type").clone()),
            ("tabs", Node::List(Vec::new())),
            ("mappings", Node::List(vec![short])),
        ]));
    }
    Ok(Answer::json(&Node::List(profiles)))
}

/// `GET /xmlmapping/mapping/{id}`
pub(in crate::rehearsal) fn get_mapping(call: &Call, id: &str) -> Result<Answer, Problem> {
    match call.shared.options.kind {
        Kind::Fylr => call.right("system.profile")?,
        Kind::Easydb5 => call.user()?,
    };
    let state = call.read();
    let item = id.parse().ok().and_then(|id| state.mappings.get(id));
    Ok(Answer::json(&item.ok_or_else(|| Problem::generic(format!("There is no mapping {id}.")))?.doc))
}

/// `PUT /xmlmapping/mapping`
pub(in crate::rehearsal) fn put_mapping(call: &Call) -> Result<Answer, Problem> {
    call.right("system.profile")?;
    let mut doc = read(call)?;
    let mut state = call.write();
    let id = state.mappings.next_id();
    doc.set("id", id);
    state.mappings.put(id, Item { version: 1, doc: doc.clone() });
    Ok(Answer::json(&doc))
}

/// `POST /xmlmapping/mapping/{id}`
pub(in crate::rehearsal) fn post_mapping(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.right("system.profile")?;
    let mut doc = read(call)?;
    let mut state = call.write();
    let known = id.parse().ok().filter(|id| state.mappings.get(*id).is_some());
    let id: u64 = known.ok_or_else(|| Problem::generic(format!("There is no mapping {id}.")))?;
    doc.set("id", id);
    state.mappings.put(id, Item { version: 1, doc: doc.clone() });
    Ok(Answer::json(&doc))
}

fn read(call: &Call) -> Result<Doc, Problem> {
    let doc = call.request.json()?.into_owned();
    if !doc.is_object() || doc.at("profile").text().is_none() {
        return Err(Problem::generic("A mapping is an object with a profile."));
    }
    Ok(doc)
}
