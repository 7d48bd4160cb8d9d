//! Pages that are too much for a server are read in parts, and a record that it does not give is set aside alone.

use std::sync::Arc;
use std::time::Duration;

use fonds::fylr::source::{Events, Files, ReadOptions};
use fonds::fylr::{Certificates, Credentials, Options, RetryPolicy, Server};
use fonds::jobs::{Backup, Error, Start};
use fonds::model::event::{Event, Observer, Warning};

use crate::support::instances::entries;
use crate::support::scripted::{Asked, Reply, Scripted, Way};

/// Records of the only objecttype.
const RECORDS: u64 = 40;

/// A fylr with one objecttype `x`, of which `page` decides what the list gives.
fn fylr(page: impl Fn(u64, u64) -> Reply + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked: &Asked| match asked.path() {
        "/api/v1/settings" => {
            Reply::json(r#"{"name":"id","version":"v6.34.2","build_commit":"b"}"#).with("x-fylr-read-only-mode", "true")
        }
        "/api/oauth2/token" => Reply::json(r#"{"access_token":"t","expires_in":86400}"#),
        "/api/v1/schema/user/CURRENT" => Reply::json(r#"{"tables":[{"name":"x","table_id":1,"columns":[]}]}"#),
        "/api/v1/plugin/manage" => Reply::json(r#"{"plugins":[]}"#),
        "/api/v1/event/list" => Reply::json(r#"{"objects":[]}"#),
        "/api/v1/search" => Reply::json(format!("{{\"count\":{RECORDS}}}")),
        "/api/v1/config" | "/api/v1/user/session" => Reply::json("{}"),
        path if path.starts_with("/api/v1/mask/") || path.starts_with("/api/v1/l10n/") => Reply::json("{}"),
        "/api/v1/db/x/_all_fields/list" => {
            page(asked.number("offset").expect("an offset"), asked.number("limit").expect("a limit"))
        }
        _ => Reply::json("[]"),
    })
}

/// The records from `offset` on, each with `weight` characters of text.
fn records(offset: u64, limit: u64, weight: usize) -> Reply {
    let ids = offset + 1..=(offset + limit).min(RECORDS);
    let text = "x".repeat(weight);
    let records = ids.map(|id| {
        format!(r#"{{"_objecttype":"x","_system_object_id":{id},"_latest_version":true,"x":{{"_id":{id},"_version":1,"t":"{text}"}}}}"#)
    });
    Reply::json(format!("[{}]", records.collect::<Vec<_>>().join(",")))
}

/// Keeps warnings.
#[derive(Default)]
struct Warnings(std::sync::Mutex<Vec<String>>);

impl Observer for Warnings {
    fn observe(&self, event: Event) {
        if let Event::Warning(warning @ (Warning::SmallerPages { .. } | Warning::SetAside { .. })) = event {
            self.0.lock().expect("nobody panicked").push(warning.to_string());
        }
    }
}

/// Backs up in pages of 20; the ids that are in the snapshot, and the warnings.
fn backed_up(server: &Scripted) -> Result<(Vec<u64>, Vec<String>), Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let warnings = Arc::new(Warnings::default());
    let backup = Backup {
        connection: Options {
            server: Server::parse(&server.url(), None).expect("an URL"),
            credentials: Credentials {
                login: "root".to_owned(),
                password: "admin".into(),
                client_id: String::new(),
                client_secret: None,
            },
            certificates: Certificates::Verified,
            timeout: Duration::from_millis(700),
            retry: RetryPolicy { count_max: 3, sleep_between: Duration::from_millis(5) },
            workers: 2,
            is_logged: false,
        },
        read: ReadOptions {
            all_versions: true,
            include_deleted: false,
            include: None,
            events: Events::None,
            files: Files::Urls,
            maximum_count: None,
            chunk_size: 20,
            url_days: None,
            is_pretty: false,
            is_compressed: false,
            workers: 2,
            checkpoint_every: Duration::ZERO,
            folder: folder.path().to_owned(),
        },
        name: Some("museum".to_owned()),
        start: Start::New,
        verify: false,
        directory: None,
    };
    let observer: Arc<dyn Observer + Send + Sync> = warnings.clone();
    backup.run(&archive, &observer)?;
    let mut ids = Vec::new();
    for (path, bytes) in entries(&archive).into_iter().filter(|(path, _)| path.starts_with("db__")) {
        let payload: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let records = payload["objects"].as_array().expect("a list").clone();
        assert!(records.len() <= 20, "{path} is a page");
        ids.extend(records.iter().map(|record| record["_system_object_id"].as_u64().expect("an id")));
    }
    let told = warnings.0.lock().expect("nobody panicked").clone();
    Ok((ids, told))
}

fn all() -> Vec<u64> {
    (1..=RECORDS).collect()
}

#[test]
fn pages_that_take_too_long_become_smaller() {
    for way in ["silence", "gateway"] {
        let server = fylr(move |offset, limit| match (limit > 5, way) {
            (true, "silence") => records(offset, limit, 10).by(Way::Late(Duration::from_secs(2))),
            (true, _) => Reply::new(504, ""),
            _ => records(offset, limit, 10),
        });
        let (ids, told) = backed_up(&server).expect("a backup");
        assert_eq!(ids, all(), "{way}");
        assert!(told.contains(&"x: read in pages of 5, as more is too much at once".to_owned()), "{told:?}");
    }
}

#[test]
fn pages_that_are_too_long_become_smaller() {
    // Each record has a megabyte: eight of them are more than a page may have.
    let server = fylr(|offset, limit| records(offset, limit, 1 << 20));
    let (ids, told) = backed_up(&server).expect("a backup");
    assert_eq!(ids, all());
    assert!(told.contains(&"x: read in pages of 5, as more is too much at once".to_owned()), "{told:?}");
}

#[test]
fn a_record_that_is_refused_is_set_aside_alone() {
    let server = fylr(|offset, limit| {
        if (offset..offset + limit).contains(&16) {
            return Reply::new(400, r#"{"code":"ServerGeneric","error":"Request caused a panic."}"#);
        }
        records(offset, limit, 10)
    });
    let (ids, told) = backed_up(&server).expect("a backup");
    assert_eq!(ids, all().into_iter().filter(|id| *id != 17).collect::<Vec<_>>());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("x no. 17 is not in the backup: "), "{told:?}");
}

#[test]
fn a_list_that_is_refused_as_a_whole_ends_the_backup() {
    let server = fylr(|_, _| Reply::new(400, r#"{"code":"UnknownObjecttype","error":"x"}"#));
    let failed = backed_up(&server).map(drop).expect_err("nothing is given");
    assert!(fonds::jobs::chain(&failed).contains("400 UnknownObjecttype"), "{failed}");
    assert!(server.asked_for("/api/v1/db/x/_all_fields/list").len() < 200, "it is not asked for ever");
}

#[test]
fn records_that_a_list_gives_twice_are_kept_once() {
    // Somebody has added a record in front while the list was read.
    let server = fylr(|offset, limit| records(if offset == 20 { 17 } else { offset }, limit, 10));
    let (ids, _) = backed_up(&server).expect("a backup");
    assert_eq!(ids, (1..=37).collect::<Vec<_>>());
}

#[test]
fn records_that_cannot_be_understood_are_set_aside() {
    let server = fylr(|offset, limit| {
        let mut reply = records(offset, limit, 10);
        if offset == 0 {
            let text = String::from_utf8(reply.body).expect("UTF-8");
            reply.body = text.replacen("\"_system_object_id\":3,", "", 1).into_bytes();
        }
        reply
    });
    let (ids, told) = backed_up(&server).expect("a backup");
    assert_eq!(ids.len(), 39);
    assert_eq!(told, ["a record of x is not in the backup: it has no system object id"]);
}

#[test]
fn an_empty_page_before_the_end_is_not_the_end() {
    // Of the first page the login may see nothing.
    let server = fylr(|offset, limit| if offset == 0 { Reply::json("[]") } else { records(offset, limit, 10) });
    let (ids, told) = backed_up(&server).expect("a backup");
    assert_eq!((ids, told), ((21..=40).collect(), Vec::new()));
}

#[test]
fn an_answer_that_is_broken_in_the_middle_is_asked_for_again() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let server = fylr(move |offset, limit| {
        let mut reply = records(offset, limit, 10);
        if count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            let middle = reply.body.len() / 2;
            reply.body[middle..middle + 3].copy_from_slice(b"}]\"");
        }
        reply
    });
    let (ids, told) = backed_up(&server).expect("a backup");
    assert_eq!((ids, told), (all(), Vec::new()));
}
