//! Transitions: one request is the whole set, in its order. They are kept but not carried out.

use std::collections::HashSet;

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::refer::resolve_all;
use crate::rehearsal::base::save::items;
use crate::rehearsal::json::Node;
use crate::rehearsal::options::Kind;
use crate::rehearsal::problem::Problem;

const TYPES: [&str; 5] = ["resolve", "reject", "exit_resolve", "exit_reject", "process"];
const OPERATIONS: [&str; 3] = ["INSERT", "UPDATE", "DELETE"];

/// `GET /transitions`
pub(in crate::rehearsal) fn get_transitions(call: &Call) -> Result<Answer, Problem> {
    match call.shared.options.kind {
        Kind::Fylr => call.right("system.tagmanager")?,
        Kind::Easydb5 => call.user()?,
    };
    Ok(Answer::json(&Node::List(call.read().transitions.clone())))
}

/// `POST /transitions`
pub(in crate::rehearsal) fn post_transitions(call: &Call) -> Result<Answer, Problem> {
    call.right("system.tagmanager")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let known = state.transitions.iter().filter_map(|known| known.at("_id").number()).collect::<HashSet<_>>();
    let mut last = known.iter().max().copied().unwrap_or(0);
    let mut transitions = Vec::new();
    for transition in items(&body)? {
        let mut doc = transition.to_doc();
        if !doc.at("type").text().is_some_and(|kind| TYPES.contains(&kind)) {
            return Err(Problem::generic(format!("{} is no type of a transition.", doc.at("type"))));
        }
        if let Some(other) =
            doc.at("operations").list().iter().find(|o| !o.text().is_some_and(|o| OPERATIONS.contains(&o)))
        {
            return Err(Problem::generic(format!("{other} is no operation of a transition.")));
        }
        let model = &state.documents.model;
        if let Some(id) =
            doc.at("objecttype_ids").list().iter().find(|id| id.number().and_then(|id| model.by_id(id)).is_none())
        {
            let text = format!("Object type {id} not found.");
            return Err(Problem::new(400, "ObjecttypeNotFound", "dbinfo", text).with("id", id.clone()));
        }
        resolve_all(&state, &mut doc)?;
        match doc.at("_id").number() {
            Some(id) if known.contains(&id) => {}
            Some(id) => return Err(Problem::lookup_not_found("_id", &id.to_string())),
            None => {
                last += 1;
                doc.set("_id", last);
            }
        }
        transitions.push(doc);
    }
    state.transitions = transitions;
    Ok(Answer::json(&Node::List(state.transitions.clone())))
}
