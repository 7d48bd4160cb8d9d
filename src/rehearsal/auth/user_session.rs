//! `GET /user/session` of fylr: who the token belongs to. A token that nobody knows is 400 here, not 401; since 6.35 it
//! is 401.

use crate::rehearsal::answer::Answer;
use crate::rehearsal::auth::call::Call;
use crate::rehearsal::json::{Node, object};
use crate::rehearsal::problem::Problem;
use crate::rehearsal::shared::now;

pub(in crate::rehearsal) fn user_session(call: &Call) -> Result<Answer, Problem> {
    let status = if call.has(6, 35, 0) { 401 } else { 400 };
    let invalid = || Problem::new(status, "InvalidToken", "api", "The access token is invalid or has expired.");
    let user = call.caller.user.ok_or_else(invalid)?;
    let state = call.read();
    let item = state.users.get(user).ok_or_else(invalid)?;
    let mut rights = item.doc.at("_system_rights").clone();
    if call.caller.is_root {
        rights.set("system.root", object([]));
    } else if rights.is_null() {
        rights = object([]);
    }
    let groups = call.caller.groups.iter().filter_map(|group| Some(state.groups.get(*group)?.doc.clone()));
    let languages = state.config.path(&["system", "config", "languages", "database"]).list().iter();
    let locale = |language: &Node<'static>| object([("name", language.at("value").clone())]);
    Ok(Answer::json(&object([
        ("access_token", call.caller.token.clone().into()),
        ("user", item.doc.clone()),
        ("groups", Node::List(groups.collect())),
        ("config", object([])),
        ("frontend_language", "de-DE".into()),
        ("database_locales", Node::List(languages.map(locale).collect())),
        ("system_rights", rights),
        ("authentication_methods", Node::List(vec![object([("method", "easydb".into())])])),
        ("authenticated", object([("method", "easydb".into()), ("timestamp", now().into())])),
        ("current_max_event_id", state.events.last().into()),
        ("instance", object([("name", call.shared.options.name.clone().into())])),
    ])))
}
