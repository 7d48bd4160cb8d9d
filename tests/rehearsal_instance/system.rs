//! The instance itself: settings, config, purge, status, read-only mode, unknown end points.

use fonds::rehearsal::{Options, Release};
use serde_json::{Value, json};

use super::support::http::{Http, commit, empty, started};
use super::{model, ort, save, with_model};

const CONFIRMED: &str = "/config?save=ignore_errors&confirm=yes&reindex=skip";

#[test]
fn settings_tell_which_system_it_is() {
    let (_instance, http) = empty();
    let reply = http.get("/settings");
    assert_eq!(reply.header("x-fylr-status"), Some("ready"));
    let settings = reply.ok();
    assert_eq!(settings["version"], "v6.34.2");
    assert!(
        settings["build_commit"].is_string()
            && settings.get("api").is_none()
            && settings.get("easydb_version").is_none()
    );
    http.get("/session").refused(400, "UnknownEndpointMethod");
    for path in ["/weather", "/eas/bulk/x/y/z/q", "/right", "/db/a"] {
        let refusal = http.get(path).refused(400, "UnknownEndpointMethod");
        assert_eq!(
            (&refusal["parameters"]["method"], &refusal["parameters"]["statuscode"]),
            (&json!("GET"), &json!(400))
        );
    }
}

#[test]
fn config_sections_are_replaced_and_secrets_stay_secret() {
    let (_instance, http) = empty();
    let config = |sections: Value| json!({ "system": { "config": sections } });
    assert_eq!(http.post("/config", &config(json!({ "login": {} }))).status, 202);
    http.post(CONFIRMED, &config(json!({ "login": { "guest": true, "info": { "de-DE": "Hallo" } } }))).ok();
    http.post(CONFIRMED, &config(json!({ "login": { "guest": false } }))).ok();
    assert_eq!(http.get("/config/system/config/login").ok(), json!({ "guest": false }), "a section is replaced whole");
    let ldap = json!({ "ldap": { "connections": [{ "bindpassword": "geheim", "host": "x" }] } });
    http.post("/config?confirm=yes", &config(ldap.clone())).refused(400, "BaseConfigLDAPDial");
    http.post(CONFIRMED, &config(ldap)).ok();
    assert_eq!(http.get("/config").ok()["system"]["config"]["ldap"]["connections"][0]["bindpassword"], "***");
    let again = json!({ "ldap": { "connections": [{ "bindpassword": "***", "host": "y" }] } });
    http.post(CONFIRMED, &config(again)).ok();
    assert!(!http.get("/config").text().contains("geheim"));
    http.post(CONFIRMED, &config(json!({ "weather": {} }))).refused(400, "BaseConfigParse");
    http.post(CONFIRMED, &config(json!({ "login": 5 }))).refused(400, "BaseConfigParse");
    http.post(CONFIRMED, &config(json!({ "location_defaults": { "originals": "mys3" } })))
        .refused(400, "BaseConfigParse");
    http.post(CONFIRMED, &config(json!({ "license": { "license": {} } }))).refused(400, "BaseConfigInvalidLicense");
    http.post(CONFIRMED, &config(json!({ "appearance": { "logo": { "_id": 77 } } }))).refused(400, "BaseConfigParse");
    http.post(CONFIRMED, &json!({ "plugin": { "gnd": { "config": {} } } })).refused(400, "BaseConfigParse");
    http.get("/config/system/config/weather").refused(404, "BaseConfigPathNotFound");
    http.post("/config/system/config/name/internal_name?confirm=yes", &json!("Museum")).ok();
    assert_eq!(http.get("/settings").ok()["config_name"], "Museum");
}

#[test]
fn a_purge_takes_everything_and_needs_all_its_switches() {
    let (instance, http) = with_model();
    save(&http, "ort", &[ort("x")]);
    http.upload("", &[("a.png", b"x")]).ok();
    let before = http.get("/settings").ok()["name"].clone();
    http.post("/system/purgeall?set_password=neu", &Value::Null).ok();
    http.get("/tags").refused(401, "UserRequired");
    assert_ne!(http.get("/settings").ok()["name"], before);
    let http = Http::login(&instance, "root", "neu");
    assert_eq!(http.get("/schema/user/CURRENT").ok()["tables"], json!([]));
    assert_eq!(http.get("/objecttype").ok(), json!([]));
    http.get("/eas/1").refused(403, "InsufficientRights");
    commit(&http, &model());
    let off = json!({ "system": { "config": { "purge": { "allow_purge": false } } } });
    http.post(CONFIRMED, &off).ok();
    http.post("/system/purgeall", &Value::Null).refused(400, "PurgeNotAllowed");
    let (_instance, http) = started(Options { allow_purge: false, ..Options::default() });
    http.post("/system/purgeall", &Value::Null).refused(400, "PurgeNotAllowed");
    // Somebody with all rights is still not the real root.
    let (instance, http) = empty();
    let chief = json!([{ "_basetype": "user", "user": { "login": "chef", "type": "easydb" }, "_password": "geheim", "_system_rights": { "system.root": {} } }]);
    http.post("/user", &chief).ok();
    Http::login(&instance, "chef", "geheim").post("/system/purgeall", &Value::Null).refused(403, "PurgeSystemRootOnly");
}

#[test]
fn status_counts_what_is_there() {
    let (_instance, http) = with_model();
    save(&http, "ort", &[ort("A"), ort("B")]);
    let status = http.get("/system/status").ok();
    assert_eq!(
        (&status["objecttypes"][0]["type_name"], &status["objecttypes"][0]["total_count"]),
        (&json!("ort"), &json!(2))
    );
    assert_eq!(status["total_not_indexed"], 0);
    http.post("/system/reindex", &Value::Null).ok();
}

#[test]
fn in_read_only_mode_nothing_is_written() {
    let (instance, http) = started(Options { read_only: true, ..Options::default() });
    assert_eq!(http.get("/settings").header("x-fylr-read-only-mode"), Some("true"));
    for path in ["/tags", "/group", "/db/ort", "/eas/rput?url=http://x/y", "/config", "/schema/commit", "/event/list"] {
        http.post(path, &json!([])).refused(400, "ReadOnlyMode");
        // It is looked at before rights.
        Http::anonymous(&instance.url()).post(path, &json!([])).refused(400, "ReadOnlyMode");
    }
    http.delete("/db/ort", &json!([])).refused(400, "ReadOnlyMode");
    http.post("/search", &json!({})).ok();
    http.post("/eas/rput/bulk", &json!([])).ok();
    let (_instance, old) = started(Options { read_only: true, release: Release(6, 17, 0), ..Options::default() });
    old.post("/group", &json!([])).ok();
}

#[test]
fn requests_and_dump_are_had_at_the_door_for_tests() {
    let (instance, http) = with_model();
    instance.forget_requests();
    save(&http, "ort", &[ort("x")]);
    let requests = instance.requests();
    assert_eq!((requests.len(), requests[0].path.as_str(), requests[0].status), (1, "/api/v1/db/ort", 200));
    assert!(requests[0].request_bytes > 50 && requests[0].answer_bytes > 50);
    assert_eq!(http.get("/_rehearsal/requests").ok().as_array().unwrap().len(), 1);
    assert_eq!(http.get("/_rehearsal/dump").ok()["db_ort"][0]["block"]["name"], "x");
    http.get("/_rehearsal/other").refused(400, "UnknownEndpointMethod");
}

#[tokio::test]
async fn it_runs_in_the_runtime_of_its_caller() {
    let instance = fonds::rehearsal::Instance::start_in(Options::default()).await.unwrap();
    let answer =
        reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{}/settings", instance.api_url())).send();
    assert_eq!(answer.await.unwrap().status(), 200);
}

#[test]
fn when_it_ends_nobody_listens() {
    let (instance, http) = empty();
    drop(instance);
    assert!(http.attempt(reqwest::Method::GET, "/settings", None).is_err());
}
