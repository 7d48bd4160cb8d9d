//! Collections, and the records in them.

use std::borrow::Cow;

use crate::fylr::json::{Json, Members};
use crate::fylr::output_only::OF_BASE_TYPES;
use crate::fylr::source::turn::base::{OBJECTS, base_type, parent, set_reference};
use crate::fylr::source::turn::{Context, Unturnable, by_reference, inner, object};

/// A collection; `objecttype_of` tells the objecttype of a record by its system object id.
pub(crate) fn collection<'t>(
    json: Json<'t>,
    objecttype_of: &dyn Fn(u64) -> Option<String>,
    context: &Context,
) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    let (id, collection) = inner(&mut members, "collection")?;
    collection.remove(&["_id", "is_system_collection"]);
    collection.remove(&OF_BASE_TYPES);
    collection.remove(&OBJECTS);
    collection.set("_version", Json::number(1));
    set_reference(collection, context.book.collections.get(id));
    parent(collection, &context.book.collections);
    if let Some(settings) = collection.get_mut("create_object").and_then(Json::members_mut) {
        upload_pools(settings, context);
    }
    let presentation =
        collection.get_mut("webfrontend_props").and_then(|props| props.members_mut()?.get_mut("presentation"));
    if let Some(Json::Array(slides)) = presentation.and_then(|shown| shown.members_mut()?.get_mut("slides")) {
        let slides = slides.iter_mut().filter_map(Json::members_mut);
        slides.flat_map(Members::iter_mut).for_each(|(_, part)| slide(part, objecttype_of));
    }
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// The pools that uploads into a collection go to.
fn upload_pools(settings: &mut Members<'_>, context: &Context) {
    for key in ["pool", "linked_pool"] {
        let Some(pool) = settings.get_mut(key) else { continue };
        let id = pool.get("pool").and_then(|pool| pool.get("_id")).and_then(Json::as_id).or_else(|| pool.as_id());
        if let Some(reference) = id.and_then(|id| context.book.pools.get(id)) {
            *pool = Members::of([("_basetype", Json::string("pool")), ("pool", by_reference(reference))]).into();
        }
    }
}

/// A part of a slide that shows a record: `{"global_object_id": "5@instance"}`.
fn slide(part: &mut Json<'_>, objecttype_of: &dyn Fn(u64) -> Option<String>) {
    let Some(shown) = part.get("global_object_id").and_then(|id| id.as_str().map(Cow::into_owned)) else { return };
    let Some((id, objecttype)) = own_record(&shown, objecttype_of) else { return };
    if let Some(part) = part.members_mut() {
        part.set("global_object_id", record_lookup(&objecttype, id, false));
        part.rename("global_object_id", "lookup:global_object_id");
    }
}

/// One page of the records of a collection, appended to `found`. Records of other instances stay as they are.
pub(crate) fn collection_objects<'t>(
    page: Json<'t>,
    objecttype_of: &dyn Fn(u64) -> Option<String>,
    found: &mut Vec<Json<'t>>,
) -> Result<usize, Unturnable> {
    let objects = object(page)?.take("objects");
    let Some(Json::Array(objects)) = objects else { return Err(Unturnable("it has no \"objects\"".to_owned())) };
    let count = objects.len();
    for entry in objects {
        let mut entry = object(entry)?;
        entry.rename("webfrontend_props", "_webfrontend_props");
        let id = entry.get("_global_object_id").and_then(|id| id.as_str().map(Cow::into_owned));
        if let Some((id, objecttype)) = id.and_then(|id| own_record(&id, objecttype_of)) {
            entry.set("_global_object_id", record_lookup(&objecttype, id, true));
            entry.rename("_global_object_id", "lookup:_global_object_id");
        }
        found.push(entry.into());
    }
    Ok(count)
}

/// System object id and objecttype of `5@instance`, if it is a record of the backup.
fn own_record(global_id: &str, objecttype_of: &dyn Fn(u64) -> Option<String>) -> Option<(u64, String)> {
    let (id, _) = global_id.split_once('@')?;
    let id = id.parse().ok()?;
    Some((id, objecttype_of(id)?))
}

fn record_lookup<'t>(objecttype: &str, id: u64, may_defer: bool) -> Json<'t> {
    let mut lookup = Members::of([("_objecttype", Json::string(objecttype)), ("_system_object_id", Json::number(id))]);
    if may_defer {
        lookup.set("_allow_defer", Json::bool(true));
    }
    lookup.into()
}
