//! What releases of fylr and easydb5 have done to those who backed them up, once each.

use std::collections::BTreeSet;

use fonds::fylr::Server;
use fonds::fylr::source::{Events, Files};
use fonds::jobs::{Backup, Start};
use fonds::rehearsal::{self, Kind};
use serde_json::Value;

use crate::support::archives;
use crate::support::instances::{backup, connection_to, entries, everything, filled, museum};
use crate::support::scripted::{Asked, Reply, Scripted};

/// A fylr without anything but what `answer` gives it.
fn fylr(answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked: &Asked| {
        answer(asked).unwrap_or_else(|| match asked.path() {
            "/api/v1/settings" => Reply::json(r#"{"name":"id","version":"v6.34.2","build_commit":"b"}"#)
                .with("x-fylr-read-only-mode", "true"),
            "/api/oauth2/token" => Reply::json(r#"{"access_token":"t","expires_in":86400}"#),
            "/api/v1/schema/user/CURRENT" => Reply::json(r#"{"tables":[]}"#),
            "/api/v1/plugin/manage" => Reply::json(r#"{"plugins":[]}"#),
            "/api/v1/event/list" => Reply::json(r#"{"objects":[]}"#),
            "/api/v1/search" => Reply::json(r#"{"count":0}"#),
            "/api/v1/config" | "/api/v1/user/session" => Reply::json("{}"),
            path if path.starts_with("/api/v1/mask/") || path.starts_with("/api/v1/l10n/") => Reply::json("{}"),
            _ => Reply::json("[]"),
        })
    })
}

/// The entries of a backup of it.
fn backed_up(server: &Scripted) -> std::collections::BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let mut connection = connection_to("http://127.0.0.1:1/api/v1");
    connection.server = Server::parse(&server.url(), None).expect("an URL");
    let mut read = everything(&archive);
    (read.events, read.files) = (Events::All, Files::Urls);
    let name = Some("museum".to_owned());
    let job = Backup { connection, read, name, start: Start::New, verify: false, directory: None };
    job.run(&archive, &archives::silent()).expect("a backup");
    entries(&archive)
}

#[test]
fn events_that_are_of_no_use_elsewhere_are_never_read() {
    let all = [
        "OBJECT_INSERT",
        "OBJECT_INDEX",
        "SESSION_INVALID",
        "LOGIN",
        "FRONTEND_ERROR",
        "COLLECTION_OWNER_RIGHTS_ERROR",
    ];
    let server = fylr(move |asked| {
        let offset = asked.number("offset").unwrap_or(0) as usize;
        let is_list = asked.path() == "/api/v1/event/list" && asked.target.contains("_id.ASC");
        let page = all.iter().enumerate().skip(offset).take(3);
        let page = page.map(|(at, name)| format!(r#"{{"event":{{"_id":{},"type":"{name}"}}}}"#, at + 1));
        is_list.then(|| Reply::json(format!("{{\"objects\":[{}]}}", page.collect::<Vec<_>>().join(","))))
    });
    let events = backed_up(&server).into_iter().filter(|(path, _)| path.starts_with("event"));
    let types: Vec<String> = events
        .flat_map(|(_, bytes)| {
            let payload: Value = serde_json::from_slice(&bytes).expect("JSON");
            payload["events"].as_array().cloned().expect("a list")
        })
        .map(|event| event["event"]["type"].as_str().expect("a type").to_owned())
        .collect();
    assert_eq!(types, ["OBJECT_INSERT", "LOGIN"]);
}

#[test]
fn the_scope_openid_is_never_asked_for() {
    let server = fylr(|_| None);
    backed_up(&server);
    let logins = server.asked_for("/api/oauth2/token");
    assert!(!logins.is_empty());
    assert!(
        logins.iter().all(|login| login.body.contains("grant_type=") && !login.body.contains("openid")),
        "{logins:?}"
    );
}

/// The keys in a value, at any depth.
fn keys(json: &Value, found: &mut BTreeSet<String>) {
    for (key, value) in json.as_object().into_iter().flatten() {
        found.insert(key.clone());
        keys(value, found);
    }
    json.as_array().into_iter().flatten().for_each(|item| keys(item, found));
}

#[test]
fn what_a_target_refuses_is_in_no_payload_and_what_it_misses_is_there() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        backup(&museum(kind), &archive, |_| {}).expect("a backup");
        let mut found = BTreeSet::new();
        for (path, bytes) in entries(&archive)
            .iter()
            .filter(|(path, _)| !path.contains('/') && path.contains("__") || path.starts_with("basetype"))
        {
            let payload: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
            keys(&payload, &mut found);
        }
        for refused in [
            "is_system_pool",
            "is_system_collection",
            "_count",
            "_count_recursive",
            "_level",
            "_path",
            "_has_children",
            "_generated_rights",
            "_compiled_tags",
            "_updated_at",
            "_linked_objects",
            "_duplicates",
            "_format",
            "_has_pin",
        ] {
            assert!(!found.contains(refused), "{kind:?}: {refused}");
        }
        for missed in [
            "_private_tags",
            "_owner",
            "_acl",
            "_system_rights",
            "_password_hash",
            "technical_metadata",
            "preferred",
            "_uuid",
        ] {
            assert!(found.contains(missed), "{kind:?}: {missed}");
        }
    }
}

#[test]
fn payloads_are_no_longer_than_was_said_whatever_they_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    backup(&museum(Kind::Fylr), &archive, |backup| backup.read.chunk_size = 2).expect("a backup");
    let whole = ["basetype-tags", "basetype-transitions"];
    let mut lists = 0;
    for (path, bytes) in entries(&archive).iter().filter(|(path, _)| path.starts_with("basetype")) {
        let payload: Value = serde_json::from_slice(bytes).expect("JSON");
        let longest =
            payload.as_object().into_iter().flatten().filter_map(|(_, value)| Some(value.as_array()?.len())).max();
        // What replaces everything on a target stands in one, and so do the records of a collection.
        let is_whole = whole.iter().any(|name| path.starts_with(name)) || path.contains("collection-objects");
        assert!(is_whole || longest.is_some_and(|longest| longest <= 2), "{path}: {longest:?}");
        lists += usize::from(!is_whole);
    }
    assert!(lists > 10, "{lists}");
}

#[test]
fn every_user_is_there_whatever_the_server_takes_for_a_page() {
    for page_max in [1, 2, 1000] {
        let source = filled(rehearsal::Options { page_max, ..rehearsal::Options::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        backup(&source, &archive, |backup| backup.read.chunk_size = page_max.min(100) as u64).expect("a backup");
        let users = entries(&archive).into_iter().filter(|(path, _)| path.starts_with("basetype-user"));
        let logins: BTreeSet<String> = users
            .flat_map(|(_, bytes)| {
                let payload: Value = serde_json::from_slice(&bytes).expect("JSON");
                payload["users"].as_array().cloned().expect("a list")
            })
            .map(|user| user["user"]["reference"].as_str().expect("a reference").to_owned())
            .collect();
        assert_eq!(logins.len(), 6, "pages of {page_max}: {logins:?}");
    }
}

#[test]
fn the_long_form_is_asked_for_and_real_urls_where_they_are_known() {
    for (release, knows_real_urls) in [("6.34.2", true), ("6.33.0", false)] {
        let release = release.parse().expect("a release");
        let source = filled(rehearsal::Options { release, ..rehearsal::Options::default() });
        source.forget_requests();
        let folder = tempfile::tempdir().expect("a folder");
        backup(&source, &folder.path().join("a.redb"), |_| {}).expect("a backup");
        let requests = source.requests();
        assert!(requests.iter().all(|request| !request.query.contains("format=short")));
        let lists: Vec<_> = requests.iter().filter(|request| request.path.ends_with("/_all_fields/list")).collect();
        assert!(lists.iter().all(|request| request.query.contains("format=long") && request.query.contains("skip_reverse_nested=1")));
        assert!(lists.iter().all(|request| request.query.contains("files_real_url=1") == knows_real_urls));
    }
}

#[test]
fn a_list_that_makes_the_server_panic_is_left_out_and_told() {
    let source = museum(Kind::Fylr);
    source.faults().add("status 400 on GET /api/v1/transitions".parse().expect("a rule"));
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let done = backup(&source, &archive, |_| {}).expect("a backup");
    assert!(done.report.notes.keys().any(|note| note.starts_with("transitions left out: ")), "{:?}", done.report.notes);
    let entries = entries(&archive);
    assert!(!entries.keys().any(|path| path.contains("transitions")));
    assert!(entries.keys().any(|path| path.starts_with("basetype-message")), "the rest is there");
}
