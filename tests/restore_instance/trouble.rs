//! What goes wrong on the way: the rest goes in, nothing goes in twice, and what is missing is told.

use fonds::fylr::target::FileApi;

use crate::support::restores::{changed, content, directory, fault, one, part, restore, run, target};
use fonds::jobs::restore::RestoreFrom;

#[test]
fn a_batch_is_halved_down_to_the_record_that_is_to_blame() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    fault(&target, "refuse-record \"1951.17\" on POST /api/v1/db/objekt");
    let restored = one(restore(directory(), &[&target]), &dir.path().join("a.redb"));
    let aside: Vec<_> = restored.aside.iter().filter(|aside| aside.what.starts_with("objekt")).collect();
    // Another record links to it and cannot do without.
    let is_told =
        |aside: &&fonds::fylr::target::Aside| aside.what.starts_with("objekt 123") || aside.why.contains("123");
    assert!(!aside.is_empty() && aside.iter().all(is_told), "{aside:?}");
    assert!(aside[0].why.contains("400"), "{aside:?}");
    let there: Vec<u64> =
        part(&target, "db_objekt").iter().filter_map(|record| record["_system_object_id"].as_u64()).collect();
    assert!(!there.contains(&123) && there.contains(&125), "{there:?}");
}

#[test]
fn what_was_set_aside_goes_in_when_it_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let (target, whole) = (target(), target());
    let archive = dir.path().join("a.redb");
    fault(&target, "refuse-record \"1951.17\" on POST /api/v1/db/objekt");
    fault(&target, "refuse-record \"vitrine\" on PUT /api/v1/collection/list");
    one(restore(directory(), &[&target]), &archive);
    target.faults().clear();
    let mut again = restore(directory(), &[&target]);
    again.only_aside = true;
    target.forget_requests();
    let restored = one(again, &archive);
    let posts = target
        .requests()
        .into_iter()
        .filter(|logged| logged.path.starts_with("/api/v1/db/") && logged.method == "POST");
    assert!(posts.count() <= 3, "only what was set aside is sent");
    assert!(restored.aside.iter().all(|aside| aside.what.contains("plugin")), "{:?}", restored.aside);
    one(restore(directory(), &[&whole]), &dir.path().join("b.redb"));
    assert_eq!(part(&target, "db_objekt").len(), part(&whole, "db_objekt").len());
    let third = {
        let mut third = restore(directory(), &[&target]);
        third.only_aside = true;
        third
    };
    let left = one(third, &archive);
    assert_eq!(left.tallies.values().map(|tally| tally.done).sum::<u64>(), 0);
}

#[test]
fn whatever_the_network_does_everything_arrives_once() {
    let dir = tempfile::tempdir().unwrap();
    let whole = target();
    one(restore(directory(), &[&whole]), &dir.path().join("whole.redb"));
    let expected = content(&whole);
    for (at, rule) in [
        "status 503 retry-after 0 on * every 3",
        "status 429 on POST * every 4",
        "status 423 on POST * every 4",
        "status 502 on POST * every 5",
        "status 504 on POST * every 5",
        "reset before on POST * every 3",
        "reset after on POST * every 3",
        "reset after on PUT * every 2",
        "reset middle on POST * every 4",
        "truncate on POST * every 4",
        "wrong-length on POST * every 4",
        "error-body on POST * every 4",
        "confirm on POST * every 5",
        "expire-token on * every 7",
    ]
    .into_iter()
    .enumerate()
    {
        let target = target();
        fault(&target, rule);
        let restored = one(restore(directory(), &[&target]), &dir.path().join(format!("{at}.redb")));
        assert_eq!(restored.aside_count, 1, "{rule}: {:?}", restored.aside);
        let found = content(&target);
        for (kind, expected) in expected.as_object().unwrap() {
            if !matches!(kind.as_str(), "files" | "db_objekt" | "db_dokument" | "db_person") {
                assert_eq!(found[kind], *expected, "{rule}: {kind}");
            }
            assert_eq!(found[kind].as_array().map(Vec::len), expected.as_array().map(Vec::len), "{rule}: {kind}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_had_takes_its_record_along_unless_it_may_go_in_without() {
    let dir = tempfile::tempdir().unwrap();
    let broken = changed(&[("db__person__batch_0001__size_0004.json", &|json| {
        let text = json.to_string().replace("files/", "files/not-there/");
        *json = serde_json::from_str(&text).unwrap();
    })]);
    let from = || RestoreFrom::Directory(broken.path().to_owned());
    let (strict, lenient) = (target(), target());
    let restored = one(restore(from(), &[&strict]), &dir.path().join("a.redb"));
    let persons =
        |aside: &[fonds::fylr::target::Aside]| aside.iter().filter(|aside| aside.what.starts_with("person")).count();
    assert!(persons(&restored.aside) > 0, "{:?}", restored.aside);
    let mut job = restore(from(), &[&lenient]);
    job.write.ignore_file_errors = true;
    let restored = one(job, &dir.path().join("b.redb"));
    assert_eq!(persons(&restored.aside), 0, "{:?}", restored.aside);
    assert!(restored.aside.iter().any(|aside| aside.what.starts_with("file ")), "{:?}", restored.aside);
    assert!(part(&strict, "db_person").len() < part(&lenient, "db_person").len());
}

#[test]
fn a_target_that_does_not_answer_any_more_ends_the_restore() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    fault(&target, "status 503 on POST /api/v1/db/objekt");
    let mut job = restore(directory(), &[&target]);
    job.write.file_api = FileApi::None;
    let outcome = run(job, &dir.path().join("a.redb")).remove(0);
    let error = fonds::jobs::chain(&outcome.ended.unwrap_err());
    assert!(error.contains("POST db/objekt failed 7 times"), "{error}");
}
