//! What goes in, and how it is sent.

use fonds::fylr::{Client, Request, Shape};
use fonds::model::event::Silent;
use serde_json::{Value, json};

use crate::Place;
use crate::support::program::told;
use crate::support::restores::{changed, connection, fault, part};

#[test]
fn constraints_are_skipped_only_where_that_is_wanted() {
    let (with, without) = (Place::new(), Place::new());
    with.restore("--skip-constraints");
    without.restore("");
    let skips = |place: &Place| {
        let queries = place.queries("POST", "/api/v1/db/");
        (queries.iter().filter(|query| query.contains("skip_constraints=1")).count(), queries.len())
    };
    let (skipping, all) = skips(&with);
    assert!(skipping == all && all > 10, "{skipping} of {all}");
    assert_eq!(skips(&without).0, 0);
}

#[test]
fn chunks_have_the_size_that_was_asked_for_under_either_name() {
    for words in ["--chunk-size 1", "--chunk 1"] {
        let place = Place::new();
        place.restore(words);
        assert_eq!(place.queries("POST", "/api/v1/db/objekt").len(), 7, "{words}");
    }
    let usual = Place::new();
    usual.restore("");
    assert_eq!(usual.queries("POST", "/api/v1/db/objekt").len(), 2);
    for size in ["0", "1001", "x"] {
        assert_eq!(usual.run(&format!("restore --chunk-size {size}")).status.code(), Some(2), "{size}");
    }
}

#[test]
fn only_the_events_that_are_wanted_go_in() {
    for (words, expected) in [
        ("--include-events -", json!([])),
        ("--include-events SEARCH", json!(["SEARCH"])),
        ("--include-events SEARCH,USER_LOGIN", json!(["USER_LOGIN", "SEARCH"])),
    ] {
        let place = Place::new();
        place.restore(words);
        let mut kinds: Vec<Value> =
            part(&place.target, "events").into_iter().map(|event| event["type"].clone()).collect();
        let mut expected: Vec<Value> = expected.as_array().expect("a list").clone();
        kinds.sort_by_key(ToString::to_string);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(kinds, expected, "{words}");
    }
    let all = Place::new();
    all.restore("");
    assert!(part(&all.target, "events").len() > 3);
}

#[test]
fn passwords_come_only_when_they_are_wanted_and_there() {
    let hashes = |place: &Place| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let users = runtime.block_on(async {
            let client =
                Client::connect(connection(&place.target), std::sync::Arc::new(Silent)).await.expect("a login");
            client.ask(&Request::get("user", Shape::Array).with("include_password", 1)).await.expect("users")
        });
        String::from_utf8_lossy(&users).matches("_password_hash").count()
    };
    let (with, without) = (Place::new(), Place::new());
    with.restore("--include-password");
    without.restore("");
    assert!(hashes(&with) > hashes(&without), "{} {}", hashes(&with), hashes(&without));
    let lacking = changed(&[("manifest.json", &|json| json["has_passwords"] = false.into())]);
    let refused = Place::new();
    let output = refused.run_on(lacking.path(), "restore --include-password");
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert_eq!(refused.writes(), 0);
}

#[test]
fn links_to_deleted_records_stay_when_they_are_wanted() {
    let links = |words: &str| {
        let place = Place::new();
        place.restore(words);
        Value::from(part(&place.target, "db_objekt")).to_string().matches("\"link\"").count()
    };
    assert!(links("--include-deleted-linked") > links(""));
}

#[test]
fn the_target_indexes_everything_unless_that_is_not_wanted() {
    let (usual, without) = (Place::new(), Place::new());
    usual.restore("");
    without.restore("--skip-reindex");
    assert_eq!(usual.queries("POST", "/system/reindex").len(), 1);
    assert_eq!(without.queries("POST", "/system/reindex").len(), 0);
}

#[test]
fn payloads_of_unknown_kinds_are_left_out_only_where_that_is_said() {
    let unknown = changed(&[("basetype-message-0000.json", &|json| json["import_type"] = "weather".into())]);
    let place = Place::new();
    let output = place.run_on(unknown.path(), "restore");
    assert_eq!(output.status.code(), Some(6), "{}", told(&output));
    assert!(told(&output).contains("weather"), "{}", told(&output));
    place.restore_of(unknown.path(), "--skip-unknown");
    assert!(!part(&place.target, "db_objekt").is_empty());
}

/// Two payloads of which neither needs the other.
fn two_payloads() -> tempfile::TempDir {
    let record = |objecttype: &str, id: u64| {
        let mut record = json!({"_objecttype": objecttype, "_mask": "_all_fields", "_system_object_id": id});
        record[objecttype] = json!({"_version": 1, "name": {"de-DE": format!("{objecttype} {id}")}});
        record
    };
    changed(&[
        ("manifest.json", &|json| {
            let all = json["payloads"].as_array().expect("payloads").clone();
            let base =
                all.into_iter().filter(|name| name.as_str().is_some_and(|name| name.starts_with("basetype-plugin")));
            json["payloads"] = base
                .chain([
                    "db__schlagwort__batch_0001__size_0003.json".into(),
                    "db__thema__level_00__batch_0001__size_0002.json".into(),
                ])
                .collect();
        }),
        ("db__schlagwort__batch_0001__size_0003.json", &|json| json["objects"] = json!([record("schlagwort", 7001)])),
        ("db__thema__level_00__batch_0001__size_0002.json", &|json| json["objects"] = json!([record("thema", 7002)])),
    ])
}

#[test]
fn so_many_payloads_go_at_a_time_as_were_asked_for() {
    let two = two_payloads();
    for (words, expected) in [("", ["schlagwort", "thema"]), ("--max-parallel 2", ["thema", "schlagwort"])] {
        let place = Place::new();
        // Requests are told in the order in which they are answered.
        fault(&place.target, "slow 700 on POST /api/v1/db/schlagwort times 1");
        place.restore_of(two.path(), words);
        let posts = place.target.requests().into_iter().filter(|logged| logged.method == "POST");
        let order: Vec<String> =
            posts.filter_map(|logged| Some(logged.path.strip_prefix("/api/v1/db/")?.to_owned())).collect();
        assert_eq!(order, expected, "{words}");
    }
}

#[test]
fn a_request_counts_as_failed_after_the_time_that_was_given() {
    let slow = |words: &str| {
        let place = Place::new();
        fault(&place.target, "slow 1500 on POST /api/v1/group");
        place.run(&format!("restore {words}")).status.code()
    };
    assert_eq!(slow("--timeout-min 1"), Some(4));
    let code = slow("--timeout-min 0.005");
    assert!(matches!(code, Some(1 | 3)), "{code:?}");
}

#[test]
fn what_was_refused_is_tried_again_and_nothing_else() {
    let place = Place::new();
    fault(&place.target, "refuse-record \"1951.17\" on POST /api/v1/db/objekt");
    place.restore("--skip-constraints");
    let before = part(&place.target, "db_objekt").len();
    place.target.faults().clear();
    place.target.forget_requests();
    place.restore("--skip-constraints --retry-failed");
    assert!(part(&place.target, "db_objekt").len() > before);
    assert_eq!(place.queries("POST", "/api/v1/group").len(), 0);
    assert_eq!(place.queries("POST", "/api/v1/db/ort").len(), 0);
}
