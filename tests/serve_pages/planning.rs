//! Restores: first the plan, then the host's name, then the work.

use fonds::rehearsal::{Instance, Kind};
use serde_json::json;

use crate::support::{instances, restores};
use crate::{ROOT, Site};

/// A page with a backup of the museum, and an instance to restore to.
fn place() -> (Site, Instance, Instance) {
    let (museum, target) = (instances::museum(Kind::Fylr), restores::target());
    let site = Site::new(&[("museum", &museum), ("target", &target)]);
    let reply =
        site.post_json("/inspect/migration/backup", &json!({ "instance": "museum", "include-files": "with-versions" }));
    assert_eq!(site.ended(&reply.header("location")), "done");
    (site, museum, target)
}

#[test]
fn a_restore_is_planned_confirmed_and_done_once() {
    let (site, _museum, target) = place();
    let body = format!(
        "snapshot=museum&server={}&login=root&password=admin&file-api=rput_leave&start=new&once=abc\
         &rename-versions=image.tiny:small",
        target.url()
    );
    let plan = site.post("/inspect/migration/restore", &body).location();
    assert_eq!(site.post("/inspect/migration/restore", &body).location(), plan, "a second submit is the same plan");
    let told = site.planned(&plan);
    assert_eq!(told["State"], "ready", "{told:#}");
    assert_eq!(told["Restore"]["Targets"][0]["Host"], "127.0.0.1");
    assert!(told["Restore"]["Counts"]["db:objekt"].as_u64() > Some(0), "{told:#}");
    let page = site.get(&plan);
    page.lacks("This will destroy")
        .lacks("admin\"")
        .has("--file-api rput_leave")
        .has("fonds --archive")
        .has("data-state=\"ready\"");
    page.has("id=\"host-1-host\"").has(" restore 1 ");
    let before = restores::content(&target);
    for wrong in ["", "host=localhost", "host=127.0.0.1.example", "host=https://127.0.0.1"] {
        let reply = site.post(&plan, wrong);
        assert_eq!(reply.status, 422, "{wrong}: {}", reply.text());
        reply.has("is another name: nothing was touched");
    }
    assert_eq!(restores::content(&target), before);
    let run = site.post(&plan, "host=127.0.0.1").location();
    assert_eq!(site.post(&plan, "host=127.0.0.1").location(), run, "a second click is the same run");
    let state = site.ended(&run);
    assert!(["done", "done-with-aside"].contains(&state.as_str()), "{state}: {}", site.json(&run));
    assert_ne!(restores::content(&target), before);
    assert_eq!(site.json(ROOT)["Backups"][0]["LastRestore"]["State"], state);
    site.follow(&run).lacks("admin\"");
    // What was renamed last time is proposed again, for the same backup.
    site.get(ROOT).has("value=\"image\"").has("value=\"tiny\"").has("value=\"small\"");
    // The form of the plan again, with everything but the password.
    let id = plan.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    site.get(&format!("/inspect/migration/?plan={id}"))
        .has(&target.url())
        .has("value=\"rput_leave\" selected")
        .lacks("admin\"");
}

#[test]
fn a_purge_says_what_it_destroys_and_where() {
    let (site, _museum, target) = place();
    let reply = site.post_json(
        "/inspect/migration/restore",
        &json!({ "snapshot": "museum", "target": "target", "start": "purge" }),
    );
    assert_eq!(reply.status, 202, "{}", reply.text());
    let plan = reply.header("location");
    let told = site.planned(&plan);
    assert_eq!((&told["State"], &told["Restore"]["Targets"][0]["Purges"]), (&"ready".into(), &true.into()), "{told:#}");
    let sentence = format!("This will destroy all data on &quot;{}&quot;!", target.api_url());
    site.get(&plan).has(&sentence).has("class=\"destroy\"");
    let german = site.get_as(&plan, &[("accept-language", "de")]);
    german.has("Das zerstört alle Daten auf");
    let unconfirmed = site.post_json(&plan, &json!({}));
    assert_eq!(unconfirmed.status, 422);
    assert_eq!(unconfirmed.json()["Unconfirmed"], json!(["127.0.0.1"]));
    let started = site.post_json(&plan, &json!({ "host": "127.0.0.1" }));
    assert_eq!(started.status, 202, "{}", started.text());
    let run = started.json()["Run"].as_str().unwrap_or_default().to_owned();
    let state = site.ended(&run);
    assert!(["done", "done-with-aside"].contains(&state.as_str()), "{state}: {}", site.json(&run));
}

#[test]
fn a_plan_that_is_refused_cannot_be_started() {
    let (site, museum, _target) = place();
    let reply = site.post("/inspect/migration/restore", "snapshot=museum&target=museum&start=purge");
    let plan = reply.location();
    let told = site.planned(&plan);
    assert_eq!(told["State"], "refused", "{told:#}");
    site.get(&plan).has("id=\"refusals\"").has("the instance that the backup was made of").lacks("id=\"start-form\"");
    let before = restores::content(&museum);
    assert_eq!(site.post(&plan, "host=127.0.0.1").status, 409);
    assert_eq!(restores::content(&museum), before);
}

#[test]
fn who_cannot_be_reached_or_does_not_let_in_is_told() {
    let (site, _museum, target) = place();
    let body = format!("snapshot=1&server={}&login=root&password=wr0ng-one", target.url());
    let plan = site.post("/inspect/migration/restore", &body).location();
    let told = site.planned(&plan);
    assert_eq!(told["State"], "failed", "{told:#}");
    site.get(&plan).has("The plan could not be made").lacks("wr0ng-one");
    let reply = site.post("/inspect/migration/restore", "snapshot=9&target=target");
    assert_eq!(reply.status, 422);
    reply.has("names no snapshot of this archive");
    assert_eq!(site.get("/inspect/migration/runs/plans/none/").status, 404);
}
