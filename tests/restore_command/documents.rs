//! The base config and the data model: those of the backup, those of a file, or none.

use std::fs;

use crate::Place;
use crate::support::program::told;
use crate::support::restores::{content, museum};

#[test]
fn a_base_config_comes_from_the_backup_from_a_file_or_not_at_all() {
    let own = r#"{"system":{"config":{"languages":{"database":[{"value":"de-DE"},{"value":"en-US"}]},"login":{"guest":false,"label":{"de-DE":"Eigenes"}}}}}"#;
    let (usual, other, none) = (Place::new(), Place::new(), Place::new());
    usual.restore("");
    fs::write(other.path("own.json"), own).expect("a file");
    other.restore("--base-config own.json");
    none.restore("--base-config -");
    let config = |place: &Place| content(&place.target)["config"].to_string();
    assert!(!config(&usual).contains("Eigenes"), "{}", config(&usual));
    assert!(config(&other).contains("Eigenes"), "{}", config(&other));
    assert_eq!(none.queries("POST", "/api/v1/config").len(), 0);
    assert!(!usual.queries("POST", "/api/v1/config").is_empty());
    let missing = Place::new();
    let output = missing.run("restore --base-config not-there.json");
    assert_ne!(output.status.code(), Some(0));
    assert!(told(&output).contains("not-there.json"), "{}", told(&output));
    assert_eq!(missing.writes(), 0);
}

#[test]
fn a_data_model_comes_from_the_backup_from_a_file_or_not_at_all() {
    let (usual, other) = (Place::new(), Place::new());
    usual.restore("");
    assert_eq!(usual.queries("POST", "/schema/commit").len(), 1);
    let mut model: serde_json::Value =
        serde_json::from_slice(&fs::read(museum().join("datamodel.json")).expect("the sample")).expect("JSON");
    model["keys"]["schema.objekt.columns.titel.name"] = serde_json::json!({ "de-DE": "Eigener Titel" });
    fs::write(other.path("own.json"), model.to_string()).expect("a file");
    other.restore("--datamodel own.json");
    let keys = |place: &Place| {
        let dump: serde_json::Value = serde_json::from_str(&place.target.dump()).expect("JSON");
        dump["datamodel"].to_string()
    };
    assert!(keys(&other).contains("Eigener Titel") && !keys(&usual).contains("Eigener Titel"));
    // It is there already: without one, records go in beside those that are there.
    usual.target.forget_requests();
    let output = usual.run("restore --base-config -");
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    usual.restore("--base-config - --datamodel -");
    assert_eq!(usual.queries("POST", "/schema/commit").len(), 0);
}

#[test]
fn documents_of_ones_own_and_going_on_exclude_each_other() {
    let place = Place::new();
    for words in
        ["--continue --base-config -", "--continue --datamodel -", "--continue --purge", "--continue --retry-failed"]
    {
        let output = place.run(&format!("restore {words}"));
        assert_eq!(output.status.code(), Some(2), "{words}: {}", told(&output));
    }
    assert_eq!(place.target.requests().len(), 0);
}
