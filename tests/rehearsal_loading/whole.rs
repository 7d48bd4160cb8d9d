//! What goes in whole, and what is there afterwards.

use fonds::rehearsal::{Kind, Options, Release};
use serde_json::{Value, json};

use super::support::http::Http;
use super::{changed, load, museum};

#[test]
fn two_instances_with_the_same_content_have_the_same_dump() {
    let (first, loaded) = load(&museum(), Options::default()).unwrap();
    let (second, _) = load(&museum(), Options::default()).unwrap();
    assert_eq!(loaded.counts["records"], 34);
    assert_eq!(loaded.files, 9);
    let dump: Value = serde_json::from_str(&first.dump()).unwrap();
    assert_eq!(dump["db_objekt"].as_array().unwrap().len(), 7);
    assert_eq!(first.dump(), second.dump());
    let other = changed(&[("db__dokument__batch_0001__size_0002.json", &|j| {
        j["objects"][1]["dokument"]["titel"] = json!("Mit Datei");
    })]);
    let (other, _) = load(other.path(), Options::default()).unwrap();
    assert_ne!(first.dump(), other.dump());
}

#[test]
fn what_was_loaded_is_read_back_as_an_api_tells_it() {
    let (instance, _) = load(&museum(), Options::default()).unwrap();
    let http = Http::fylr(&instance);
    let history = http.get("/db/objekt/_all_fields/list?all_versions=1&format=long&skip_reverse_nested=1").ok();
    let versions = history.as_array().unwrap().iter().filter(|record| record["_system_object_id"] == 123);
    let versions = versions.collect::<Vec<_>>();
    assert_eq!(
        versions.iter().map(|record| record["objekt"]["_version"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let newest = versions[2];
    assert_eq!(newest["_uuid"], "886a33c4-53f4-47d7-a1b2-e2e84aa64218");
    assert_eq!(newest["_created"], "2024-05-28T08:00:00.123000Z");
    assert_eq!(newest["_latest_version"], true);
    assert!(newest["objekt"]["_pool"]["pool"]["_id"].is_u64());
    let file = &newest["objekt"]["bild"][0];
    assert_eq!(file["original_filename"], "Krug & Kanne.png");
    assert_eq!(file["hash"], "d42c8a2a1cdd92a8d8ee0f96f270969314e35c7896d09147c58863352f8bb4d0");
    let url = file["versions"]["preview"]["url"].as_str().unwrap();
    assert_eq!(Http::anonymous(&instance.url()).get(url).bytes.len(), 81);
    // No lookup ever comes back.
    assert!(!history.to_string().contains("lookup:"));
    // A link to a deleted record is thin, one to a record that was never there is a promise.
    let rows = &newest["objekt"]["_nested:objekt__beteiligte"];
    assert!(rows[1]["person"]["_latest_version_deleted_at"].is_string(), "{rows}");
    let film =
        history.as_array().unwrap().iter().find(|record| record["objekt"]["inventarnummer"] == "2003.2").unwrap();
    assert_eq!(film["objekt"]["_nested:objekt__beteiligte"][0]["person"]["_purged_or_deferred"], true);
}

#[test]
fn numbers_and_letters_survive_as_they_are() {
    let dir = changed(&[("db__objekt__batch_0001__size_0005.json", &|j| {
        j["objects"][0]["objekt"]["anzahl"] = json!(9_007_199_254_740_993_u64);
        j["objects"][0]["objekt"]["titel"] = json!({ "de-DE": "Größe 🏺 \"x\" \\ \u{1}\u{7f}" });
    })]);
    let (instance, _) = load(dir.path(), Options::default()).unwrap();
    let text = Http::fylr(&instance).get("/db/objekt/_all_fields/list?all_versions=1").text();
    assert!(text.contains("\"anzahl\":9007199254740993,") || text.contains("\"anzahl\":9007199254740993}"));
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json[0]["objekt"]["titel"]["de-DE"], "Größe 🏺 \"x\" \\ \u{1}\u{7f}");
}

#[test]
fn the_same_museum_is_an_easydb5_or_an_older_fylr() {
    for (kind, release) in [(Kind::Easydb5, Release::EASYDB5), (Kind::Fylr, Release(6, 5, 0))] {
        let (_, loaded) = load(&museum(), Options { kind, release, ..Options::default() }).unwrap();
        assert_eq!(loaded.counts["records"], 34, "{kind:?}");
    }
}

#[test]
fn what_a_backup_does_not_have_is_told() {
    let (_, loaded) = load(&museum(), Options::default()).unwrap();
    let told = loaded.left_out.join("\n");
    assert!(told.contains("seedorf-etiketten") && told.contains("1 event of a type"), "{told}");
}

#[test]
fn every_list_of_a_museum_is_told() {
    let (instance, _) = load(&museum(), Options::default()).unwrap();
    let http = Http::fylr(&instance);
    let lists = [
        "/tags",
        "/group",
        "/user?include_password=1",
        "/pool",
        "/objecttype",
        "/right/object/presets",
        "/right/collection/presets",
        "/xmlmapping/list",
        "/transitions",
        "/message",
        "/collection/list",
        "/publish",
    ];
    for path in lists {
        assert!(!http.get(path).ok().as_array().unwrap().is_empty(), "{path}");
    }
    for table in ["ort", "schlagwort", "thema", "person", "ausstellung", "objekt", "restaurierung", "dokument"] {
        let path = |query: &str| format!("/db/{table}/_all_fields/list{query}");
        let all = http.get(&path("?all_versions=1&format=long")).ok();
        let live = http.get(&path("")).ok();
        assert!(
            all.as_array().unwrap().len() >= live.as_array().unwrap().len() && live[0][table]["_id"].is_u64(),
            "{table}"
        );
    }
    for path in [
        "/config",
        "/schema/user/CURRENT",
        "/mask/CURRENT",
        "/mask/CURRENT/_all_fields",
        "/l10n/user/CURRENT",
        "/event/list",
        "/plugin/manage",
        "/system/status",
        "/user/session",
    ] {
        http.get(path).ok();
    }
    let mapping = http.get("/xmlmapping/list").ok()[0]["mappings"][0]["id"].clone();
    assert_eq!(http.get(&format!("/xmlmapping/mapping/{mapping}")).ok()["profile"], "import.yml");
    let pools = http.get("/pool").ok();
    let museum = pools.as_array().unwrap().iter().find(|pool| pool["pool"]["reference"] == "museum").unwrap().clone();
    assert_eq!(museum["pool"]["mapping_image_import"], mapping, "ids of mappings are those of this instance");
}

#[test]
fn pages_are_no_longer_than_the_instance_allows() {
    let (instance, _) = load(&museum(), Options { page_max: 2, ..Options::default() }).unwrap();
    let http = Http::fylr(&instance);
    for path in ["/user?limit=100", "/pool", "/collection/list", "/db/ort/_all_fields/list?limit=1000"] {
        assert_eq!(http.get(path).ok().as_array().unwrap().len(), 2, "{path}");
    }
}
