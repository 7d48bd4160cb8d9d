//! Records that are deleted at the source, and that others link to: they go in, end deleted, and the links to them stand.

use std::path::Path;
use std::sync::Arc;

use fonds::fylr::source::Files;
use fonds::fylr::target::Restored;
use fonds::fylr::{Request, Shape};
use fonds::jobs::restore::RestoreStart;
use fonds::jobs::verify::Verified;
use fonds::jobs::{LoadSource, instance};
use fonds::model::event::Silent;
use fonds::rehearsal::{Instance, Options};
use serde_json::{Value, json};

use crate::support::restores::{asked, back_up, changed, fault, one, restore, run, snapshot, target};
use crate::verify;

const DELETED: &str = "2025-02-09T08:00:00Z";

fn link(id: u64, is_deleted: bool) -> Value {
    let mut lookup = json!({"_system_object_id": id, "_allow_defer": true});
    if is_deleted {
        lookup["_latest_version_deleted_at"] = DELETED.into();
    }
    json!({"_objecttype": "person", "_mask": "_all_fields", "person": {"lookup:_id": lookup}})
}

/// The record of this id in a payload.
fn of(json: &mut Value, id: u64) -> &mut Value {
    let objects = json["objects"].as_array_mut().expect("objects");
    objects.iter_mut().rfind(|record| record["_system_object_id"] == id).expect("the record")
}

/// A museum in which somebody who is there still has a teacher who was deleted, who had one who was deleted, too, and a
/// place below a deleted one.
fn museum() -> tempfile::TempDir {
    changed(&[
        ("db__person__batch_0001__size_0004.json", &|json| {
            of(json, 117)["person"]["lehrer"] = link(120, true);
            of(json, 119)["_latest_version_deleted_at"] = DELETED.into();
        }),
        ("db__person__batch_0002__size_0002.json", &|json| {
            of(json, 120)["person"]["lehrer"] = link(119, true);
        }),
        ("db__ort__level_01__batch_0001__size_0002.json", &|json| {
            of(json, PARENT)["_latest_version_deleted_at"] = DELETED.into();
        }),
        ("db__ort__level_02__batch_0001__size_0003.json", &|json| {
            for record in json["objects"].as_array_mut().expect("objects") {
                let lookup = &mut record["ort"]["lookup:_id_parent"];
                if lookup["_system_object_id"] == PARENT {
                    lookup["_allow_defer"] = true.into();
                    lookup["_latest_version_deleted_at"] = DELETED.into();
                }
            }
        }),
    ])
}

/// A place with others below it.
const PARENT: u64 = 103;

/// An instance with it, backed up as a whole.
fn backed_up(archive: &Path) -> Instance {
    let museum = museum();
    let from = LoadSource::Layout(museum.path().to_owned());
    let source = instance(Options::default(), Some(&from), Path::new("none"), &(Arc::new(Silent) as _));
    let source = source.expect("an instance").0;
    back_up(&source, archive, true, Files::WithVersions);
    source
}

fn restored(target: &Instance, archive: &Path, is_wanted: bool) -> Restored {
    let mut job = restore(snapshot("museum"), &[target]);
    (job.write.include_deleted_linked, job.write.include_password) = (is_wanted, false);
    one(job, archive)
}

fn record(instance: &Instance, objecttype: &str, id: u64) -> Value {
    let path = format!("db/{objecttype}/_all_fields/system_object_id/{id}");
    let request = Request::get(path, Shape::Array).with("format", "long").with("all_versions", 1);
    asked(instance, &request).as_array().and_then(|versions| versions.last()).cloned().unwrap_or_default()
}

#[track_caller]
fn assert_same(source: &Instance, target: &Instance, verified: &Verified) {
    assert!(verified.is_clean(), "{:#?}", verified.differences);
    for (objecttype, id) in [("person", 119), ("person", 120), ("ort", PARENT)] {
        let mark = record(target, objecttype, id)["_latest_version_deleted_at"].clone();
        assert!(mark.is_string(), "{objecttype} {id} is not deleted: {:#}", record(target, objecttype, id));
    }
    let teacher = |instance: &Instance, id: u64| {
        let link = record(instance, "person", id)["person"]["lehrer"].clone();
        (link["_system_object_id"].clone(), link["_latest_version_deleted_at"].is_string())
    };
    assert_eq!(teacher(target, 117), (120.into(), true));
    for id in [117, 120] {
        assert_eq!(teacher(target, id), teacher(source, id), "{id}");
    }
}

#[test]
fn deleted_records_end_deleted_with_their_links() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let (source, target) = (backed_up(&archive), target());
    let restored = restored(&target, &archive, true);
    assert_eq!(restored.aside_count, 0, "{:?}", restored.aside);
    assert_same(&source, &target, &verify(snapshot("museum"), &target, &archive));
    let records: u64 =
        restored.tallies.iter().filter(|(kind, _)| kind.starts_with("db:")).map(|(_, tally)| tally.done).sum();
    let verified = verify(snapshot("museum"), &target, &archive);
    let counts = verified.counts.iter().filter(|(kind, _)| kind.starts_with("db:"));
    assert_eq!(records, counts.map(|(_, compared)| compared.in_backup).sum::<u64>(), "each counts once");
}

#[test]
fn without_them_the_links_are_left_out_and_that_is_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let (_source, target) = (backed_up(&archive), target());
    let restored = restored(&target, &archive, false);
    let aside: Vec<&str> = restored.aside.iter().map(|aside| aside.what.as_str()).collect();
    assert_eq!(aside, ["the deletion of ort 103"], "a backup does not tell that a parent is deleted");
    assert_eq!(record(&target, "person", 117)["person"]["lehrer"], Value::Null);
    assert!(record(&target, "person", 120)["_latest_version_deleted_at"].is_string());
    let verified = verify(snapshot("museum"), &target, &archive);
    let what: Vec<&str> = verified.differences.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(what, ["ort 103 version 1"], "exactly what was set aside: {:#?}", verified.differences);
}

#[test]
fn one_that_was_interrupted_goes_on_without_gaps() {
    for after in [1, 2, 3, 5] {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.redb");
        let (source, target) = (backed_up(&archive), target());
        for rule in ["status 503 on DELETE /api/v1/db/*", "reset after on POST /api/v1/db/*"] {
            fault(&target, &format!("{rule} after {after}"));
        }
        let mut job = restore(snapshot("museum"), &[&target]);
        (job.write.include_deleted_linked, job.write.include_password) = (true, false);
        job.targets[0].connection.retry.count_max = 0;
        assert!(run(job.clone(), &archive).remove(0).ended.is_err(), "after {after}");
        target.faults().clear();
        job.start = RestoreStart::Continue;
        job.targets[0].connection.retry.count_max = 6;
        let restored = one(job, &archive);
        assert_eq!(restored.aside_count, 0, "after {after}: {:?}", restored.aside);
        assert_same(&source, &target, &verify(snapshot("museum"), &target, &archive));
    }
}
