//! Faults on demand: each does what it says, as often as it says, and leaves the state as it says.

use std::time::{Duration, Instant};

use fonds::rehearsal::Options;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::http::{Http, commit, started};
use super::{list, model, ort};

fn with_fault(rule: &str) -> (fonds::rehearsal::Instance, Http) {
    let (instance, http) = started(Options::default());
    commit(&http, &model());
    instance.faults().add(rule.parse().expect("a rule"));
    (instance, http)
}

fn insert(http: &Http, name: &str) -> Result<super::support::http::Reply, reqwest::Error> {
    http.attempt(Method::POST, "/db/ort", Some(json!([ort(name)]).to_string().into_bytes()))
}

#[test]
fn a_status_comes_as_often_as_it_was_asked_for() {
    let (instance, http) = with_fault("status 503 retry-after 7 on POST /api/v1/db/* times 2");
    for _ in 0..2 {
        let reply = insert(&http, "x").unwrap();
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("7")));
    }
    assert_eq!(list(&http, "ort").len(), 0, "nothing was done, and GET is not hit");
    insert(&http, "x").unwrap().ok();
    assert_eq!(instance.faults().applied(), [("status 503 retry-after 7 on POST /api/v1/db/* times 2".to_owned(), 2)]);
    let logged = instance.requests().into_iter().filter(|request| request.status == 503).collect::<Vec<_>>();
    assert_eq!((logged.len(), logged[0].faults.len()), (2, 1));
    for (status, code) in [(423, "DatabaseLockError"), (500, "ServerGeneric")] {
        let (_instance, http) = with_fault(&format!("status {status} on *"));
        http.get("/tags").refused(status, code);
    }
    for status in [429, 502, 504] {
        let (_instance, http) = with_fault(&format!("status {status} on *"));
        let reply = http.get("/tags");
        assert_eq!(
            (reply.status, reply.header("retry-after"), reply.text().starts_with("<html>")),
            (status, None, true)
        );
    }
}

#[test]
fn every_and_after_and_chance_choose_the_requests() {
    let (_instance, http) = with_fault("status 502 on GET /api/v1/tags after 2 every 3");
    let statuses: Vec<u16> = (0..9).map(|_| http.get("/tags").status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 502, 200, 200, 502, 200]);
    let rule = "status 502 on GET /api/v1/tags chance 0.5";
    let run = |seed: u64| -> Vec<u16> {
        let (_instance, http) = started(Options { seed, faults: vec![rule.parse().unwrap()], ..Options::default() });
        (0..40).map(|_| http.get("/tags").status).collect()
    };
    assert_eq!(run(1), run(1), "the seed decides");
    assert_ne!(run(1), run(2));
    let hits = run(3).iter().filter(|status| **status == 502).count();
    assert!((8..=32).contains(&hits), "{hits} of 40");
}

#[test]
fn a_connection_is_cut_before_in_and_after_the_work() {
    for (when, is_done) in [("before", false), ("middle", true), ("after", true)] {
        let (instance, http) = with_fault(&format!("reset {when} on POST /api/v1/db/* times 1"));
        let result = insert(&http, "x");
        assert!(result.is_err(), "reset {when}: {result:?}");
        assert_eq!(list(&http, "ort").len(), usize::from(is_done), "reset {when}");
        assert_eq!(
            instance.requests().iter().filter(|request| request.status == 0).count(),
            usize::from(when != "middle")
        );
        insert(&http, "y").unwrap().ok();
    }
}

#[test]
fn a_body_ends_too_early_or_says_a_wrong_length() {
    let (_instance, http) = with_fault("truncate on GET /api/v1/schema/* times 1");
    assert!(http.attempt(Method::GET, "/schema/user/CURRENT", None).is_err());
    http.get("/schema/user/CURRENT").ok();
    let (_instance, http) = with_fault("wrong-length on GET /api/v1/schema/* times 1");
    let short = http.get("/schema/user/CURRENT");
    assert_eq!(short.status, 200);
    assert!(serde_json::from_slice::<Value>(&short.bytes).is_err(), "half of it is no JSON");
    let whole = http.get("/schema/user/CURRENT").bytes;
    assert_eq!(&short.bytes[..], &whole[..whole.len() / 2]);
    let (_instance, http) = with_fault("truncate on GET /api/v1/eas/download/* times 1");
    let url =
        http.upload("", &[("x.png", &[1; 5000])]).ok()[0]["versions"]["original"]["url"].as_str().unwrap().to_owned();
    assert!(http.attempt(Method::GET, &url, None).is_err());
    assert_eq!(http.get(&url).bytes.len(), 5000);
}

#[test]
fn a_first_byte_comes_late() {
    let (_instance, http) = with_fault("slow 300 on GET /api/v1/tags");
    let begun = Instant::now();
    http.get("/tags").ok();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let (_instance, http) = started(Options { latency: Duration::from_millis(120), ..Options::default() });
    let begun = Instant::now();
    http.get("/tags").ok();
    assert!(begun.elapsed() >= Duration::from_millis(120));
}

#[test]
fn answers_that_lie_are_given_without_any_work() {
    let (_instance, http) = with_fault("error-body on POST /api/v1/db/*");
    let reply = insert(&http, "x").unwrap();
    assert_eq!((reply.status, reply.code()), (200, "ServerGeneric".to_owned()));
    assert_eq!(list(&http, "ort").len(), 0);
    let (_instance, http) = with_fault("confirm on POST /api/v1/db/*");
    let reply = insert(&http, "x").unwrap();
    assert_eq!((reply.status, reply.json()["tasks"][0]["buttons"][0]["value"].clone()), (202, json!("yes")));
    assert_eq!(list(&http, "ort").len(), 0);
    let (_instance, http) = with_fault("redirect http://elsewhere.example/api on GET /api/v1/tags");
    let reply = http.get("/tags");
    assert_eq!((reply.status, reply.header("location")), (302, Some("http://elsewhere.example/api")));
}

#[test]
fn a_token_dies_in_the_middle() {
    let (_instance, http) = with_fault("expire-token on GET /api/v1/tags after 1 times 1");
    http.get("/tags").ok();
    http.get("/tags").refused(401, "UserRequired");
    http.get("/pool").refused(401, "UserRequired");
}

#[test]
fn one_record_is_always_refused_and_one_file_always_missing() {
    let (instance, http) = with_fault("refuse-record \"Böser Ort\" on POST /api/v1/db/*");
    insert(&http, "Guter Ort").unwrap().ok();
    for _ in 0..2 {
        insert(&http, "Böser Ort").unwrap().refused(400, "SchemaInconsistent");
    }
    assert_eq!(instance.faults().applied()[0].1, 2);
    instance.faults().clear();
    insert(&http, "Böser Ort").unwrap().ok();
    let id = http.upload("", &[("x.png", b"1")]).ok()[0]["_id"].clone();
    instance.faults().add(format!("missing-file {id} on GET /api/v1/eas/*").parse().unwrap());
    http.get(&format!("/eas/{id}")).refused(403, "InsufficientRights");
    let other = http.upload("", &[("y.png", b"2")]).ok();
    assert_eq!(http.get(other[0]["versions"]["original"]["url"].as_str().unwrap()).bytes, b"2");
}

#[test]
fn rules_are_steered_over_http_too() {
    let (_instance, http) = started(Options::default());
    let rules =
        http.post_text("/_rehearsal/faults", "status 502 on /api/v1/tags times 1\nslow 1 on /api/v1/pool\n").ok();
    assert_eq!(rules.as_array().unwrap().len(), 2);
    assert_eq!(http.get("/tags").status, 502);
    assert_eq!(http.get("/_rehearsal/faults").ok()[0]["applied"], 1);
    http.post_text("/_rehearsal/faults", "explode on /").refused(400, "ServerGeneric");
    assert_eq!(http.send(Method::DELETE, "/_rehearsal/faults", None).ok(), json!([]));
}
