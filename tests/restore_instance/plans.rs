//! Plans say what would happen and what speaks against it; planning changes nothing.

use std::fmt::Write as _;

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

/// The museum without packed files, its URLs signed until so many seconds since 1970.
fn signed(ends: &[u64]) -> tempfile::TempDir {
    let at = std::cell::Cell::new(0);
    let sign = |json: &mut serde_json::Value| {
        let text = json.to_string();
        let mut parts = text.split("x-fylr-signature=v1-");
        let mut signed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = ends[at.get() % ends.len()];
            at.set(at.get() + 1);
            signed.push_str("x-fylr-signature=v1-");
            write!(signed, "{end:x}-1-").expect("a text takes everything");
            signed.push_str(part);
        }
        *json = serde_json::from_str(&signed.replace("\"path\":\"files/", "\"was\":\"files/")).expect("JSON");
    };
    let names = std::fs::read_dir(crate::support::restores::museum()).expect("it is so");
    let names = names.map(|entry| entry.expect("it is so").file_name().into_string().expect("it is so"));
    let names: Vec<String> = names.filter(|name| name.starts_with("db__")).collect();
    let sign: &dyn Fn(&mut serde_json::Value) = &sign;
    changed(&names.iter().map(|name| (name.as_str(), sign)).collect::<Vec<_>>())
}

#[test]
fn signed_urls_are_told_with_their_end_and_refused_where_all_have_ended() {
    const PAST: u64 = 1_600_000_000;
    const LATER: u64 = 4_000_000_000;
    let dir = tempfile::tempdir().unwrap();
    let (target, archive) = (target(), dir.path().join("a.redb"));
    let plan = |ends: &[u64], change: &dyn Fn(&mut fonds::jobs::restore::Restore)| {
        let backup = signed(ends);
        let mut job = restore(RestoreFrom::Directory(backup.path().to_owned()), &[&target]);
        (job.write.upload_versions, job.write.file_api) = (false, FileApi::Put);
        change(&mut job);
        planned(job, &archive).plan
    };
    let told = |notes: &[String]| notes.iter().find(|note| note.contains("URLs of")).cloned().unwrap_or_default();
    let nothing = |_: &mut fonds::jobs::restore::Restore| {};

    let good = plan(&[LATER], &nothing);
    assert!(told(&good.notes).contains("2096-10-02"), "{:?}", good.notes);
    assert_eq!((good.files.expired, good.files.first_expiry), (0, Some(LATER as i64)));
    assert!(good.files.expiring > 3 && !good.is_refused());

    let mixed = plan(&[PAST, LATER, LATER], &nothing);
    assert!(mixed.files.expired > 0 && mixed.files.expired < mixed.files.remote && !mixed.is_refused());
    let note = told(&mixed.notes);
    assert!(note.contains("2020-09-13") && note.contains("--file-api-access-token"), "{note}");
    assert!(note.contains(&format!("{} of {} files", mixed.files.expired, mixed.files.remote)), "{note}");

    for way in [FileApi::Put, FileApi::Rput, FileApi::RputBulk] {
        let gone = plan(&[PAST], &|job| job.write.file_api = way);
        assert!(told(&gone.refusals).contains("--include-files"), "{way:?}: {:?}", gone.refusals);
    }
    assert!(!plan(&[PAST], &|job| job.write.file_api = FileApi::None).is_refused());
    assert!(!plan(&[PAST], &|job| job.write.file_token = Some("token".into())).is_refused());
    assert!(!plan(&[PAST], &|job| job.write.ignore_file_errors = true).is_refused());
    assert!(!plan(&[PAST], &|job| job.start = RestoreStart::Continue).is_refused());
}
