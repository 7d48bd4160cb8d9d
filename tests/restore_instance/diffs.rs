//! `diff` between a backup and one of the instance that it was restored to: without help it shows only what a restore is
//! documented to change, and with `restored` nothing, unless something was changed for real.

use std::path::Path;

use fonds::fylr::source::Files;
use fonds::fylr::target::FileApi;
use fonds::fylr::{Request, Shape};
use fonds::jobs::diff::{Change, Diff, DiffRestored, Differences, Side, Unexplained, What};
use fonds::jobs::restore::{Document, RestoreFrom};
use fonds::jobs::{Error, chain};
use fonds::model::event::Silent;
use fonds::model::payload::FieldChange;
use fonds::rehearsal::{Instance, Kind};
use serde_json::json;

use crate::support::instances::{backup, museum};
use crate::support::restores::{asked, changed, one, restore, snapshot, target};

/// What of a record is the target's own: its ids, and what it knows of a file that it has got.
const OF_THE_TARGET: [&str; 16] = [
    "_global_object_id",
    "_id",
    "id",
    "_latest_version_deleted_at",
    "object_id",
    "date_uploaded",
    "date_created",
    "url",
    "path",
    "reference",
    "produce_versions",
    "original_filepath",
    "leave_on_remote",
    "_password_hash",
    "global_object_id",
    "pollable",
];

fn side(name: &str) -> Side {
    Side::Snapshot(name.parse().expect("a name"))
}

fn restored(archive: &Path, before: &str, after: &str) -> Unexplained {
    let diff = DiffRestored { before: side(before), after: side(after), without_files: false };
    diff.run(archive, &Silent).unwrap_or_else(|error| panic!("{}", chain(&error)))
}

fn backed_up(instance: &Instance, archive: &Path, name: &str) {
    let named = |job: &mut fonds::jobs::Backup| {
        (job.name, job.verify, job.read.files) = (Some(name.to_owned()), false, Files::WithVersions);
    };
    backup(instance, archive, named).unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
}

/// The museum, restored.
fn copied(archive: &Path) -> Instance {
    let (source, target) = (museum(Kind::Fylr), target());
    backed_up(&source, archive, "museum");
    let mut job = restore(snapshot("museum"), &[&target]);
    job.write.upload_versions = false;
    one(job, archive);
    target
}

#[test]
fn without_help_only_what_a_restore_changes_on_purpose_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let target = copied(&archive);
    backed_up(&target, &archive, "restored");
    let mut changes: Vec<(String, FieldChange)> = Vec::new();
    let diff = Diff { before: side("museum"), after: side("restored"), details: true };
    let differences: Differences = diff
        .run(&archive, |change| {
            if let Change::Record(kind, change) = change
                && let What::Changed(fields) = change.what
            {
                changes.extend(fields.into_iter().map(|field| (kind.kind.clone(), field)));
            }
            Ok::<(), Error>(())
        })
        .unwrap();
    for kind in &differences.kinds {
        let own = u64::from(kind.kind == "event/list");
        assert!(kind.removed == 0 && kind.added <= own, "{kind:?}");
    }
    assert!(changes.len() > 40);
    for (kind, change) in changes {
        let last = change.pointer.rsplit('/').find(|part| part.parse::<u64>().is_err()).unwrap_or_default();
        let is_of_rendition = change.pointer.contains("/versions/");
        // A link to a record that is deleted is left out.
        let is_gone_link = change.before.as_ref().is_some_and(|before| before.contains("_latest_version_deleted_at"));
        let is_of_event = kind == "event/list" && change.pointer.contains("/info/");
        let is_known = OF_THE_TARGET.contains(&last) || is_of_rendition || is_gone_link || is_of_event;
        assert!(is_known, "{kind}: {change:?}");
    }
}

#[test]
fn what_was_changed_for_real_is_found_among_what_the_restore_changed() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let target = copied(&archive);
    let ort = json!([{"_objecttype": "ort", "_mask": "_all_fields",
        "ort": {"lookup:_id": {"_system_object_id": 101}, "_version": 2, "name": "Anderswo"}}]);
    asked(&target, &Request::post("db/ort", ort.to_string(), Shape::Array).with("skip_reverse_nested", 1));
    let fresh = json!([{"_objecttype": "ort", "_mask": "_all_fields", "ort": {"_version": 1, "name": "Neuland"}}]);
    asked(&target, &Request::post("db/ort", fresh.to_string(), Shape::Array));
    let mut configured = asked(&target, &Request::get("config", Shape::Object));
    configured["system"]["config"]["languages"]["database"] = json!([{"value": "de-DE"}]);
    let written = json!({"system": {"config": {"languages": configured["system"]["config"]["languages"]}}});
    let request =
        Request::post("config", written.to_string(), Shape::Any).with("confirm", "yes").with("reindex", "skip");
    asked(&target, &request.with("save", "ignore_errors"));
    backed_up(&target, &archive, "changed");
    let found = restored(&archive, "museum", "changed");
    assert!(!found.is_nothing());
    let told: Vec<&str> = found.records.iter().map(|one| one.what.as_str()).collect();
    assert!(told.is_empty(), "{:#?}", found.records);
    let more: Vec<&String> = found.more.iter().filter(|name| !name.starts_with("event/list")).collect();
    assert!(more.len() == 2 && more[0] == "ort 101 version 2" && more[1].starts_with("ort "), "{:?}", found.more);
    let fields: Vec<&str> =
        found.differences.fields.iter().flat_map(|(_, fields)| fields).map(|field| field.pointer.as_str()).collect();
    assert!(fields.iter().any(|field| field.starts_with("/system/config/languages/database")), "{fields:?}");
}

#[test]
fn a_record_that_was_refused_is_missing_in_the_difference() {
    let dir = tempfile::tempdir().unwrap();
    let (source, target, archive) = (museum(Kind::Fylr), target(), dir.path().join("a.redb"));
    backed_up(&source, &archive, "museum");
    crate::support::restores::fault(&target, "refuse-record \"Leihvertrag\" on POST /api/v1/db/dokument");
    let restoring = one(restore(snapshot("museum"), &[&target]), &archive);
    let refused = restoring.aside.iter().filter(|aside| aside.what.starts_with("dokument")).count();
    assert!(refused > 0, "{:?}", restoring.aside);
    backed_up(&target, &archive, "restored");
    let found = restored(&archive, "museum", "restored");
    let missing = found.records.iter().filter(|one| one.what.starts_with("dokument")).count();
    assert_eq!(missing, refused);
    assert_eq!(found.differences.kinds.iter().map(|kind| kind.removed).sum::<u64>(), refused as u64);
}

/// What the JSON importer brings, copied once more: records without any id in the backup, and known by theirs after that.
#[test]
fn what_a_manifest_of_the_importer_brought_can_be_copied() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let (first, second) = (target(), target());
    let model = changed(&[("manifest.json", &|json| {
        let payloads = json["payloads"].as_array().expect("payloads").clone();
        let is_wanted = |name: &&serde_json::Value| name.as_str().is_some_and(|name| name.starts_with("basetype-"));
        json["payloads"] = payloads.iter().filter(is_wanted).cloned().collect();
    })]);
    one(restore(RestoreFrom::Directory(model.path().to_owned()), &[&first]), &dir.path().join("model.redb"));
    let folder = dir.path().join("import");
    std::fs::create_dir(&folder).unwrap();
    let orte = json!({"import_type": "db", "objecttype": "ort", "objects": [
        {"_objecttype": "ort", "_mask": "_all_fields", "ort": {"_version": 1, "name": "Nördlingen"}},
        {"_objecttype": "ort", "_mask": "_all_fields",
         "ort": {"_version": 1, "name": "Hafen", "lookup:_parent_id": "name:Nördlingen"}}]});
    std::fs::write(folder.join("orte.json"), orte.to_string()).unwrap();
    std::fs::write(folder.join("manifest.json"), json!({"source": "alt", "payloads": ["orte.json"]}).to_string())
        .unwrap();
    let mut importing = restore(RestoreFrom::Directory(folder), &[&first]);
    (importing.base_config, importing.datamodel) = (Document::None, Document::None);
    importing.write.include_password = false;
    assert_eq!(one(importing, &dir.path().join("import.redb")).aside_count, 0);
    backed_up(&first, &archive, "imported");
    let mut job = restore(snapshot("imported"), &[&second]);
    job.write.file_api = FileApi::Put;
    one(job, &archive);
    backed_up(&second, &archive, "copied");
    let found = restored(&archive, "imported", "copied");
    assert!(found.is_nothing(), "{:#?} {:#?} {:#?}", found.records, found.more, found.differences.fields);
    let orte = found.differences.kinds.iter().find(|kind| kind.objecttype.as_deref() == Some("ort")).expect("places");
    assert_eq!(orte.unchanged, 2);
}
