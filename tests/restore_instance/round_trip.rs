//! Backup, restore, backup of what was restored: both backups say the same, but for what a restore changes on purpose.
//! The comparison is one of its own, so that a rule too many in `verify` is found here; `diff` must come to the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fonds::fylr::source::Files;
use fonds::fylr::target::FileApi;
use fonds::jobs::diff::{DiffRestored, Side, Unexplained};
use fonds::jobs::restore::{Document, RestoreFrom};
use fonds::jobs::{LoadSource, instance};
use fonds::model::event::Silent;
use fonds::rehearsal::{Instance, Kind, Options};
use serde_json::Value;

use crate::support::instances::{backup, entries_of};
use crate::support::restores::{changed, one, restore, snapshot, target};

/// Members that differ on purpose, wherever they stand: ids of the target, and what an API gives and does not take.
const OF_THE_TARGET: [&str; 6] =
    ["_id", "_global_object_id", "global_object_id", "object_id", "pollable", "_latest_version_deleted_at"];
/// What of a file is the same on every instance.
const OF_FILES: [&str; 3] = ["original_filename", "preferred", "versions"];
/// What of a version of a file is, unless its bytes stay where they are.
const OF_VERSIONS: [&str; 3] = ["filesize", "hash", "extension"];

/// Events of easydb5, what fylr calls them, and what they are about there.
const OF_EASYDB5: [(&str, &str, &str); 3] = [
    ("ASSET_DOWNLOAD", "FILE_DOWNLOAD", "file"),
    ("SCHEMA_COMMIT", "DATAMODEL_COMMIT", ""),
    ("USER_LOGIN", "USER_LOGIN", "user"),
];

/// The museum without a film on a server that is not there: an easydb5 does not tell that it stays there.
fn museum(kind: Kind) -> Instance {
    let names: Vec<String> = std::fs::read_dir(crate::support::restores::museum())
        .expect("it is so")
        .map(|entry| entry.expect("it is so").file_name().into_string().expect("it is so"))
        .filter(|name| name.starts_with("db__objekt"))
        .collect();
    let cut: &dyn Fn(&mut Value) = &without_films;
    let changes: Vec<(&str, &dyn Fn(&mut Value))> = names.iter().map(|name| (name.as_str(), cut)).collect();
    let dir = changed(&changes);
    let options = if kind == Kind::Fylr { Options::default() } else { Options::easydb5() };
    let from = LoadSource::Layout(dir.path().to_owned());
    instance(options, Some(&from), Path::new("none"), &(Arc::new(Silent) as _)).expect("an instance").0
}

fn without_films(json: &mut Value) {
    match json {
        Value::Array(items) => {
            items.retain(|item| item["leave_on_remote"] != true && item["versions"]["extern"].is_null());
            items.iter_mut().for_each(without_films);
        }
        Value::Object(members) => members.values_mut().for_each(without_films),
        _ => {}
    }
}

/// easydb5 has no plugins to give: whoever restores installs them first.
fn install_plugins(target: &Instance, folder: &Path) {
    let plugins = changed(&[("manifest.json", &|json| {
        json["payloads"] = serde_json::json!(["basetype-plugin-0000.json"]);
    })]);
    let mut plugins = restore(RestoreFrom::Directory(plugins.path().to_owned()), &[target]);
    (plugins.datamodel, plugins.base_config) = (Document::None, Document::None);
    one(plugins, &folder.join("plugins.redb"));
}

#[test]
fn a_fylr_comes_back_the_same_by_every_way_of_files() {
    comes_back(Kind::Fylr);
}

#[test]
fn an_easydb5_comes_back_the_same_by_every_way_of_files() {
    comes_back(Kind::Easydb5);
}

fn comes_back(kind: Kind) {
    let ways =
        [FileApi::None, FileApi::Put, FileApi::Rput, FileApi::RputLeave, FileApi::RputBulk, FileApi::RputBulkLeave];
    let source = museum(kind);
    for all_versions in [true, false] {
        for (number, way) in ways.into_iter().enumerate() {
            let is_compressed = number % 2 == 1;
            let files = if number % 3 == 1 { Files::WithVersions } else { Files::Urls };
            let what = format!("{kind:?}, all versions: {all_versions}, {way:?}, compressed: {is_compressed}");
            round_trip(&source, kind, &what, (all_versions, files, is_compressed), way);
        }
    }
}

fn round_trip(
    source: &Instance,
    kind: Kind,
    what: &str,
    (all_versions, files, is_compressed): (bool, Files, bool),
    way: FileApi,
) {
    let dir = tempfile::tempdir().expect("it is so");
    let archive = dir.path().join("both.redb");
    let change = |job: &mut fonds::jobs::Backup| {
        (job.read.all_versions, job.read.include_deleted) = (all_versions, all_versions);
        (job.read.files, job.read.is_compressed) = (files, is_compressed);
        job.verify = false;
    };
    backup(source, &archive, change).unwrap_or_else(|error| panic!("{what}: {}", fonds::jobs::chain(&error)));
    let target = target();
    if kind == Kind::Easydb5 {
        install_plugins(&target, dir.path());
    }
    let mut job = restore(snapshot("museum"), &[&target]);
    job.write.file_api = way;
    let restored = one(job, &archive);
    assert_eq!(restored.aside_count, 0, "{what}: {:?}", restored.aside);
    let again = |job: &mut fonds::jobs::Backup| {
        change(job);
        job.name = Some("restored".to_owned());
    };
    backup(&target, &archive, again).unwrap_or_else(|error| panic!("{what}: {}", fonds::jobs::chain(&error)));
    let mut found = diff(&archive, way == FileApi::None);
    if kind == Kind::Easydb5 {
        found.more.retain(|name| name != "plugin/manage custom-data-type-gnd");
        found.differences.kinds.retain(|found| found.kind != "plugin/manage");
    }
    assert!(found.is_nothing(), "{what}: {:#?} {:#?} {:#?}", found.records, found.more, found.differences.fields);
    assert!(found.differences.kinds.iter().map(|kind| kind.unchanged).sum::<u64>() > 40, "{what}");
    let files = match way {
        FileApi::None => Kept::Nothing,
        way if way.leaves() => Kept::Names,
        _ => Kept::Bytes,
    };
    let (first, second) = (items(&archive, "museum", kind, files), items(&archive, "restored", kind, files));
    for (kind, expected) in &first {
        let found = second.get(kind).map(Vec::as_slice).unwrap_or_default();
        let missing: Vec<&String> = expected.iter().filter(|item| !found.contains(item)).collect();
        let more: Vec<&String> = found.iter().filter(|item| !expected.contains(item)).collect();
        assert!(missing.is_empty() && more.is_empty(), "{what}, {kind}:\n- {missing:?}\n+ {more:?}");
        assert_eq!(found.len(), expected.len(), "{what}, {kind}");
    }
    assert!(first["db:objekt"].len() >= if all_versions { 7 } else { 4 }, "{what}");
    assert!(first["user"].len() >= 5 && first["collection"].len() == 4 && first["event/list"].len() >= 4, "{what}");
}

/// What `diff` finds that a restore does not change on purpose.
fn diff(archive: &Path, without_files: bool) -> Unexplained {
    let side = |name: &str| Side::Snapshot(name.parse().expect("a name"));
    let diff = DiffRestored { before: side("museum"), after: side("restored"), without_files };
    diff.run(archive, &Silent).unwrap_or_else(|error| panic!("{}", fonds::jobs::chain(&error)))
}

/// Everything that a backup says, by kind, without what a restore changes on purpose.
fn items(archive: &Path, name: &str, kind: Kind, files: Kept) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in entries_of(archive, name) {
        let Ok(payload) = serde_json::from_slice::<Value>(&text) else { continue };
        let Some(import_type) = payload["import_type"].as_str() else { continue };
        let name = match payload["objecttype"].as_str() {
            Some(objecttype) => format!("db:{objecttype}"),
            None => import_type.to_owned(),
        };
        let items = payload.as_object().expect("it is so").values().find_map(Value::as_array);
        for item in items.unwrap_or_else(|| panic!("{path} has no array")) {
            let mut item = item.clone();
            if is_left_out(&name, &item, kind) {
                continue;
            }
            settle(&mut item, files);
            in_words_of_fylr(&mut item);
            found.entry(name.clone()).or_default().push(sorted(&item).to_string());
        }
    }
    for items in found.values_mut() {
        items.sort();
    }
    found
}

/// Events of easydb5 have other names.
fn in_words_of_fylr(item: &mut Value) {
    if let Some(user) = item.as_object_mut().and_then(|item| item.remove("_user")) {
        item["user"] = user;
    }
    let kind = item["event"]["type"].as_str().unwrap_or_default().to_owned();
    if let Some((_, new, basetype)) = OF_EASYDB5.iter().find(|(old, _, _)| *old == kind) {
        item["event"]["type"] = (*new).into();
        if !basetype.is_empty() {
            item["event"]["basetype"] = (*basetype).into();
        }
    }
}

fn is_left_out(name: &str, item: &Value, kind: Kind) -> bool {
    match name {
        // What every instance has of its own.
        "user" => item["user"]["reference"] == "system:root",
        "event/list" => {
            let kind_of = item["event"]["type"].as_str().unwrap_or_default();
            let is_new = item["event"]["timestamp"].as_str().is_some_and(|time| time > "2026");
            is_new || kind_of.starts_with("TASK") || (kind == Kind::Easydb5 && kind_of == "API_CALL")
        }
        _ => false,
    }
}

/// Leaves what must be the same. What says nothing is the same as what is not said.
fn settle(value: &mut Value, files: Kept) {
    match value {
        Value::Array(items) => {
            for item in items.iter_mut() {
                settle(item, files);
            }
            items.retain(|item| !is_nothing(item));
            if items.iter().all(|item| item["lookup:_id"]["reference"].is_string()) {
                items.sort_by_key(ToString::to_string);
            }
        }
        Value::Object(members) if members.get("versions").is_some_and(Value::is_object) => {
            *value = file(members, files);
        }
        Value::Object(members) if is_link_to_nobody(members) => *value = Value::Null,
        Value::Object(members) => {
            members.retain(|key, _| !OF_THE_TARGET.contains(&key.as_str()));
            for value in members.values_mut() {
                settle(value, files);
            }
            members.retain(|_, value| !is_nothing(value));
        }
        _ => {}
    }
}

/// How much of files can be the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Nothing,
    /// The bytes stay at the source, and nobody looks at them.
    Names,
    Bytes,
}

fn file(members: &serde_json::Map<String, Value>, kept: Kept) -> Value {
    if kept == Kept::Nothing {
        return Value::Null;
    }
    let only = |members: &serde_json::Map<String, Value>, keys: &[&str]| {
        let kept = members.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect::<serde_json::Map<_, _>>()
    };
    let mut file = only(members, &OF_FILES);
    for version in file.get_mut("versions").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut())
    {
        let keys = if kept == Kept::Bytes { &OF_VERSIONS[..] } else { &[] };
        *version = only(version.as_object().expect("a version"), keys).into();
    }
    file.into()
}

fn is_link_to_nobody(members: &serde_json::Map<String, Value>) -> bool {
    let objecttype = members.get("_objecttype").and_then(Value::as_str);
    let lookup = objecttype.and_then(|name| members.get(name)?.get("lookup:_id"));
    !members.contains_key("_system_object_id")
        && lookup.is_some_and(|lookup| lookup.get("_latest_version_deleted_at").is_some())
}

/// The same whatever the order of members.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(members) => {
            let sorted: BTreeMap<&String, Value> = members.iter().map(|(key, value)| (key, sorted(value))).collect();
            serde_json::to_value(sorted).expect("JSON")
        }
        scalar => scalar.clone(),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
