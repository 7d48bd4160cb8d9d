//! Tokens: how they are got, how they die, and what an anonymous request sees.

use std::time::Duration;

use fonds::rehearsal::{Options, Release, TokenLife};
use reqwest::Method;
use serde_json::json;

use super::support::http::{Http, empty, started};

const PASSWORD: [(&str, &str); 4] =
    [("grant_type", "password"), ("username", "root"), ("password", "admin"), ("client_id", "fylr-web-frontend")];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = PASSWORD.to_vec();
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form
}

#[test]
fn the_password_grant_follows_the_rfc() {
    let (instance, _) = empty();
    let http = Http::anonymous(&instance.url());
    let token = |changes: &[(&str, &str)]| http.form("/api/oauth2/token", &with(changes));
    let good = token(&[("scope", "offline")]).ok();
    assert!(good["access_token"].as_str().unwrap().starts_with("ory_at_"));
    assert!(good["refresh_token"].as_str().unwrap().starts_with("ory_rt_"));
    assert_eq!((&good["token_type"], &good["expires_in"]), (&json!("bearer"), &json!(86_400)));
    assert!(token(&[]).ok().get("refresh_token").is_none(), "without the scope offline there is none");
    for (changes, error) in [
        (&[("password", "wrong")][..], "invalid_grant"),
        (&[("username", "nobody")], "invalid_grant"),
        (&[("grant_type", "magic")], "unsupported_grant_type"),
        (&[("grant_type", "")], "invalid_request"),
        (&[("client_id", "")], "invalid_request"),
        (&[("client_id", "unknown")], "invalid_client"),
        (&[("client_secret", "foo")], "invalid_client"),
        (&[("client_id", "web-client")], "invalid_client"),
        (&[("client_id", "web-client"), ("client_secret", "bar")], "invalid_client"),
        (&[("scope", "everything")], "invalid_scope"),
    ] {
        let reply = token(changes);
        assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some(error)), "{changes:?}");
        assert!(reply.json().get("code").is_none());
    }
    token(&[("client_id", "web-client"), ("client_secret", "foo")]).ok();
    // The same in the header, and no JSON body.
    let basic =
        [("authorization", "Basic d2ViLWNsaWVudDpmb28="), ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(http.with(Method::POST, "/api/oauth2/token", &basic).json()["error"], "invalid_request");
    assert_eq!(http.with(Method::POST, "/api/oauth2/token", &[]).json()["error"], "invalid_request");
}

#[test]
fn a_refresh_gives_new_tokens_once() {
    let (instance, _) = empty();
    let http = Http::anonymous(&instance.url());
    let first = http.form("/api/oauth2/token", &with(&[("scope", "offline")])).ok();
    let refresh = first["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", "fylr-web-frontend")];
    let second = http.form("/api/oauth2/token", &form).ok();
    assert_ne!(first["access_token"], second["access_token"]);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(http.form("/api/oauth2/token", &form).json()["error"], "invalid_grant");
    let other = second["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", other), ("client_id", "ci-hub")];
    assert_eq!(http.form("/api/oauth2/token", &form).json()["error"], "invalid_grant");
}

#[test]
fn a_token_is_taken_from_three_places_and_can_be_revoked() {
    let (instance, http) = empty();
    let token = http.token.clone().unwrap();
    let anonymous = Http::anonymous(&instance.url());
    let bearer = format!("Bearer {token}");
    assert_eq!(anonymous.with(Method::GET, "/tags", &[("authorization", &bearer)]).status, 200);
    let both = [("authorization", "Basic eDp5"), ("x-fylr-authorization", bearer.as_str())];
    assert_eq!(anonymous.with(Method::GET, "/tags", &both).status, 200);
    assert_eq!(anonymous.get(&format!("/tags?access_token={token}")).status, 200);
    let session = http.get("/user/session").ok();
    assert_eq!((&session["user"]["user"]["login"], &session["access_token"]), (&json!("root"), &json!(token)));
    assert_eq!(anonymous.form("/api/oauth2/introspect", &[("token", &token)]).ok()["active"], true);
    assert_eq!(anonymous.form("/api/oauth2/revoke", &[("token", &token)]).status, 200);
    assert_eq!(anonymous.form("/api/oauth2/revoke", &[("token", "unknown")]).status, 200);
    assert_eq!(anonymous.form("/api/oauth2/introspect", &[("token", &token)]).ok()["active"], false);
    http.get("/user/session").refused(400, "InvalidToken");
}

#[test]
fn tokens_die_by_time_and_by_requests() {
    let tokens = TokenLife { time: Duration::from_hours(1), requests: Some(2) };
    let (_instance, http) = started(Options { tokens, ..Options::default() });
    assert_eq!(http.get("/tags").status, 200);
    assert_eq!(http.get("/tags").status, 200);
    http.get("/tags").refused(401, "UserRequired");
    let tokens = TokenLife { time: Duration::from_millis(150), requests: None };
    let (_instance, http) = started(Options { tokens, ..Options::default() });
    assert_eq!(http.get("/tags").status, 200);
    std::thread::sleep(Duration::from_millis(200));
    http.get("/tags").refused(401, "UserRequired");
    http.get("/user/session").refused(400, "InvalidToken");
}

#[test]
fn an_anonymous_request_is_carried_out_with_all_its_traps() {
    let (instance, _) = empty();
    let http = Http::anonymous(&instance.url());
    assert_eq!(http.get("/group").ok(), json!([]));
    assert_eq!(http.get("/settings").status, 200);
    assert_eq!(http.get("/plugin").ok()["plugins"], json!([]));
    http.get("/plugin/manage").refused(403, "SystemRightRequired");
    http.get("/eas?ids=[1]").refused(403, "InsufficientRights");
    for path in ["/tags", "/user", "/pool", "/objecttype", "/transitions", "/message", "/publish", "/config"] {
        http.get(path).refused(401, "UserRequired");
    }
    for path in
        ["/collection/list", "/event/list", "/schema/user/CURRENT", "/db/ort/_all_fields/list", "/system/status"]
    {
        http.get(path).refused(401, "UserRequired");
    }
    http.post("/db/ort", &json!([])).refused(401, "UserRequired");
    http.post("/group", &json!([])).refused(401, "UserRequired");
}

#[test]
fn openid_is_no_scope_any_more_since_6_35() {
    let (instance, _) = started(Options { release: Release(6, 35, 0), ..Options::default() });
    let http = Http::anonymous(&instance.url());
    let reply = http.form("/api/oauth2/token", &with(&[("scope", "offline openid")]));
    assert_eq!(reply.json()["error"], "invalid_scope");
    http.get("/user/session").refused(401, "InvalidToken");
}
