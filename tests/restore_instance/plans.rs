//! Plans say what would happen and what speaks against it; planning changes nothing.

use fonds::fylr::target::FileApi;
use fonds::jobs::restore::{Document, RestoreFrom, RestoreStart};
use fonds::rehearsal::{Instance, Options, Release};

use crate::support::restores::{changed, content, directory, planned, restore, target};

fn playing(options: Options) -> Instance {
    Instance::start(options).expect("an instance")
}

#[test]
fn a_plan_tells_what_there_is_and_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    let before = content(&target);
    let plan = planned(restore(directory(), &[&target]), &archive).plan;
    assert_eq!(plan.counts["db:objekt"], 7);
    assert_eq!(plan.counts["user"], 6);
    assert!(plan.files.packed > 5 && plan.files.staying == 1, "{:?}", plan.files);
    assert!(plan.notes.iter().any(|note| note.contains("links to deleted records")), "{:?}", plan.notes);
    assert_eq!(content(&target), before);
    assert!(!archive.exists());
    assert!(target.requests().iter().all(|logged| logged.method == "GET" || logged.path.contains("oauth2")));
}

#[test]
fn what_speaks_against_a_restore_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let refusals = |instance: &Instance, change: &dyn Fn(&mut fonds::jobs::restore::Restore)| {
        let mut job = restore(directory(), &[instance]);
        change(&mut job);
        let plan = planned(job, &archive).plan;
        [plan.refusals.clone(), plan.targets[0].refusals.clone()].concat().join("; ")
    };
    let nothing = |_: &mut fonds::jobs::restore::Restore| {};
    let easydb = playing(Options::easydb5());
    assert!(refusals(&easydb, &nothing).contains("easydb5"));
    let still = playing(Options { read_only: true, ..Options::default() });
    assert!(refusals(&still, &nothing).contains("read-only"));
    let old = playing(Options { release: Release(6, 17, 0), ..Options::default() });
    assert!(refusals(&old, &|job| job.write.file_api = FileApi::RputBulk).contains("6.18.0"));
    assert!(refusals(&old, &nothing).is_empty());
    let filled = target();
    assert!(
        crate::support::restores::one(restore(directory(), &[&filled]), &dir.path().join("b.redb")).aside_count > 0
    );
    assert!(refusals(&filled, &nothing).contains("--datamodel -"));
    assert!(refusals(&filled, &|job| job.datamodel = Document::None).is_empty());
    assert!(refusals(&filled, &|job| job.start = RestoreStart::Purge).is_empty());
}

#[test]
fn what_the_backup_cannot_give_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    let without = changed(&[("manifest.json", &|json| {
        json["has_passwords"] = false.into();
        json["options"]["include_files"] = "original".into();
    })]);
    let job = restore(RestoreFrom::Directory(without.path().to_owned()), &[&target]);
    let refusals = planned(job, &dir.path().join("a.redb")).plan.refusals;
    assert!(refusals.iter().any(|why| why.contains("--include-password")), "{refusals:?}");
    assert!(refusals.iter().any(|why| why.contains("--upload-versions")), "{refusals:?}");
    let unknown = changed(&[("basetype-message-0000.json", &|json| json["import_type"] = "weather".into())]);
    let mut job = restore(RestoreFrom::Directory(unknown.path().to_owned()), &[&target]);
    let refusals = planned(job.clone(), &dir.path().join("a.redb")).plan.refusals;
    assert!(refusals.iter().any(|why| why.contains("weather")), "{refusals:?}");
    job.skips_unknown = true;
    assert!(!planned(job, &dir.path().join("a.redb")).plan.is_refused());
}

#[test]
fn the_source_itself_is_no_target_unless_it_is_meant() {
    let dir = tempfile::tempdir().unwrap();
    let target = target();
    let client = crate::support::restores::connection(&target);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime
        .block_on(fonds::fylr::Client::connect(client, std::sync::Arc::new(fonds::model::event::Silent)))
        .unwrap();
    let id = client.instance().id.clone();
    let own = changed(&[("manifest.json", &|json| json["instance"]["db_name"] = id.clone().into())]);
    let mut job = restore(RestoreFrom::Directory(own.path().to_owned()), &[&target]);
    let plan = planned(job.clone(), &dir.path().join("a.redb")).plan;
    assert!(plan.targets[0].refusals.iter().any(|why| why.contains("--force")), "{:?}", plan.targets[0].refusals);
    job.is_forced = true;
    assert!(!planned(job, &dir.path().join("a.redb")).plan.is_refused());
}

#[test]
fn versions_of_the_target_have_their_limits_told() {
    let dir = tempfile::tempdir().unwrap();
    let old = playing(Options { release: Release(6, 30, 1), ..Options::default() });
    let plan = planned(restore(directory(), &[&old]), &dir.path().join("a.redb")).plan;
    assert!(plan.targets[0].notes.iter().any(|note| note.contains("one at a time")), "{:?}", plan.targets[0].notes);
}
