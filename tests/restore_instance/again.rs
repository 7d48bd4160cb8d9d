//! A restore that was ended goes on: no doubles, no gaps, wherever it was ended.

use fonds::jobs::restore::RestoreStart;

use crate::support::restores::{content, directory, fault, one, planned, restore, run, target};

/// Kinds whose order or ids may differ when things arrive in another order.
const COUNTED: [&str; 4] = ["files", "db_objekt", "db_dokument", "db_person"];

#[test]
fn a_restore_goes_on_wherever_it_was_ended() {
    let dir = tempfile::tempdir().unwrap();
    let whole = target();
    one(restore(directory(), &[&whole]), &dir.path().join("whole.redb"));
    let expected = content(&whole);
    let requests = whole.requests().iter().filter(|logged| matches!(logged.method.as_str(), "POST" | "PUT")).count();
    assert!(requests > 40);
    for after in (1..requests).step_by(3) {
        let target = target();
        let archive = dir.path().join(format!("{after}.redb"));
        // From then on the work is done, but nobody hears of it.
        fault(&target, &format!("reset after on POST * after {after}"));
        let mut job = restore(directory(), &[&target]);
        job.targets[0].connection.retry.count_max = 0;
        let ended = run(job, &archive).remove(0).ended;
        target.faults().clear();
        if ended.is_err() {
            let mut again = restore(directory(), &[&target]);
            again.start = RestoreStart::Continue;
            let restored = one(again, &archive);
            assert!(restored.aside_count <= 2, "after {after}: {:?}", restored.aside);
        }
        let found = content(&target);
        for (kind, expected) in expected.as_object().unwrap() {
            if !COUNTED.contains(&kind.as_str()) {
                assert_eq!(found[kind], *expected, "after {after}: {kind}");
            }
            assert_eq!(
                found[kind].as_array().map(Vec::len),
                expected.as_array().map(Vec::len),
                "after {after}: {kind}"
            );
        }
    }
}

#[test]
fn what_is_through_is_not_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&target]), &archive);
    target.forget_requests();
    let mut again = restore(directory(), &[&target]);
    again.start = RestoreStart::Continue;
    let restored = one(again, &archive);
    assert_eq!(restored.tallies.values().map(|tally| tally.done).sum::<u64>(), 0, "{:?}", restored.tallies);
    let posts =
        target.requests().into_iter().filter(|logged| logged.method != "GET" && !logged.path.ends_with("/search"));
    let posts: Vec<String> = posts.map(|logged| logged.path).filter(|path| !path.contains("oauth2")).collect();
    assert_eq!(posts, ["/api/v1/system/reindex"]);
}

#[test]
fn a_second_restore_of_the_same_backup_finds_everything_there() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&target]), &archive);
    let before = content(&target);
    let mut again = restore(directory(), &[&target]);
    again.datamodel = fonds::jobs::restore::Document::None;
    again.base_config = fonds::jobs::restore::Document::None;
    let restored = one(again, &archive);
    let records = restored.tallies.iter().filter(|(kind, _)| kind.starts_with("db:"));
    for (kind, tally) in records {
        assert_eq!(tally.done, 0, "{kind}");
        assert!(tally.there > 0, "{kind}");
    }
    for kind in ["db_objekt", "db_ort", "users", "collections", "mappings", "object_presets", "publications"] {
        let count = |content: &serde_json::Value| content[kind].as_array().map(Vec::len);
        assert_eq!(count(&content(&target)), count(&before), "{kind}");
    }
}

#[test]
fn an_unfinished_restore_is_not_begun_a_second_time_by_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    fault(&target, "status 500 on POST /api/v1/group");
    fault(&target, "status 503 on POST /api/v1/db/*");
    let mut job = restore(directory(), &[&target]);
    job.targets[0].connection.retry.count_max = 1;
    assert!(run(job.clone(), &archive).remove(0).ended.is_err());
    target.faults().clear();
    let refused = planned(job.clone(), &archive).plan;
    assert!(
        refused.targets[0].refusals.iter().any(|why| why.contains("--continue")),
        "{:?}",
        refused.targets[0].refusals
    );
    job.start = RestoreStart::Continue;
    let plan = planned(job, &archive).plan;
    assert!(!plan.is_refused() && plan.targets[0].goes_on);
}

#[test]
fn a_target_that_was_purged_in_between_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&target]), &archive);
    let mut purging = restore(directory(), &[&target]);
    purging.start = RestoreStart::Purge;
    let other = dir.path().join("other.redb");
    assert!(run(purging, &other).remove(0).ended.is_ok());
    let mut again = restore(directory(), &[&target]);
    again.start = RestoreStart::Continue;
    let refusals = planned(again, &archive).plan.targets[0].refusals.clone();
    assert!(refusals.iter().any(|why| why.contains("purged or replaced")), "{refusals:?}");
}
