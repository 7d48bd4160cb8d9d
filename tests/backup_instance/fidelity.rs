//! What was in the instance is in the snapshot, in a form that a strict target takes.

use std::collections::BTreeMap;

use fonds::rehearsal::{self, Instance, Kind};
use serde_json::{Value, json};

use crate::support::instances::{backup, entries, manifest, museum, restored};

/// What an instance holds, by kind; the numbers of versions of what every instance has from its beginning are left out.
fn held(instance: &Instance) -> BTreeMap<String, Value> {
    serde_json::from_str(&instance.dump()).expect("JSON")
}

#[test]
fn a_snapshot_restored_is_the_instance_it_was_made_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let source = museum(Kind::Fylr);
    let done = backup(&source, &archive, |_| {}).expect("a backup");
    assert!(done.report.aside.is_empty(), "{:?}", done.report.aside);
    let target = restored(&archive);
    let (one, other) = (held(&source), held(&target));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (kind, content) in &one {
        // Pools, groups and objecttypes that are there from the beginning are updated, which counts as a version.
        if !["pools", "groups", "objecttypes"].iter().any(|other| kind.starts_with(other)) {
            assert!(content == &other[kind], "{kind}:\n{content:#}\nis not\n{:#}", other[kind]);
        }
    }
}

#[test]
fn a_restored_instance_backed_up_again_gives_the_same_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second, third] = ["1.redb", "2.redb", "3.redb"].map(|name| folder.path().join(name));
    backup(&museum(Kind::Fylr), &first, |_| {}).expect("a backup");
    backup(&restored(&first), &second, |_| {}).expect("a backup");
    backup(&restored(&second), &third, |_| {}).expect("a backup");
    let (mut one, mut other) = (entries(&second), entries(&third));
    // Events tell of the restores themselves, and the config of the instance's name.
    for entries in [&mut one, &mut other] {
        entries.retain(|path, _| path.starts_with("db__") && !path.contains('/'));
    }
    let names = |entries: &BTreeMap<String, Vec<u8>>| entries.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    let text = |bytes: &Vec<u8>| {
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        let times = regex::Regex::new(r#""(date_uploaded|date_created|_latest_version_deleted_at)":"[^"]*""#)
            .expect("a pattern");
        let text = times.replace_all(&text, "TIME").into_owned();
        // Every instance has an id and a port of its own.
        let at = text.find("\"_global_object_id\":\"").map(|at| at + 21);
        let id = at.and_then(|at| text[at..].split('"').next()?.split_once('@')).map(|(_, id)| id.to_owned());
        let text = id.map_or(text.clone(), |id| text.replace(&id, "INSTANCE"));
        let port = text.find("127.0.0.1:").map(|at| text[at..at + 15].trim_end_matches('/').to_owned());
        port.map_or(text.clone(), |port| text.replace(&port, "HOST"))
    };
    for (path, bytes) in &one {
        let (one, other) = (text(bytes), text(&other[path]));
        let at = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count().saturating_sub(80);
        let near = |text: &str| text.chars().skip(at).take(200).collect::<String>();
        assert!(one == other, "{path}:\n{}\nis not\n{}", near(&one), near(&other));
    }
}

#[test]
fn an_easydb5_becomes_what_a_fylr_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let done = backup(&museum(Kind::Easydb5), &archive, |_| {}).expect("a backup");
    assert!(done.report.aside.is_empty(), "{:?}", done.report.aside);
    let entries = entries(&archive);
    let payload = |name: &str| -> Value { serde_json::from_slice(&entries[name]).expect("JSON") };
    let users = payload("basetype-user-0000.json");
    let lindqvist = &users["users"][1];
    assert_eq!(lindqvist["user"]["reference"], "hlindqvist");
    assert_eq!(lindqvist["user"]["email"], "helga@seedorf.example.org");
    assert_eq!(lindqvist["_groups"][0]["group"], json!({"lookup:_id": {"reference": "sammlung"}}));
    let objects = payload("db__objekt__batch_0001.json");
    let versions = objects["objects"].as_array().expect("a list");
    let jug: Vec<_> = versions.iter().filter(|object| object["objekt"]["inventarnummer"] == "1951.17").collect();
    assert_eq!(jug.len(), 3);
    // Only the last version says so there, and here each says what it is.
    let latest: Vec<_> = jug.iter().map(|version| version["_latest_version"].clone()).collect();
    assert_eq!(latest, [json!(false), json!(false), json!(true)]);
    assert_eq!(jug[1]["_owner"]["user"]["lookup:_id"]["reference"], "hlindqvist");
    assert_eq!(jug[1]["_create_user"]["user"]["lookup:_id"]["reference"], "user:3");
    let url = jug[0]["objekt"]["bild"][0]["versions"]["original"]["url"].as_str().expect("a URL");
    assert!(url.contains("/eas/partitions-inline/") && url.ends_with("/image/png"), "{url}");
    assert_eq!(manifest(&archive)["instance"]["type"], "easydb5");
    assert!(payload("base_config.json")["system"]["config"]["languages"]["database"].is_array());
    assert!(!entries.contains_key("basetype-plugin-0000.json"));
}

#[test]
fn records_come_in_an_order_in_which_each_finds_what_it_needs() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        backup(&museum(kind), &archive, |_| {}).expect("a backup");
        let entries = entries(&archive);
        let mut versions: BTreeMap<u64, u64> = BTreeMap::new();
        let mut promised = Vec::new();
        for payload in manifest(&archive)["payloads"].as_array().expect("a list") {
            let payload: Value = serde_json::from_slice(&entries[payload.as_str().expect("a name")]).expect("JSON");
            for record in payload["objects"].as_array().into_iter().flatten() {
                let id = record["_system_object_id"].as_u64().expect("an id");
                let block = &record[record["_objecttype"].as_str().expect("a name")];
                assert_eq!(block["_version"], versions.get(&id).copied().unwrap_or(0) + 1, "{id}");
                look(block, &versions, &mut promised);
                versions.insert(id, block["_version"].as_u64().expect("a version"));
            }
        }
        assert!(versions.len() >= 28, "{}", versions.len());
        assert!(promised.iter().all(|id| versions.contains_key(id)), "{promised:?}");
    }
}

/// Every record that is looked up is there, or is promised, or is known to be gone.
fn look(json: &Value, there: &BTreeMap<u64, u64>, promised: &mut Vec<u64>) {
    for (key, value) in json.as_object().into_iter().flatten() {
        if let Some(id) = value["_system_object_id"].as_u64().filter(|_| key.starts_with("lookup:")) {
            let is_gone = value.get("_latest_version_deleted_at").is_some();
            match value["_allow_defer"].as_bool() {
                Some(true) if is_gone => {}
                Some(true) => promised.push(id),
                _ => assert!(there.contains_key(&id), "{id} is not there yet"),
            }
        }
        look(value, there, promised);
    }
    json.as_array().into_iter().flatten().for_each(|item| look(item, there, promised));
}

#[test]
fn a_second_backup_of_the_same_instance_adds_next_to_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let source = museum(Kind::Fylr);
    let first = backup(&source, &archive, |_| {}).expect("a backup").snapshot;
    let second = backup(&source, &archive, |_| {}).expect("a backup").snapshot;
    assert_eq!((first.counts.records, second.added.records), (second.counts.records, 0));
    // The manifest, and the signatures of all URLs.
    assert!(second.added.bytes_plain < 20_000, "{:?}", second.added);
}

#[test]
fn what_changes_meanwhile_is_told() {
    let latency = std::time::Duration::from_millis(15);
    let source = crate::support::instances::filled(rehearsal::Options { latency, ..rehearsal::Options::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let url = source.api_url();
    let editor = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            let options = crate::support::instances::connection_to(&url);
            let client =
                fonds::fylr::Client::connect(options, crate::support::archives::silent()).await.expect("a login");
            let record = json!([{"_objecttype": "schlagwort", "_mask": "_all_fields",
                "schlagwort": {"_version": 1, "name": {"de-DE": "Neu dabei"}}}]);
            let request = fonds::fylr::Request::post("db/schlagwort", record.to_string(), fonds::fylr::Shape::Array);
            client.ask(&request).await.expect("a new record");
        });
    });
    let done = backup(&source, &folder.path().join("a.redb"), |_| {}).expect("a backup");
    editor.join().expect("the editor is done");
    let changed = &done.report.changed;
    assert!(
        changed.len() == 1 && changed[0].starts_with("schlagwort ") && changed[0].ends_with("was added"),
        "{changed:?}"
    );
}
