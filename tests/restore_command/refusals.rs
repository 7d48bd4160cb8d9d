//! Nothing is destroyed by mistake, and a plan touches nothing.

use crate::Place;
use crate::support::program::told;
use crate::support::restores::{changed, content, part};

#[test]
fn a_dry_run_prints_the_plan_and_touches_nothing() {
    let place = Place::new();
    let output = place.run("restore --file-api put --dry-run");
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for wanted in ["db:objekt 7", "user 6", "packed", "no data model", &place.target.api_url()] {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    assert_eq!(place.writes(), 0);
    assert!(!place.path("a.redb").exists());
}

#[test]
fn a_dry_run_at_the_server_has_it_look_at_every_record_and_keep_none() {
    let place = Place::new();
    place.restore("--skip-constraints");
    let before = content(&place.target);
    place.target.forget_requests();
    let output = place.run("restore --skip-constraints --datamodel - --base-config - --dry-run=server");
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", told(&output));
    let queries = place.queries("POST", "/api/v1/db/");
    assert!(queries.len() > 10 && queries.iter().all(|query| query.contains("dry_run=1")), "{queries:?}");
    assert_eq!(content(&place.target), before);
}

#[test]
fn a_purge_that_nobody_can_be_asked_about_needs_to_be_said_twice() {
    let place = Place::new();
    place.restore("");
    let before = content(&place.target);
    let output = place.run("restore --purge");
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert!(told(&output).contains("--yes"), "{}", told(&output));
    assert_eq!(content(&place.target), before);
    assert_eq!(place.queries("POST", "/system/purgeall").len(), 0);
    place.restore("--purge --yes");
    assert_eq!(place.queries("POST", "/system/purgeall").len(), 1);
    assert!(part(&place.target, "db_objekt").len() >= 6);
}

/// A terminal of its own, in which somebody types.
fn typed(place: &Place, words: &str, answer: &str) -> (Option<i32>, String) {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let typed = place.command(words);
    let line: Vec<String> = std::iter::once(typed.get_program())
        .chain(typed.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy().replace('\'', "'\\''")))
        .collect();
    let mut child = Command::new("script")
        .args(["-qec", &line.join(" "), "/dev/null"])
        .env("FONDS_PASSWORD", "admin")
        .current_dir(place.dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("util-linux has it");
    // The terminal keeps what is typed until it is asked for.
    let mut stdin = child.stdin.take().expect("a terminal");
    writeln!(stdin, "{answer}").expect("it is typed");
    let output = child.wait_with_output().expect("it ends");
    drop(stdin);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn who_purges_types_the_name_of_the_host() {
    if std::process::Command::new("script").arg("--version").output().is_err() {
        eprintln!("not tested: there is no script(1) here");
        return;
    }
    let place = Place::new();
    place.restore("");
    let manifest = crate::museum();
    let words = format!("restore --purge --manifest {}", manifest.display());
    let (code, told) = typed(&place, &words, "another.example");
    assert_eq!(code, Some(6), "{told}");
    assert!(told.contains("Type its host name"), "{told}");
    assert_eq!(place.queries("POST", "/system/purgeall").len(), 0);
    let (code, told) = typed(&place, &words, "127.0.0.1");
    assert_eq!(code, Some(4), "{told}");
    assert_eq!(place.queries("POST", "/system/purgeall").len(), 1);
}

#[test]
fn the_source_itself_is_no_target_unless_that_is_meant() {
    let place = Place::new();
    let id = crate::support::restores::instance_id(&place.target);
    let own = changed(&[("manifest.json", &|json| json["instance"]["db_name"] = id.clone().into())]);
    let output = place.run_on(own.path(), "restore");
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert!(told(&output).contains("--force"), "{}", told(&output));
    place.restore_of(own.path(), "--force");
    assert!(!part(&place.target, "db_objekt").is_empty());
}

#[test]
fn an_old_flag_is_understood_and_said_to_mean_nothing() {
    let place = Place::new();
    let output = place.run("restore --limit 5 --dry-run");
    assert!(output.status.success() && told(&output).contains("--limit means nothing"), "{}", told(&output));
}

#[test]
fn a_data_model_without_its_plugins_is_refused_before_anything_is_touched() {
    let place = Place::new();
    let bare =
        changed(&[("basetype-plugin-0000.json", &|json| json["plugins"] = serde_json::Value::Array(Vec::new()))]);
    let run = |more: &str| place.run_on(bare.path(), &format!("restore --skip-constraints {more}"));
    let before = content(&place.target);
    for more in ["", "--purge --yes"] {
        let output = run(more);
        assert_eq!(output.status.code(), Some(6), "{}", told(&output));
        assert!(told(&output).contains("custom-data-type-gnd"), "{}", told(&output));
    }
    assert_eq!((place.writes(), content(&place.target)), (0, before));
    place.target.put_plugins(&["custom-data-type-gnd".to_owned()]);
    let output = run("");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}
