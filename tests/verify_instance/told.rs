//! What a restore was told to leave behind is not missed, and files that are on their way are waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fonds::fylr::source::{Events, Files};
use fonds::fylr::target::FileApi;
use fonds::jobs::restore::{Restore, RestoreStart};
use fonds::jobs::verify::Verified;
use fonds::model::event::Silent;
use fonds::rehearsal::{Instance, Kind};

use crate::support::restores::{back_up, directory, fault, one, restore, snapshot, target};
use crate::{job, source, verify};

/// What is told, without the plugin that no instance takes.
fn differences(verified: &Verified) -> Vec<&str> {
    let told = verified.differences.iter().map(|found| found.what.as_str());
    told.filter(|what| !what.contains("plugin")).collect()
}

fn note<'a>(verified: &'a Verified, part: &str) -> Option<&'a String> {
    verified.notes.iter().find(|note| note.contains(part))
}

#[test]
fn what_was_left_behind_on_purpose_is_no_difference() {
    let some = Events::Of(vec!["OBJECT_INSERT".to_owned()]);
    let cases: [(&str, &dyn Fn(&mut Restore)); 5] = [
        ("files", &|job| job.write.file_api = FileApi::None),
        ("events", &|job| job.write.events = Events::None),
        ("events but OBJECT_INSERT", &move |job| job.write.events = some.clone()),
        ("passwords", &|job| job.write.include_password = false),
        ("versions preview", &|job| {
            job.write.file_version = "preview".to_owned();
            job.write.upload_versions = false;
        }),
    ];
    for (left, change) in cases {
        let dir = tempfile::tempdir().unwrap();
        let (target, archive) = (target(), dir.path().join("a.redb"));
        let mut restoring = restore(directory(), &[&target]);
        change(&mut restoring);
        one(restoring, &archive);
        let verified = verify(directory(), &target, &archive);
        assert_eq!(differences(&verified), Vec::<&str>::new(), "{left}: {:#?}", verified.differences);
        let told = note(&verified, "left behind").unwrap_or_else(|| panic!("{left}: {:?}", verified.notes));
        assert!(told.contains(left), "{told}");
        // Another archive knows nothing of it.
        let other = verify(directory(), &target, &dir.path().join("other.redb"));
        assert_eq!(note(&other, "left behind"), None);
        assert_eq!(differences(&other).is_empty(), left == "passwords", "{left}");
    }
}

#[test]
fn what_a_second_run_left_behind_is_not_missed_either() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    fault(&target, "status 503 on POST /api/v1/event/list");
    let mut first = restore(directory(), &[&target]);
    first.targets[0].connection.retry.count_max = 1;
    assert!(crate::support::restores::run(first, &archive).remove(0).ended.is_err());
    target.faults().clear();
    let mut second = restore(directory(), &[&target]);
    (second.start, second.write.events) = (RestoreStart::Continue, Events::None);
    one(second, &archive);
    assert_eq!(differences(&verify(directory(), &target, &archive)), Vec::<&str>::new());
}

/// A target to which the museum was restored by URL, and which is slow with fetching.
fn slow(archive: &std::path::Path, milliseconds: u64) -> (Instance, Instance) {
    let (source, target) = (source(Kind::Fylr), target());
    back_up(&source, archive, true, Files::Urls);
    fault(&target, &format!("slow-fetch {milliseconds} on POST /api/v1/eas/rput*"));
    let mut restoring = restore(snapshot("museum"), &[&target]);
    (restoring.write.file_api, restoring.write.include_password) = (FileApi::Rput, false);
    restoring.write.upload_versions = false;
    let restored = one(restoring, archive);
    assert!(restored.files_coming > 3, "{}", restored.files_coming);
    (source, target)
}

#[test]
fn files_that_are_on_their_way_are_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let began = Instant::now();
    let (_source, target) = slow(&archive, 2500);
    let verified = verify(snapshot("museum"), &target, &archive);
    assert!(began.elapsed() >= Duration::from_millis(2500), "{:?}", began.elapsed());
    assert!(verified.is_clean() && verified.files_coming == 0, "{:#?}", verified.differences);
    assert_eq!(note(&verified, "fetching"), None);
}

#[test]
fn what_does_not_come_in_time_is_told_as_such_and_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let (_source, target) = slow(&archive, 60_000);
    let observer: Arc<dyn fonds::model::event::Observer + Send + Sync> = Arc::new(Silent);
    let verify = job(snapshot("museum"), &target);
    let verified = verify.run_knowing(&archive, None, Duration::from_millis(300), &observer).unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.differences);
    assert!(verified.files_coming > 3);
    assert!(note(&verified, "still fetching").is_some(), "{:?}", verified.notes);
    assert_eq!(note(&verified, "only names"), None, "{:?}", verified.notes);
}
