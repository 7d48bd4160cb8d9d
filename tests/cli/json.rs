//! `--json`: one object on stdout whatever happens.

use serde_json::Value;

use crate::{Place, import_museum, museum, text};

/// What a command prints with `--json`, which must be one line, and whose exit code must be the real one.
#[track_caller]
fn object(place: &Place, words: &str) -> Value {
    let output = place.run(&format!("{words} --json"));
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 1, "fonds {words}: {printed}");
    let object: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(object["exit"].as_i64(), output.status.code().map(i64::from), "fonds {words}: {printed}");
    object
}

#[test]
fn every_command_prints_one_object() {
    let place = Place::new();
    let imported = object(&place, &format!("import {}", museum().display()));
    assert_eq!(imported["imported"][0]["snapshot"]["name"], "seedorf");
    assert_eq!(imported["imported"][0]["snapshot"]["new_records"], 70);

    let listed = object(&place, "list");
    assert_eq!(listed["snapshots"][0]["number"], 1);
    assert_eq!(listed["snapshots"][0]["source"]["url"], "https://fylr.seedorf.example.org");

    let shown = object(&place, "show 1");
    assert_eq!(shown["snapshot"], listed["snapshots"][0]);
    assert_eq!(shown["snapshot"]["kinds"][0]["kind"], "plugin/manage");
    let entries = shown["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 57);
    assert_eq!(entries[0]["path"], "manifest.json");
    assert_eq!(entries[4]["records"], 2);

    assert_eq!(object(&place, "export 1 out")["exported"]["entries"], 57);
    let checked = object(&place, "check --read-data");
    assert_eq!((&checked["findings"], &checked["entries"]), (&Value::Array(Vec::new()), &57.into()));
    assert_eq!(object(&place, "stats")["stats"]["names"][0]["bytes"], 161_396);
    assert_eq!(object(&place, "runs")["runs"][0]["outcome"], "done");
    assert_eq!(object(&place, "runs show 1")["run"]["command"], "import seedorf");
    assert_eq!(object(&place, "demo")["demo"]["verified"], serde_json::json!(["test", "training"]));
}

#[test]
fn a_failure_is_an_object_too() {
    let place = Place::new();
    assert_eq!(object(&place, "list")["error"], "there is no archive at fonds.redb");
    assert_eq!(object(&place, "import nowhere")["imported"], Value::Array(Vec::new()));
    import_museum(&place);
    let object_of = |words| object(&place, words);
    assert_eq!(object_of("show nobody")["hint"], "\"fonds list\" lists them");
    assert_eq!(object_of("cat 1 nothing.json")["exit"], 2);
    assert_eq!(object_of("frobnicate")["error"], "unrecognized subcommand 'frobnicate'");
}

#[test]
fn warnings_are_in_the_object() {
    let place = Place::new();
    place.backup("backup", &[("tags.json", Some("[1")), ("users.json", None)]);
    let imported = object(&place, "import backup --allow-missing");
    assert_eq!(imported["warnings"].as_array().map(Vec::len), Some(2), "{imported}");
    assert_eq!(imported["imported"][0]["snapshot"]["missing"], 1);
    assert_eq!(imported["exit"], 4);
    let shown = object(&place, "show backup");
    let entry = |path: &str| shown["entries"].as_array()?.iter().find(|entry| entry["path"] == path);
    assert_eq!(entry("users.json").map(|entry| &entry["is"]), Some(&"missing".into()));
    assert!(entry("tags.json").is_some_and(|entry| entry["flaw"].is_string()));
}
