//! Backups that say things in odd ways: everything goes in, and nothing that a restore cannot but change is a difference.

use fonds::fylr::target::Restored;
use fonds::fylr::{Request, Shape};
use fonds::jobs::restore::RestoreFrom;
use fonds::jobs::verify::Verified;
use fonds::rehearsal::Instance;
use serde_json::{Value, json};

use crate::support::restores::{asked, changed, one, part, planned, restore, target};
use crate::verify;

const COLLECTIONS: &str = "basetype-collection-level-03.json";

/// What became of a backup.
struct Came {
    target: Instance,
    restored: Restored,
    verified: Verified,
    notes: Vec<String>,
}

/// The museum with further payloads of objects goes into an empty instance, and is compared with it.
fn came(payloads: &[Value]) -> Came {
    came_with(payloads, &[])
}

fn came_with(payloads: &[Value], changes: &[(&str, &dyn Fn(&mut Value))]) -> Came {
    let names: Vec<String> = (0..payloads.len()).map(|at| format!("db__objekt__odd_{at}.json")).collect();
    let list = |json: &mut Value| {
        let listed = json["payloads"].as_array_mut().expect("payloads");
        let place = listed.iter().position(|name| name == COLLECTIONS).expect("collections");
        listed.splice(place..place, names.iter().map(|name| Value::from(name.as_str())));
    };
    let no_zip = |json: &mut Value| json["plugins"].as_array_mut().expect("plugins").retain(|one| one["type"] == "url");
    let mut all: Vec<(&str, &dyn Fn(&mut Value))> =
        vec![("manifest.json", &list), ("basetype-plugin-0000.json", &no_zip)];
    all.extend(changes);
    let dir = changed(&all);
    for (name, payload) in names.iter().zip(payloads) {
        std::fs::write(dir.path().join(name), payload.to_string()).expect("a payload");
    }
    let from = RestoreFrom::Directory(dir.path().to_owned());
    let (target, archive) = (target(), dir.path().join("a.redb"));
    let notes = planned(restore(from.clone(), &[&target]), &archive).plan.notes;
    let restored = one(restore(from.clone(), &[&target]), &archive);
    let verified = verify(from, &target, &archive);
    Came { target, restored, verified, notes }
}

impl Came {
    #[track_caller]
    fn is_clean(&self) {
        assert_eq!(self.restored.aside_count, 0, "{:#?}", self.restored.aside);
        assert!(self.verified.is_clean(), "{:#?}", self.verified.differences);
    }

    /// The versions of a record on the target.
    fn versions(&self, id: u64) -> Vec<Value> {
        part(&self.target, "db_objekt").into_iter().filter(|record| record["_system_object_id"] == id).collect()
    }
}

fn objects(objects: &[Value]) -> Value {
    json!({"import_type": "db", "objecttype": "objekt", "objects": objects})
}

fn objekt(id: u64, version: u64, more: Value) -> Value {
    let mut block = json!({"_version": version, "inventarnummer": format!("N.{id}"),
        "_pool": {"pool": {"lookup:_id": {"reference": "museum"}}}});
    if version > 1 {
        block["lookup:_id"] = json!({"_system_object_id": id});
    }
    block.as_object_mut().expect("a block").extend(more.as_object().expect("members").clone());
    json!({"_objecttype": "objekt", "_mask": "_all_fields", "_system_object_id": id, "_tags": [],
        "_uuid": format!("886a33c4-53f4-47d7-a1b2-{:012}", id % 1_000_000_000), "objekt": block})
}

fn titled(id: u64, version: u64, title: &str) -> Value {
    objekt(id, version, json!({"titel": {"de-DE": title}}))
}

#[test]
fn histories_with_gaps_are_there_version_by_version() {
    let id = 9_007_199_254_740_993;
    let first = objects(&[titled(id, 1, "Krug"), titled(id, 4, "Krug, größer"), titled(5001, 3, "Bild")]);
    let second = objects(&[titled(id, 9, "Krug mit Deckel"), titled(5001, 7, "Bild, gerahmt")]);
    let came = came(&[first, second]);
    came.is_clean();
    let titles = |id: u64| -> Vec<Value> {
        came.versions(id).iter().map(|one| json!([one["_version"], one["block"]["titel"]["de-DE"]])).collect()
    };
    assert_eq!(titles(id), [json!([1, "Krug"]), json!([2, "Krug, größer"]), json!([3, "Krug mit Deckel"])]);
    assert_eq!(titles(5001), [json!([1, "Bild"]), json!([2, "Bild, gerahmt"])]);
    assert!(came.notes.iter().any(|note| note.starts_with("2 records come without some versions")), "{:?}", came.notes);
    assert!(came.notes.iter().any(|note| note.starts_with("1 records come without their first")), "{:?}", came.notes);
}

#[test]
fn a_version_that_is_lost_on_the_way_is_missed_all_the_same() {
    let from = objects(&[titled(5001, 1, "a"), titled(5001, 4, "b"), titled(5001, 9, "verweigert")]);
    let dir = changed(&[("manifest.json", &|json| {
        json["payloads"].as_array_mut().expect("payloads").insert(27, "odd.json".into());
    })]);
    std::fs::write(dir.path().join("odd.json"), from.to_string()).expect("a payload");
    let from = RestoreFrom::Directory(dir.path().to_owned());
    let (target, archive) = (target(), dir.path().join("a.redb"));
    crate::fault(&target, "refuse-record verweigert on POST /api/v1/db/objekt");
    one(restore(from.clone(), &[&target]), &archive);
    let verified = verify(from, &target, &archive);
    let lost: Vec<&str> = verified.differences.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(lost, ["objekt 5001 version 3", "plugin/manage seedorf-etiketten"]);
}

#[test]
fn records_without_a_uuid_get_one() {
    let mut bare = titled(5001, 1, "ohne");
    bare.as_object_mut().expect("a record").remove("_uuid");
    let came = came(&[objects(&[bare])]);
    came.is_clean();
    assert!(came.versions(5001)[0]["_uuid"].as_str().is_some_and(|uuid| uuid.len() == 36));
}

#[test]
fn a_record_that_stands_in_two_payloads_is_one_and_the_plan_says_so() {
    let twice = titled(5001, 1, "zweimal");
    let came = came(&[objects(std::slice::from_ref(&twice)), objects(&[twice.clone(), titled(5002, 1, "neu")])]);
    came.is_clean();
    assert_eq!((came.versions(5001).len(), came.versions(5002).len()), (1, 1));
    let counted = came.verified.counts["db:objekt"];
    assert_eq!((counted.in_backup, counted.same, counted.missing), (9, 9, 0));
    for notes in [came.notes, came.verified.notes.into_iter().collect()] {
        assert!(notes.iter().any(|note| note.contains("a second time")), "{notes:?}");
    }
}

#[test]
fn records_that_nothing_tells_apart_are_counted() {
    let nameless = |number: &str| {
        let mut record = objekt(1, 1, json!({"inventarnummer": number}));
        let members = record.as_object_mut().expect("a record");
        members.remove("_system_object_id");
        members.remove("_uuid");
        record
    };
    let came = came(&[objects(&[nameless("X.1"), nameless("X.2")])]);
    came.is_clean();
    let counted = came.verified.counts["db:objekt"];
    assert_eq!((counted.in_backup, counted.same, counted.more), (9, 7, 2));
    assert!(came.verified.notes.iter().any(|note| note.starts_with("2 of db:objekt")), "{:?}", came.verified.notes);

    let dir = changed(&[("manifest.json", &|json| {
        json["payloads"].as_array_mut().expect("payloads").push("odd.json".into());
    })]);
    let more = [nameless("X.1"), nameless("X.2"), nameless("X.3")];
    std::fs::write(dir.path().join("odd.json"), objects(&more).to_string()).expect("a payload");
    let lacking = verify(RestoreFrom::Directory(dir.path().to_owned()), &came.target, &dir.path().join("a.redb"));
    assert_eq!(lacking.counts["db:objekt"].missing, 1);
    assert!(lacking.differences.iter().any(|found| found.why.starts_with("1 of 3 records")), "{lacking:#?}");
}

#[test]
fn a_payload_without_records_may_say_so_in_every_way() {
    let none = json!({"import_type": "db", "objecttype": "objekt", "objects": null});
    came(&[objects(&[]), none]).is_clean();
    let broken = changed(&[("db__ausstellung__batch_0001__size_0001.json", &|json| {
        *json = json!({"import_type": "db", "objecttype": "ausstellung", "things": null});
    })]);
    let target = target();
    let restore = restore(RestoreFrom::Directory(broken.path().to_owned()), &[&target]);
    let refused = restore.plan(&broken.path().join("a.redb"), &(std::sync::Arc::new(fonds::model::event::Silent) as _));
    assert!(refused.is_err_and(|error| fonds::jobs::chain(&error).contains("holds no records")));
}

#[test]
fn of_files_without_a_preferred_one_the_first_is() {
    let file = |id: u64| {
        json!({"_id": id, "preferred": false, "class": "image", "original_filename": "Krug & Kanne.png",
            "versions": {"original": {"extension": "png", "filesize": 100,
                "hash": "d42c8a2a1cdd92a8d8ee0f96f270969314e35c7896d09147c58863352f8bb4d0",
                "path": "files/1000000/1000000/1000413-Krug & Kanne.png"}}})
    };
    let came = came(&[objects(&[objekt(5001, 1, json!({"bild": [file(31), file(32)]}))])]);
    came.is_clean();
    let path = "db/objekt/_all_fields/system_object_id/5001";
    let record = asked(&came.target, &Request::get(path, Shape::Array).with("format", "long"));
    let files = record[0]["objekt"]["bild"].as_array().expect("files").clone();
    let preferred: Vec<bool> = files.iter().map(|file| file["preferred"] == true).collect();
    assert_eq!(preferred, [true, false]);
}

/// A link to a record of an objecttype.
fn link(objecttype: &str, lookup: Value) -> Value {
    let mut link = json!({"_objecttype": objecttype, "_mask": "_all_fields"});
    link[objecttype] = json!({"lookup:_id": lookup});
    link
}

#[test]
fn links_lead_to_the_same_record_whatever_they_name_it_by() {
    let dir = changed(&[]);
    let text = std::fs::read_to_string(dir.path().join("db__ort__level_02__batch_0001__size_0003.json")).expect("it");
    let orte: Value = serde_json::from_str(&text).expect("JSON");
    let (ort, uuid) = (&orte["objects"][0]["ort"], &orte["objects"][0]["_uuid"]);
    let records = [
        objekt(5001, 1, json!({"fundort": link("ort", json!({"_uuid": uuid}))})),
        objekt(5002, 1, json!({"fundort": link("ort", json!({"geonames_id": ort["geonames_id"]}))})),
        objekt(
            5003,
            1,
            json!({"_nested:objekt__gegenstuecke": [
            {"objekt": link("objekt", json!({"_uuid": "886a33c4-53f4-47d7-a1b2-e2e84aa64218", "_allow_defer": true}))}]}),
        ),
    ];
    let mut below = json!({"_objecttype": "ort", "_mask": "_all_fields", "_system_object_id": 5010,
        "ort": {"_version": 1, "name": "Unten", "lookup:_id_parent": {"_uuid": uuid}}});
    below["_uuid"] = "886a33c4-53f4-47d7-a1b2-000000005010".into();
    let places = json!({"import_type": "db", "objecttype": "ort", "objects": [below]});
    let came = came(&[objects(&records), places.clone()]);
    came.is_clean();

    // Another record behind the same name is a difference.
    let other = changed(&[("manifest.json", &|json| {
        json["payloads"].as_array_mut().expect("payloads").push("odd.json".into());
    })]);
    let elsewhere = objekt(5001, 1, json!({"fundort": link("ort", json!({"_uuid": orte["objects"][1]["_uuid"]}))}));
    std::fs::write(other.path().join("odd.json"), objects(&[elsewhere]).to_string()).expect("a payload");
    let found = verify(RestoreFrom::Directory(other.path().to_owned()), &came.target, &other.path().join("a.redb"));
    let own = found.differences.iter().find(|one| one.what.starts_with("objekt 5001"));
    assert!(own.is_some_and(|one| one.why.contains("fundort")), "{:#?}", found.differences);
}

#[test]
fn nobody_gets_mail_because_of_a_restore() {
    let mut record = titled(5001, 1, "mit Rechten");
    record["_acl"] = json!([{"_id": 77, "who": {"_basetype": "group", "group": {"lookup:_id": {"reference": "group:3"}}},
        "rights": {"read": {}}, "active": true, "send_email_notification": true}]);
    let came = came(&[objects(&[record])]);
    came.is_clean();
    let rights = came.versions(5001)[0]["_acl"].to_string();
    assert!(rights.contains("read") && !rights.contains("send_email"), "{rights}");
}

#[test]
fn uploads_into_a_pool_that_is_not_there_go_to_the_standard_pool() {
    let came = came_with(
        &[],
        &[("basetype-collection-level-04.json", &|json| {
            for collection in json["collections"].as_array_mut().expect("collections") {
                if collection["collection"]["create_object"].is_object() {
                    collection["collection"]["create_object"]["pool"] = json!({"pool": {"_id": 999}});
                }
            }
        })],
    );
    assert_eq!(came.restored.aside_count, 0, "{:?}", came.restored.aside);
    assert!(came.restored.notes.keys().any(|note| note.contains("standard pool")), "{:?}", came.restored.notes);
    let pools = part(&came.target, "pools");
    let standard = pools.iter().find(|pool| pool.to_string().contains("system:standard")).expect("there is one");
    let collections = Value::from(part(&came.target, "collections"));
    let uploads = collections.to_string();
    assert!(!uploads.contains("999"), "{uploads}");
    assert!(standard.is_object());
}

#[test]
fn a_record_that_is_deleted_and_was_refused_ends_nothing() {
    let mut record = objekt(5001, 1, json!({"gibt-es-nicht": 1}));
    record["_latest_version_deleted_at"] = "2024-01-01T00:00:00Z".into();
    let came = came(&[objects(&[record, titled(5002, 1, "da")])]);
    let aside: Vec<&str> = came.restored.aside.iter().map(|aside| aside.what.as_str()).collect();
    assert_eq!(aside, ["objekt 5001"]);
    let lost: Vec<&str> = came.verified.differences.iter().map(|found| found.what.as_str()).collect();
    assert_eq!(lost, ["objekt 5001 version 1"]);
}

#[test]
fn references_of_files_tell_where_they_were_and_what_their_bytes_are() {
    let came = came(&[]);
    let references: Vec<String> = came
        .target
        .requests()
        .into_iter()
        .filter_map(|logged| {
            let of = |name: &str| {
                Some(url::form_urlencoded::parse(logged.query.as_bytes()).find(|(own, _)| own == name)?.1.into_owned())
            };
            of("references").or_else(|| of("reference"))
        })
        .collect();
    let own = "fylr.seedorf.example.org:eas:1000413:original:sha256:d42c8a2a1cdd92a8d8ee0f96f270969314e35c7896d09147c58863352f8bb4d0";
    assert!(references.iter().any(|reference| reference.contains(own)), "{references:?}");
    // Nobody has hashed the bytes of what stays elsewhere.
    assert!(references.iter().any(|reference| reference.ends_with(":eas:2000001:original")), "{references:?}");
}
