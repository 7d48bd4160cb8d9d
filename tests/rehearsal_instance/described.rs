//! What is sent and answered in all of these tests is as the vendor's `OpenAPI` says, where that is at hand.

use serde_json::{Value, json};

use super::support::http::empty;
use super::support::openapi::openapi;

#[test]
fn the_suite_is_held_against_the_openapi() {
    let Some(openapi) = openapi() else {
        eprintln!("skipped: $FYLR_OPENAPI names no OpenAPI file, so nothing is held against it");
        return;
    };
    // The judge finds what is wrong.
    let judge = |path: &str, answer: Value| openapi.judge("GET", path, None, 200, &answer).expect("described");
    assert_eq!(judge("/group", json!([])), Vec::<String>::new());
    assert_eq!(judge("/group", json!({})).len(), 1);
    assert_eq!(judge("/group?limit=1", json!([{ "_basetype": "group" }])).len(), 1);
    assert_eq!(judge("/collection/objects/5", json!({ "count": "3" })).len(), 1);
    assert!(openapi.judge("GET", "/weather", None, 200, &json!({})).is_none());
    let (_instance, http) = empty();
    http.get("/group").ok();
}
