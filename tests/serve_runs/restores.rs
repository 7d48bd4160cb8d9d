//! What goes wrong with a restore that was begun long ago is told, and what it has set aside is tried again.

use fonds::rehearsal::Instance;
use serde_json::{Value, json};

use crate::support::page::Page;
use crate::support::restores::target;
use crate::{Place, backup_of, begin, ended, museum, wait_for};

/// Plans and confirms a restore; the name of the run.
#[track_caller]
fn restore(page: &Page, targets: &[&Instance], more: &Value) -> String {
    let mut form = json!({
        "snapshot": "1",
        "server": targets.iter().map(|target| target.url()).collect::<Vec<_>>(),
        "login": targets.iter().map(|_| "root").collect::<Vec<_>>(),
        "password": targets.iter().map(|_| "admin").collect::<Vec<_>>(),
        "file-api": "put",
        "include-events": true,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        form[name] = value.clone();
    }
    let (status, answer) = page.send("/inspect/migration/restore", &form);
    assert_eq!(status, 202, "{answer}");
    let path = answer["Path"].as_str().expect("a path").to_owned();
    let until = std::time::Instant::now() + crate::PATIENCE;
    while page.json(&path)["State"] == "making" {
        assert!(std::time::Instant::now() < until, "{}", page.json(&path));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (status, answer) = page.send(&path, &json!({ "host": vec!["127.0.0.1"; targets.len()] }));
    assert_eq!(status, 202, "{answer}, {}", page.json(&path));
    // Where the run is, or the run itself.
    let name = answer["Run"].as_str().map(|path| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
    name.or(answer["Run"]["Id"].as_str()).expect("a name").to_owned()
}

#[test]
fn two_targets_are_told_apart_and_a_cancelled_restore_goes_on() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    ended(&page, &begin(&page, &backup_of(&source)));
    let slow = || {
        let latency = std::time::Duration::from_millis(40);
        Instance::start(fonds::rehearsal::Options { latency, ..fonds::rehearsal::Options::default() })
            .expect("an instance")
    };
    let targets = [slow(), slow()];
    let name = restore(&page, &[&targets[0], &targets[1]], &json!({}));
    let going = wait_for(&page, &name, |run| {
        run["State"] == "running" && run["Targets"].as_array().is_some_and(|targets| targets.len() == 2)
    });
    assert_eq!(going["Run"], 2);
    assert_eq!(page.send("/inspect/migration/runs/2/cancel", &json!({})).0, 202);
    assert_eq!(ended(&page, "2")["State"], "cancelled");
    let passwords = json!({ "password": ["admin", "admin"] });
    let (status, answer) = page.send("/inspect/migration/runs/2/continue", &passwords);
    assert_eq!(status, 202, "{answer}");
    let done = ended(&page, answer["Run"]["Id"].as_str().expect("a name"));
    assert!(["done", "done-with-aside"].contains(&done["State"].as_str().unwrap_or_default()), "{done}");
    assert_eq!(done["Report"]["targets"].as_array().map(Vec::len), Some(2), "{done}");
}

#[test]
fn what_was_set_aside_is_tried_again_alone() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    ended(&page, &begin(&page, &backup_of(&source)));
    let target = target();
    let http = crate::support::http::Http::anonymous(&target.url());
    let answer = http.post_text("/_rehearsal/faults", "refuse-record \"Krug\" on POST /api/v1/db/*");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let name = restore(&page, &[&target], &json!({}));
    let aside = ended(&page, &name);
    assert_eq!(aside["State"], "done-with-aside", "{aside}");
    let count = aside["Count"].as_u64().expect("a number");
    assert!(count > 0, "{aside}");
    let trouble = aside["Trouble"].as_array().expect("kinds of trouble");
    let told: u64 =
        trouble.iter().filter(|kind| kind["Level"] == "error").filter_map(|kind| kind["Count"].as_u64()).sum();
    assert_eq!(told, count, "{aside}");
    http.send(reqwest::Method::DELETE, "/_rehearsal/faults", None);
    let run = aside["Run"].as_u64().expect("a number");
    let path = format!("/inspect/migration/runs/{run}/retry");
    let (status, answer) = page.send(&path, &json!({ "password": "admin" }));
    assert_eq!(status, 202, "{answer}");
    let done = ended(&page, answer["Run"]["Id"].as_str().expect("a name"));
    assert_eq!(done["State"], "done", "{done}");
}

#[test]
fn a_restore_whose_page_was_killed_is_continued_without_doubles() {
    let (place, source) = (Place::new(), museum(0));
    let page = place.page();
    ended(&page, &begin(&page, &backup_of(&source)));
    let latency = std::time::Duration::from_millis(40);
    let slow = Instance::start(fonds::rehearsal::Options { latency, ..fonds::rehearsal::Options::default() });
    let slow = slow.expect("an instance");
    let name = restore(&page, &[&slow], &json!({}));
    wait_for(&page, &name, |run| run["State"] == "running" && run["Done"].as_u64() > Some(10));
    page.kill();
    let page = place.page();
    let found = crate::run(&page, "2");
    assert_eq!(found["State"], "incomplete", "{found}");
    let (status, answer) = page.send("/inspect/migration/runs/2/continue", &json!({ "password": "admin" }));
    assert_eq!(status, 202, "{answer}");
    let done = ended(&page, answer["Run"]["Id"].as_str().expect("a name"));
    assert_eq!(done["State"], "done", "{done}");
    // What is there now is what a restore in one go leaves there.
    let whole = target();
    assert_eq!(ended(&page, &restore(&page, &[&whole], &json!({})))["State"], "done");
    let records = |instance: &Instance| {
        let http = crate::support::http::Http::fylr(instance);
        let found = http.get("/db/objekt/_all_fields/list?limit=1000").ok();
        found.as_array().map(Vec::len)
    };
    assert!(records(&whole) > Some(0));
    assert_eq!(records(&slow), records(&whole));
}
