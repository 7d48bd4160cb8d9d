//! An interrupted backup goes on, and fetches nothing again that was complete.

use std::collections::BTreeMap;
use std::path::Path;

use fonds::archive::{Archive, drafts};
use fonds::fylr::source::Files;
use fonds::jobs::{Error, Start};
use fonds::rehearsal::{Instance, Kind};

use crate::assert_same;
use crate::support::archives;
use crate::support::instances::{backup, entries, museum};

/// A backup that ends at the n-th request for records, files, collections or events.
fn interrupted(source: &Instance, archive: &Path, at: u64, start: Start) -> bool {
    source.faults().add(format!("status 502 on GET /api/v1/* after {at}").parse().expect("a rule"));
    let ended = backup(source, archive, |backup| {
        backup.connection.retry.count_max = 0;
        backup.start = start;
    });
    source.faults().clear();
    ended.is_err()
}

fn draft(archive: &Path) -> Option<drafts::Draft> {
    let archive = Archive::open(archive).ok()?;
    drafts::find(&archive.read().expect("a view"), "museum").expect("a sound draft")
}

/// Pages and files that were given, with how often.
fn given(source: &Instance) -> BTreeMap<String, u64> {
    let mut given = BTreeMap::new();
    for request in source.requests() {
        let query = request.query.split('&').filter(|pair| pair.starts_with("offset=")).collect::<String>();
        if request.status == 200 {
            *given.entry(format!("{}?{query}", request.path)).or_insert(0) += 1;
        }
    }
    given
}

#[test]
fn an_interrupted_backup_goes_on_to_the_same_snapshot() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let source = museum(kind);
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("whole.redb");
        source.forget_requests();
        let done = backup(&source, &whole, |_| {}).expect("a backup");
        let requests = source.requests().len() as u64;
        let expected = entries(&whole);
        for at in (4..requests).step_by(7) {
            let archive = folder.path().join(format!("{at}.redb"));
            if !interrupted(&source, &archive, at, Start::New) {
                continue;
            }
            let again = backup(&source, &archive, |backup| backup.start = Start::Continue).expect("the rest");
            assert_same(&entries(&archive), &expected, &format!("{kind:?}, interrupted at request {at} of {requests}"));
            assert_eq!(again.report.records, done.report.records, "at {at}");
            assert_eq!(again.report.has_passwords, done.report.has_passwords, "at {at}");
            assert_eq!(again.snapshot.counts.records, done.snapshot.counts.records, "at {at}");
            assert!(draft(&archive).is_none(), "a finished backup leaves no draft");
            assert_eq!(archives::findings(&Archive::open(&archive).expect("an archive")).expect("a check"), []);
        }
    }
}

#[test]
fn what_was_complete_is_not_fetched_again() {
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    source.forget_requests();
    let whole = folder.path().join("whole.redb");
    backup(&source, &whole, |_| {}).expect("a backup");
    let requests = source.requests().len() as u64;
    let expected = entries(&whole);
    for at in (30..requests).step_by(11) {
        let archive = folder.path().join(format!("{at}.redb"));
        if !interrupted(&source, &archive, at, Start::New) {
            // The last look for changes may fail, after everything was fetched; then nobody knows of any.
            assert_same(&entries(&archive), &expected, &format!("not interrupted at {at} of {requests}"));
            continue;
        }
        let Some(kept) = draft(&archive).filter(|draft| draft.entries > 0) else { continue };
        let mut there = Vec::new();
        let opened = Archive::open(&archive).expect("an archive");
        kept.rows(&opened.read().expect("a view"), |row, _| {
            there.push(row.head.path.to_string());
            Ok::<(), fonds::archive::Error>(())
        })
        .expect("a sound draft");
        drop(opened);
        source.forget_requests();
        backup(&source, &archive, |backup| backup.start = Start::Continue).expect("the rest");
        let given = given(&source);
        assert!(!given.contains_key("/api/v1/user?offset=0") && !given.contains_key("/api/v1/config?"), "{given:#?}");
        for path in &there {
            // Pages of what has no levels are payloads.
            let Some((objecttype, batch)) = path.strip_prefix("db__").and_then(|rest| rest.split_once("__batch_"))
            else {
                continue;
            };
            let page: u64 = batch.trim_end_matches(".json").parse().expect("a number");
            let asked = format!("/api/v1/db/{objecttype}/_all_fields/list?offset={}", (page - 1) * 3);
            assert!(!given.contains_key(&asked), "{asked} again, though {path} was there (at {at})");
        }
        let files = there.iter().filter_map(|path| path.rsplit('/').next()?.split('-').next()?.parse::<u64>().ok());
        for id in files {
            let again: Vec<_> = given.keys().filter(|asked| asked.contains(&format!("/eas/download/{id}/"))).collect();
            let versions = there.iter().filter(|path| path.contains(&format!("/{id}-"))).count();
            let all = entries(&archive).keys().filter(|path| path.contains(&format!("/{id}-"))).count();
            assert!(again.len() <= all - versions, "{again:?} again (at {at})");
        }
    }
}

#[test]
fn an_unfinished_backup_is_not_overlooked() {
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    assert!(interrupted(&source, &archive, 40, Start::New));
    let refused = backup(&source, &archive, |_| {}).map(drop).expect_err("an unfinished one");
    assert!(matches!(&refused, Error::Unfinished(name) if name == "museum"), "{refused}");
    let other = backup(&source, &archive, |backup| {
        backup.start = Start::Continue;
        backup.read.files = Files::Urls;
    });
    let other = other.map(drop).expect_err("other options");
    assert!(other.to_string().ends_with("--include-files is not the same"), "{other}");
    backup(&source, &archive, |backup| backup.start = Start::Purge).expect("a new one");
    backup(&source, &archive, |_| {}).expect("nothing is in the way");
}

#[test]
fn going_on_without_an_unfinished_backup_begins_one() {
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    backup(&source, &archive, |backup| backup.start = Start::Continue).expect("a backup");
}

#[test]
fn what_is_pruned_in_between_is_not_what_a_draft_needs() {
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, archive] = ["whole.redb", "a.redb"].map(|name| folder.path().join(name));
    backup(&source, &whole, |_| {}).expect("a backup");
    assert!(interrupted(&source, &archive, 60, Start::New));
    let before = draft(&archive).expect("a draft").entries;
    assert!(before > 10, "{before}");
    let pruned = std::process::Command::new(env!("CARGO_BIN_EXE_fonds"))
        .arg("--archive")
        .arg(&archive)
        .args(["prune", "--yes"])
        .output()
        .expect("the program");
    assert!(pruned.status.success(), "{}", String::from_utf8_lossy(&pruned.stderr));
    backup(&source, &archive, |backup| backup.start = Start::Continue).expect("the rest");
    assert_same(&entries(&archive), &entries(&whole), "after a prune");
}

/// Lists that are read whole before the first of their payloads is there, and what is asked for item by item.
fn is_kept(path: &str) -> bool {
    let path = path.trim_start_matches("/api/v1/");
    let names = ["user", "group", "pool", "config", "message", "objecttype", "transitions", "publish", "plugin/manage"];
    let is_level = ["db/ort/", "db/thema/"].iter().any(|start| path.starts_with(start));
    is_level || path.starts_with("collection/") || path.starts_with("xmlmapping/") || names.contains(&path)
}

#[test]
fn levels_and_base_types_and_collections_are_not_fetched_again() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let source = museum(kind);
        let folder = tempfile::tempdir().expect("a folder");
        source.forget_requests();
        backup(&source, &folder.path().join("whole.redb"), |_| {}).expect("a backup");
        let whole = given(&source);
        let requests = source.requests().len() as u64;
        assert!(
            whole.iter().all(|(asked, times)| !is_kept(asked.split('?').next().unwrap_or_default()) || *times == 1),
            "{whole:#?}"
        );
        for at in (8..requests).step_by(9) {
            let archive = folder.path().join(format!("{at}.redb"));
            source.forget_requests();
            if !interrupted(&source, &archive, at, Start::New) {
                continue;
            }
            let first = given(&source);
            source.forget_requests();
            backup(&source, &archive, |backup| backup.start = Start::Continue).expect("the rest");
            let again: Vec<_> = given(&source)
                .into_keys()
                .filter(|asked| first.contains_key(asked) && is_kept(asked.split('?').next().unwrap_or_default()))
                .collect();
            // Answers that were on their way when the work ended did not arrive.
            assert!(again.len() <= 2, "{kind:?}, interrupted at request {at} of {requests}: {again:?}");
            assert!(!archive.with_file_name(format!("{at}.redb.museum.unfinished")).exists(), "it is tidied up");
        }
    }
}

#[test]
fn what_was_kept_beside_the_archive_may_be_gone() {
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.redb");
    backup(&source, &whole, |_| {}).expect("a backup");
    for at in (12..90).step_by(13) {
        let archive = folder.path().join(format!("{at}.redb"));
        assert!(interrupted(&source, &archive, at, Start::New), "{at}");
        let kept = archive.with_file_name(format!("{at}.redb.museum.unfinished"));
        std::fs::remove_dir_all(&kept).expect("something was kept");
        backup(&source, &archive, |backup| backup.start = Start::Continue).expect("the rest");
        assert_same(&entries(&archive), &entries(&whole), &format!("at {at}"));
        assert!(!kept.exists());
    }
}

#[test]
fn only_its_owner_reads_what_is_kept_beside_the_archive() {
    use std::os::unix::fs::PermissionsExt as _;
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    assert!(interrupted(&source, &archive, 60, Start::New));
    let kept = folder.path().join("a.redb.museum.unfinished");
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("answers"))), (0o700, 0o600));
    backup(&source, &archive, |backup| backup.start = Start::Purge).expect("a new one");
    assert!(!kept.exists());
}
