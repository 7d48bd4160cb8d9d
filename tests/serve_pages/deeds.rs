//! What the buttons of a snapshot do.

use fonds::rehearsal::Kind;
use serde_json::json;

use crate::support::instances;
use crate::{ROOT, Site, value_behind};

#[test]
fn a_snapshot_is_forgotten_when_its_number_was_typed() {
    let site = Site::museum();
    let page = site.get("/inspect/migration/museum/?snapshot=1");
    page.has("id=\"forget-form\"");
    for wrong in ["", "2", "museum"] {
        let reply = site.post("/inspect/migration/museum/", &format!("action=forget&snapshot=1&number={wrong}"));
        assert_eq!(reply.status, 422, "{wrong}: {}", reply.text());
    }
    assert_eq!(site.json(ROOT)["Backups"][0]["Snapshots"], 2);
    let run = site.post("/inspect/migration/museum/", "action=forget&snapshot=1&number=1").location();
    assert_eq!(site.ended(&run), "done");
    assert_eq!(site.json(ROOT)["Backups"][0]["Snapshots"], 1);
    assert_eq!(site.get("/inspect/migration/museum/?snapshot=1").status, 404);
}

#[test]
fn a_snapshot_is_rehearsed_once_however_often_the_button_is_pressed() {
    let site = Site::museum();
    let page = site.get("/inspect/migration/museum/").text();
    let form = page.split("id=\"rehearse-form\"").nth(1).unwrap_or_default();
    let once = value_behind(form, "name=\"once\" value=\"");
    let body = format!("action=rehearse&snapshot=2&once={once}");
    let run = site.post("/inspect/migration/museum/", &body).location();
    assert_eq!(site.post("/inspect/migration/museum/", &body).location(), run);
    let state = site.ended(&run);
    assert!(["done", "done-with-aside", "different"].contains(&state.as_str()), "{state}: {}", site.json(&run));
    site.follow(&run).has("id=\"report\"").has("id=\"counts\"").has("id=\"compared\"");
}

#[test]
fn an_instance_is_compared_with_a_snapshot() {
    let museum = instances::museum(Kind::Fylr);
    let site = Site::new(&[("museum", &museum)]);
    let reply = site.post_json(
        "/inspect/migration/backup",
        &json!({ "instance": "museum", "include-deleted": true, "include-events": true }),
    );
    assert_eq!(site.ended(&reply.header("location")), "done");
    let run = site.post("/inspect/migration/museum/", "action=verify&target=museum&without-files=true").location();
    assert_eq!(site.ended(&run), "done", "{}", site.json(&run));
    let told = site.json(&run);
    assert!(told.to_string().contains("\"clean\":true"), "{told:#}");
    let refused = site
        .post("/inspect/migration/museum/", "action=verify&server=https://elsewhere.example&login=x&password=s3cret");
    assert_eq!(refused.status, 422);
    refused.lacks("s3cret").has("--allow-any-server");
    assert_eq!(site.post("/inspect/migration/museum/", "action=explode").status, 422);
}
