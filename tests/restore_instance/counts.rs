//! What is counted: every record once, however often it is sent, so that what is done never is more than there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fonds::fylr::source::Files;
use fonds::jobs::restore::{Restore, RestoreStart};
use fonds::model::event::{Event, Observer};

use crate::support::restores::{back_up, directory, fault, one, planned, restore, snapshot, target};

/// What a progress bar would show.
#[derive(Default)]
struct Counting {
    expected: AtomicU64,
    counted: AtomicU64,
    in_phases: AtomicU64,
}

impl Observer for Counting {
    fn observe(&self, event: Event) {
        match event {
            Event::Started { verb: "restore", entries, .. } => self.expected.store(entries, Ordering::Relaxed),
            Event::Counted { records } => drop(self.counted.fetch_add(records, Ordering::Relaxed)),
            Event::Phase { records, .. } => drop(self.in_phases.fetch_add(records, Ordering::Relaxed)),
            _ => {}
        }
    }
}

/// What is expected and what is counted, and how many records each objecttype got.
fn counted(job: Restore, archive: &std::path::Path) -> (u64, u64) {
    let planned = planned(job, archive);
    let counts = planned.plan.counts.clone();
    let counting = Arc::new(Counting::default());
    let observer: Arc<dyn Observer + Send + Sync> = counting.clone();
    let ended = planned.run(&observer).expect("an archive").remove(0).ended;
    let restored = ended.unwrap_or_else(|error| panic!("{}", fonds::jobs::chain(&error)));
    for (kind, tally) in &restored.tallies {
        if let Some(count) = counts.get(kind) {
            let all = tally.done + tally.there + tally.aside + tally.skipped;
            assert!(all <= *count, "{kind}: {tally:?} of {count}");
            assert!(!kind.starts_with("db:") || all == *count, "{kind}: {tally:?} of {count}");
        }
    }
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    assert_eq!(of(&counting.in_phases), of(&counting.expected), "later rounds count nothing");
    (of(&counting.counted), of(&counting.expected))
}

#[test]
fn every_item_counts_once_whatever_is_sent_again() {
    for (what, faults, deleted) in [
        ("nothing wrong", &[][..], false),
        ("deleted ones first", &[], true),
        (
            "lost answers",
            &["reset after on POST /api/v1/db/* every 2", "reset after on POST /api/v1/user every 2"],
            true,
        ),
        (
            "too long",
            &["status 413 on POST /api/v1/db/objekt times 2", "status 504 on POST /api/v1/db/ort times 1"],
            false,
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let target = target();
        for rule in faults {
            fault(&target, rule);
        }
        let mut job = restore(directory(), &[&target]);
        job.write.include_deleted_linked = deleted;
        let (counted, expected) = counted(job, &dir.path().join("a.redb"));
        assert!(expected > 50, "{expected}");
        assert_eq!(counted, expected, "{what}");
    }
}

#[test]
fn what_is_tried_again_is_not_counted_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    fault(&target, "refuse-record \"1951.17\" on POST /api/v1/db/objekt");
    let first = one(restore(directory(), &[&target]), &archive);
    target.faults().clear();
    let mut again = restore(directory(), &[&target]);
    again.only_aside = true;
    let second = one(again, &archive);
    let sum =
        |of: fn(&fonds::fylr::target::Tally) -> u64| of(&first.tallies["db:objekt"]) + of(&second.tallies["db:objekt"]);
    assert_eq!(sum(|tally| tally.done), 7);
    assert_eq!(first.tallies["db:objekt"].aside, second.tallies["db:objekt"].done);
}

#[test]
fn one_that_goes_on_tells_the_rest_and_not_more() {
    let dir = tempfile::tempdir().unwrap();
    let (source, target, archive) = (target(), target(), dir.path().join("a.redb"));
    one(restore(directory(), &[&source]), &dir.path().join("source.redb"));
    back_up(&source, &archive, true, Files::Originals);
    fault(&target, "status 503 on POST /api/v1/db/objekt");
    let job = || {
        let mut job = restore(snapshot("museum"), &[&target]);
        (job.write.include_password, job.write.upload_versions) = (false, false);
        job
    };
    let mut first = job();
    first.targets[0].connection.retry.count_max = 1;
    let ended = crate::support::restores::run(first, &archive).remove(0).ended;
    assert!(ended.is_err());
    target.faults().clear();
    let mut second = job();
    second.start = RestoreStart::Continue;
    let counts = planned(second.clone(), &archive).plan.counts;
    let restored = one(second, &archive);
    for (kind, tally) in restored.tallies.iter().filter(|(kind, _)| kind.starts_with("db:")) {
        assert!(tally.done + tally.there <= counts[kind], "{kind}: {tally:?} of {}", counts[kind]);
    }
    assert!(restored.tallies["db:objekt"].done > 0);
    assert!(!restored.tallies.contains_key("db:ort"), "they were through: {:?}", restored.tallies);
}
