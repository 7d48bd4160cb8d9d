//! Records: the rules of `POST /db` and `DELETE /db`, and what is read back.

use serde_json::{Value, json};

use super::support::http::{Http, commit};
use super::{bild, list, model, ort, save, to_ort, with_model};

#[test]
fn all_records_of_a_request_are_stored_or_none() {
    let (_instance, http) = with_model();
    let mut bad = ort("Zweiter");
    bad["ort"]["unbekannt"] = json!(1);
    http.post("/db/ort", &json!([ort("Erster"), bad, ort("Dritter")])).refused(400, "SchemaInconsistent");
    assert_eq!(list(&http, "ort"), Vec::<Value>::new());
    // An update that was undone leaves the version before it, and its unique values.
    let mut first = ort("Erster");
    first["ort"]["code"] = json!("A");
    let id = save(&http, "ort", &[first])[0]["_system_object_id"].clone();
    let mut second = ort("Neu");
    second["ort"] = json!({ "_version": 2, "lookup:_id": { "_system_object_id": id }, "name": "Neu", "code": "B" });
    let mut bad = ort("Weiter");
    bad["ort"]["_version"] = json!(7);
    http.post("/db/ort", &json!([second, bad])).refused(400, "VersionMismatch");
    let stored = list(&http, "ort");
    assert_eq!(
        (stored.len(), &stored[0]["ort"]["name"], &stored[0]["ort"]["_version"]),
        (1, &json!("Erster"), &json!(1))
    );
    let mut third = ort("Dritter");
    third["ort"]["code"] = json!("A");
    http.post("/db/ort", &json!([third])).refused(400, "UniqueKeyViolation");
    third["ort"]["code"] = json!("B");
    save(&http, "ort", &[third]);
}

#[test]
fn versions_follow_each_other_and_the_refusal_tells_them() {
    let (_instance, http) = with_model();
    let mut record = ort("Eins");
    record["_system_object_id"] = json!(500);
    record["_uuid"] = json!("886a33c4-53f4-47d7-a1b2-e2e84aa64218");
    save(&http, "ort", &[record.clone()]);
    let refusal = http.post("/db/ort", &json!([record])).refused(400, "VersionMismatch");
    let told = &refusal["parameters"];
    assert_eq!(
        (&told["currentversion"], &told["expectedversion"], &told["receivedversion"]),
        (&json!(1), &json!(2), &json!(1))
    );
    assert_eq!((&refusal["package"], &told["object"]), (&json!("object"), &json!("ort:500")));
    // By any of its ids, with the next number or an automatic one.
    for (number, lookup) in [
        (2, json!({ "_system_object_id": 500 })),
        (3, json!({ "_uuid": "886a33c4-53f4-47d7-a1b2-e2e84aa64218" })),
        (4, json!({ "name": "Nummer 3" })),
    ] {
        let mut next = ort("");
        next["ort"] = json!({ "_version": number, "lookup:_id": lookup, "name": format!("Nummer {number}") });
        save(&http, "ort", &[next]);
    }
    let mut next = ort("");
    next["ort"] =
        json!({ "_version:auto_increment": true, "_id": list(&http, "ort")[0]["ort"]["_id"], "name": "Zuletzt" });
    assert_eq!(save(&http, "ort", &[next])[0]["ort"]["_version"], 5);
    let versions = http.get("/db/ort/_all_fields/list?all_versions=1").ok();
    assert_eq!(versions.as_array().unwrap().len(), 5);
    assert_eq!(http.get("/db/ort/_all_fields/system_object_id/500?version=2").ok()[0]["ort"]["name"], "Nummer 2");
}

#[test]
fn what_is_left_out_of_an_update_becomes_null() {
    let (_instance, http) = with_model();
    let mut record = ort("Eins");
    record["ort"]["zahl"] = json!(5);
    let id = save(&http, "ort", &[record])[0]["ort"]["_id"].clone();
    let mut next = ort("Zwei");
    next["ort"]["_version"] = json!(2);
    next["ort"]["_id"] = id;
    let saved = save(&http, "ort", &[next]);
    assert!(saved[0]["ort"].get("zahl").is_none_or(Value::is_null), "{saved:?}");
}

#[test]
fn a_promise_is_kept_when_the_record_comes() {
    let (_instance, http) = with_model();
    let uuid = "0c34433f-b66e-47fb-ad2c-3571e3c1d68b";
    let mut picture = bild("Früh");
    picture["bild"]["ort"] = to_ort(&json!({ "_system_object_id": 900, "_allow_defer": true }));
    let mut other = bild("Auch");
    other["bild"]["ort"] = to_ort(&json!({ "_uuid": uuid, "_allow_defer": true }));
    save(&http, "bild", &[picture, other]);
    for record in list(&http, "bild") {
        assert_eq!(record["bild"]["ort"]["_purged_or_deferred"], true, "{record}");
    }
    // The sequence is raised, so that no new record takes a promised id.
    let next = save(&http, "ort", &[ort("Ein anderer")])[0]["_system_object_id"].as_u64().unwrap();
    assert!(next > 900, "{next}");
    let mut wrong = bild("Falsch");
    wrong["_system_object_id"] = json!(900);
    http.post("/db/bild", &json!([wrong])).refused(400, "DeferredLinkedObjectWrongObjecttype");
    let mut target = ort("Endlich");
    target["_system_object_id"] = json!(900);
    target["_uuid"] = json!(uuid);
    save(&http, "ort", &[target]);
    for record in list(&http, "bild") {
        assert_eq!(record["bild"]["ort"]["_system_object_id"], 900, "{record}");
        assert!(record["bild"]["ort"]["ort"]["_id"].is_u64());
    }
    // Without a promise nothing that comes later can be linked.
    let mut early = bild("Zu früh");
    early["bild"]["ort"] = to_ort(&json!({ "_system_object_id": 901 }));
    http.post("/db/bild", &json!([early])).refused(400, "LookupNotFound");
}

#[test]
fn lookups_find_exactly_one_live_record() {
    let (_instance, http) = with_model();
    save(&http, "ort", &[ort("Doppelt"), ort("Doppelt"), ort("Einmal")]);
    let link = |lookup: Value| {
        let mut picture = bild("x");
        picture["bild"]["ort"] = to_ort(&lookup);
        http.post("/db/bild", &json!([picture]))
    };
    link(json!({ "name": "Einmal" })).ok();
    let refusal = link(json!({ "name": "Doppelt" })).refused(400, "LookupFoundTooMany");
    assert_eq!(refusal["parameters"]["count"], 2);
    link(json!({ "name": "Keinmal" })).refused(400, "LookupNotFound");
    link(json!({ "name": 5 })).refused(400, "SchemaInconsistent");
    link(json!({ "farbe": "blau" })).refused(400, "SchemaInconsistent");
    link(json!({})).refused(400, "SchemaInconsistent");
    // What is looked up by in the same request is found, too.
    let mut child = ort("Kind");
    child["ort"]["lookup:_id_parent"] = json!({ "name": "Neuer" });
    save(&http, "ort", &[ort("Neuer"), child]);
    // Deleted ones are not found.
    let once = list(&http, "ort").into_iter().find(|record| record["ort"]["name"] == "Einmal").unwrap();
    let triple = json!([[once["ort"]["_id"], 1, "weg"]]);
    assert_eq!(http.delete("/db/ort", &triple).status, 202);
    http.delete("/db/ort?delete_policy=setnull", &triple).ok();
    link(json!({ "name": "Einmal" })).refused(400, "LookupNotFound");
    link(json!({ "_system_object_id": once["_system_object_id"] })).refused(400, "LookupNotFound");
    link(json!({ "_system_object_id": once["_system_object_id"], "_allow_defer": true })).ok();
}

#[test]
fn hierarchies_have_no_loops_and_tell_where_a_record_is() {
    let (_instance, http) = with_model();
    let top = save(&http, "ort", &[ort("Oben")])[0]["ort"]["_id"].clone();
    let mut child = ort("Unten");
    child["ort"]["_id_parent"] = top.clone();
    let child = save(&http, "ort", &[child])[0].clone();
    assert_eq!((&child["ort"]["_id_parent"], &child["_level"]), (&top, &json!(2)));
    assert_eq!(child["_path"][0]["ort"]["_id"], top);
    let mut looped = ort("Oben");
    looped["ort"] = json!({ "_id": top, "_version": 2, "name": "Oben", "_id_parent": child["ort"]["_id"] });
    http.post("/db/ort", &json!([looped])).refused(400, "SchemaInconsistent");
    let mut orphan = ort("Waise");
    orphan["ort"]["_id_parent"] = json!(77);
    http.post("/db/ort", &json!([orphan])).refused(400, "LookupNotFound");
}

#[test]
fn missing_tags_mean_the_default_ones() {
    let (_instance, http) = with_model();
    let tag = |id: u64, kind: &str| json!({ "_basetype": "tag", "tag": { "_id": id, "reference": format!("t{id}"), "is_default": true, "enabled": id != 9, "displaytype": kind } });
    let group = |id: u64, kind: &str, tags: Value| json!({ "_basetype": "taggroup", "taggroup": { "_id": id, "type": kind }, "_tags": tags });
    http.post(
        "/tags",
        &json!([
            group(1, "checkbox", json!([tag(1, "facet"), tag(2, "hidden")])),
            group(2, "choice", json!([tag(9, "facet")]))
        ]),
    )
    .ok();
    let mut silent = bild("Ohne");
    silent.as_object_mut().unwrap().remove("_tags");
    let saved = save(&http, "bild", &[silent, bild("Leer")]);
    let tags = |record: &Value| {
        record["_tags"].as_array().unwrap().iter().map(|tag| tag["_id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(tags(&saved[0]), [1, 2, 9]);
    assert_eq!(tags(&saved[1]), [2], "a list that is empty still gets the hidden ones");
    let mut off = bild("Aus");
    off["_tags"] = json!([{ "_id": 9 }]);
    http.post("/db/bild", &json!([off])).refused(400, "TagNotEnabled");
}

#[test]
fn skip_constraints_lets_through_what_else_is_refused() {
    let (_instance, http) = with_model();
    let mut first = ort("Eins");
    first["ort"]["code"] = json!("A");
    save(&http, "ort", &[first.clone()]);
    http.post("/db/ort", &json!([first])).refused(400, "UniqueKeyViolation");
    http.post("/db/ort?skip_constraints=1", &json!([first])).ok();
    let mut homeless = bild("Ohne Pool");
    homeless["bild"].as_object_mut().unwrap().remove("_pool");
    http.post("/db/bild", &json!([homeless])).refused(400, "ObjecttypeHasPoolManagement");
    http.post("/db/bild?skip_constraints=1", &json!([homeless])).ok();
    let uuid = "d7887e0f-e67c-4181-a12b-7305e25a2916";
    let mut rows = bild("Zeilen");
    rows["bild"]["_nested:bild__orte"] = json!([{ "_uuid": uuid, "wert": 5 }]);
    http.post("/db/bild", &json!([rows])).refused(400, "SchemaInconsistent");
    let saved = http.post("/db/bild?skip_constraints=1&format=long", &json!([rows])).ok();
    assert_eq!(saved[0]["bild"]["_nested:bild__orte"][0]["_uuid"], uuid);
    // An old row keeps its UUID without that, a row of nothing is left out.
    let mut next = rows.clone();
    next["bild"]["_version"] = json!(2);
    next["bild"]["_id"] = saved[0]["bild"]["_id"].clone();
    next["bild"]["_nested:bild__orte"] = json!([{ "_uuid": uuid, "wert": 6 }, { "_uuid": uuid, "wert": null }]);
    let saved = save(&http, "bild", &[next]);
    assert_eq!(saved[0]["bild"]["_nested:bild__orte"].as_array().unwrap().len(), 1);
}

#[test]
fn children_that_are_edited_with_their_parent_are_deleted_when_they_do_not_come() {
    let (_instance, http) = with_model();
    let mut parent = bild("Mit Notizen");
    parent["bild"]["_reverse_nested:notiz:bild"] =
        json!([{ "_version": 1, "text": "eins" }, { "_version": 1, "text": "zwei" }]);
    let saved = save(&http, "bild", &[parent])[0].clone();
    assert_eq!(list(&http, "notiz").len(), 2);
    let shown = list(&http, "bild")[0]["bild"]["_reverse_nested:notiz:bild"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 2);
    let hidden = http.get("/db/bild/_all_fields/list?skip_reverse_nested=1").ok();
    assert!(hidden[0]["bild"].get("_reverse_nested:notiz:bild").is_none());
    let mut next = bild("Ohne Notizen");
    next["bild"]["_id"] = saved["bild"]["_id"].clone();
    next["bild"]["_version"] = json!(2);
    http.post("/db/bild?skip_reverse_nested=1", &json!([next])).ok();
    assert_eq!(list(&http, "notiz").len(), 2, "skip_reverse_nested leaves them alone");
    next["bild"]["_version"] = json!(3);
    let kept = &list(&http, "notiz")[0];
    next["bild"]["_reverse_nested:notiz:bild"] =
        json!([{ "_id": kept["notiz"]["_id"], "_version": 2, "text": "bleibt" }]);
    http.post("/db/bild", &json!([next])).ok();
    assert_eq!(list(&http, "notiz").len(), 1);
    assert_eq!(list(&http, "notiz")[0]["notiz"]["text"], "bleibt");
}

#[test]
fn a_dry_run_changes_nothing_but_says_what_is_wrong() {
    let (_instance, http) = with_model();
    http.post("/db/ort?dry_run=1", &json!([ort("Probe")])).ok();
    assert_eq!(list(&http, "ort").len(), 0);
    http.post("/db/ort?dry_run=1", &json!([{ "_objecttype": "ort" }])).refused(400, "UnknownObjecttype");
}

#[test]
fn a_thousand_records_are_the_most_of_one_request() {
    let (_instance, http) = with_model();
    let records: Vec<Value> = (0..1001).map(|number| ort(&format!("Ort {number}"))).collect();
    http.post("/db/ort", &json!(records)).refused(400, "ServerGeneric");
    http.post("/db/ort?format=short", &json!(records[..1000])).ok();
    assert_eq!(list(&http, "ort").len(), 1000);
    let page =
        |query: &str| http.get(&format!("/db/ort/_all_fields/list?format=short{query}")).ok().as_array().unwrap().len();
    assert_eq!((page("&limit=10&offset=995"), page("&limit=5000"), page("&offset=1000")), (5, 1000, 0));
    http.get("/db/ort/_all_fields/list?limit=0").refused(400, "ServerGeneric");
    http.get("/db/ort/_all_fields/list?limit=x").refused(400, "ServerGeneric");
    http.get("/db/ort/_all_fields/list?format=odd").refused(400, "ServerGeneric");
    http.get("/db/ort/other/list").refused(400, "UnknownObjecttype");
    http.get("/db/wort/_all_fields/list").refused(400, "UnknownObjecttype");
    // Rows of nested tables have no list of their own.
    http.get("/db/bild__orte/_all_fields/list").refused(400, "UnknownObjecttype");
    http.post_text("/db/ort", "[{").refused(400, "ServerGeneric");
    http.post("/db/ort", &json!({})).refused(400, "ServerGeneric");
}

#[test]
fn records_are_deleted_but_kept_until_they_are_purged() {
    let (_instance, http) = with_model();
    let place = save(&http, "ort", &[ort("Ziel")])[0].clone();
    let mut picture = bild("Bild");
    picture["bild"]["ort"] = to_ort(&json!({ "name": "Ziel" }));
    save(&http, "bild", &[picture]);
    let triple = |version: u64| json!([[place["ort"]["_id"], version, null]]);
    http.delete("/db/ort", &triple(2)).refused(400, "VersionMismatch");
    http.delete("/db/ort", &json!([[99, 1, null]])).refused(400, "LookupNotFound");
    http.delete("/db/ort", &json!([[1]])).refused(400, "ServerGeneric");
    let asked = http.delete("/db/ort", &triple(1));
    assert_eq!((asked.status, asked.json()["tasks"][0]["buttons"][0]["name"].clone()), (202, json!("delete_policy")));
    assert_eq!(list(&http, "ort").len(), 1, "nothing has happened yet");
    let done = http.delete("/db/ort?delete_policy=setnull", &triple(1)).ok();
    assert_eq!((&done["removed"], &done["policy"]), (&json!([place["_system_object_id"]]), &json!("setnull")));
    assert_eq!(list(&http, "ort").len(), 0);
    assert!(list(&http, "bild")[0]["bild"]["ort"].is_null());
    let history = http.get("/db/ort/_all_fields/list?all_versions=1").ok();
    assert!(history[0]["_latest_version_deleted_at"].is_string());
    let mut again = ort("Ziel");
    again["_system_object_id"] = place["_system_object_id"].clone();
    http.post("/db/ort", &json!([again])).refused(400, "VersionMismatch");
    http.delete("/db/ort?delete_policy=undelete", &triple(1)).ok();
    assert_eq!(list(&http, "ort").len(), 1);
    http.delete("/db/ort?delete_policy=purge", &triple(1)).ok();
    assert_eq!(http.get("/db/ort/_all_fields/list?all_versions=1").ok(), json!([]));
    save(&http, "ort", &[again]);
}

#[test]
fn a_user_with_few_rights_sees_short_pages() {
    let more = vec![("leser".to_owned(), "geheim".into())];
    let options = fonds::rehearsal::Options { more_logins: more, ..fonds::rehearsal::Options::default() };
    let (instance, http) = super::support::http::started(options);
    commit(&http, &model());
    let reader = Http::login(&instance, "leser", "geheim");
    let mine = reader.get("/user/session").ok()["user"]["user"]["_id"].clone();
    let mut own = bild("Meins");
    own["_owner"] = json!({ "_basetype": "user", "user": { "_id": mine } });
    let mut shared = bild("Geteilt");
    shared["_acl"] = json!([{ "who": { "_basetype": "user", "user": { "_id": mine } }, "rights": { "read": {} } }]);
    save(&http, "bild", &[bild("Fremd"), own, bild("Auch fremd"), shared]);
    let titles = |page: &Value| {
        page.as_array().unwrap().iter().map(|record| record["bild"]["titel"]["de-DE"].clone()).collect::<Vec<_>>()
    };
    let first = reader.get("/db/bild/_all_fields/list?limit=3").ok();
    assert_eq!(titles(&first), [json!("Meins")], "the page is cut before rights are looked at");
    assert_eq!(titles(&reader.get("/db/bild/_all_fields/list?limit=3&offset=3").ok()), [json!("Geteilt")]);
    reader.post("/db/bild", &json!([bild("Neu")])).refused(403, "ObjectInsufficientRights");
    let mut foreign = bild("Neu");
    foreign["_created"] = json!("2020-01-01T00:00:00Z");
    reader.post("/db/bild", &json!([foreign])).refused(400, "ColumnNeedsSystemRoot");
    for path in [
        "/transitions",
        "/message",
        "/publish",
        "/event/list",
        "/plugin/manage",
        "/xmlmapping/mapping/1",
        "/system/status",
    ] {
        reader.get(path).refused(403, "SystemRightRequired");
    }
    for (path, body) in [
        ("/tags", json!([])),
        ("/group", json!([])),
        ("/pool", json!([])),
        ("/config", json!({})),
        ("/schema/commit", json!(null)),
    ] {
        reader.post(path, &body).refused(403, "SystemRightRequired");
    }
    reader.post("/system/purgeall", &json!(null)).refused(403, "SystemRightRequired");
    reader.get("/user?include_password=1").refused(403, "SystemRightRequired");
    assert_eq!(reader.get("/user").ok().as_array().unwrap().len(), 1, "only itself");
    assert!(reader.get("/config").ok()["system"]["config"].get("purge").is_none(), "what it may not see is left out");
    reader.upload("", &[("a.png", b"x")]).refused(403, "RightRequired");
}

#[test]
fn a_search_counts_and_lists_by_id() {
    let (_instance, http) = with_model();
    let saved = save(&http, "ort", &[ort("A"), ort("B"), ort("C")]);
    let ids: Vec<u64> = saved.iter().map(|record| record["_system_object_id"].as_u64().unwrap()).collect();
    let search = |body: Value| http.post("/search", &body);
    let found = search(json!({ "objecttypes": ["ort"], "limit": 0 })).ok();
    assert_eq!((&found["count"], &found["objects"]), (&json!(3), &json!([])));
    let one = search(
        json!({ "search": [{ "type": "in", "bool": "must", "fields": ["_system_object_id"], "in": [ids[1]] }] }),
    )
    .ok();
    assert_eq!((&one["count"], &one["objects"][0]["_system_object_id"]), (&json!(1), &json!(ids[1])));
    let rest = search(json!({ "objecttypes": ["ort"], "search_after": [ids[0]], "limit": 1000 })).ok();
    assert_eq!(rest["objects"].as_array().unwrap().len(), 2);
    let from = search(json!({ "search": [{ "type": "range", "field": "_system_object_id", "from": ids[2] }] })).ok();
    assert_eq!(from["count"], 1);
    search(json!({ "objecttypes": ["wort"] })).refused(400, "UnknownObjecttype");
    search(json!({ "limit": 1001 })).refused(400, "ServerGeneric");
    search(json!({ "offset": 10_000, "limit": 1 })).refused(400, "ServerGeneric");
    search(json!({ "search": [{ "type": "match", "string": "x" }] })).refused(400, "ServerGeneric");
}

#[test]
fn lookups_by_a_column_follow_every_change() {
    let (_instance, http) = with_model();
    let first = save(&http, "ort", &[ort("Alt"), ort("Anders")])[0].clone();
    let found = |name: &str| {
        let mut picture = bild("x");
        picture["bild"]["ort"] = to_ort(&json!({ "name": name }));
        http.post("/db/bild?dry_run=1", &json!([picture])).status == 200
    };
    assert!(found("Alt") && !found("Neu"));
    let mut next = ort("Neu");
    next["ort"] = json!({ "_version": 2, "_id": first["ort"]["_id"], "name": "Neu" });
    save(&http, "ort", &[next.clone()]);
    assert!(found("Neu") && !found("Alt"));
    // What was undone was never there.
    next["ort"]["_version"] = json!(3);
    next["ort"]["name"] = json!("Nie");
    http.post("/db/ort", &json!([next, { "_objecttype": "ort" }])).refused(400, "UnknownObjecttype");
    assert!(found("Neu") && !found("Nie"));
    http.delete("/db/ort", &json!([[first["ort"]["_id"], 2, null]])).ok();
    assert!(!found("Neu") && found("Anders"));
    http.delete("/db/ort?delete_policy=undelete", &json!([[first["ort"]["_id"], 2, null]])).ok();
    assert!(found("Neu"));
}

#[test]
fn pages_count_what_is_not_deleted() {
    let (_instance, http) = with_model();
    let saved = save(&http, "ort", &(0..10).map(|number| ort(&format!("{number}"))).collect::<Vec<_>>());
    for at in [0, 4, 9] {
        http.delete("/db/ort", &json!([[saved[at]["ort"]["_id"], 1, null]])).ok();
    }
    let names = |query: &str| {
        let page = http.get(&format!("/db/ort/_all_fields/list?{query}")).ok();
        page.as_array()
            .unwrap()
            .iter()
            .map(|record| record["ort"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("limit=4"), ["1", "2", "3", "5"]);
    assert_eq!(names("limit=4&offset=4"), ["6", "7", "8"]);
    assert_eq!(names("all_versions=1&limit=2&offset=8"), ["8", "9"]);
}

#[test]
fn records_that_link_to_deleted_ones_are_gathered_or_deleted_too() {
    let (_instance, http) = with_model();
    for policy in ["create_collection", "remove"] {
        let place = save(&http, "ort", &[ort("Ziel")])[0].clone();
        let mut picture = bild("Bild");
        picture["bild"]["ort"] = to_ort(&json!({ "_system_object_id": place["_system_object_id"] }));
        let picture = save(&http, "bild", &[picture])[0]["_system_object_id"].clone();
        let before = list(&http, "bild").len();
        let triple = json!([[place["ort"]["_id"], 1, "nicht mehr da"]]);
        let done = http.delete(&format!("/db/ort?delete_policy={policy}"), &triple).ok();
        if policy == "remove" {
            assert_eq!(done["removed"], json!([place["_system_object_id"], picture]));
            assert_eq!(list(&http, "bild").len(), before - 1);
            continue;
        }
        assert_eq!(done["removed"], json!([place["_system_object_id"]]));
        let held = http.get(&format!("/collection/objects/{}", done["create_collection"])).ok();
        let id = held["objects"][0]["_global_object_id"].as_str().unwrap().split('@').next().unwrap().to_owned();
        assert_eq!((id, &held["count"]), (picture.to_string(), &json!(1)));
        let link = list(&http, "bild")[0]["bild"]["ort"].clone();
        assert!(link["_latest_version_deleted_at"].is_string(), "{link}");
    }
    http.delete("/db/ort?delete_policy=shrug", &json!([])).refused(400, "ServerGeneric");
}
