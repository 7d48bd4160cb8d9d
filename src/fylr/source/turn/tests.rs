//! Items as an API gives them, and as a target takes them.

use serde_json::{Value, json};

use super::*;
use crate::fylr::source::book::References;

fn references(pairs: &[(u64, &str)]) -> References {
    References::settle("x", pairs.iter().map(|(id, text)| (*id, Some((*text).to_owned())))).0
}

pub(crate) fn context(kind: InstanceKind) -> Context {
    let model = json!({"tables": [
        {"name": "ort", "table_id": 1, "is_hierarchical": true, "columns": [{"name": "lage", "type": "geo_json"}]},
        {"name": "objekt", "table_id": 6, "columns": [
            {"name": "fundort", "type": "link"}, {"name": "pendant", "type": "link"}, {"name": "bild", "type": "eas"},
            {"name": "gnd", "type": "custom:base.gnd"}, {"name": "zahl", "type": "number"}],
            "foreign_keys": [
                {"columns": [{"column_name_hint": "fundort"}], "referenced_table": {"name_hint": "ort"}},
                {"columns": [{"column_name_hint": "pendant"}], "referenced_table": {"name_hint": "objekt"}}]},
        {"name": "objekt__beteiligte", "table_id": 7, "owned_by": {"other_table_name_hint": "objekt"},
            "columns": [{"name": "person", "type": "link"}, {"name": "rolle", "type": "text"}],
            "foreign_keys": [{"columns": [{"column_name_hint": "person"}], "referenced_table": {"name_hint": "person"}}]},
        {"name": "person", "table_id": 9, "columns": []},
        {"name": "spaeter", "table_id": 10, "columns": []}]});
    Context {
        kind,
        book: Book {
            tags: references(&[(13, "neu")]),
            groups: references(&[(2, "sammlung")]),
            users: references(&[(3, "hlindqvist"), (4, "user:4")]),
            pools: references(&[(1, "system:root"), (9, "museum")]),
            collections: references(&[(12, "collection:12")]),
            ..Book::default()
        },
        model: Datamodel::read(&model),
        ranks: ["ort", "person", "objekt", "spaeter"]
            .into_iter()
            .zip(0..)
            .map(|(name, at)| (name.to_owned(), at))
            .collect(),
        versions: Versions::All,
        links: Links::Whole,
        files: FileMode::Urls,
        origins: Vec::new(),
        notes: Arc::default(),
        packed: Arc::default(),
    }
}

#[track_caller]
fn assert_turned(turned: Result<Json<'_>, Unturnable>, expected: &Value) {
    let text = String::from_utf8(turned.unwrap().to_bytes(None)).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();
    assert!(found == *expected, "{found:#}\nis not\n{expected:#}");
}

#[track_caller]
fn turned_record(given: &Value, parent: Option<u64>, context: &Context, expected: &Value) {
    let text = given.to_string();
    let objecttype = given["_objecttype"].as_str().unwrap();
    assert_turned(record(Json::parse(&text).unwrap(), objecttype, parent, context).map(|turned| turned.json), expected);
}

#[test]
fn a_record_loses_its_ids_and_what_is_only_given() {
    let given = json!({"_objecttype": "objekt", "_mask": "_all_fields", "_format": "long", "_system_object_id": 4711,
        "_global_object_id": "4711@i", "_uuid": "b2", "_owner": {"_basetype": "user", "user": {"_id": 3, "login": "h"}},
        "_create_user": 4, "_created": "2024-05-28T08:00:00.123456Z", "_latest_version": true, "_comment": null,
        "_tags": [{"_id": 13}, {"_id": 99}], "_acl": [
            {"_id": 5, "who": {"_basetype": "group", "group": {"_id": 2, "name": "s"}}, "rights": {"read": {}}},
            {"who": {"_basetype": "user", "user": {"_id": 77}}, "rights": {}}],
        "_collections": [{"_id": 7}], "_has_children": false, "_standard": {"1": {}}, "_published_count": 0,
        "objekt": {"_id": 128, "_version": 4, "_pool": {"_basetype": "pool", "pool": {"_id": 9, "name": {"de-DE": "M"}}},
            "titel": {"de-DE": "Krug"}, "datierung": {"from": "-0050", "to": "0120-05"},
            "_reverse_nested:bericht:objekt": [{"_id": 1}]}});
    let expected = json!({"_objecttype": "objekt", "_mask": "_all_fields", "_system_object_id": 4711,
        "_global_object_id": "4711@i", "_uuid": "b2",
        "_owner": {"_basetype": "user", "user": {"lookup:_id": {"reference": "hlindqvist"}}},
        "_create_user": {"_basetype": "user", "user": {"lookup:_id": {"reference": "user:4"}}},
        "_created": "2024-05-28T08:00:00.123456Z", "_latest_version": true, "_comment": null,
        "_tags": [{"lookup:_id": {"reference": "neu"}}, {"_id": 99}],
        "_acl": [{"who": {"_basetype": "group", "group": {"lookup:_id": {"reference": "sammlung"}}}, "rights": {"read": {}}}],
        "objekt": {"_version": 4, "lookup:_id": {"_system_object_id": 4711},
            "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}},
            "titel": {"de-DE": "Krug"}, "datierung": {"from": "-0050", "to": "0120-05"}}});
    let context = context(InstanceKind::Fylr);
    turned_record(&given, None, &context, &expected);
    assert_eq!(context.notes.all().len(), 1);
}

#[test]
fn links_become_lookups_and_promises_where_the_target_comes_later() {
    let link = |table: &str, id: u64| json!({"_objecttype": table, "_mask": "_all_fields", "_system_object_id": id, "_standard": {}, table: {"_id": 3, "_version": 1}});
    let lookup = |table: &str, lookup: Value| json!({"_objecttype": table, "_mask": "_all_fields", table: {"lookup:_id": lookup}});
    let mut deleted = link("person", 60);
    deleted["_latest_version_deleted_at"] = json!("2024-01-01T00:00:00Z");
    let given = json!({"_objecttype": "objekt", "_system_object_id": 1, "objekt": {"_id": 1, "_version": 1,
        "fundort": link("ort", 12), "pendant": link("objekt", 13), "unbekannt": link("ort", 14),
        "_nested:objekt__beteiligte": [
            {"_id": 5, "_uuid": "r1", "rolle": "Töpferin", "person": link("person", 15)},
            {"_uuid": "r2", "person": deleted},
            {"_uuid": "r3", "person": {"_objecttype": "person", "_uuid": "p", "_system_object_id": 61, "_purged_or_deferred": true}},
            {"_uuid": "r4", "person": null}]}});
    let expected = json!({"_objecttype": "objekt", "_system_object_id": 1, "objekt": {"_version": 1,
        "fundort": lookup("ort", json!({"_system_object_id": 12})),
        "pendant": lookup("objekt", json!({"_system_object_id": 13, "_allow_defer": true})),
        "unbekannt": link("ort", 14),
        "_nested:objekt__beteiligte": [
            {"_uuid": "r1", "rolle": "Töpferin", "person": lookup("person", json!({"_system_object_id": 15}))},
            {"_uuid": "r2", "person": lookup("person", json!({"_system_object_id": 60, "_allow_defer": true,
                "_latest_version_deleted_at": "2024-01-01T00:00:00Z"}))},
            {"_uuid": "r3", "person": lookup("person", json!({"_system_object_id": 61, "_allow_defer": true,
                "_latest_version_deleted_at": null}))},
            {"_uuid": "r4", "person": null}]}});
    turned_record(&given, None, &context(InstanceKind::Fylr), &expected);
}

#[test]
fn every_link_may_dangle_in_a_backup_that_is_cut_short() {
    let mut context = context(InstanceKind::Fylr);
    context.links = Links::Partial;
    let given = json!({"_objecttype": "objekt", "_system_object_id": 1, "objekt": {"_version": 1,
        "fundort": {"_objecttype": "ort", "_system_object_id": 12, "ort": {}}}});
    let text = given.to_string();
    let turned = record(Json::parse(&text).unwrap(), "objekt", None, &context).unwrap();
    assert!(String::from_utf8(turned.json.to_bytes(None)).unwrap().contains(r#""_allow_defer":true"#));
}

#[test]
fn parents_are_looked_up_and_roots_say_that_they_are() {
    let given = |parent: Value| json!({"_objecttype": "ort", "_system_object_id": 5, "_level": 2, "_path": [{}], "ort": {"_id": 7, "_version": 1, "_id_parent": parent}});
    let context = context(InstanceKind::Fylr);
    let expected = json!({"_objecttype": "ort", "_system_object_id": 5,
        "ort": {"_version": 1, "lookup:_id_parent": {"_system_object_id": 4}}});
    turned_record(&given(json!(3)), Some(4), &context, &expected);
    let expected = json!({"_objecttype": "ort", "_system_object_id": 5, "ort": {"_version": 1, "_id_parent": null}});
    turned_record(&given(Value::Null), None, &context, &expected);
    let text = given(json!(3)).to_string();
    assert_eq!(glance(&Json::parse(&text).unwrap(), "ort").unwrap().parents, [Parent::Id(3)]);
}

#[test]
fn numbers_texts_and_custom_data_keep_their_bytes() {
    let given = r#"{"_objecttype":"objekt","_system_object_id":"9007199254740993","objekt":{"_id":1,"_version":1,"zahl":9007199254740993,"wert":1.50,"neg":-0,"text":"\u00fc \/ ü","gnd":{"_id":5,"_standard":{"x":1},"_path":[],"uri":"http:\/\/x"}}}"#;
    let turned = record(Json::parse(given).unwrap(), "objekt", None, &context(InstanceKind::Fylr)).unwrap();
    let expected = r#"{"_objecttype":"objekt","_system_object_id":"9007199254740993","objekt":{"_version":1,"zahl":9007199254740993,"wert":1.50,"neg":-0,"text":"\u00fc \/ ü","gnd":{"_id":5,"_standard":{"x":1},"_path":[],"uri":"http:\/\/x"}}}"#;
    assert_eq!(String::from_utf8(turned.json.to_bytes(None)).unwrap(), expected);
}

#[test]
fn without_history_the_latest_version_becomes_the_first() {
    let mut context = context(InstanceKind::Fylr);
    context.versions = Versions::Latest;
    let given = json!({"_objecttype": "objekt", "_system_object_id": 1, "objekt": {"_id": 1, "_version": 7}});
    let expected = json!({"_objecttype": "objekt", "_system_object_id": 1, "objekt": {"_version": 1}});
    turned_record(&given, None, &context, &expected);
}

#[test]
fn what_cannot_be_turned_says_why() {
    let context = context(InstanceKind::Fylr);
    let why = |given: Value| {
        let text = given.to_string();
        record(Json::parse(&text).unwrap(), "objekt", None, &context).err().unwrap().to_string()
    };
    assert_eq!(why(json!({"objekt": {}})), "it has no system object id");
    assert_eq!(why(json!({"_system_object_id": 1})), "it has no \"objekt\"");
    assert_eq!(
        why(json!({"_system_object_id": 1, "objekt": {"_pool": {"pool": {"_id": 5}}}})),
        "its pool 5 is not in the list of pools"
    );
    assert_eq!(
        why(json!({"_system_object_id": 1, "objekt": {"fundort": {"_objecttype": "ort", "ort": {"_id": 3}}}})),
        "its link in fundort to ort has no system object id"
    );
}

#[test]
fn groups_of_easydb5_become_groups_of_fylr() {
    let context = context(InstanceKind::Easydb5);
    let given = json!({"_basetype": "group", "group": {"_id": 2, "_version": 5, "type": "easydb", "name": "s",
            "created_timestamp": "x"}, "_ipv4_subnet_filter": ["192.0.2.0/24"], "_generated_rights": {},
        "_auth_method_group_maps": {"sso": [{"method": "eq", "value": "a"}], "ldap": []},
        "_owner": {"_basetype": "user", "user": {"_id": 3}}});
    let expected = json!({"_basetype": "group", "group": {"_version": 1, "type": "easydb", "name": "s",
            "reference": "sammlung"}, "_ip_subnet_filter": ["192.0.2.0/24"],
        "_auth_method_group_maps": {"saml": [{"method": "eq", "value": "a"}], "ldap": []},
        "_owner": {"_basetype": "user", "user": {"lookup:_id": {"reference": "hlindqvist"}}}});
    let text = given.to_string();
    assert_turned(group(Json::parse(&text).unwrap(), &context).map(Option::unwrap), &expected);
    let internet = r#"{"_basetype":"group","group":{"_id":8,"type":"system","name":":internet"}}"#;
    assert_eq!(group(Json::parse(internet).unwrap(), &context), Ok(None));
}

#[test]
fn users_of_easydb5_become_users_of_fylr() {
    let context = context(InstanceKind::Easydb5);
    let given = json!({"_basetype": "user", "user": {"_id": 4, "_version": 3, "type": "easydb", "login": "jberg",
            "created_timestamp": "2020-01-01T00:00:00Z"},
        "_emails": [{"email": "a@x"}, {"email": "b@x", "is_primary": true}],
        "_password_insecure_hash": "HASH", "_password_insecure_hash_method": "sha-512", "_password_insecure_hash_salt": "SALT",
        "_groups": [{"_basetype": "group", "group": {"_id": 2}, "_automatic_auth": {"type": "sso"}}, {"_basetype": "group", "group": {"_id": 66}}],
        "_collection_pin_codes": [{"collection_id": 12, "pin_code": "4711"}, {"collection_id": 13, "pin_code": "1"}]});
    let expected = json!({"_basetype": "user", "user": {"_version": 1, "type": "easydb", "login": "jberg",
            "reference": "user:4", "email": "b@x"}, "_created_at": "2020-01-01T00:00:00Z",
        "_password_hash": "sha-512:$6$SALT$HASH",
        "_groups": [{"_basetype": "group", "group": {"lookup:_id": {"reference": "sammlung"}}, "_automatic_auth": {"type": "saml"}}],
        "_collection_pin_codes": [{"lookup:collection_id": {"reference": "collection:12"}, "pin_code": "4711"}]});
    let text = given.to_string();
    let (turned, has_password) = user(Json::parse(&text).unwrap(), &context).unwrap();
    assert!(has_password);
    assert_turned(Ok(turned), &expected);
}

#[test]
fn users_who_log_in_elsewhere_have_no_password() {
    let given = r#"{"user":{"_id":4,"type":"ldap","login_valid_to":"2026-01-01T00:00:00Z","require_password_change":true},"_password_hash":"bcrypt:x"}"#;
    let (turned, has_password) = user(Json::parse(given).unwrap(), &context(InstanceKind::Fylr)).unwrap();
    assert!(!has_password);
    let expected = json!({"user": {"type": "ldap", "login_valid_to": "2026-01-01T00:00:00Z", "_version": 1, "reference": "user:4"}});
    assert_turned(Ok(turned), &expected);
}

#[test]
fn collections_know_their_parents_pools_and_slides() {
    let context = context(InstanceKind::Fylr);
    let given = json!({"_basetype": "collection", "collection": {"_id": 12, "_id_parent": 12, "_version": 2, "type": "presentation",
            "create_object": {"objecttype": "objekt", "pool": {"_basetype": "pool", "pool": {"_id": 9}}, "mapping": 5},
            "webfrontend_props": {"presentation": {"slides": [{"type": "duo",
                "left": {"global_object_id": "5@i"}, "right": {"global_object_id": "6@other"}}]}}},
        "_count": 3, "_level": 3, "_has_acl": true});
    let expected = json!({"_basetype": "collection", "collection": {"lookup:_id_parent": {"reference": "collection:12"},
            "_version": 1, "type": "presentation", "reference": "collection:12",
            "create_object": {"objecttype": "objekt", "pool": {"_basetype": "pool", "pool": {"lookup:_id": {"reference": "museum"}}}, "mapping": 5},
            "webfrontend_props": {"presentation": {"slides": [{"type": "duo",
                "left": {"lookup:global_object_id": {"_objecttype": "objekt", "_system_object_id": 5}},
                "right": {"global_object_id": "6@other"}}]}}}});
    let objecttype_of = |id: u64| (id == 5).then(|| "objekt".to_owned());
    let text = given.to_string();
    assert_turned(collection(Json::parse(&text).unwrap(), &objecttype_of, &context), &expected);
    let page = r#"{"count":2,"objects":[{"_global_object_id":"5@i","webfrontend_props":null},{"_global_object_id":"1236@other"}]}"#;
    let mut found = Vec::new();
    assert_eq!(collection_objects(Json::parse(page).unwrap(), &objecttype_of, &mut found), Ok(2));
    let expected = json!([{"lookup:_global_object_id": {"_objecttype": "objekt", "_system_object_id": 5, "_allow_defer": true},
        "_webfrontend_props": null}, {"_global_object_id": "1236@other"}]);
    assert_turned(Ok(Json::Array(found)), &expected);
}

#[test]
fn the_base_config_of_easydb5_is_what_fylr_has_a_place_for() {
    let given = json!({"system": {"logo": {"_id": 1}, "login.internet": {"value": true}, "upload.image": {},
        "login.password_policy": {"hint": {"de-DE": "lang"}, "policy": [{"expression": ".{8}"}]},
        "languages": {"database": [{"value": "de-DE"}]}}});
    let expected = json!({"__EASYDB_BASE_CONFIG__": true, "system": {"config": {"appearance": {"logo": {"_id": 1}},
        "login": {"guest": true}, "password": {"hint": {"de-DE": "lang"}, "check": [{"regexp": ".{8}"}]},
        "languages": {"database": [{"value": "de-DE"}]}}}});
    let text = given.to_string();
    assert_turned(Ok(base_config(Json::parse(&text).unwrap(), &context(InstanceKind::Easydb5))), &expected);
}

#[test]
fn masked_secrets_are_left_out_of_the_base_config() {
    let given = r#"{"system":{"config":{"smtp":{"user":"u","password":"*****"},"list":[{"key":"***","n":1}]}}}"#;
    let expected =
        json!({"__EASYDB_BASE_CONFIG__": true, "system": {"config": {"smtp": {"user": "u"}, "list": [{"n": 1}]}}});
    assert_turned(Ok(base_config(Json::parse(given).unwrap(), &context(InstanceKind::Fylr))), &expected);
}

#[test]
fn tags_get_envelopes_and_references() {
    let given = json!([{"_basetype": "taggroup", "taggroup": {"_id": 1, "type": "choice"}, "_tags": [
        {"_id": 13, "reference": "neu", "displayname": {"de-DE": "neu"}},
        {"_basetype": "tag", "tag": {"_id": 14}, "_acl": [{"who": {"_basetype": "group", "group": {"_id": 2}}}]}]}]);
    let text = given.to_string();
    let Json::Array(mut groups) = Json::parse(&text).unwrap() else { panic!() };
    let (tag_groups, all, clashes) = settled_tags(&groups);
    assert!(clashes.is_empty());
    let mut context = context(InstanceKind::Fylr);
    context.book.tags = all;
    context.book.tag_groups = tag_groups;
    let expected = json!({"_basetype": "taggroup", "taggroup": {"_id": 1, "type": "choice", "reference": "taggroup:1"}, "_tags": [
        {"_basetype": "tag", "tag": {"_id": 13, "reference": "neu", "displayname": {"de-DE": "neu"}}},
        {"_basetype": "tag", "tag": {"_id": 14, "reference": "tag:14"},
            "_acl": [{"who": {"_basetype": "group", "group": {"lookup:_id": {"reference": "sammlung"}}}}]}]});
    assert_turned(tags(groups.remove(0), &context), &expected);
}
