//! Groups. System groups cannot be made nor change their type. A system right of a plugin needs the plugin.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::Call;
use crate::rehearsal::base::save::{Base, is_visible, items, page_of, save_all, saved};
use crate::rehearsal::json::{Doc, Node};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::State;

const GROUP: Base = Base { name: "group", shelf: |state| &state.groups, shelf_mut: |state| &mut state.groups };
const PAGE: u64 = 1000;

/// `POST /group`, `PUT /group`
pub(in crate::rehearsal) fn post_groups(call: &Call) -> Result<Answer, Problem> {
    call.right("system.group")?;
    let body = call.request.json()?;
    let mut state = call.write();
    let ids = save_all(call, &mut state, GROUP, items(&body)?, |state, saving, doc| {
        let kind = doc.at("group").at("type").text().map(str::to_owned);
        let before = saving.existing.and_then(|item| item.doc.path(&["group", "type"]).text());
        match (kind.as_deref(), before) {
            (None | Some("easydb"), None) => {
                if let Some(group) = doc.get_mut("group") {
                    group.set("type", "easydb");
                }
            }
            (Some(kind), Some(before)) if kind != before => {
                return Err(Problem::new(
                    400,
                    "GroupTypeChangeNotAllowed",
                    "acl",
                    "The type of a group cannot be changed.",
                ));
            }
            (_, Some(_)) => {}
            (Some(kind), None) => {
                let text = format!("Groups of type {kind} cannot be created.");
                return Err(Problem::new(400, "GroupTypeNotAllowed", "acl", text).with("type", kind.to_owned()));
            }
        }
        check_rights(state, doc.at("_system_rights"))
    })?;
    Ok(saved(&state, GROUP, &ids))
}

/// System rights have a name of the system, or of a plugin that is installed.
pub(super) fn check_rights(state: &State, rights: &Doc) -> Result<(), Problem> {
    for (name, _) in rights.members() {
        let plugin = name.strip_prefix("plugin.").and_then(|rest| rest.split('.').next());
        let installed = |plugin: &str| state.plugins.iter().any(|(_, item)| item.doc.at("name").text() == Some(plugin));
        if !name.starts_with("system.") && !plugin.is_some_and(installed) {
            let text = format!("The right \"{name}\" is not known in context \"system\".");
            return Err(Problem::new(400, "UnknownRight", "rightcheck", text).with("right", name.to_string()));
        }
    }
    Ok(())
}

/// `GET /group`. Nobody in particular gets an empty list, not a refusal.
pub(in crate::rehearsal) fn get_groups(call: &Call) -> Result<Answer, Problem> {
    if call.caller.user.is_none() {
        return Ok(Answer::json(&Node::List(Vec::new())));
    }
    let types = call.request.param("type").map(|types| types.split(',').map(str::to_owned).collect::<Vec<_>>());
    let state = call.read();
    page_of(call, &state.groups, PAGE, |id, item| {
        let kind = item.doc.path(&["group", "type"]).text().unwrap_or_default();
        let is_wanted = types.as_ref().is_none_or(|types| types.iter().any(|wanted| wanted == kind));
        let is_member = call.caller.groups.contains(&id);
        (is_wanted && (is_member || is_visible(call, &item.doc, "system.group"))).then(|| item.doc.clone())
    })
}

/// `GET /group/{id}`
pub(in crate::rehearsal) fn get_group(call: &Call, id: &str) -> Result<Answer, Problem> {
    call.user()?;
    let state = call.read();
    let item = id.parse().ok().and_then(|id| state.groups.get(id));
    Ok(Answer::one(&item.ok_or_else(|| Problem::generic(format!("There is no group {id}.")))?.doc))
}
