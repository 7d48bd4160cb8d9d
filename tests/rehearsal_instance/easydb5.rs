//! The same instance as an easydb5: sessions, XML, defaults and maxima, its own words.

use fonds::rehearsal::{Instance, Options, Release, load};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::http::Http;

fn museum(options: Options) -> (Instance, Http) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum");
    let missing = fonds::layout::MissingPayloads::Refuse;
    let reader = fonds::layout::DirectoryReader::open(&path, missing, &fonds::model::event::Silent).expect("a museum");
    let instance = Instance::start(options).expect("a museum");
    load(&instance, &reader).expect("a museum");
    let http = Http::easydb5(&instance);
    (instance, http)
}

#[test]
fn a_session_is_begun_authenticated_and_ended() {
    let instance = Instance::start(Options::easydb5()).unwrap();
    let http = Http::anonymous(&instance.url());
    let token = http.get("/session").ok()["token"].as_str().unwrap().to_owned();
    let login = |query: &str| http.post(&format!("/session/authenticate?{query}"), &Value::Null);
    login("token=unknown&login=root&password=admin").refused(400, "error.user.session_not_found");
    login(&format!("token={token}&login=root&password=wrong")).refused(400, "error.user.login_failed");
    login(&format!("token={token}&login=root")).refused(400, "error.user.username_or_password_empty");
    login(&format!("token={token}&login=root&password=admin&method=ldap"))
        .refused(400, "error.user.authentication_method_not_allowed");
    http.get(&format!("/tags?token={token}")).refused(400, "error.user.not_authenticated");
    let form = [("token", token.as_str()), ("login", "root"), ("password", "admin"), ("method", "easydb,ldap")];
    let session = http.form("/api/v1/session/authenticate", &form).ok();
    assert_eq!((&session["authenticated"]["method"], &session["token"]), (&json!("easydb"), &json!(token)));
    assert!(session["system_rights"]["system.root"].is_object());
    http.get(&format!("/tags?token={token}")).ok();
    assert_eq!(http.with(Method::GET, "/tags", &[("x-easydb-token", &token)]).status, 200);
    http.post(&format!("/session/deauthenticate?token={token}"), &Value::Null).ok();
    http.get(&format!("/tags?token={token}")).refused(400, "error.user.not_authenticated");
}

#[test]
fn settings_and_headers_are_those_of_easydb5() {
    let (_instance, http) = museum(Options::easydb5());
    let reply = http.get("/settings");
    assert!(reply.header("x-fylr-status").is_none());
    assert_eq!(reply.header("x-easydb-user-schema-version"), Some("7"));
    let settings = reply.ok();
    assert_eq!((&settings["easydb_version"], &settings["api"]), (&json!("5.153.0"), &json!("1")));
    assert!(settings.get("build_commit").is_none());
    let refusal = http.get("/user/session/x").json();
    assert_eq!((&refusal["realm"], refusal.get("statuscode")), (&json!("api"), None));
    assert_eq!(http.form("/api/oauth2/token", &[]).status, 400);
    // A source and nothing else.
    for path in ["/group", "/db/ort", "/tags", "/eas/put", "/schema/commit"] {
        http.post(path, &json!([])).refused(400, "error.api.invalid_api");
    }
}

#[test]
fn schema_and_masks_are_xml_unless_json_is_asked_for() {
    let (_instance, http) = museum(Options::easydb5());
    for path in ["/schema/user/CURRENT", "/mask/CURRENT", "/mask/HEAD/_all_fields"] {
        assert!(http.get(path).text().starts_with("<?xml"), "{path}");
        http.get(&format!("{path}?format=json")).ok();
    }
    http.get("/l10n/user/CURRENT").ok();
    http.get("/schema/user/99?format=json").refused(404, "error.user.schema_not_found");
}

#[test]
fn histories_count_records_and_are_simplified() {
    let (_instance, http) = museum(Options::easydb5());
    let page = |query: &str| http.get(&format!("/db/ort/_all_fields/list?format=long{query}")).ok();
    let first = page("&all_versions=1&limit=5");
    // Five records, of which one has two versions.
    assert_eq!(first.as_array().unwrap().len(), 6);
    let record = &first[4];
    assert_eq!(record["_create_user"], 1 + record["_create_user"].as_u64().unwrap() - 1);
    assert!(record["_create_user"].is_u64() && record["_owner"].get("user").is_none() && record.get("_path").is_none());
    assert!(record.get("_system_object_id_parent").is_some() && record.get("_level").is_some());
    assert!(record.get("_latest_version").is_none() && first[5]["_latest_version"] == true);
    assert_eq!(page("&all_versions=1&limit=5&offset=5").as_array().unwrap().len(), 2);
    assert_eq!(page("").as_array().unwrap().len(), 7);
    http.get("/db/ort/ort__all_fields/list?all_versions=1").refused(400, "error.api.parameter");
    http.get("/db/wort/_all_fields/list").refused(400, "error.user.objecttype_not_found");
    http.get("/db/ort/other/list").refused(400, "error.user.mask_not_found");
}

#[test]
fn files_have_urls_that_need_no_token() {
    let (instance, http) = museum(Options::easydb5());
    let objects = http.get("/db/objekt/_all_fields/list?format=long").ok();
    let file = &objects[0]["objekt"]["bild"][0];
    let url = file["versions"]["original"]["url"].as_str().unwrap();
    assert!(url.contains("/eas/partitions-inline/1/0/0/") && url.ends_with("/image/png"), "{url}");
    let nobody = Http::anonymous(&instance.url());
    assert_eq!(nobody.get(url).bytes.len(), 100);
    assert_eq!(nobody.get(url.strip_suffix("/image/png").unwrap()).bytes.len(), 100);
    nobody.get(&url.replace("/0/0/", "/0/0/9")).refused(404, "error.user.eas_http_404");
    assert!(file["versions"]["preview"]["url"].as_str().unwrap().contains("/partitions-inline/2/"));
    let film =
        objects.as_array().unwrap().iter().find(|record| record["objekt"]["inventarnummer"] == "2003.1").unwrap();
    assert!(
        film["objekt"]["bild"][0]["versions"]["original"]["url"]
            .as_str()
            .unwrap()
            .starts_with("https://media.example.org/")
    );
}

#[test]
fn users_and_their_hashes_are_told_in_its_words() {
    let (_instance, http) = museum(Options::easydb5());
    let users = http.get("/user?include_password=1").ok();
    let helga = users.as_array().unwrap().iter().find(|user| user["user"]["login"] == "hlindqvist").unwrap();
    assert_eq!(helga["_emails"][0]["email"], "helga@seedorf.example.org");
    assert_eq!(
        (&helga["user"]["_primary_email"], helga["user"].get("email")),
        (&json!("helga@seedorf.example.org"), None)
    );
    assert_eq!(helga["_password_insecure_hash_method"], "bcrypt");
    assert!(helga["_password_insecure_hash"].is_string() && helga["user"]["created_timestamp"].is_string());
    let (_instance, http) = museum(Options { give_passwords: false, ..Options::easydb5() });
    assert!(!http.get("/user?include_password=1").text().contains("insecure_hash"));
}

#[test]
fn events_have_their_old_names_and_little_info() {
    let (_instance, http) = museum(Options::easydb5());
    let short = http.get("/event/list?sort=_id.ASC").ok();
    let kinds = short["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"]["type"].as_str().unwrap())
        .collect::<Vec<_>>();
    assert!(
        kinds.contains(&"ASSET_DOWNLOAD") && kinds.contains(&"SCHEMA_COMMIT") && !kinds.contains(&"FILE_DOWNLOAD"),
        "{kinds:?}"
    );
    assert!(short["objects"][0]["event"].get("info").is_none() && short["objects"][0].get("_user").is_some());
    assert_eq!((&short["limit"], &short["count"]), (&json!(1000), &json!(7)));
    let full = http.get("/event/list?sort=_id.ASC&format=json_full&skip_count=1").ok();
    assert!(full["objects"][0]["event"]["info"].is_object() && full.get("count").is_none());
    assert_eq!(http.get("/event/list?type=ASSET_DOWNLOAD").ok()["count"], 1, "they are filtered by their old names");
    let (_instance, http) = museum(Options { release: Release(5, 139, 0), ..Options::easydb5() });
    assert_eq!(http.get("/event/list?format=json_full").status, 500);
}

#[test]
fn lists_have_the_maximum_of_a_thousand() {
    let (_instance, http) = museum(Options::easydb5());
    let id = http.get("/collection/list").ok()[7]["collection"]["_id"].clone();
    let objects = http.get(&format!("/collection/objects/{id}?limit=5000")).ok();
    assert_eq!(objects["limit"], 1000);
    assert!(objects["objects"][0].get("_webfrontend_props").is_some());
    assert_eq!(http.get("/pool").ok().as_array().unwrap().len(), 6);
    let config = http.get("/config").ok();
    assert_eq!(config["system"]["login.internet"]["value"], true);
}
