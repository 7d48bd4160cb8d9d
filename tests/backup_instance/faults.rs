//! Whatever goes wrong on the way, the snapshot is the same.

use std::time::Duration;

use fonds::rehearsal::{self, Kind, TokenLife};

use crate::assert_same;
use crate::support::instances::{backup, entries, filled, manifest, museum};

/// Faults that pass.
const PASSING: [&str; 16] = [
    "status 429 on /api/v1/* every 3",
    "status 502 on /api/v1/* every 3",
    "status 503 retry-after 0 on /api/v1/* every 4",
    "status 504 on /api/v1/db/* every 2",
    "status 423 on /api/v1/db/* every 2",
    "slow 30 on /api/v1/* every 5",
    "reset before on /api/v1/* every 3",
    "reset middle on /api/v1/* every 3",
    "reset after on /api/v1/* every 3",
    "truncate on /api/v1/* every 3",
    "wrong-length on /api/v1/* every 3",
    "error-body on /api/v1/* every 3",
    "confirm on GET /api/v1/* every 3",
    "expire-token on GET /api/v1/* every 9",
    "reset middle on /api/v1/eas/* every 2",
    "truncate on /api/v1/eas/* every 2",
];

#[test]
fn faults_that_pass_leave_no_trace() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let source = museum(kind);
        let folder = tempfile::tempdir().expect("a folder");
        let undisturbed = folder.path().join("0.redb");
        backup(&source, &undisturbed, |_| {}).expect("a backup");
        let expected = entries(&undisturbed);
        for (number, fault) in PASSING.iter().enumerate() {
            source.faults().add(fault.parse().expect("a rule"));
            let archive = folder.path().join(format!("{}.redb", number + 1));
            let done = backup(&source, &archive, |backup| backup.connection.retry.count_max = 12);
            let applied: u64 = source.faults().applied().iter().map(|(_, times)| times).sum();
            source.faults().clear();
            let done = done.unwrap_or_else(|error| panic!("{kind:?}, {fault}: {}", fonds::jobs::chain(&error)));
            assert!(applied > 2 || fault.contains("/eas/"), "{kind:?}, {fault}: applied {applied} times");
            assert!(done.report.aside.is_empty(), "{kind:?}, {fault}: {:?}", done.report.aside);
            assert_same(&entries(&archive), &expected, &format!("{kind:?}, {fault}"));
        }
    }
}

#[test]
fn tokens_that_live_for_a_few_requests_are_enough() {
    let life = TokenLife { time: Duration::from_hours(1), requests: Some(4) };
    let source = filled(rehearsal::Options { tokens: life, ..rehearsal::Options::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    backup(&source, &archive, |backup| {
        backup.connection.workers = 1;
        backup.read.workers = 1;
    })
    .expect("a backup");
    let groups = String::from_utf8(entries(&archive)["basetype-group-0000.json"].clone()).expect("UTF-8");
    assert!(groups.contains("sammlung"), "a list without a token is empty, not refused");
}

#[test]
fn a_file_that_cannot_be_had_is_set_aside_and_the_rest_is_there() {
    let source = museum(Kind::Fylr);
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("0.redb");
    backup(&source, &whole, |_| {}).expect("a backup");
    let files: Vec<_> = entries(&whole).into_keys().filter(|path| path.contains("karte.png")).collect();
    let id = files[0].rsplit('/').next().and_then(|name| name.split('-').next()).expect("an id").to_owned();
    source.faults().add(format!("status 404 on /api/v1/eas/download/{id}/*/original*").parse().expect("a rule"));
    let archive = folder.path().join("a.redb");
    let done = backup(&source, &archive, |_| {}).expect("a backup");
    let aside: Vec<_> = done.report.aside.iter().map(|aside| aside.what.clone()).collect();
    assert_eq!(aside, [files[0].clone()]);
    assert!(manifest(&archive)["x-fonds"]["set_aside"].to_string().contains("karte.png"));
    let mut expected = entries(&whole);
    expected.remove(&files[0]);
    assert_same(&entries(&archive), &expected, "without the map");
}

#[test]
fn a_redirect_to_another_server_ends_the_backup() {
    let source = museum(Kind::Fylr);
    source.faults().add("redirect http://127.0.0.1:1/x on GET /api/v1/tags".parse().expect("a rule"));
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let failed = backup(&source, &archive, |_| {}).map(drop).expect_err("a redirect");
    assert!(failed.to_string().contains("redirected to http://127.0.0.1:1"), "{failed}");
}

#[test]
fn a_login_with_few_rights_is_told_so() {
    let source = filled(rehearsal::Options {
        more_logins: vec![("guest".to_owned(), "guest".into())],
        ..rehearsal::Options::default()
    });
    let folder = tempfile::tempdir().expect("a folder");
    let failed = backup(&source, &folder.path().join("a.redb"), |backup| {
        backup.connection.credentials.login = "guest".to_owned();
        backup.connection.credentials.password = "guest".into();
    });
    let failed = failed.map(drop).expect_err("no rights");
    assert!(matches!(failed, fonds::jobs::Error::Fylr(fonds::fylr::Error::Rights { .. })), "{failed}");
}

#[test]
fn tokens_that_die_under_many_workers_leave_no_trace() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let folder = tempfile::tempdir().expect("a folder");
        let whole = folder.path().join("0.redb");
        backup(&museum(kind), &whole, |_| {}).expect("a backup");
        let life = TokenLife { time: Duration::from_hours(1), requests: Some(7) };
        let source = filled(rehearsal::Options { kind, tokens: life, ..rehearsal::Options::default() });
        let archive = folder.path().join("a.redb");
        let done = backup(&source, &archive, |_| {});
        let done = done.unwrap_or_else(|error| panic!("{kind:?}: {}", fonds::jobs::chain(&error)));
        assert!(done.report.aside.is_empty(), "{kind:?}: {:?}", done.report.aside);
        let (found, expected) = (entries(&archive), entries(&whole));
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{kind:?}");
        let count = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
        for (path, bytes) in expected.iter().filter(|(path, _)| path.starts_with("db__") && !path.contains('/')) {
            assert_eq!(count(&found[path]), count(bytes), "{kind:?}: {path}");
        }
    }
}
