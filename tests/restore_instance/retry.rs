//! What did not come is tried again: files and renditions that a source or a target could not give or take, records that
//! went in without them, the logo of the base config. In the end everything is there, and only what was missing is sent.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fonds::fylr::source::Files;
use fonds::fylr::target::{FileApi, Restored};
use fonds::fylr::{Client, Request, Shape};
use fonds::jobs::restore::{Document, Restore};
use fonds::jobs::verify::{Verified, Verify};
use fonds::jobs::{LoadSource, instance};
use fonds::model::event::Silent;
use fonds::rehearsal::{Instance, Options};
use serde_json::Value;

use crate::support::restores::{
    back_up, connection, content, directory, fault, museum, one, part, restore, snapshot, target,
};

/// An instance with the museum, and its backup in an archive, with files by URL.
fn backed_up(archive: &Path) -> Instance {
    let from = LoadSource::Layout(museum());
    let source = instance(Options::default(), Some(&from), Path::new("none"), &(Arc::new(Silent) as _));
    let source = source.expect("an instance").0;
    back_up(&source, archive, true, Files::Urls);
    source
}

/// The id of a version of the picture of the jug at the source.
fn jug(source: &Instance, version: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(async {
        let client = Client::connect(connection(source), Arc::new(Silent)).await.expect("a login");
        client.ask(&Request::get("db/objekt/_all_fields/list", Shape::Array).with("format", "long")).await
    });
    let records: Value = serde_json::from_slice(&found.expect("records")).expect("JSON");
    let id = file_named(&records, "Krug & Kanne.png").expect("the jug")["versions"][version]["_id"].clone();
    id.as_u64().expect(version).to_string()
}

fn file_named<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    match json {
        Value::Object(members) if members.get("original_filename").is_some_and(|found| found == name) => Some(json),
        Value::Object(members) => members.values().find_map(|value| file_named(value, name)),
        Value::Array(items) => items.iter().find_map(|item| file_named(item, name)),
        _ => None,
    }
}

fn job(target: &Instance, change: impl FnOnce(&mut Restore)) -> Restore {
    let mut job = restore(snapshot("museum"), &[target]);
    job.write.include_password = false;
    change(&mut job);
    job
}

/// Tries again what did not come.
fn again(target: &Instance, archive: &Path, change: impl FnOnce(&mut Restore)) -> Restored {
    one(
        job(target, |job| {
            change(job);
            job.only_aside = true;
        }),
        archive,
    )
}

fn verify(target: &Instance, archive: &Path) -> Verified {
    let job = Verify {
        from: snapshot("museum"),
        connection: connection(target),
        without_files: false,
        renditions: None,
        without_events: false,
    };
    job.run_knowing(archive, None, Duration::from_secs(5), &(Arc::new(Silent) as _)).expect("a comparison")
}

#[track_caller]
fn assert_clean(verified: &Verified) {
    assert!(verified.is_clean(), "{:#?}", verified.differences);
}

#[test]
fn a_record_that_went_in_without_its_file_gets_it() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let source = backed_up(&archive);
    let target = target();
    let id = jug(&source, "original");
    fault(&source, &format!("missing-file {id} on *"));
    let first = one(job(&target, |job| job.write.ignore_file_errors = true), &archive);
    assert!(first.aside.iter().any(|aside| aside.what.contains(&format!("file {id} "))), "{:?}", first.aside);
    let records = part(&target, "db_objekt").len();
    assert!(!verify(&target, &archive).is_clean(), "the file is missing");

    // Still not to be had: nothing changes, and it stays told.
    let second = again(&target, &archive, |job| job.write.ignore_file_errors = true);
    assert!(second.aside_count >= 1, "{:?}", second.aside);
    assert_eq!(part(&target, "db_objekt").len(), records);

    source.faults().clear();
    target.forget_requests();
    let third = again(&target, &archive, |_| {});
    assert_eq!(third.aside_count, 0, "{:?}", third.aside);
    let posts = |path: &str| {
        let all = target.requests().into_iter();
        all.filter(|logged| logged.method == "POST" && logged.path.starts_with(path)).count()
    };
    assert!(posts("/api/v1/eas/put") >= 1);
    assert!(posts("/api/v1/db/") <= 3, "only records with that file are sent");
    let verified = verify(&target, &archive);
    assert_clean(&verified);
    assert!(verified.notes.iter().any(|note| note.contains("one version more")), "{:?}", verified.notes);

    target.forget_requests();
    let fourth = again(&target, &archive, |_| {});
    assert_eq!(fourth.aside_count, 0);
    assert_eq!(posts("/api/v1/db/") + posts("/api/v1/eas/"), 0, "nothing is left to try");

    // Another restore from the beginning finds all records there, in the versions that they have got.
    let anew = job(&target, |job| (job.base_config, job.datamodel) = (Document::None, Document::None));
    one(anew, &archive);
    assert_clean(&verify(&target, &archive));
}

#[test]
fn a_record_that_was_set_aside_with_its_file_comes_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let source = backed_up(&archive);
    let target = target();
    fault(&source, &format!("missing-file {} on *", jug(&source, "original")));
    let first = one(job(&target, |_| {}), &archive);
    assert!(first.aside.iter().any(|aside| aside.what.starts_with("objekt")), "{:?}", first.aside);
    source.faults().clear();
    let second = again(&target, &archive, |_| {});
    assert_eq!(second.aside_count, 0, "{:?}", second.aside);
    let verified = verify(&target, &archive);
    assert_clean(&verified);
    assert_eq!(verified.counts["db:objekt"].more, 0);
    assert!(!verified.notes.iter().any(|note| note.contains("one version more")), "{:?}", verified.notes);
}

#[test]
fn a_rendition_that_was_not_to_be_had_is_sent_alone() {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("a.redb");
    let source = backed_up(&archive);
    let target = target();
    let id = jug(&source, "preview");
    fault(&source, &format!("missing-file {id} on *"));
    let first = one(job(&target, |_| {}), &archive);
    let lost: Vec<_> = first.aside.iter().filter(|aside| aside.what.contains("version preview")).collect();
    assert_eq!((lost.len(), first.aside_count), (1, 1), "{:?}", first.aside);
    source.faults().clear();
    target.forget_requests();
    let second = again(&target, &archive, |_| {});
    assert_eq!(second.aside_count, 0, "{:?}", second.aside);
    let sent = target.requests().into_iter().filter(|logged| logged.path == "/api/v1/eas/put");
    let sent: Vec<String> = sent.map(|logged| logged.query).collect();
    assert!(sent.len() == 1 && sent[0].contains("preview"), "{sent:?}");
    assert!(
        !target.requests().iter().any(|logged| logged.path.starts_with("/api/v1/db/objekt") && logged.method == "POST")
    );
    let job = Verify {
        from: snapshot("museum"),
        connection: connection(&target),
        without_files: false,
        renditions: Some(fonds::fylr::target::Renames::default()),
        without_events: false,
    };
    assert_clean(&job.run(&archive, &(Arc::new(Silent) as _)).unwrap());
}

#[test]
fn a_file_that_the_target_could_not_fetch_comes_by_the_same_or_another_way() {
    for way in [FileApi::Rput, FileApi::RputBulk, FileApi::Put] {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("a.redb");
        let source = backed_up(&archive);
        let target = target();
        let id = jug(&source, "original");
        fault(&source, &format!("missing-file {id} on *"));
        let by_rput = |job: &mut Restore| (job.write.file_api, job.write.upload_versions) = (FileApi::Rput, false);
        one(job(&target, by_rput), &archive);
        let verified = verify(&target, &archive);
        assert!(verified.differences.iter().any(|found| found.why.contains("could not be fetched")), "{verified:#?}");
        source.faults().clear();
        let second = again(&target, &archive, |job| (job.write.file_api, job.write.upload_versions) = (way, false));
        assert_eq!(second.aside_count, 0, "{way:?}: {:?}", second.aside);
        assert_clean(&verify(&target, &archive));
    }
}

#[test]
fn a_file_of_the_base_config_comes_later() {
    let dir = tempfile::tempdir().unwrap();
    let (target, whole) = (target(), target());
    let archive = dir.path().join("a.redb");
    one(restore(directory(), &[&whole]), &dir.path().join("whole.redb"));
    fault(&target, "status 400 on POST /api/v1/eas/put times 1");
    let first = one(restore(directory(), &[&target]), &archive);
    let lost: Vec<_> = first.aside.iter().filter(|aside| aside.what.contains("base type")).collect();
    assert_eq!(lost.len(), 1, "{:?}", first.aside);
    target.faults().clear();
    let mut retry = restore(directory(), &[&target]);
    retry.only_aside = true;
    let second = one(retry, &archive);
    assert!(second.aside.iter().all(|aside| aside.what.contains("plugin")), "{:?}", second.aside);
    let (found, expected) = (content(&target), content(&whole));
    for kind in ["users", "pools", "config", "files"] {
        assert_eq!(found[kind], expected[kind], "{kind}");
    }
    let job = Verify {
        from: directory(),
        connection: connection(&target),
        without_files: false,
        renditions: None,
        without_events: false,
    };
    let verified = job.run(&archive, &(Arc::new(Silent) as _)).unwrap();
    assert!(verified.differences.iter().all(|found| found.what.contains("plugin")), "{:#?}", verified.differences);
}
