//! Every option does what it says.

use std::time::Duration;

use fonds::fylr::source::{Events, Files};
use fonds::jobs::{Directory, Error};
use fonds::rehearsal::{self, Instance, Kind};
use regex::Regex;
use serde_json::Value;

use crate::assert_same;
use crate::support::instances::{backup, entries, filled, manifest, museum};

/// The snapshot of a backup with other options.
fn entries_with(
    instance: &Instance,
    change: impl FnOnce(&mut fonds::jobs::Backup),
) -> std::collections::BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    backup(instance, &archive, change).expect("a backup");
    entries(&archive)
}

fn records(entries: &std::collections::BTreeMap<String, Vec<u8>>, objecttype: &str) -> Vec<Value> {
    let prefix = format!("db__{objecttype}__");
    let payloads = entries.iter().filter(|(path, _)| path.starts_with(&prefix));
    payloads
        .flat_map(|(_, bytes)| {
            let payload: Value = serde_json::from_slice(bytes).expect("JSON");
            payload["objects"].as_array().cloned().expect("a list")
        })
        .collect()
}

#[test]
fn pace_and_page_size_do_not_change_what_is_read() {
    let source = museum(Kind::Fylr);
    let slow = entries_with(&source, |backup| (backup.connection.workers, backup.read.workers) = (1, 1));
    let fast = entries_with(&source, |backup| (backup.connection.workers, backup.read.workers) = (16, 16));
    assert_same(&fast, &slow, "16 workers");
    let large = entries_with(&source, |backup| backup.read.chunk_size = 1000);
    for objecttype in ["ort", "objekt", "person", "thema"] {
        assert_eq!(records(&large, objecttype), records(&slow, objecttype), "{objecttype}");
    }
}

#[test]
fn without_history_there_is_the_latest_version_as_the_first() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let entries = entries_with(&museum(kind), |backup| backup.read.all_versions = false);
        let objects = records(&entries, "objekt");
        assert_eq!(objects.len(), 5);
        assert!(objects.iter().all(|object| object["objekt"]["_version"] == 1));
        let jug = objects.iter().find(|object| object["objekt"]["inventarnummer"] == "1951.17").expect("the jug");
        assert_eq!(jug["objekt"]["titel"]["de-DE"], "Krug mit Henkel");
        // With deleted records asked for, they are there in their last version, too.
        assert_eq!(records(&entries, "person").len(), 4);
    }
}

#[test]
fn deleted_records_are_there_only_if_they_are_asked_for() {
    let source = museum(Kind::Fylr);
    let with = entries_with(&source, |_| {});
    let without = entries_with(&source, |backup| backup.read.include_deleted = false);
    let deleted = |entries| {
        let people = records(entries, "person");
        people.iter().filter(|person| person.get("_latest_version_deleted_at").is_some()).count()
    };
    assert_eq!((deleted(&with), deleted(&without)), (1, 0));
    assert_eq!(records(&with, "person").len(), records(&without, "person").len() + 2, "both versions are gone");
}

#[test]
fn objecttypes_are_chosen_by_a_pattern_and_links_to_others_are_promises() {
    let source = museum(Kind::Fylr);
    let entries =
        entries_with(&source, |backup| backup.read.include = Some(Regex::new("^(objekt|person)$").expect("")));
    let names: Vec<_> = entries.keys().filter(|path| path.starts_with("db__")).collect();
    assert!(names.iter().all(|name| name.starts_with("db__objekt__") || name.starts_with("db__person__")), "{names:?}");
    let place = &records(&entries, "objekt")[1]["objekt"]["fundort"]["ort"]["lookup:_id"];
    assert_eq!(place["_allow_defer"], true);
}

#[test]
fn a_pattern_that_matches_nothing_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let failed = backup(&museum(Kind::Fylr), &archive, |backup| {
        backup.read.include = Some(Regex::new("objket").expect("a pattern"));
    });
    let told = failed.map(drop).expect_err("nothing matches").to_string();
    assert!(told.starts_with("no objecttype matches \"objket\"; there are ort, "), "{told}");
    assert!(!archive.exists());
}

#[test]
fn so_many_records_and_no_more_are_read() {
    let entries = entries_with(&museum(Kind::Fylr), |backup| backup.read.maximum_count = Some(2));
    let ids: std::collections::BTreeSet<_> =
        records(&entries, "objekt").iter().map(|record| record["_system_object_id"].as_u64()).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn events_are_all_some_or_none() {
    let source = museum(Kind::Fylr);
    let events = |entries: &std::collections::BTreeMap<String, Vec<u8>>| {
        let payloads = entries.iter().filter(|(path, _)| path.starts_with("event"));
        let types = payloads.flat_map(|(_, bytes)| {
            let payload: Value = serde_json::from_slice(bytes).expect("JSON");
            payload["events"].as_array().cloned().expect("a list")
        });
        types.map(|event| event["event"]["type"].as_str().expect("a type").to_owned()).collect::<Vec<_>>()
    };
    let all = events(&entries_with(&source, |_| {}));
    assert!(all.contains(&"DETAIL_VIEW".to_owned()) && all.contains(&"OBJECT_INSERT".to_owned()), "{all:?}");
    let some = events(&entries_with(&source, |backup| backup.read.events = Events::Of(vec!["DETAIL_VIEW".to_owned()])));
    assert_eq!(some, ["DETAIL_VIEW"]);
    assert!(events(&entries_with(&source, |backup| backup.read.events = Events::None)).is_empty());
}

#[test]
fn files_come_along_as_far_as_they_are_asked_for() {
    let source = museum(Kind::Fylr);
    let files = |choice| {
        let entries = entries_with(&source, |backup| backup.read.files = choice);
        let objects = String::from_utf8(entries["db__objekt__batch_0001.json"].clone()).expect("UTF-8");
        (entries.keys().filter(|path| path.starts_with("files/")).count(), objects.contains("\"path\":"))
    };
    assert_eq!(files(Files::Urls), (0, false));
    let (originals, has_paths) = files(Files::Originals);
    assert!(originals >= 7 && has_paths, "{originals}");
    let (all, _) = files(Files::WithVersions);
    assert!(all > originals, "{all}");
}

#[test]
fn payloads_are_compressed_or_pretty_when_they_should_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let out = folder.path().join("out");
    backup(&museum(Kind::Fylr), &archive, |backup| {
        backup.read.is_compressed = true;
        backup.read.is_pretty = true;
        backup.directory = Some(Directory { path: out.clone(), compression: 9 });
    })
    .expect("a backup");
    let packed = std::fs::read(out.join("db__objekt__batch_0001.json.gz")).expect("a payload");
    assert!(packed.starts_with(&[0x1f, 0x8b]));
    let entries = entries(&archive);
    let text = String::from_utf8(entries["db__objekt__batch_0001.json.gz"].clone()).expect("UTF-8");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(text, serde_json::to_string_pretty(&value).expect("JSON") + "\n");
    assert_eq!(manifest(&archive)["payloads"][0], "basetype-plugin-0000.json.gz");
    // The data model stays plain, as its name says.
    assert!(std::fs::read(out.join("datamodel.json")).expect("a data model").starts_with(b"{"));
}

#[test]
fn a_directory_that_is_in_use_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    std::fs::write(out.join("x"), "x").expect("a file");
    let source = museum(Kind::Fylr);
    source.forget_requests();
    let failed = backup(&source, &folder.path().join("a.redb"), |backup| {
        backup.directory = Some(Directory { path: out.clone(), compression: 0 });
    });
    assert!(matches!(failed, Err(Error::DirectoryInUse(_))));
    assert!(source.requests().is_empty());
}

#[test]
fn a_server_that_gives_short_pages_gives_everything_all_the_same() {
    let short = filled(rehearsal::Options { page_max: 2, ..rehearsal::Options::default() });
    let entries = entries_with(&short, |backup| backup.read.chunk_size = 2);
    assert_eq!(records(&entries, "ort").len(), 8);
}

#[test]
fn old_versions_give_what_they_can_and_say_what_they_cannot() {
    for (release, told) in [("6.18.0", "fylr 6.18.0 does not give right presets"), ("6.33.0", "files that are left on")]
    {
        let old = filled(rehearsal::Options { release: release.parse().expect("a release"), ..Default::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        let done = backup(&old, &archive, |_| {}).expect("a backup");
        assert!(done.report.notes.keys().any(|note| note.contains(told)), "{:?}", done.report.notes);
        let limits = manifest(&archive)["x-fonds"]["limits"].to_string();
        assert!(limits.contains(told), "{limits}");
    }
}

#[test]
fn passwords_that_are_not_given_are_missed() {
    for (gives, has) in [(true, true), (false, false)] {
        let source =
            filled(rehearsal::Options { kind: Kind::Easydb5, give_passwords: gives, ..rehearsal::Options::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        let done = backup(&source, &archive, |_| {}).expect("a backup");
        assert_eq!(manifest(&archive)["has_passwords"], has, "{:?}", done.report.notes);
        assert_eq!(done.report.notes.keys().any(|note| note.contains("no passwords")), !has);
    }
}

#[test]
fn a_slow_answer_does_not_end_a_backup() {
    let source = filled(rehearsal::Options { latency: Duration::from_millis(5), ..rehearsal::Options::default() });
    assert_eq!(records(&entries_with(&source, |_| {}), "objekt").len(), 7);
}
