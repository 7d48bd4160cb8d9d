//! Several targets in one command, out of profiles.

use std::fs;

use fonds::rehearsal::{Instance, Options};
use serde_json::Value;

use crate::support::program::{fonds, told};
use crate::support::restores::{changed, fault, museum, part, target};

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

#[test]
fn of_three_targets_a_slow_one_and_a_good_one_end_clean_while_the_third_fails_and_goes_on_later() {
    let dir = tempfile::tempdir().expect("a directory");
    let museum = changed(&[("basetype-plugin-0000.json", &|json| {
        json["plugins"].as_array_mut().expect("plugins").retain(|one| one["type"] == "url");
    })]);
    let (good, bad) = (target(), target());
    let latency = std::time::Duration::from_millis(4);
    let slow = Instance::start(Options { latency, ..Options::default() }).expect("an instance");
    fault(&bad, "status 503 retry-after 0 on POST /api/v1/db/objekt");
    fs::write(dir.path().join("secret"), "admin\n").expect("a file");
    let profile = |name: &str, instance: &Instance| {
        let url = instance.api_url();
        format!("[instance.{name}]\nserver = \"{url}\"\nlogin = \"root\"\npassword_file = \"secret\"\n")
    };
    let text = profile("good", &good) + &profile("bad", &bad) + &profile("slow", &slow);
    fs::write(dir.path().join("fonds.toml"), text).expect("a file");
    let run = |verb: &str, words: &[&str]| {
        let mut command = fonds(&dir.path().join("a.redb"));
        command.args([verb, "--json", "--retry-max-count", "1", "--retry-sleep-between", "0.01"]).args(words);
        let output = command.arg("--manifest").arg(museum.path()).current_dir(dir.path()).output().expect("it starts");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
        (output.status.code(), json)
    };
    let all = ["--target", "good", "--target", "bad", "--target", "slow"];
    let (code, json) = run("restore", &[&all[..], &["--file-api", "put", "--skip-constraints"]].concat());
    // The same command can go on: the cause may pass.
    assert_eq!(code, Some(3), "{json:#}");
    let failed: Vec<&Value> =
        json["targets"].as_array().expect("targets").iter().filter(|one| one["error"].is_string()).collect();
    assert!(failed.len() == 1 && failed[0]["target"] == "bad", "{json:#}");
    for name in ["good", "slow"] {
        let (code, json) = run("verify", &["--target", name]);
        assert_eq!(code, Some(0), "{name}: {json:#}");
    }
    let (code, json) = run("verify", &["--target", "bad"]);
    assert_eq!(code, Some(5), "{json:#}");
    assert_eq!(json["verify"]["counts"]["db:ort"]["missing"], 0, "what came before the failure is there: {json:#}");
    assert_eq!(json["verify"]["counts"]["db:objekt"]["same"], 0, "{json:#}");

    bad.faults().clear();
    let going_on = ["--file-api", "put", "--skip-constraints", "--continue"];
    // Those that are through have nothing to do.
    let (code, json) = run("restore", &[&all[..], &going_on].concat());
    assert_eq!(code, Some(0), "{json:#}");
    for name in ["good", "bad", "slow"] {
        let (code, json) = run("verify", &["--target", name]);
        assert_eq!(code, Some(0), "{name}: {json:#}");
        assert_eq!(json["verify"]["counts"]["db:objekt"]["more"], 0, "{name}: {json:#}");
    }
}

#[test]
fn what_one_target_sets_aside_is_missing_there_and_nowhere_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let museum = changed(&[("basetype-plugin-0000.json", &|json| {
        json["plugins"].as_array_mut().expect("plugins").retain(|one| one["type"] == "url");
    })]);
    let targets = [target(), target(), target()];
    fault(&targets[1], "refuse-record \"Leihvertrag\" on POST /api/v1/db/dokument");
    let names = ["one", "two", "three"];
    let profiles = targets.iter().zip(names).map(|(target, name)| {
        let url = target.api_url();
        format!("[instance.{name}]\nserver = \"{url}\"\nlogin = \"root\"\npassword_env = \"OWN\"\n")
    });
    fs::write(dir.path().join("fonds.toml"), profiles.collect::<String>()).expect("a file");
    let run = |words: &[&str]| {
        let mut command = fonds(&dir.path().join("a.redb"));
        command.args(words).arg("--manifest").arg(museum.path()).env("OWN", "admin").current_dir(dir.path());
        command.output().expect("it starts")
    };
    let output = run(&[
        "restore",
        "--skip-constraints",
        "--file-api",
        "put",
        "--target",
        "one",
        "--target",
        "two",
        "--target",
        "three",
    ]);
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    for (name, code) in names.into_iter().zip([0, 5, 0]) {
        let output = run(&["verify", "--target", name]);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", told(&output));
        assert_eq!(told(&output).contains("dokument 129 version 1: it is not on the target"), code == 5, "{name}");
    }
}
