//! Records are compared by a look at their text: what such a look could miss.

use fonds::jobs::restore::RestoreFrom;
use fonds::jobs::verify::Verified;
use serde_json::{Value, json};

use crate::support::restores::{changed, directory, one, restore, target};
use crate::verify;

const OBJECTS: &str = "db__objekt__batch_0001__size_0005.json";

/// What is found where the museum was restored and the backup says something else of its objects.
fn found_with(change: &dyn Fn(&mut Value)) -> Verified {
    let dir = tempfile::tempdir().expect("a folder");
    let (target, archive) = (target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&target]), &archive);
    let other = changed(&[(OBJECTS, change)]);
    verify(RestoreFrom::Directory(other.path().to_owned()), &target, &archive)
}

/// Members in the opposite order, in everything.
fn turned(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(turned),
        Value::Object(members) => {
            let own = std::mem::take(members);
            members.extend(own.into_iter().rev());
            members.values_mut().for_each(turned);
        }
        _ => {}
    }
}

#[test]
fn the_order_of_members_makes_no_difference_anywhere() {
    let (plain, turned) = (found_with(&|_| {}), found_with(&turned));
    assert_eq!((turned.counts, turned.differences), (plain.counts, plain.differences));
}

#[test]
fn every_kind_of_change_in_a_record_is_found() {
    let plain = found_with(&|_| {});
    let changes: [(&str, &dyn Fn(&mut Value)); 7] = [
        ("titel", &|record| record["objekt"]["titel"]["de-DE"] = "Krug mit Henkeln".into()),
        ("_comment", &|record| record["_comment"] = "katalogisierung".into()),
        ("_owner", &|record| record["_owner"]["user"]["lookup:_id"]["reference"] = "user:3".into()),
        ("_tags", &|record| record["_tags"] = json!([])),
        ("_pool", &|record| record["objekt"]["_pool"]["pool"]["lookup:_id"]["reference"] = "depot".into()),
        ("fundort", &|record| record["objekt"]["fundort"]["ort"]["lookup:_id"]["_system_object_id"] = 104.into()),
        ("_last_modified", &|record| record["_last_modified"] = "2024-06-07T08:00:00.000001Z".into()),
    ];
    for (member, change) in changes {
        let found = found_with(&|json| change(&mut json["objects"][1]));
        let told = |difference: &&fonds::jobs::verify::Difference| {
            difference.what == "objekt 123 version 2" && difference.why.contains(member)
        };
        assert_eq!(found.differences.iter().filter(told).count(), 1, "{member}: {:#?}", found.differences);
        assert_eq!(found.difference_count, plain.difference_count + 1, "{member}");
    }
}

#[test]
fn links_to_what_is_not_in_the_backup_are_counted_and_no_difference() {
    let to = |id: u64| {
        json!({"_objecttype": "ort", "_mask": "_all_fields",
            "ort": {"lookup:_id": {"_system_object_id": id, "_allow_defer": true}}})
    };
    let plain = found_with(&|_| {});
    let open = found_with(&|json| json["objects"][0]["objekt"]["fundort"] = to(999_999));
    assert_eq!((&open.counts, &open.differences), (&plain.counts, &plain.differences));
    assert_eq!(open.open_links, plain.open_links + 1);
    let known = found_with(&|json| json["objects"][0]["objekt"]["fundort"] = to(104));
    assert_eq!(known.counts["db:objekt"].different, plain.counts["db:objekt"].different + 1);
}
