//! Collections are filled once, whatever happens on the way and however many payloads bring their records.

use fonds::fylr::{Request, Shape};
use fonds::jobs::restore::{Restore, RestoreFrom, RestoreStart};
use fonds::rehearsal::Instance;
use serde_json::{Value, json};

use crate::support::restores::{asked, changed, fault, one, restore, run, target};

const NAME: &str = "basetype-collection-objects-0000.json";

/// A museum in which three items bring the records of one collection, each with some of its own; and which one that is.
fn museum() -> (tempfile::TempDir, String) {
    let reference = std::cell::RefCell::new(String::new());
    let dir = changed(&[(NAME, &|json| {
        let array = json.as_object_mut().expect("a payload").values_mut().find_map(Value::as_array_mut).expect("items");
        let collection = array[0]["collection"].clone();
        collection["lookup:_id"]["reference"].as_str().expect("a reference").clone_into(&mut reference.borrow_mut());
        let item = |ids: &[u64]| {
            let objects = ids.iter().map(|id| {
                json!({"lookup:_global_object_id": {"_objecttype": "ort", "_system_object_id": id, "_allow_defer": true}})
            });
            json!({"collection": collection, "objects": objects.collect::<Vec<_>>()})
        };
        *array = vec![item(&[101, 102]), item(&[103]), item(&[104, 105, 106])];
    })]);
    let reference = reference.borrow().clone();
    (dir, reference)
}

/// The records of a collection, in their order.
fn filled(target: &Instance, reference: &str) -> Vec<u64> {
    let all = asked(target, &Request::get("collection/list", Shape::Array));
    let own = all.as_array().into_iter().flatten().find(|one| one["collection"]["reference"] == reference);
    let id = own.expect(reference)["collection"]["_id"].clone();
    let found = asked(target, &Request::get(format!("collection/objects/{id}"), Shape::Object).with("limit", 1000));
    let objects = found["objects"].as_array().expect("objects").iter();
    let ids = objects.filter_map(|object| {
        let id = object["_global_object_id"].as_str()?.split('@').next()?;
        id.parse().ok()
    });
    ids.collect()
}

#[test]
fn a_lost_answer_or_an_end_in_between_brings_no_record_twice() {
    const EXPECTED: [u64; 6] = [101, 102, 103, 104, 105, 106];
    let (museum, reference) = museum();
    let job = |target: &Instance| -> Restore { restore(RestoreFrom::Directory(museum.path().to_owned()), &[target]) };
    for rule in ["reset after on POST /api/v1/collection/* every 2", "truncate on POST /api/v1/collection/push/*"] {
        let dir = tempfile::tempdir().unwrap();
        let target = target();
        fault(&target, &format!("{rule} times 4"));
        one(job(&target), &dir.path().join("a.redb"));
        assert_eq!(filled(&target, &reference), EXPECTED, "{rule}");
    }
    for after in [0, 1] {
        let dir = tempfile::tempdir().unwrap();
        let (target, archive) = (target(), dir.path().join("a.redb"));
        // The records are in, and nobody can tell before the end.
        fault(&target, &format!("reset after on POST /api/v1/collection/push/* after {after}"));
        fault(&target, "status 503 on GET /api/v1/collection/objects/*");
        let mut first = job(&target);
        first.targets[0].connection.retry.count_max = 1;
        assert!(run(first, &archive).remove(0).ended.is_err(), "after {after}");
        let before = filled_without_faults(&target, &reference);
        assert!(before.len() > 2, "something was appended: {before:?}");
        let mut second = job(&target);
        second.start = RestoreStart::Continue;
        one(second, &archive);
        assert_eq!(filled(&target, &reference), EXPECTED, "after {after}");
    }
}

fn filled_without_faults(target: &Instance, reference: &str) -> Vec<u64> {
    target.faults().clear();
    filled(target, reference)
}
