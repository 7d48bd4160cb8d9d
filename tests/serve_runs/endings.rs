//! Runs that end early: cancelled, killed with the page, stopped with it; and how they go on.

use serde_json::{Value, json};

use crate::support::program::{check, succeed};
use crate::{Place, backup_of, begin, ended, museum, run, wait_for};

/// So far that something is kept, and not at the end.
fn is_in_the_middle(run: &Value) -> bool {
    run["State"] == "running" && run["Run"].is_number() && run["Done"].as_u64() > Some(5)
}

#[test]
fn a_cancelled_backup_is_continued_with_its_password_typed_again() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    wait_for(&page, &name, is_in_the_middle);
    let (status, answer) = page.send(&format!("/inspect/migration/runs/{name}/cancel"), &json!({}));
    assert_eq!(status, 202, "{answer}");
    let cancelled = ended(&page, &name);
    assert_eq!(cancelled["State"], "cancelled", "{cancelled}");
    assert_eq!(cancelled["Run"], 1);
    let path = "/inspect/migration/runs/1/continue";
    let (status, answer) = page.send(path, &json!({}));
    assert_eq!(status, 422, "without a password: {answer}");
    let (status, answer) = page.send(path, &json!({ "password": "admin" }));
    assert_eq!(status, 202, "{answer}");
    let again = answer["Run"]["Id"].as_str().expect("a name").to_owned();
    let done = ended(&page, &again);
    assert_eq!((&done["State"], &done["Snapshot"]), (&json!("done"), &json!(1)), "{done}");
    assert!(done["Report"]["entries_before"].as_u64() > Some(0), "it went on: {done}");
    assert_eq!(run(&page, "1")["State"], "cancelled", "what was stays as it was");
    drop(page);
    succeed(check(&place.archive()));
}

#[test]
fn a_run_that_waits_is_cancelled_at_once_and_cancelling_twice_is_refused() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let first = begin(&page, &backup_of(&source));
    wait_for(&page, &first, |run| run["State"] == "running");
    let second = begin(&page, &backup_of(&source));
    assert_eq!(run(&page, &second)["State"], "queued");
    let cancel = format!("/inspect/migration/runs/{second}/cancel");
    assert_eq!(page.send(&cancel, &json!({})).0, 202);
    assert_eq!(run(&page, &second)["State"], "cancelled");
    assert_eq!(page.send(&cancel, &json!({})).0, 409);
    assert_eq!(run(&page, &first)["State"], "running", "the other one is left alone");
}

#[test]
fn a_backup_whose_page_was_killed_stands_as_incomplete_and_is_continued() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    let lines = wait_for(&page, &name, is_in_the_middle)["Lines"].as_u64().expect("a number");
    // Long enough for what was said until then to be written.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    page.kill();
    let page = place.page();
    let found = run(&page, "1");
    assert_eq!((&found["State"], &found["Snapshot"]), (&json!("incomplete"), &Value::Null), "{found}");
    assert!(found["Lines"].as_u64() >= Some(lines), "{lines} lines, then {found}");
    assert!(found["Done"].as_u64() > Some(0), "how far it was is known: {found}");
    assert_eq!(page.get(&format!("/inspect/migration/runs/{name}/"), &[crate::support::page::BEARER]).status, 404);
    let (status, answer) = page.send("/inspect/migration/runs/1/continue", &json!({ "password": "admin" }));
    assert_eq!(status, 202, "{answer}");
    let done = ended(&page, answer["Run"]["Id"].as_str().expect("a name"));
    assert_eq!(done["State"], "done", "{done}");
    assert!(done["Report"]["entries_before"].as_u64() > Some(0), "{done}");
    drop(page);
    succeed(check(&place.archive()));
}

#[test]
fn what_runs_is_cancelled_in_order_when_the_page_is_stopped() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    wait_for(&page, &name, is_in_the_middle);
    assert_eq!(page.stop(), Some(0));
    let page = place.page();
    assert_eq!(run(&page, "1")["State"], "cancelled");
    let (status, answer) = page.send("/inspect/migration/runs/1/continue", &json!({ "password": "admin" }));
    assert_eq!(status, 202, "{answer}");
    assert_eq!(ended(&page, answer["Run"]["Id"].as_str().expect("a name"))["State"], "done");
}

#[test]
fn a_run_of_a_profile_is_continued_without_a_password() {
    let (place, source) = (Place::new(), museum(60));
    std::fs::write(place.dir.path().join("pw"), "admin\n").expect("a file");
    let profile =
        format!("[instance.museum]\nserver = \"{}\"\nlogin = \"root\"\npassword_file = \"pw\"\n", source.api_url());
    std::fs::write(place.dir.path().join("fonds.toml"), profile).expect("a file");
    // Only what stands in fonds.toml may be talked to.
    let page = crate::support::page::Page::of(&place.archive(), &[]);
    let (status, answer) = page.send("/inspect/migration/backup", &backup_of(&museum(0)));
    assert_eq!(status, 422, "another server: {answer}");
    let form = json!({ "name": "museum", "instance": "museum", "chunk-size": 10, "max-parallel": 1 });
    let name = begin(&page, &form);
    wait_for(&page, &name, is_in_the_middle);
    page.kill();
    let page = crate::support::page::Page::of(&place.archive(), &[]);
    assert_eq!(run(&page, "1")["State"], "incomplete");
    let (status, answer) = page.send("/inspect/migration/runs/1/continue", &json!({}));
    assert_eq!(status, 202, "{answer}");
    assert_eq!(ended(&page, answer["Run"]["Id"].as_str().expect("a name"))["State"], "done");
}
