//! Each of these backups has one thing wrong, and the instance refuses it with the code that is documented for it.

use fonds::rehearsal::{LoadError, Options};
use serde_json::{Value, json};

use super::{changed, load};

const ORT_0: &str = "db__ort__level_00__batch_0001__size_0001.json";
const ORT_1: &str = "db__ort__level_01__batch_0001__size_0002.json";
const ORT_2: &str = "db__ort__level_02__batch_0001__size_0003.json";
const THEMA_1: &str = "db__thema__level_01__batch_0001__size_0001.json";
const PERSON: &str = "db__person__batch_0001__size_0004.json";
const WORDS: &str = "db__schlagwort__batch_0001__size_0003.json";
const SHOW: &str = "db__ausstellung__batch_0001__size_0001.json";
const OBJECTS: &str = "db__objekt__batch_0001__size_0005.json";
const DOCUMENTS: &str = "db__dokument__batch_0001__size_0002.json";
const USERS: &str = "basetype-user-0000.json";
const GROUPS: &str = "basetype-group-0000.json";
const POOLS: &str = "basetype-pool-level-01.json";
const TAGS: &str = "basetype-tags-0000.json";
const MODEL: &str = "datamodel.json";

/// A file, what is changed in it, and how that is refused.
type Case = (&'static str, &'static str, fn(&mut Value), u16, &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    for (what, file, change, status, code) in cases {
        let dir = changed(&[(file, change)]);
        match load(dir.path(), Options::default()) {
            Err(LoadError::Refused { path, status: got, code: told, text, .. }) => {
                assert_eq!((got, told.as_str()), (*status, *code), "{what}: {text}");
                assert_eq!(path.to_string(), *file, "{what}: {text}");
            }
            Err(other) => panic!("{what}: {other:?}"),
            Ok(_) => panic!("{what} is taken"),
        }
    }
}

fn objekt(json: &mut Value, at: usize) -> &mut Value {
    &mut json["objects"][at]["objekt"]
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    check(&[
        (
            "a dangling link",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] = json!({"_system_object_id": 9999}),
            400,
            "LookupNotFound",
        ),
        (
            "a dangling uuid",
            SHOW,
            |j| {
                j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] =
                    json!({"_uuid": "00000000-0000-4000-a000-000000000000"});
            },
            400,
            "LookupNotFound",
        ),
        (
            "a column that has no such value",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] = json!({"geonames_id": "gn-0"}),
            400,
            "LookupNotFound",
        ),
        (
            "a column that two records have",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] = json!({"name": "Zweimal"}),
            400,
            "LookupNotFound",
        ),
        (
            "a promise by a column",
            SHOW,
            |j| {
                j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] =
                    json!({"name": "Seedorf", "_allow_defer": true});
            },
            400,
            "SchemaInconsistent",
        ),
        (
            "two keys in one lookup",
            SHOW,
            |j| {
                j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] =
                    json!({"name": "Seedorf", "geonames_id": "gn-104"});
            },
            400,
            "SchemaInconsistent",
        ),
        (
            "a link to another objecttype",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["ort"]["_objecttype"] = json!("thema"),
            400,
            "SchemaInconsistent",
        ),
        (
            "a link through an unknown mask",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["ort"]["_mask"] = json!("other"),
            400,
            "UnknownObjecttype",
        ),
        (
            "a link to a record of another objecttype",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] = json!({"_system_object_id": 112}),
            400,
            "LookupNotFound",
        ),
        (
            "a promise of a record of another objecttype",
            PERSON,
            |j| {
                j["objects"][1]["person"]["lehrer"]["person"]["lookup:_id"] =
                    json!({"_system_object_id": 112, "_allow_defer": true});
            },
            400,
            "DeferredLinkedObjectWrongObjecttype",
        ),
        (
            "an owner nobody knows",
            ORT_0,
            |j| j["objects"][0]["_owner"]["user"]["lookup:_id"]["reference"] = json!("nobody"),
            400,
            "LookupNotFound",
        ),
    ]);
}

#[test]
fn two_hits_of_a_lookup_are_refused() {
    let dir = changed(&[
        (ORT_2, &|j| j["objects"][0]["ort"]["name"] = json!("Moorweiler")),
        (SHOW, &|j| j["objects"][0]["ausstellung"]["ort"]["ort"]["lookup:_id"] = json!({"name": "Moorweiler"})),
    ]);
    match load(dir.path(), Options::default()) {
        Err(LoadError::Refused { code, .. }) => assert_eq!(code, "LookupFoundTooMany"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("taken"),
    }
}

#[test]
fn hierarchies_out_of_order_are_refused() {
    check(&[
        (
            "a child before its parent",
            ORT_1,
            |j| j["objects"][0]["ort"]["lookup:_id_parent"] = json!({"_system_object_id": 108}),
            400,
            "LookupNotFound",
        ),
        (
            "a parent of a type without hierarchy",
            WORDS,
            |j| j["objects"][0]["schlagwort"]["lookup:_id_parent"] = json!({"_system_object_id": 101}),
            400,
            "SchemaInconsistent",
        ),
        (
            "a parent twice",
            THEMA_1,
            |j| {
                let first = j["objects"][0]["thema"]["_parents"][0].clone();
                j["objects"][0]["thema"]["_parents"] = json!([first, first]);
            },
            400,
            "SchemaInconsistent",
        ),
        (
            "a record below itself",
            ORT_2,
            |j| j["objects"][2]["ort"]["lookup:_id_parent"] = json!({"_system_object_id": 105}),
            400,
            "SchemaInconsistent",
        ),
    ]);
}

#[test]
fn versions_that_do_not_follow_are_refused() {
    check(&[
        (
            "version 3 before version 2",
            OBJECTS,
            |j| j["objects"].as_array_mut().unwrap().swap(1, 2),
            400,
            "VersionMismatch",
        ),
        ("a first version 2", WORDS, |j| j["objects"][0]["schlagwort"]["_version"] = json!(2), 400, "VersionMismatch"),
        (
            "the same record twice",
            WORDS,
            |j| {
                let first = j["objects"][0].clone();
                j["objects"].as_array_mut().unwrap().push(first);
            },
            400,
            "VersionMismatch",
        ),
        (
            "a version that is left out",
            OBJECTS,
            |j| drop(j["objects"].as_array_mut().unwrap().remove(1)),
            400,
            "VersionMismatch",
        ),
        (
            "a uuid that another record has",
            WORDS,
            |j| j["objects"][1]["_uuid"] = j["objects"][0]["_uuid"].clone(),
            400,
            "DatabaseUniqueKeyViolation",
        ),
        (
            "a system id of another type",
            SHOW,
            |j| j["objects"][0]["_system_object_id"] = json!(101),
            400,
            "DatabaseUniqueKeyViolation",
        ),
    ]);
}

#[test]
fn values_that_do_not_fit_the_data_model_are_refused() {
    check(&[
        ("an unknown column", OBJECTS, |j| objekt(j, 0)["farbe"] = json!("blau"), 400, "SchemaInconsistent"),
        ("an unknown key of a record", OBJECTS, |j| j["objects"][0]["_surprise"] = json!(1), 400, "SchemaInconsistent"),
        (
            "an unknown column of a row",
            OBJECTS,
            |j| objekt(j, 1)["_nested:objekt__masse"][0]["tiefe"] = json!(1),
            400,
            "SchemaInconsistent",
        ),
        (
            "an unknown nested table",
            OBJECTS,
            |j| objekt(j, 0)["_nested:objekt__farben"] = json!([]),
            400,
            "SchemaInconsistent",
        ),
        ("a text for a number", OBJECTS, |j| objekt(j, 0)["anzahl"] = json!("eins"), 400, "RecordUnmarshalJson"),
        ("a fraction for a whole number", OBJECTS, |j| objekt(j, 0)["anzahl"] = json!(1.5), 400, "RecordUnmarshalJson"),
        (
            "a number beyond 64 bits",
            OBJECTS,
            |j| objekt(j, 0)["anzahl"] = json!(10_000_000_000_000_000_000_u64),
            400,
            "NumberOutOfRange",
        ),
        ("a text for a boolean", OBJECTS, |j| objekt(j, 0)["ausgestellt"] = json!("ja"), 400, "RecordUnmarshalJson"),
        ("a text for a localized text", OBJECTS, |j| objekt(j, 0)["titel"] = json!("Krug"), 400, "RecordUnmarshalJson"),
        (
            "a text for a date",
            PERSON,
            |j| j["objects"][0]["person"]["geboren"] = json!("1887"),
            400,
            "RecordUnmarshalJson",
        ),
        (
            "a date that is none",
            PERSON,
            |j| j["objects"][0]["person"]["geboren"]["value"] = json!("12.4.1887"),
            400,
            "DateWrongSyntax",
        ),
        (
            "a range that is none",
            SHOW,
            |j| j["objects"][0]["ausstellung"]["laufzeit"]["to"] = json!("2024-13"),
            400,
            "DateWrongSyntax",
        ),
        ("a null that must not be", ORT_0, |j| j["objects"][0]["ort"]["name"] = json!(null), 400, "SchemaInconsistent"),
        (
            "a missing value that must be",
            OBJECTS,
            |j| drop(objekt(j, 0).as_object_mut().unwrap().remove("inventarnummer")),
            400,
            "SchemaInconsistent",
        ),
        (
            "a value that must be unique",
            WORDS,
            |j| j["objects"][1]["schlagwort"]["name"] = json!({"en-US": " ceramics", "de-DE": "Keramik "}),
            400,
            "UniqueKeyViolation",
        ),
        (
            "two files that are preferred",
            OBJECTS,
            |j| {
                let mut second = objekt(j, 0)["bild"][0].clone();
                second["_id"] = json!(77);
                objekt(j, 0)["bild"].as_array_mut().unwrap().push(second);
            },
            400,
            "SchemaInconsistent",
        ),
        (
            "no file that is preferred",
            OBJECTS,
            |j| objekt(j, 0)["bild"][0]["preferred"] = json!(false),
            400,
            "SchemaInconsistent",
        ),
        (
            "a file that is not there",
            OBJECTS,
            |j| objekt(j, 0)["bild"][0] = json!({"_id": 4711, "preferred": true, "versions": {}}),
            400,
            "LookupNotFound",
        ),
        (
            "an unknown objecttype",
            OBJECTS,
            |j| j["objects"][0]["_objecttype"] = json!("bilder"),
            400,
            "UnknownObjecttype",
        ),
        ("an unknown mask", OBJECTS, |j| j["objects"][0]["_mask"] = json!("objekt__secret"), 400, "UnknownObjecttype"),
    ]);
}

#[test]
fn tags_and_pools_that_do_not_fit_are_refused() {
    check(&[
        (
            "a missing pool",
            OBJECTS,
            |j| drop(objekt(j, 0).as_object_mut().unwrap().remove("_pool")),
            400,
            "ObjecttypeHasPoolManagement",
        ),
        (
            "an unknown pool",
            OBJECTS,
            |j| objekt(j, 0)["_pool"]["pool"]["lookup:_id"]["reference"] = json!("keller"),
            400,
            "LookupNotFound",
        ),
        (
            "a pool for a type without pools",
            ORT_0,
            |j| j["objects"][0]["ort"]["_pool"] = json!({"pool": {"lookup:_id": {"reference": "museum"}}}),
            400,
            "SchemaInconsistent",
        ),
        (
            "an unknown tag",
            DOCUMENTS,
            |j| j["objects"][0]["_tags"] = json!([{"lookup:_id": {"reference": "alt"}}]),
            400,
            "LookupNotFound",
        ),
        ("an unknown tag id", DOCUMENTS, |j| j["objects"][0]["_tags"] = json!([{"_id": 99}]), 400, "TagNotFound"),
        (
            "two tags of one choice",
            DOCUMENTS,
            |j| j["objects"][0]["_tags"] = json!([{"_id": 1}, {"_id": 2}]),
            400,
            "MultipleChoicesInTaggroup",
        ),
        (
            "a tag on a type without tags",
            ORT_0,
            |j| j["objects"][0]["_tags"] = json!([{"_id": 1}]),
            400,
            "SchemaInconsistent",
        ),
    ]);
}

#[test]
fn base_types_that_do_not_fit_are_refused() {
    check(&[
        (
            "a reference twice",
            GROUPS,
            |j| j["groups"][1]["group"]["reference"] = json!("sammlung"),
            400,
            "DatabaseUniqueKeyViolation",
        ),
        ("a login twice", USERS, |j| j["users"][2]["user"]["login"] = json!("hlindqvist"), 409, "UserDuplicateLogin"),
        (
            "a password of an ldap user",
            USERS,
            |j| j["users"][3]["_password_hash"] = json!("bcrypt:x"),
            400,
            "UnableToSetPasswordForUserType",
        ),
        (
            "a user of an unknown type",
            USERS,
            |j| j["users"][1]["user"]["type"] = json!("robot"),
            400,
            "UserTypeNotAllowed",
        ),
        (
            "a language that is not configured",
            USERS,
            |j| j["users"][1]["user"]["database_languages"] = json!(["fr-FR"]),
            400,
            "ServerGeneric",
        ),
        (
            "a right of a plugin that is not there",
            GROUPS,
            |j| j["groups"][0]["_system_rights"] = json!({"plugin.other.x": {}}),
            400,
            "UnknownRight",
        ),
    ]);
}

#[test]
fn pools_tags_and_collections_that_do_not_fit_are_refused() {
    check(&[
        (
            "a pool without a parent",
            POOLS,
            |j| drop(j["pools"][0]["pool"].as_object_mut().unwrap().remove("lookup:_id_parent")),
            400,
            "PoolNeedsParent",
        ),
        (
            "a mapping nobody knows",
            POOLS,
            |j| j["pools"][0]["pool"]["mapping_image_import"] = json!(77),
            400,
            "LookupNotFound",
        ),
        (
            "a tag group of an unknown type",
            TAGS,
            |j| j["tags"][0]["taggroup"]["type"] = json!("list"),
            400,
            "ServerGeneric",
        ),
        (
            "a tag id twice",
            TAGS,
            |j| j["tags"][0]["_tags"][1]["tag"]["_id"] = json!(1),
            400,
            "DatabaseUniqueKeyViolation",
        ),
        (
            "an objecttype that is not there",
            "basetype-objecttype-0000.json",
            |j| j["objecttypes"][0]["objecttype"]["_id"] = json!(66),
            400,
            "LookupNotFound",
        ),
        (
            "a transition for an unknown type",
            "basetype-transitions-0000.json",
            |j| j["transitions"][0]["objecttype_ids"] = json!([66]),
            400,
            "ObjecttypeNotFound",
        ),
        (
            "a message that ends before it begins",
            "basetype-message-0000.json",
            |j| j["messages"][0]["message"]["end_time"]["value"] = json!("2020-01-01T00:00:00Z"),
            400,
            "StartTimeAfterEndTime",
        ),
        (
            "a collection below nothing",
            "basetype-collection-level-03.json",
            |j| j["collections"][0]["collection"]["lookup:_id_parent"]["reference"] = json!("nowhere"),
            400,
            "LookupNotFound",
        ),
        (
            "a publication of nothing",
            "basetype-publish-0000.json",
            |j| j["publishes"][0]["publish"]["system_object_id"] = json!(9999),
            404,
            "ObjectNotFound",
        ),
        (
            "a publication of a version that is not there",
            "basetype-publish-0000.json",
            |j| j["publishes"][0]["publish"]["version"] = json!(9),
            400,
            "PublishInvalidData",
        ),
    ]);
}

#[test]
fn data_models_that_do_not_fit_together_are_refused() {
    check(&[
        (
            "an unknown type",
            MODEL,
            |j| j["schema"]["tables"][0]["columns"][1]["type"] = json!("colour"),
            400,
            "UnknownColumnType",
        ),
        (
            "a custom type without its plugin",
            MODEL,
            |j| j["schema"]["tables"][3]["columns"][1]["type"] = json!("custom:base.custom-data-type-tgn.tgn"),
            400,
            "UnknownColumnType",
        ),
        (
            "a table twice",
            MODEL,
            |j| j["schema"]["tables"][1]["name"] = json!("ort"),
            400,
            "SchemaDuplicateObjecttypeName",
        ),
        ("a name that is none", MODEL, |j| j["schema"]["tables"][0]["name"] = json!("Ort"), 400, "InvalidIdentifier"),
        (
            "a mask twice",
            MODEL,
            |j| {
                let first = j["mask"]["masks"][0].clone();
                j["mask"]["masks"].as_array_mut().unwrap().push(first);
            },
            400,
            "SchemaDuplicateMaskName",
        ),
        (
            "a section of the config that is not there",
            "base_config.json",
            |j| j["system"]["config"]["weather"] = json!({}),
            400,
            "BaseConfigParse",
        ),
    ]);
}
