//! `fonds rehearse`: what a real target would refuse is told, and nothing of it is left.

use std::fs;

use serde_json::Value;

use crate::support::program::{fonds, import, succeed, told};
use crate::support::restores::{changed, museum};

const WORDS: [&str; 5] = ["--file-api", "put", "--upload-versions", "--include-password", "--skip-constraints"];

#[test]
fn a_backup_that_goes_in_is_told_to_with_the_exception_that_there_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let archive = dir.path().join("a.redb");
    succeed(import(&archive, &museum()));
    let before = fs::read(&archive).expect("the archive");
    let report = dir.path().join("report.html");
    let output = fonds(&archive).args(["rehearse", "museum"]).args(WORDS).arg("--report").arg(&report).output();
    let output = output.expect("the program starts");
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("refused  plugin seedorf-etiketten: its zip is not in the backup"), "{told}");
    assert!(told.contains("db:objekt"), "{told}");
    let page = fs::read_to_string(&report).expect("a report");
    assert!(page.contains("seedorf-etiketten") && page.ends_with("</html>"), "{page}");
    assert!(fs::read(&archive).expect("the archive") == before, "a rehearsal writes nothing");
    let names: Vec<_> =
        fs::read_dir(dir.path()).expect("a folder").map(|entry| entry.expect("a name").file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_clean_backup_ends_with_0() {
    let clean = changed(&[("basetype-plugin-0000.json", &|json| {
        json["plugins"].as_array_mut().expect("plugins").retain(|plugin| plugin["type"] == "url");
    })]);
    let dir = tempfile::tempdir().expect("a directory");
    let archive = dir.path().join("a.redb");
    let mut command = fonds(&archive);
    command.args(["rehearse", "--json", "--manifest"]).arg(clean.path().join("manifest.json")).args(WORDS);
    let json: Value = serde_json::from_str(&succeed(command)).expect("JSON");
    assert_eq!(
        (&json["exit"], &json["set_aside"], &json["verify"]["clean"]),
        (&0.into(), &Value::Array(Vec::new()), &true.into())
    );
    assert!(!archive.exists());
}

#[test]
fn every_record_that_a_target_would_refuse_is_named_with_its_words() {
    let broken = changed(&[("db__ort__level_00__batch_0001__size_0001.json", &|json| {
        json["objects"][0]["ort"]["gibt-es-nicht"] = "x".into();
    })]);
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = fonds(&dir.path().join("a.redb"));
    command.args(["rehearse", "--json", "--manifest"]).arg(broken.path()).args(WORDS);
    let output = command.output().expect("the program starts");
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let refused = json["set_aside"].as_array().expect("a list");
    let own = refused.iter().find(|one| one["what"] == "ort 101").unwrap_or_else(|| panic!("{json:#}"));
    assert!(own["why"].as_str().is_some_and(|why| why.contains("gibt-es-nicht")), "{own}");
    assert!(matches!(output.status.code(), Some(4 | 5)), "{}", told(&output));
}

#[test]
fn what_the_plan_refuses_is_not_rehearsed() {
    let lacking = changed(&[("manifest.json", &|json| json["has_passwords"] = false.into())]);
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = fonds(&dir.path().join("a.redb"));
    let output = command.args(["rehearse", "--manifest"]).arg(lacking.path()).args(WORDS).output();
    let output = output.expect("the program starts");
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert!(told(&output).contains("--include-password"), "{}", told(&output));
}

#[test]
fn an_older_release_has_its_limits_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = fonds(&dir.path().join("a.redb"));
    command.args(["rehearse", "--release", "6.17.0", "--manifest"]).arg(museum()).args(WORDS);
    let output = command.output().expect("the program starts");
    assert!(told(&output).contains("before 6.18.0 files cannot be announced in bulk"), "{}", told(&output));
    assert!(matches!(output.status.code(), Some(4 | 5)), "{}", told(&output));
}

#[test]
fn plugins_of_custom_data_types_are_taken_for_installed_and_named() {
    let bare = changed(&[("basetype-plugin-0000.json", &|json| json["plugins"] = Value::Array(Vec::new()))]);
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = fonds(&dir.path().join("a.redb"));
    command.args(["rehearse", "--manifest"]).arg(bare.path()).args(WORDS);
    let output = command.output().expect("the program starts");
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("neither there nor in the backup: custom-data-type-gnd"), "{told}");
}
