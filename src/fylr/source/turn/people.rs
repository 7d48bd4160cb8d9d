//! Who owns something, who may do what with it: users and groups by their references.

use crate::fylr::json::{Json, Members};
use crate::fylr::source::turn::{Context, by_reference};

/// An owner, a creator, the `who` of a right: `{"_basetype": "user", "user": {"_id": 3}}`, or the bare id of a user as
/// easydb5 writes it with all versions, or an object with nothing else. `None` when it is nobody who is known.
pub(super) fn who<'t>(json: &Json<'_>, context: &Context) -> Option<Json<'t>> {
    let is_bare = json.members().is_some_and(|members| members.iter().all(|(key, _)| key == "_id"));
    let bare = json.get("_id").filter(|_| is_bare);
    if let Some(id) = bare.unwrap_or(json).as_id() {
        return context.book.users.get(id).map(|reference| wrapped("user", reference));
    }
    for (kind, references) in [("user", &context.book.users), ("group", &context.book.groups)] {
        let Some(inner) = json.get(kind) else { continue };
        if let Some(id) = inner.get("_id").and_then(Json::as_id).or_else(|| inner.as_id()) {
            return references.get(id).map(|reference| wrapped(kind, reference));
        }
        // It is a lookup already, or knows itself by reference.
        let own = inner.get("reference").and_then(|reference| Some(reference.as_str()?.into_owned()));
        return own.map(|reference| wrapped(kind, &reference));
    }
    None
}

/// `{"_basetype": "user", "user": {"lookup:_id": {"reference": …}}}`
fn wrapped<'t>(kind: &'static str, reference: &str) -> Json<'t> {
    Members::of([("_basetype", Json::string(kind)), (kind, by_reference(reference))]).into()
}

/// Turns the owner or creator under `key`; one who is not known any more is left out.
pub(super) fn person(members: &mut Members<'_>, key: &'static str, context: &Context) {
    let Some(value) = members.get_mut(key) else { return };
    if value.is_null() {
        return;
    }
    match who(value, context) {
        Some(found) => *value = found,
        None => {
            context.notes.add(format!("{key} left out, as it names nobody who is in the backup"));
            members.take(key);
        }
    }
}

/// Turns the rights under `key`: a list of `{"who": …, "rights": …}`. What is given to nobody who is known is left out.
pub(super) fn rights(members: &mut Members<'_>, key: &'static str, context: &Context) {
    let Some(Json::Array(entries)) = members.get_mut(key) else { return };
    entries.retain_mut(|entry| {
        let Some(entry) = entry.members_mut() else { return true };
        entry.remove(&["_id", "_generated_rights"]);
        let Some(holder) = entry.get_mut("who") else { return true };
        match who(holder, context) {
            Some(found) => *holder = found,
            None if holder.is_null() => {}
            None => {
                context.notes.add("a right left out, as it is given to nobody who is in the backup".to_owned());
                return false;
            }
        }
        true
    });
}

/// Turns a list of groups or users as it stands in users, messages and transitions. What is not known is left out.
pub(super) fn list(members: &mut Members<'_>, key: &'static str, context: &Context) {
    let Some(Json::Array(entries)) = members.get_mut(key) else { return };
    entries.retain_mut(|entry| {
        let Some(mut found) = who(entry, context) else {
            context.notes.add(format!("an entry of {key} left out, as it names nobody who is in the backup"));
            return false;
        };
        // What stands beside the group, such as how the user came into it, belongs to the list.
        if let (Some(found), Some(entry)) = (found.members_mut(), entry.members()) {
            let automatic = entry.iter().filter(|(key, _)| *key == "_automatic_auth");
            automatic.for_each(|(_, value)| found.set("_automatic_auth", value.detached()));
        }
        *entry = found;
        true
    });
}
