//! Rows that are added to those that a record has: `"_nested:objekt__masse:group_mode": "append"`, which only the JSON
//! importer knows. The rows that are there are sent once more in front of the new ones, with their UUIDs.

use std::borrow::Cow;

use crate::fylr::json::{Json, Members};
use crate::fylr::output_only::OF_RECORDS;

const NESTED: &str = "_nested:";
const MODE: &str = ":group_mode";
const APPEND: &str = "append";
/// What a row has of the server.
const OF_ROWS: [&str; 3] = ["_id", "_version", "_id_parent"];

/// The nested tables of a block that say how their rows go together with those that are there, and how.
fn modes(block: &Members<'_>) -> Vec<(String, String)> {
    let modes = block.iter().filter_map(|(key, mode)| {
        let table = key.strip_suffix(MODE).filter(|table| table.starts_with(NESTED))?;
        Some((table.to_owned(), mode.as_str().map(Cow::into_owned).unwrap_or_default()))
    });
    modes.collect()
}

/// Whether rows of a record are added to those that it has.
pub(crate) fn appends(json: &Json<'_>, objecttype: &str) -> bool {
    let block = json.get(objecttype).and_then(Json::members);
    block.is_some_and(|block| modes(block).iter().any(|(_, mode)| mode == APPEND))
}

/// Takes out of a record how its rows go together with others, which a target does not know.
pub(crate) fn without_modes(json: &mut Json<'_>, objecttype: &str) {
    if let Some(block) = json.members_mut().and_then(|members| members.get_mut(objecttype)?.members_mut()) {
        block.retain(|key, _| !(key.starts_with(NESTED) && key.ends_with(MODE)));
    }
}

/// Puts the rows that a record has on the target in front of those that are added to them.
pub(crate) fn append<'t>(json: &mut Json<'t>, objecttype: &str, there: &Json<'_>) {
    let Some(block) = json.members_mut().and_then(|members| members.get_mut(objecttype)?.members_mut()) else { return };
    for (table, _) in modes(block).into_iter().filter(|(_, mode)| mode == APPEND) {
        let known = there.get(objecttype).and_then(|block| block.get(&table));
        let known = known.map_or(&[][..], Json::items);
        let mut rows: Vec<Json<'t>> = known.iter().map(|row| written(row.detached(), Kind::Row)).collect();
        if let Some(Json::Array(new)) = block.take(&table) {
            rows.extend(new);
        }
        block.set(table, Json::Array(rows));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Row,
    Value,
}

/// What is read, as it is written.
fn written(json: Json<'_>, kind: Kind) -> Json<'_> {
    match json {
        Json::Scalar(text) => Json::Scalar(text),
        Json::Array(items) => {
            let files = items.first().is_some_and(|item| item.get("versions").is_some());
            let items = items.into_iter().map(|item| if files { file(&item) } else { written(item, Kind::Value) });
            Json::Array(items.collect())
        }
        Json::Object(members) if members.get("_objecttype").is_some() => link(&members),
        Json::Object(mut members) if kind == Kind::Row => {
            let uuid = members.take("_uuid");
            members.remove(&OF_RECORDS);
            members.remove(&OF_ROWS);
            for (key, value) in members.iter_mut() {
                let is_nested = key.starts_with(NESTED);
                let taken = std::mem::replace(value, Json::null());
                *value = match taken {
                    Json::Array(rows) if is_nested => {
                        Json::Array(rows.into_iter().map(|row| written(row, Kind::Row)).collect())
                    }
                    other => written(other, Kind::Value),
                };
            }
            members.put_first(uuid.map(|uuid| ("_uuid".into(), uuid)).into_iter().collect());
            members.into()
        }
        Json::Object(members) => members.into(),
    }
}

fn file<'t>(json: &Json<'_>) -> Json<'t> {
    let mut file = Members::default();
    for key in ["_id", "preferred", "name", "frontend_prefs"] {
        if let Some(value) = json.get(key) {
            file.set(key, value.detached());
        }
    }
    file.into()
}

/// A link by the record that it leads to; one that leads to nobody is none.
fn link<'t>(members: &Members<'_>) -> Json<'t> {
    let Some(objecttype) = members.get("_objecttype").and_then(Json::as_str) else { return Json::null() };
    if members.get("_latest_version_deleted_at").is_some_and(|at| !at.is_null()) {
        return Json::null();
    }
    let mut lookup = Members::default();
    match (members.get("_system_object_id"), members.get("_uuid")) {
        (Some(id), _) => lookup.set("_system_object_id", id.detached()),
        (None, Some(uuid)) => lookup.set("_uuid", uuid.detached()),
        (None, None) => return Json::null(),
    }
    if members.get("_purged_or_deferred").is_some_and(Json::is_true) {
        lookup.set("_allow_defer", Json::bool(true));
    }
    let mut link = Members::of([("_objecttype", Json::string(&objecttype)), ("_mask", Json::string("_all_fields"))]);
    link.set(objecttype.into_owned(), Members::of([("lookup:_id", lookup.into())]).into());
    link.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_there_stand_in_front_as_they_are_written() {
        let mut new = Json::parse(
            r#"{"o":{"lookup:_id":{"n":"1"},"_nested:o__m:group_mode":"append","_nested:o__m":[{"w":3}],
                "_nested:o__p:group_mode":"append","_nested:o__q:group_mode":"replace","_nested:o__q":[{"x":1}]}}"#,
        )
        .unwrap();
        let there = Json::parse(
            r#"{"_system_object_id":5,"o":{"_nested:o__m":[{"_uuid":"u","_id":7,"_version":1,"w":9007199254740993,"l":{"_objecttype":"p","_mask":"_all_fields",
                "_system_object_id":8,"_standard":{},"p":{"_id":3}},"f":[{"_id":4,"preferred":true,"versions":{}}]}],
                "_nested:o__p":[{"_uuid":"v","_nested:o__p__s":[{"_uuid":"s","_id":1,"t":"ü"}]}],"_nested:o__q":[{"_uuid":"q","x":0}]}}"#,
        )
        .unwrap();
        assert!(appends(&new, "o"));
        append(&mut new, "o", &there);
        without_modes(&mut new, "o");
        assert!(!appends(&new, "o"));
        let text = String::from_utf8(new.to_bytes(None)).unwrap();
        for part in [
            r#""_nested:o__m":[{"_uuid":"u","w":9007199254740993,"l":{"_objecttype":"p","_mask":"_all_fields","p":{"lookup:_id":{"_system_object_id":8}}},"f":[{"_id":4,"preferred":true}]},{"w":3}]"#,
            r#""_nested:o__p":[{"_uuid":"v","_nested:o__p__s":[{"_uuid":"s","t":"ü"}]}]"#,
            r#""_nested:o__q":[{"x":1}]"#,
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("group_mode"), "{text}");
    }
}
