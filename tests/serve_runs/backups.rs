//! Backups from beginning to end.

use serde_json::json;

use crate::support::program::{fonds, succeed};
use crate::{Place, backup_of, begin, ended, museum, run, wait_for};

#[test]
fn a_backup_goes_from_the_queue_to_its_report() {
    let (place, source) = (Place::new(), museum(5));
    let page = place.page();
    let name = begin(&page, &backup_of(&source));
    let done = ended(&page, &name);
    assert_eq!((done["State"].as_str(), &done["Why"]), (Some("done"), &json!(null)), "{done}");
    assert_eq!((&done["Run"], &done["Snapshot"]), (&json!(1), &json!(1)));
    assert_eq!(done["Report"]["kind"], "backup");
    assert!(done["Report"]["entries"].as_u64() > Some(5), "{done}");
    assert!(done["Done"].as_u64() > Some(10), "{done}");
    assert_eq!(done["Request"]["server"], format!("{}/", source.url()).trim_end_matches('/'));
    // The name that it had in the queue still leads there.
    assert_eq!(run(&page, "1")["Command"], run(&page, &name)["Command"]);
    let list = page.json("/inspect/migration/runs/");
    assert_eq!(list["Runs"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list["Runs"][0]["State"], "done");
    // The command line tells the same.
    let mut show = fonds(&place.archive());
    show.args(["runs", "show", "1", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&succeed(show)).expect("JSON");
    assert_eq!(shown["run"]["outcome"], "done");
    let log = shown["log"].as_array().expect("a log");
    assert_eq!(log.len() as u64, done["Lines"].as_u64().expect("a number"));
    assert!(log.iter().any(|line| line["text"].as_str().is_some_and(|text| text.contains("objecttypes:"))), "{shown}");
}

#[test]
fn no_secret_stands_anywhere() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    let mut form = backup_of(&source);
    form["password"] = "S3cr3t-canary-1".into();
    let name = begin(&page, &form);
    let failed = ended(&page, &name);
    assert_eq!(failed["State"], "failed", "{failed}");
    form["password"] = "admin".into();
    form["server"] = source.url().replace("http://", "http://proxy:S3cr3t-canary-2@").into();
    let again = begin(&page, &form);
    ended(&page, &again);
    let mut seen = String::new();
    for name in [&name, &again] {
        for path in ["", "lines", "log", "?accept=application/json"] {
            seen += &page.text(&format!("/inspect/migration/runs/{name}/{path}"));
        }
    }
    seen += &page.text("/inspect/migration/runs/");
    seen += &page.text("/inspect/migration/");
    assert_eq!(page.stop(), Some(0));
    if let Ok(bytes) = std::fs::read(place.archive()) {
        seen += &String::from_utf8_lossy(&bytes);
    }
    assert!(!seen.contains("S3cr3t-canary"), "a password is shown");
}

#[test]
fn a_wrong_password_and_an_unreachable_server_are_told() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    let first = begin(&page, &backup_of(&source));
    assert_eq!(ended(&page, &first)["State"], "done");
    let mut wrong = backup_of(&source);
    wrong["password"] = "wrong".into();
    let name = begin(&page, &wrong);
    let failed = ended(&page, &name);
    assert_eq!(failed["State"], "failed", "{failed}");
    assert!(failed["Why"].as_str().is_some_and(|why| !why.is_empty()), "{failed}");
    // It is kept, though the job never came to record it, and its log says why.
    let kept = wait_for(&page, &name, |run| run["Run"].is_number());
    assert_eq!(kept["Run"], 2);
    let lines = page.json("/inspect/migration/runs/2/lines?level=error");
    assert_eq!(lines["Lines"][0]["Text"], failed["Why"], "{lines}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut unreachable = backup_of(&source);
    unreachable["server"] = format!("http://{}", nobody.local_addr().expect("an address")).into();
    drop(nobody);
    let name = begin(&page, &unreachable);
    // It is tried again for a long time; who does not want to wait cancels.
    let told = wait_for(&page, &name, |run| run["State"] == "waiting-for-retry" || run["State"] == "incomplete");
    assert!(told["Why"].as_str().is_some_and(|why| !why.is_empty()), "{told}");
    if told["State"] == "waiting-for-retry" {
        assert_eq!(page.send(&format!("/inspect/migration/runs/{name}/cancel"), &json!({})).0, 202);
        assert_eq!(ended(&page, &name)["State"], "cancelled");
    }
}

#[test]
fn a_form_that_is_sent_twice_begins_one_run() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    let mut form = backup_of(&source);
    form["once"] = "0123456789".into();
    let (first, second) = (begin(&page, &form), begin(&page, &form));
    assert_eq!(first, second);
    ended(&page, &first);
    assert_eq!(begin(&page, &form), first, "even when it is over");
    assert_eq!(page.json("/inspect/migration/runs/")["Runs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn runs_of_the_command_line_show_up_while_they_go_and_are_waited_for() {
    let (place, source) = (Place::new(), museum(60));
    let page = place.page();
    let mut command = fonds(&place.archive());
    command.args(["backup", "--server", &source.api_url(), "--login", "root", "--name", "other", "--chunk-size", "3"]);
    command.args(["--max-parallel", "1"]).env("FONDS_PASSWORD", "admin").stdout(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let until = std::time::Instant::now() + crate::PATIENCE;
    let seen = loop {
        let list = page.json("/inspect/migration/runs/");
        if list["Runs"][0]["State"] == "running" {
            break list["Runs"][0].clone();
        }
        assert!(child.try_wait().expect("a child").is_none() && std::time::Instant::now() < until, "{list}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    assert_eq!((&seen["Command"], &seen["Process"]), (&json!("backup other"), &json!(child.id())));
    // It cannot be cancelled from here, and is not.
    assert_eq!(page.send("/inspect/migration/runs/1/cancel", &json!({})).0, 409);
    let fast = museum(0);
    let name = begin(&page, &backup_of(&fast));
    let waiting = wait_for(&page, &name, |run| run["State"] == "waiting-for-archive" || run["Run"].is_number());
    if waiting["Run"].is_null() {
        let why = waiting["Why"].as_str().expect("who");
        assert!(why.contains(&format!("process {} on", child.id())) && why.contains("(backup other)"), "{why}");
        // How far it is shows, too.
        let other = wait_for(&page, "1", |run| run["Lines"].as_u64() > Some(1));
        assert_eq!(other["Run"], 1);
    }
    let done = ended(&page, &name);
    assert_eq!(done["State"], "done", "{done}");
    assert!(child.wait().expect("an end").success());
    assert_eq!(run(&page, "1")["State"], "done");
}
