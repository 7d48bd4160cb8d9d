//! Backups that are made by sending the form.

use fonds::rehearsal::Kind;
use serde_json::json;

use crate::support::instances;
use crate::{ROOT, Site, value_behind};

#[test]
fn a_backup_is_made_as_the_form_says() {
    let museum = instances::museum(Kind::Fylr);
    let site = Site::new(&[("museum", &museum)]);
    let once = value_behind(&site.get(ROOT).text(), "name=\"once\" value=\"");
    let body = format!("once={once}&name=fr%C3%BCh&server={}&login=root&password=admin&chunk-size=10", museum.url());
    let wrong = site.post("/inspect/migration/backup", &body);
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    wrong.has("frü").has("no backup name").has(&museum.url()).lacks("value=\"admin\"").has("id=\"create-backup\" open");
    let body = format!(
        "once={once}&name=early&server={}&login=root&password=admin&chunk-size=10&all-versions=true\
         &include-files=original&start=new",
        museum.url()
    );
    let run = site.post("/inspect/migration/backup", &body).location();
    assert_eq!(site.post("/inspect/migration/backup", &body).location(), run, "a second submit is the same run");
    assert_eq!(site.ended(&run), "done");
    let backups = site.json(ROOT)["Backups"].clone();
    assert_eq!((&backups[0]["Name"], &backups[0]["Snapshots"]), (&"early".into(), &1.into()), "{backups:#}");
    assert_eq!(backups[0]["LastBackup"]["State"], "done", "{backups:#}");
    site.get(ROOT).has("data-state=\"done\"");
    let manifest = site.get("/inspect/migration/early/manifest.json?raw=1").json();
    assert_eq!(manifest["options"]["include_files"], "original", "{manifest:#}");
    let files = site.json("/inspect/migration/early/")["Files"].clone();
    let is_packed = |file: &serde_json::Value| file["Name"].as_str().is_some_and(|name| name.ends_with(".json.gz"));
    assert!(files.as_array().into_iter().flatten().any(is_packed), "{files:#}");
    let page = site.follow(&run);
    page.lacks("admin").has("--compression 9");
    assert!(
        !std::fs::read(site.archive()).expect("an archive").windows(16).any(|bytes| bytes == b"password\":\"admin")
    );
    let number = site.json(&run)["Run"]["Id"].as_str().unwrap_or_default().to_owned();
    let again = site.get(&format!("/inspect/migration/?run={number}"));
    again.has("value=\"early\"").has("<option value=\"original\" selected>").lacks("value=\"admin\"");
}

#[test]
fn a_script_makes_a_backup_with_a_profile() {
    let museum = instances::museum(Kind::Easydb5);
    let site = Site::new(&[("old", &museum)]);
    let reply = site.post_json("/inspect/migration/backup", &json!({ "instance": "old", "include-events": false }));
    assert_eq!(reply.status, 202, "{}", reply.text());
    let run = reply.header("location");
    assert_eq!(site.ended(&run), "done");
    assert_eq!(site.json(ROOT)["Backups"][0]["Name"], "old");
    // The source is an easydb5: its versions of videos have other names.
    let page = site.get(ROOT).text();
    assert_eq!(value_behind(&page, "id=\"restore-rename-class-1\" name=\"rename-class\" value=\""), "video");
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_done() {
    let museum = instances::museum(Kind::Fylr);
    let site = Site::new(&[("museum", &museum)]);
    for (body, field) in [
        (json!({ "instance": "nobody" }), "instance"),
        (json!({ "server": "https://elsewhere.example", "login": "root", "password": "admin" }), "server"),
        (json!({ "server": museum.url(), "login": "root" }), "password"),
        (json!({ "instance": "museum", "chunk-size": 0 }), "chunk-size"),
        (json!({ "instance": "museum", "chunksize": 10 }), "chunksize"),
    ] {
        let reply = site.post_json("/inspect/migration/backup", &body);
        assert_eq!(reply.status, 422, "{body}: {}", reply.text());
        assert!(reply.json()["fields"][field].is_string(), "{body}: {}", reply.text());
        reply.lacks("admin");
    }
    assert_eq!(site.post_json("/inspect/migration/backup", &json!([1])).status, 400);
    assert!(!site.archive().exists());
}

#[test]
fn the_command_line_of_a_form_is_told_without_secrets() {
    let museum = instances::museum(Kind::Fylr);
    let site = Site::new(&[("museum", &museum)]);
    let body = json!({ "server": museum.url(), "login": "root", "password": "s3cret", "include-deleted": true });
    let reply = site.post_json("/inspect/migration/runs/command/backup", &body);
    let line = reply.json()["Commands"][0].as_str().unwrap_or_default().to_owned();
    assert!(line.contains("--include-deleted") && line.contains("--login root") && !line.contains("s3cret"), "{line}");
    let body = "snapshot=3&target=museum&start=no-purge&file-api=put";
    let page = site.post("/inspect/migration/runs/command/restore", body);
    page.has("--target museum").has("--base-config=- --datamodel=-").has("--file-api put");
}
