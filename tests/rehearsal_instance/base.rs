//! Base types: created, updated, looked up, refused.

use fonds::rehearsal::{Options, Release};
use serde_json::{Value, json};

use super::support::http::{Http, commit, empty, started};
use super::{bild, model, ort, save, with_model};

fn group(reference: &str) -> Value {
    json!({ "_basetype": "group", "group": { "_version": 1, "type": "easydb", "reference": reference } })
}

fn user(login: &str) -> Value {
    json!({ "_basetype": "user", "user": { "_version": 1, "type": "easydb", "login": login, "reference": login } })
}

fn pool(reference: &str, parent: &str) -> Value {
    json!({ "_basetype": "pool", "pool": { "_version": 1, "reference": reference, "lookup:_id_parent": { "reference": parent } } })
}

fn collection(reference: &str, parent: &str) -> Value {
    json!({ "_basetype": "collection", "collection": { "_version": 1, "reference": reference, "lookup:_id_parent": { "reference": parent } } })
}

#[test]
fn versions_and_references_hold_for_every_base_type() {
    let (_instance, http) = empty();
    for (path, name, item) in
        [("/group", "group", group("a")), ("/user", "user", user("a")), ("/pool", "pool", pool("a", "system:root"))]
    {
        let saved = http.post(path, &json!([item])).ok();
        let id = saved[0][name]["_id"].as_u64().expect("an id");
        http.put(path, &json!([item])).refused(400, "DatabaseUniqueKeyViolation");
        let mut wrong = item.clone();
        wrong[name]["_version"] = json!(2);
        wrong[name]["reference"] = json!("b");
        wrong[name].as_object_mut().unwrap().remove("login");
        let refusal = http.post(path, &json!([wrong])).refused(400, "VersionMismatch");
        assert_eq!((&refusal["parameters"]["got"], &refusal["parameters"]["expected"]), (&json!(2), &json!(1)));
        wrong[name]["_id"] = json!(id);
        http.post(path, &json!([wrong])).ok();
        let next = json!([{ "_basetype": name, name: { "_version": 3, "lookup:_id": { "reference": "b" } } }]);
        let saved = http.post(path, &next).ok();
        assert_eq!((&saved[0][name]["_id"], &saved[0][name]["_version"]), (&json!(id), &json!(3)));
        let one = http.get(&format!("{path}/{id}")).ok();
        assert_eq!(one[0][name]["reference"], "b");
        let (status, code) = match name {
            "group" => (400, "ServerGeneric"),
            "user" => (400, "UserNotFound"),
            _ => (403, "InsufficientRights"),
        };
        http.get(&format!("{path}/999")).refused(status, code);
        let nobody = json!([{ "_basetype": name, name: { "_version": 2, "lookup:_id": { "reference": "nobody" } } }]);
        http.post(path, &nobody).refused(400, "LookupNotFound");
        http.post(path, &json!([{ "_basetype": "thing", "thing": {} }])).refused(400, "ServerGeneric");
        http.post(path, &json!({})).refused(400, "ServerGeneric");
    }
}

#[test]
fn of_a_list_all_are_saved_or_none() {
    let (_instance, http) = empty();
    let before = http.get("/group").ok();
    let mut bad = group("c");
    bad["_owner"] = json!({ "_basetype": "user", "user": { "lookup:_id": { "reference": "nobody" } } });
    http.post("/group", &json!([group("a"), group("b"), bad])).refused(400, "LookupNotFound");
    assert_eq!(http.get("/group").ok(), before);
    http.post("/group", &json!([group("a")])).ok();
}

#[test]
fn system_groups_and_pools_are_only_updated() {
    let (_instance, http) = empty();
    let mut system = group("x");
    system["group"]["type"] = json!("system");
    http.post("/group", &json!([system])).refused(400, "GroupTypeNotAllowed");
    let change = json!([{ "_basetype": "group", "group": { "_version": 2, "lookup:_id": { "reference": "system:all" }, "type": "easydb" } }]);
    http.post("/group", &change).refused(400, "GroupTypeChangeNotAllowed");
    let mut own = pool("x", "system:root");
    own["pool"]["is_system_pool"] = json!(true);
    http.post("/pool", &json!([own])).refused(400, "UnableToSetIsSystemPool");
    http.post("/pool", &json!([{ "_basetype": "pool", "pool": { "_version": 1 } }])).refused(400, "PoolNeedsParent");
    http.post("/pool", &json!([pool("x", "nowhere")])).refused(400, "LookupNotFound");
    http.post("/pool", &json!([pool("a", "system:root"), pool("b", "a")])).ok();
    let looped = json!([{ "_basetype": "pool", "pool": { "_version": 2, "lookup:_id": { "reference": "a" }, "lookup:_id_parent": { "reference": "b" } } }]);
    http.post("/pool", &looped).refused(400, "IllegalPathForPool");
    let pools = http.get("/pool").ok();
    let b = pools.as_array().unwrap().iter().find(|pool| pool["pool"]["reference"] == "b").unwrap().clone();
    assert_eq!((&b["_level"], b["_path"].as_array().unwrap().len()), (&json!(3), 3));
}

#[test]
fn users_log_in_and_their_hashes_are_for_root() {
    let (instance, http) = empty();
    let mut new = user("anna");
    new["_password"] = json!("ab");
    assert_eq!(http.post("/user", &json!([new])).status, 202, "a weak password is asked back about");
    http.post("/user?confirm=ignore_password_requirements", &json!([new])).ok();
    let anna = Http::login(&instance, "anna", "ab");
    let mut hashed = user("bert");
    hashed["_password_hash"] = json!("bcrypt:$2a$10$abc");
    hashed["_created_at"] = json!("2020-01-01T00:00:00Z");
    http.post("/user", &json!([hashed])).ok();
    anna.post("/user", &json!([user("carl")])).refused(403, "SystemRightRequired");
    let users = http.get("/user?include_password=1").ok();
    let bert = users.as_array().unwrap().iter().find(|user| user["user"]["login"] == "bert").unwrap().clone();
    assert_eq!(
        (&bert["_password_hash"], &bert["_created_at"]),
        (&json!("bcrypt:$2a$10$abc"), &json!("2020-01-01T00:00:00Z"))
    );
    assert!(!http.get("/user").text().contains("bcrypt"));
    hashed["user"]["login"] = json!("dora");
    hashed["user"]["reference"] = json!("dora");
    hashed["_password_hash"] = json!("nohash");
    http.post("/user", &json!([hashed])).refused(400, "ServerGeneric");
    for kind in ["ldap", "sso", "email"] {
        let mut other = user("x");
        other["user"]["type"] = json!(kind);
        other["_password"] = json!("something");
        http.post("/user", &json!([other])).refused(400, "UnableToSetPasswordForUserType");
        other.as_object_mut().unwrap().remove("_password");
        other["user"]["require_password_change"] = json!(true);
        http.post("/user", &json!([other])).refused(400, "UnableToSetPasswordForUserType");
    }
    let mut mail = user("post");
    mail["user"]["email"] = json!("no address");
    http.post("/user", &json!([mail])).refused(400, "UserEmailMalformed");
    http.post("/user?skip_constraints=1", &json!([mail])).ok();
    mail["user"] = json!({ "_version": 1, "type": "easydb", "login": "other", "email": "no address" });
    http.post("/user?skip_constraints=1", &json!([mail])).refused(409, "UserDuplicateEmail");
    mail["user"] = json!({ "_version": 1, "type": "easydb", "login": "l".repeat(501) });
    http.post("/user", &json!([mail])).refused(400, "ServerGeneric");
}

#[test]
fn each_user_has_a_collection_and_pin_codes_wait_for_theirs() {
    let (_instance, http) = empty();
    let mut new = user("anna");
    new["_collection_pin_codes"] = json!([{ "collection_id": 999, "pin_code": "1" }]);
    http.post("/user", &json!([new])).ok();
    let list = http.get("/collection/list").ok();
    let own =
        list.as_array().unwrap().iter().find(|c| c["collection"]["reference"] == "user:ref:anna").unwrap().clone();
    assert_eq!((&own["_level"], &own["collection"]["is_system_collection"]), (&json!(2), &json!(true)));
    let saved = http.put("/collection/list", &json!([collection("alben", "user:ref:anna")])).ok();
    assert_eq!(saved[0]["_owner"], own["_owner"], "the owner is that of the parent");
    let id = saved[0]["collection"]["_id"].clone();
    let update = json!([{ "_basetype": "user", "user": { "lookup:_id": { "reference": "anna" }, "_version": 2 },
        "_collection_pin_codes": [{ "collection_id": id, "pin_code": "4711" }, { "collection_id": 999, "pin_code": "1" }] }]);
    let saved = http.post("/user", &update).ok();
    assert_eq!(saved[0]["_collection_pin_codes"], json!([{ "collection_id": id, "pin_code": "4711" }]));
    let (_instance, old) = started(Options { release: Release(6, 31, 0), ..Options::default() });
    old.post("/user", &json!([new])).refused(400, "WrongCollection");
}

#[test]
fn tags_are_one_set_and_what_is_used_does_not_vanish() {
    let (_instance, http) = with_model();
    let tag =
        |id: u64| json!({ "_basetype": "tag", "tag": { "_id": id, "reference": format!("t{id}"), "enabled": true } });
    let set = |tags: Value| json!([{ "_basetype": "taggroup", "taggroup": { "type": "checkbox", "reference": "g" }, "_tags": tags }]);
    let saved =
        http.post("/tags", &set(json!([tag(13), { "tag": { "reference": "new" } }, { "reference": "flat" }]))).ok();
    let ids =
        saved[0]["_tags"].as_array().unwrap().iter().map(|tag| tag["tag"]["_id"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids, [13, 14, 15]);
    http.post("/tags", &set(json!([tag(13)]))).ok();
    assert_eq!(http.get("/tags").ok()[0]["_tags"].as_array().unwrap().len(), 1, "what is not sent is deleted");
    let mut record = bild("x");
    record["_tags"] = json!([{ "lookup:_id": { "reference": "t13" } }]);
    save(&http, "bild", &[record.clone()]);
    assert_eq!(http.post("/tags", &set(json!([tag(20)]))).status, 202);
    http.post("/tags?delete_policy=keep", &set(json!([tag(20)]))).refused(400, "TagsInUse");
    http.post("/tags?delete_policy=remove_tags", &set(json!([tag(20)]))).ok();
    record["_tags"] = json!([{ "lookup:_id": { "reference": "t13" } }]);
    http.post("/db/bild", &json!([record])).refused(400, "LookupNotFound");
    record["_tags"] = json!([{ "lookup:_id": { "shortname": "t20" } }]);
    http.post("/db/bild", &json!([record])).refused(400, "SchemaInconsistent");
}

#[test]
fn presets_mappings_messages_and_transitions_are_kept() {
    let (_instance, http) = with_model();
    let preset = json!([{ "_basetype": "right_preset", "right_preset": { "_version": 1, "_position": 2, "preset": { "rights": {} } } }]);
    let saved = http.post("/right/object/presets", &preset).ok();
    assert_eq!(http.get("/right/object/presets").ok(), saved);
    assert_eq!(http.get("/right/collection/presets").ok(), json!([]));
    http.get(&format!("/right/object/presets/{}", saved[0]["right_preset"]["_id"])).ok();
    http.get("/right/pool/presets").refused(400, "UnknownEndpointMethod");
    http.post("/right/pool/presets", &preset).refused(400, "UnknownEndpointMethod");
    http.post("/right/object/presets", &json!([{ "_basetype": "right_preset", "right_preset": { "_version": 1 } }]))
        .refused(400, "ServerGeneric");

    let mapping =
        http.put("/xmlmapping/mapping", &json!({ "id": 77, "profile": "import.yml", "profile_type": {} })).ok();
    assert_eq!(mapping["id"], 1, "the id that is sent is ignored");
    assert_eq!(http.get("/xmlmapping/list").ok()[0]["mappings"][0]["id"], 1);
    http.post("/xmlmapping/mapping/1", &json!({ "profile": "x.yml" })).ok();
    assert_eq!(http.get("/xmlmapping/mapping/1").ok()["profile"], "x.yml");
    http.get("/xmlmapping/mapping/77").refused(400, "ServerGeneric");
    http.put("/xmlmapping/mapping", &json!([])).refused(400, "ServerGeneric");

    let message = json!([{ "_basetype": "message", "message": { "_version": 1, "title": {}, "message": {} } }]);
    let id = http.post("/message", &message).ok()[0]["message"]["_id"].clone();
    assert_eq!(http.get(&format!("/message/{id}")).ok()[0]["message"]["_version"], 1);
    http.get("/message/99").refused(404, "MessageNotFound");

    let transition =
        |kind: &str, types: Value| json!([{ "type": kind, "operations": ["INSERT"], "objecttype_ids": types }]);
    let saved = http.post("/transitions", &transition("process", json!([2]))).ok();
    assert_eq!(saved[0]["_id"], 1);
    assert_eq!(http.get("/transitions").ok(), saved);
    http.post("/transitions", &transition("odd", json!([]))).refused(400, "ServerGeneric");
    http.post("/transitions", &transition("process", json!([99]))).refused(400, "ObjecttypeNotFound");
    http.post("/transitions", &json!([])).ok();
    assert_eq!(http.get("/transitions").ok(), json!([]), "what is not sent is deleted");
}

#[test]
fn objecttypes_are_there_with_the_data_model() {
    let (_instance, http) = with_model();
    let types = http.get("/objecttype").ok();
    let names = types.as_array().unwrap().iter().map(|t| t["objecttype"]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names, [json!("ort"), json!("bild"), json!("notiz")]);
    let update = |id: u64, version: u64| json!([{ "_basetype": "objecttype", "objecttype": { "_id": id, "_version": version, "name": "bild" }, "_tags": [] }]);
    http.post("/objecttype", &update(2, 1)).refused(400, "VersionMismatch");
    http.post("/objecttype", &update(2, 2)).ok();
    http.post("/objecttype", &update(99, 1)).refused(400, "LookupNotFound");
    http.post("/objecttype", &update(1, 2)).refused(400, "ServerGeneric");
    let masks =
        json!([{ "_basetype": "objecttype", "objecttype": { "_id": 1, "_version": 2 }, "_standard_masks": [] }]);
    http.post("/objecttype", &masks).refused(400, "ObjecttypeNeedsStandardMask");
    assert!(http.get("/objecttype?format=short").ok()[1].get("_tags").is_none());
}

#[test]
fn collections_hold_records_of_this_instance_and_of_others() {
    let (_instance, http) = with_model();
    let record = save(&http, "ort", &[ort("A")])[0].clone();
    http.put("/collection/list", &json!([collection("a", "system:root"), collection("b", "a")])).ok();
    http.put("/collection/list", &json!([collection("c", "nowhere")])).refused(400, "LookupNotFound");
    let one = http.put("/collection", &collection("c", "b")).ok();
    let id = one["collection"]["_id"].as_u64().unwrap();
    let own = |lookup: Value| json!({ "lookup:_global_object_id": lookup });
    let first = own(json!({ "_objecttype": "ort", "_system_object_id": record["_system_object_id"] }));
    let later = own(json!({ "_objecttype": "ort", "_system_object_id": 800, "_allow_defer": true }));
    let foreign = json!({ "_global_object_id": "1236@elsewhere", "webfrontend_props": { "color": "red" } });
    let pushed = http.post(&format!("/collection/push/{id}?skip_index=1"), &json!({ "objects": [first, later] })).ok();
    assert_eq!(pushed, json!({ "_version": 1, "count": 2 }));
    assert_eq!(http.post(&format!("/collection/push/{id}"), &json!({ "objects": [foreign] })).ok()["count"], 3);
    let held = http.get(&format!("/collection/objects/{id}?limit=2&offset=1")).ok();
    assert_eq!((&held["count"], &held["objects"][1]["_global_object_id"]), (&json!(3), &json!("1236@elsewhere")));
    let unknown = own(json!({ "_objecttype": "ort", "_system_object_id": 801 }));
    http.post(&format!("/collection/push/{id}"), &json!({ "objects": [unknown] })).refused(400, "LookupNotFound");
    let local = json!({ "_global_object_id": "801@local" });
    http.post(&format!("/collection/push/{id}"), &json!({ "objects": [local] })).refused(400, "LookupNotFound");
    assert_eq!(http.post(&format!("/collection/objects/{id}"), &json!({ "objects": [first] })).ok()["count"], 1);
    http.post(&format!("/collection/remove/{id}"), &json!([foreign]))
        .refused(400, "CollectionRemoveNotAllObjectsFound");
    assert_eq!(http.post(&format!("/collection/remove/{id}"), &json!([first])).ok()["count"], 0);
    http.get("/collection/objects/999").refused(404, "ObjectNotFound");
    http.get("/collection/999").refused(404, "ObjectNotFound");
    let level = http.get("/collection/list/null").ok();
    assert_eq!(level.as_array().unwrap().len(), 1);
}

#[test]
fn publications_need_a_collector_and_a_record() {
    let (_instance, http) = with_model();
    let record = save(&http, "ort", &[ort("A")])[0].clone();
    let publication = |id: &Value, collector: &str, uri: &str| json!([{ "_basetype": "publish", "publish": { "system_object_id": id, "collector": collector, "publish_uri": uri, "easydb_uri": "x" } }]);
    let id = &record["_system_object_id"];
    http.post("/publish", &publication(id, "datacite", "https://doi")).ok();
    assert_eq!(http.get("/publish").ok()[0]["publish"]["collector"], "datacite");
    assert_eq!(http.get("/publish/1").ok()[0]["publish"]["_id"], 1);
    assert_eq!(http.get("/publish/2").ok(), json!([]));
    http.post("/publish", &publication(id, "other", "https://doi")).refused(400, "PublishUnknownCollector");
    http.post("/publish", &publication(id, "datacite", " ")).refused(400, "PublishInvalidData");
    http.post("/publish", &publication(&json!(99), "datacite", "x")).refused(404, "ObjectNotFound");
    http.delete("/db/ort", &json!([[record["ort"]["_id"], 1, null]])).ok();
    http.post("/publish", &publication(id, "datacite", "x")).refused(400, "PublishDeletedObject");
}

#[test]
fn events_are_written_by_root_that_skips_constraints() {
    let (_instance, http) = with_model();
    save(&http, "ort", &[ort("A")]);
    http.post("/db/ort?skip_events=1", &json!([ort("B")])).ok();
    let list = http.get("/event/list?type=OBJECT_INSERT").ok();
    assert_eq!((&list["count"], &list["objects"][0]["event"]["objecttype"]), (&json!(1), &json!("ort")));
    let event = |kind: &str| json!({ "_basetype": "event", "event": { "_id": 1, "type": kind, "timestamp": "2020-01-01T00:00:00Z", "info": { "a": 1.50 } } });
    http.post("/event/list", &json!([event("SEARCH")])).refused(400, "EventTypeNotAllowed");
    http.post("/event/list?skip_constraints=1", &json!([event("TASK_INSERT")])).refused(400, "EventTypeNotAllowed");
    http.post("/event", &event("FRONTEND_X")).ok();
    let mut other = event("USER_LOGIN");
    other["user"] = json!({ "_basetype": "user", "user": { "lookup:_id": { "reference": "system:root" } } });
    http.post("/event/list?skip_constraints=1", &json!([event("SEARCH"), other])).ok();
    other["user"]["user"]["lookup:_id"]["reference"] = json!("nobody");
    http.post("/event/list?skip_constraints=1", &json!([event("SEARCH"), other])).refused(400, "LookupNotFound");
    http.post("/event/list?skip_constraints=1&background=1", &json!([event("TASK_X"), event("SEARCH")])).ok();
    let all = http.get("/event/list?sort=_id.ASC").ok();
    let kinds = all["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"]["type"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(kinds, ["OBJECT_INSERT", "FRONTEND_X", "SEARCH", "USER_LOGIN", "SEARCH"]);
    assert_eq!(all["objects"][2]["event"]["timestamp"], "2020-01-01T00:00:00Z");
    let page = http.get("/event/list?limit=2&offset=1&sort=_id.ASC").ok();
    assert_eq!((&page["count"], &page["limit"], page["objects"].as_array().unwrap().len()), (&json!(5), &json!(2), 2));
    assert_eq!(http.get("/event/list?limit=1").ok()["objects"][0]["event"]["type"], "SEARCH", "the newest comes first");
    assert_eq!(http.get("/event/2").ok()["event"]["type"], "FRONTEND_X");
    http.get("/event/99").refused(404, "EventNotFound");
    http.get("/event/list?format=json_full").refused(400, "ServerGeneric");
    http.get("/event/list?sort=type").refused(400, "ServerGeneric");
}

#[test]
fn plugins_are_installed_from_a_url_or_an_uploaded_zip() {
    let (_instance, http) = empty();
    let url = json!({ "type": "url", "url": "https://plugins.example.org/gnd.zip", "enabled": true });
    assert_eq!(http.put("/plugin/manage", &url).ok()["name"], "gnd");
    http.put("/plugin/manage", &url).refused(400, "PluginDuplicateName");
    http.put("/plugin/manage", &json!({ "type": "zip", "zip_file": { "_id": 5 } })).refused(400, "ServerGeneric");
    let file = http.upload("", &[("labels.zip", b"PK")]).ok()[0]["_id"].clone();
    let zip = http.put("/plugin/manage", &json!({ "type": "zip", "zip_file": { "_id": file } })).ok();
    assert_eq!((&zip["name"], &zip["enabled"]), (&json!("labels"), &json!(false)));
    http.put("/plugin/manage", &json!({ "type": "disk", "name": "x" })).refused(400, "ServerGeneric");
    let path = format!("/plugin/manage/{}", zip["id"]);
    assert_eq!(http.post(&path, &json!({ "enabled": true })).ok()["enabled"], true);
    http.post("/plugin/manage/99", &json!({})).refused(404, "PluginNotFound");
    assert_eq!(http.get("/plugin/manage").ok()["plugins"].as_array().unwrap().len(), 2);
    assert_eq!(http.get("/plugin").ok()["plugins"].as_array().unwrap().len(), 2);
    let mut table = model();
    table[0]["columns"][1]["type"] = json!("custom:base.gnd.gnd");
    commit(&http, &table);
}
