//! Older releases do not have what came later.

use fonds::rehearsal::{Options, Release};
use serde_json::json;

use super::support::http::{Http, commit, started};
use super::{bild, list, model, ort};

fn release(major: u32, minor: u32, patch: u32) -> (fonds::rehearsal::Instance, Http) {
    let (instance, http) = started(Options { release: Release(major, minor, patch), ..Options::default() });
    commit(&http, &model());
    (instance, http)
}

#[test]
fn end_points_come_with_their_release() {
    for (version, path, method) in [
        (Release(6, 8, 0), "/collection/list", reqwest::Method::PUT),
        (Release(6, 11, 0), "/event/list", reqwest::Method::POST),
        (Release(6, 18, 0), "/eas/rput/bulk", reqwest::Method::POST),
    ] {
        let send = |http: &Http| http.send(method.clone(), path, Some(b"[]".to_vec()));
        let (_new, http) = release(version.0, version.1, version.2);
        assert_eq!(send(&http).status, 200, "{path}");
        let (_old, http) = release(version.0, version.1 - 1, 0);
        send(&http).refused(400, "UnknownEndpointMethod");
    }
}

#[test]
fn parameters_have_the_names_of_their_release() {
    let mut homeless = bild("x");
    homeless["bild"].as_object_mut().unwrap().remove("_pool");
    let (_old, http) = release(6, 26, 0);
    http.post("/db/bild?skip_constraints=1", &json!([homeless])).refused(400, "ObjecttypeHasPoolManagement");
    http.post("/db/bild?skipConstraints=1", &json!([homeless])).ok();
    let (_new, http) = release(6, 27, 0);
    http.post("/db/bild?skipConstraints=1", &json!([homeless])).refused(400, "ObjecttypeHasPoolManagement");
    http.post("/db/bild?skip_constraints=1&skipConstraints=1", &json!([homeless])).ok();
}

#[test]
fn a_version_mismatch_has_its_code_since_6_18() {
    let mut record = ort("x");
    record["ort"]["_version"] = json!(3);
    let (_old, http) = release(6, 17, 0);
    http.post("/db/ort", &json!([record])).refused(400, "ServerGeneric");
    let (_new, http) = release(6, 18, 0);
    http.post("/db/ort", &json!([record])).refused(400, "VersionMismatch");
    assert_eq!(list(&http, "ort").len(), 0);
}

#[test]
fn urls_are_signed_since_6_8() {
    for (version, is_signed) in [(7, false), (8, true)] {
        let (_instance, http) = release(6, version, 0);
        let file = http.upload("", &[("a.png", b"x")]).ok();
        let url = file[0]["versions"]["original"]["url"].as_str().unwrap();
        assert_eq!(url.contains("x-fylr-signature"), is_signed, "{url}");
    }
}
