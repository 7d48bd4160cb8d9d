//! Several targets in one command, out of profiles.

use std::fs;

use serde_json::Value;

use crate::support::program::{fonds, told};
use crate::support::restores::{fault, museum, part, target};

#[test]
fn targets_of_profiles_are_written_side_by_side_and_one_that_fails_leaves_the_others_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let (good, bad) = (target(), target());
    fault(&bad, "status 503 on POST /api/v1/db/ort");
    fs::write(dir.path().join("secret"), "admin\n").expect("a file");
    let profile = |name: &str, url: &str| {
        format!("[instance.{name}]\nserver = \"{url}\"\nlogin = \"root\"\npassword_file = \"secret\"\n")
    };
    let text = profile("test", &good.api_url()) + &profile("training", &bad.api_url());
    fs::write(dir.path().join("own.toml"), text).expect("a file");
    let mut command = fonds(&dir.path().join("a.redb"));
    command.args(["restore", "--json", "--target", "test", "--target", "training", "--config", "own.toml"]);
    command.args(["--retry-max-count", "1", "--retry-sleep-between", "0.01", "--manifest"]).arg(museum());
    let output = command.current_dir(dir.path()).output().expect("the program starts");
    assert!(matches!(output.status.code(), Some(1 | 3)), "{}", told(&output));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |name: &str| {
        let all = json["targets"].as_array().expect("targets");
        all.iter().find(|one| one["target"] == name).expect(name).clone()
    };
    assert!(of("test")["counts"]["db:objekt"]["done"].as_u64() >= Some(6), "{json:#}");
    assert!(of("training")["error"].as_str().is_some_and(|error| error.contains("db/ort")), "{json:#}");
    assert!(!part(&good, "db_objekt").is_empty() && part(&bad, "db_ort").is_empty());

    bad.faults().clear();
    let mut again = fonds(&dir.path().join("a.redb"));
    again.args(["restore", "--target", "training", "--config", "own.toml", "--continue", "--manifest"]).arg(museum());
    let output = again.current_dir(dir.path()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    assert_eq!(part(&bad, "db_objekt").len(), part(&good, "db_objekt").len());
}

#[test]
fn a_target_that_nobody_knows_is_told_before_anything_is_done() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("fonds.toml"), "[instance.test]\nserver = \"http://127.0.0.1:1/api/v1\"\n")
        .expect("a file");
    let mut command = fonds(&dir.path().join("a.redb"));
    command.args(["restore", "--target", "tset", "--manifest"]).arg(museum()).env("FONDS_PASSWORD", "x");
    let output = command.current_dir(dir.path()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("tset") && told(&output).contains("there are test"), "{}", told(&output));
}
