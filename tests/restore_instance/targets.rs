//! Several targets side by side.

use crate::support::restores::{directory, fault, part, restore, run, target};

#[test]
fn a_target_that_fails_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let (good, bad, slow) = (target(), target(), target());
    fault(&bad, "status 503 on POST /api/v1/db/ort");
    fault(&slow, "slow 5 on POST *");
    let mut job = restore(directory(), &[&good, &bad, &slow]);
    job.targets.iter_mut().for_each(|target| target.connection.retry.count_max = 2);
    let outcomes = run(job, &dir.path().join("a.redb"));
    let ended: Vec<bool> = outcomes.iter().map(|outcome| outcome.ended.is_ok()).collect();
    assert_eq!(ended, [true, false, true]);
    let failed = fonds::jobs::chain(outcomes[1].ended.as_ref().unwrap_err());
    assert!(failed.contains("db/ort"), "{failed}");
    assert_eq!(part(&good, "db_objekt"), part(&slow, "db_objekt"));
    assert!(part(&bad, "db_ort").is_empty());
}
