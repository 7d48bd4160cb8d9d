//! What only the JSON importer's own manifests say: the oldest form of lookups, `"lookup:lk_ort_id": "name:Bern"`, and
//! records that stand in their collection.

use std::borrow::Cow;

use crate::fylr::json::{Json, Members};
use crate::fylr::source::Column;
use crate::fylr::target::rewrite::Context;

const PREFIX: &str = "lookup:";
/// Lookups that the API knows.
const OF_THE_API: [&str; 5] =
    ["lookup:_id", "lookup:_id_parent", "lookup:_global_object_id", "lookup:global_object_id", "lookup:collection_id"];

/// Where the records of a collection stand in it, written and read.
const OBJECTS: [&str; 2] = ["objects", "_objects"];

/// Says old lookups in the words of the API; `table` is the table of the block.
pub(super) fn modernize(block: &mut Members<'_>, table: &str, context: &Context) {
    let old = block.iter().filter(|(key, _)| key.starts_with(PREFIX) && !OF_THE_API.contains(key));
    let old: Vec<String> = old.map(|(key, _)| key.to_owned()).collect();
    for key in old {
        let Some(value) = block.take(&key).and_then(|value| value.as_str().map(Cow::into_owned)) else { continue };
        let Some((column, wanted)) = value.split_once(':') else {
            context.notes.add(format!("{key} left out, as its value names no column"));
            continue;
        };
        let mut lookup = Members::default();
        lookup.set(column.to_owned(), Json::string(wanted));
        let name = key.trim_start_matches(PREFIX).to_owned();
        if name == "_parent_id" {
            block.set("lookup:_id_parent", lookup.into());
            continue;
        }
        let target = context.model.table(table).and_then(|table| table.columns.get(&name));
        let Some(Column::Link(target)) = target else {
            context.notes.add(format!("{key} left out, as {table} has no such link"));
            continue;
        };
        let mut link = Members::of([("_objecttype", Json::string(target)), ("_mask", Json::string("_all_fields"))]);
        link.set(target.clone(), Members::of([("lookup:_id", lookup.into())]).into());
        block.set(name, link.into());
    }
}

/// The records that stand in a collection, as an item of their own: `{"collection": {"lookup:_id": …}, "objects": […]}`.
pub(crate) fn inline_objects<'t>(json: &mut Json<'t>) -> Option<Json<'t>> {
    let members = json.members_mut()?;
    let mut objects = OBJECTS.into_iter().find_map(|key| members.take(key));
    let collection = members.get_mut("collection").and_then(Json::members_mut)?;
    objects = objects.or_else(|| OBJECTS.into_iter().find_map(|key| collection.take(key)));
    let objects = objects.filter(|objects| !objects.items().is_empty())?;
    let reference = collection.get("reference").or_else(|| collection.get("lookup:_id")?.get("reference"))?;
    let reference = Members::of([("reference", Json::string(&reference.as_str()?))]);
    let collection = Members::of([("lookup:_id", reference.into())]);
    Some(Members::of([("collection", collection.into()), ("objects", objects)]).into())
}
