//! Base types: everything that is not a record of an objecttype. Each function turns one item.

mod accounts;
mod collections;
mod tags;

use std::borrow::Cow;

use crate::fylr::json::{Json, Members};
use crate::fylr::output_only::OF_BASE_TYPES;
use crate::fylr::source::book::References;
use crate::fylr::source::turn::{Context, Unturnable, Versions, files, inner, object, people, reference_object};

pub(crate) use accounts::{group, user};
pub(crate) use collections::{collection, collection_objects};
pub(crate) use tags::{settled_tags, tags};

/// The records of a collection are items of their own.
const OBJECTS: [&str; 2] = ["_objects", "objects"];
/// What is kept of a plugin; everything else depends on the server that it runs on.
const PLUGIN: [&str; 6] = ["name", "type", "enabled", "update_policy", "url", "zip_file"];

/// A plugin.
pub(crate) fn plugin<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut json = json;
    files::everywhere(&mut json, context);
    let mut members = object(json)?;
    members.retain(|key, _| PLUGIN.contains(&key));
    Ok(members.into())
}

/// A pool.
pub(crate) fn pool<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    transitions_in(&mut members, context);
    let (id, pool) = inner(&mut members, "pool")?;
    pool.remove(&["_id", "is_system_pool"]);
    pool.set("_version", Json::number(1));
    set_reference(pool, context.book.pools.get(id));
    parent(pool, &context.book.pools);
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// The settings of an objecttype.
pub(crate) fn objecttype<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    transitions_in(&mut members, context);
    inner(&mut members, "objecttype")?.1.set("_version", Json::number(1));
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// A preset of rights.
pub(crate) fn preset<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    inner(&mut members, "right_preset")?.1.set("_version", Json::number(1));
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// A global transition.
pub(crate) fn transition<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    turn_transition(&mut members, context);
    Ok(members.into())
}

fn turn_transition(members: &mut Members<'_>, context: &Context) {
    members.remove(&["_id"]);
    people::list(members, "who", context);
    people::list(members, "who_not", context);
}

/// The transitions of a pool or an objecttype.
fn transitions_in(members: &mut Members<'_>, context: &Context) {
    if let Some(Json::Array(transitions)) = members.get_mut("_transitions") {
        let transitions = transitions.iter_mut().filter_map(Json::members_mut);
        transitions.for_each(|transition| turn_transition(transition, context));
    }
}

/// A message.
pub(crate) fn message<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    let (id, message) = inner(&mut members, "message")?;
    message.remove(&["_id"]);
    for (old, new) in [("type", "webfrontend_type"), ("message_html", "message")] {
        if message.get(new).is_none() {
            message.rename(old, new);
        }
    }
    message.set("_version", Json::number(1));
    set_reference(message, context.book.messages.get(id));
    people::list(&mut members, "_groups", context);
    members.remove(&["_owner", "_created_at"]);
    Ok(members.into())
}

/// A metadata mapping.
pub(crate) fn mapping(json: Json<'_>) -> Result<Json<'_>, Unturnable> {
    object(json).map(Json::from)
}

/// A publication.
pub(crate) fn publication<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    let publish = members.get_mut("publish").and_then(Json::members_mut);
    let publish = publish.ok_or_else(|| Unturnable("it has no \"publish\"".to_owned()))?;
    publish.remove(&["_id"]);
    if context.versions == Versions::Latest && publish.get("version").is_some() {
        publish.set("version", Json::number(1));
    }
    Ok(members.into())
}

/// An event. Its type stays as it is: the types that a target takes depend on the target.
pub(crate) fn event<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    members.remove(&["_session"]);
    for key in ["user", "_user"] {
        if let Some(user) = members.get_mut(key) {
            match people::who(user, context) {
                Some(found) => *user = found,
                None => drop(members.take(key)),
            }
        }
    }
    Ok(members.into())
}

/// What all base types have in common.
fn base_type<'t>(json: Json<'t>, context: &Context) -> Result<Members<'t>, Unturnable> {
    let mut json = json;
    files::everywhere(&mut json, context);
    let mut members = object(json)?;
    members.remove(&OF_BASE_TYPES);
    members.remove(&OBJECTS);
    people::person(&mut members, "_owner", context);
    people::rights(&mut members, "_acl", context);
    Ok(members)
}

fn set_reference(members: &mut Members<'_>, reference: Option<&str>) {
    if let Some(reference) = reference {
        members.set("reference", Json::string(reference));
    }
}

/// The parent of a pool or a collection, by its reference.
fn parent(members: &mut Members<'_>, references: &References) {
    let Some(parent) = members.take("_id_parent").and_then(|parent| parent.as_id()) else { return };
    if let Some(reference) = references.get(parent) {
        members.put_first(vec![(Cow::Borrowed("lookup:_id_parent"), reference_object(reference))]);
    }
}

fn text<'a>(json: Option<&'a Json<'_>>) -> Cow<'a, str> {
    json.and_then(Json::as_str).unwrap_or_default()
}
