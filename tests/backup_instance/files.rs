//! The bytes of files are those that the source tells of, or they are not in the backup.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use fonds::fylr::source::{Events, Files};
use fonds::fylr::{RetryPolicy, Server};
use fonds::jobs::{BackedUp, Backup, Error, Start};
use sha2::{Digest as _, Sha256};

use crate::support::archives;
use crate::support::instances::{connection_to, entries, everything};
use crate::support::scripted::{Asked, Reply, Scripted, Way};

/// A fylr with one objecttype, whose records have a file each of this size; `file` answers what is asked for behind
/// `/files/`: the file's id, what follows it, and the whole question.
fn fylr(sizes: &'static [usize], file: impl Fn(u64, &str, &Asked) -> Reply + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked: &Asked| match asked.path() {
        "/api/v1/settings" => {
            Reply::json(r#"{"name":"id","version":"v6.34.2","build_commit":"b"}"#).with("x-fylr-read-only-mode", "true")
        }
        "/api/oauth2/token" => Reply::json(r#"{"access_token":"t","expires_in":86400}"#),
        "/api/v1/schema/user/CURRENT" => Reply::json(
            r#"{"tables":[{"name":"x","table_id":1,"columns":[{"column_id":1,"kind":"column","name":"f","type":"eas"}]}]}"#,
        ),
        "/api/v1/plugin/manage" => Reply::json(r#"{"plugins":[]}"#),
        "/api/v1/event/list" => Reply::json(r#"{"objects":[]}"#),
        "/api/v1/search" => Reply::json(format!("{{\"count\":{}}}", sizes.len())),
        "/api/v1/config" | "/api/v1/user/session" => Reply::json("{}"),
        path if path.starts_with("/api/v1/mask/") || path.starts_with("/api/v1/l10n/") => Reply::json("{}"),
        "/api/v1/db/x/_all_fields/list" if asked.number("offset") == Some(0) => {
            let records = (1..).zip(sizes).map(|(id, size)| record(id, *size));
            Reply::json(format!("[{}]", records.collect::<Vec<_>>().join(",")))
        }
        "/api/v1/eas" => {
            let id: u64 =
                asked.target.split("%5B").nth(1).and_then(|ids| ids.split('%').next()?.parse().ok()).expect("an id");
            let fresh = format!(r#"{{"{id}":{{"_id":{id},"versions":{{"original":{{"url":"/files/{id}/fresh"}}}}}}}}"#);
            Reply::json(fresh)
        }
        path => match path.strip_prefix("/files/").and_then(|rest| rest.split_once('/')) {
            Some((id, rest)) => file(id.parse().expect("an id"), rest, asked),
            None => Reply::json("[]"),
        },
    })
}

fn record(id: u64, size: usize) -> String {
    let hash: String =
        Sha256::digest(bytes(id, size)).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!(
        r#"{{"_objecttype":"x","_system_object_id":{id},"_latest_version":true,"x":{{"_id":{id},"_version":1,"f":[{{"_id":{id},
        "preferred":true,"original_filename":"{id}.bin","extension":"bin","versions":{{"original":{{"url":"/files/{id}/old",
        "filesize":{size},"hash":"{hash}"}}}}}}]}}}}"#
    )
}

/// The bytes of a file.
fn bytes(id: u64, size: usize) -> Vec<u8> {
    let word = blake3::hash(&id.to_le_bytes());
    word.as_bytes().iter().copied().cycle().take(size).collect()
}

fn backed_up(server: &Scripted, archive: &std::path::Path, start: Start) -> Result<BackedUp, Error> {
    let mut connection = connection_to("http://127.0.0.1:1/api/v1");
    connection.server = Server::parse(&server.url(), None).expect("an URL");
    connection.retry = RetryPolicy { count_max: 2, sleep_between: Duration::from_millis(5) };
    let mut read = everything(archive);
    (read.events, read.files) = (Events::None, Files::Originals);
    let name = Some("museum".to_owned());
    Backup { connection, read, name, start, verify: false, directory: None }.run(archive, &archives::silent())
}

#[test]
fn a_file_that_comes_wrong_is_fetched_again() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = fylr(&[5000], move |id, _, _| {
        let mut body = bytes(id, 5000);
        if counted.fetch_add(1, Ordering::SeqCst) < 2 {
            body[4000] ^= 1;
        }
        Reply::new(200, body)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let done = backed_up(&server, &archive, Start::New).expect("a backup");
    assert!(done.report.aside.is_empty(), "{:?}", done.report.aside);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    assert_eq!(entries(&archive)["files/0/0/1-1.bin"], bytes(1, 5000));
}

#[test]
fn a_file_that_stays_wrong_is_set_aside_and_the_others_are_there() {
    let server = fylr(&[5000, 600], move |id, _, _| {
        let mut body = bytes(id, if id == 1 { 5000 } else { 600 });
        if id == 1 {
            body[0] ^= 1;
        }
        Reply::new(200, body)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    let done = backed_up(&server, &archive, Start::New).expect("a backup");
    let told: Vec<_> = done.report.aside.iter().map(|aside| (aside.what.as_str(), aside.why.as_str())).collect();
    assert_eq!(told, [("files/0/0/1-1.bin", "its bytes do not have the SHA-256 that the API tells")]);
    let entries = entries(&archive);
    assert!(!entries.contains_key("files/0/0/1-1.bin"));
    assert_eq!(entries["files/0/0/2-2.bin"], bytes(2, 600));
}

#[test]
fn an_url_that_has_expired_is_asked_for_anew() {
    for status in [403, 401, 410] {
        let server = fylr(&[700], move |id, rest, _| match rest {
            "old" => Reply::new(status, r#"{"code":"InsufficientRights","error":"1/signature expired"}"#),
            _ => Reply::new(200, bytes(id, 700)),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("a.redb");
        let done = backed_up(&server, &archive, Start::New).expect("a backup");
        assert!(done.report.aside.is_empty(), "{status}: {:?}", done.report.aside);
        assert_eq!(entries(&archive)["files/0/0/1-1.bin"], bytes(1, 700), "{status}");
        assert_eq!((server.asked_for("/api/v1/eas").len(), server.asked_for("/files/1/fresh").len()), (1, 1));
    }
}

/// Of this many bytes.
const LARGE: usize = 72 << 20;

#[test]
fn a_large_file_that_was_cut_off_goes_on_where_it_was() {
    let is_broken = Arc::new(AtomicUsize::new(1));
    let (broken, given) = (Arc::clone(&is_broken), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&given);
    let whole = bytes(1, LARGE);
    let server = fylr(&[LARGE], move |_, _, asked| {
        let from =
            asked.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let from: usize = from.unwrap_or(0);
        let body = whole[from..].to_vec();
        if broken.load(Ordering::SeqCst) == 1 {
            // It ends in the middle, and from there on there is nothing more.
            return if from == 0 { Reply::new(200, body).by(Way::Cut(50 << 20)) } else { Reply::new(502, "") };
        }
        counted.fetch_add(body.len() as u64, Ordering::SeqCst);
        let range = format!("bytes {from}-{}/{LARGE}", LARGE - 1);
        Reply::new(if from > 0 { 206 } else { 200 }, body).with("content-range", range)
    });
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.redb");
    backed_up(&server, &archive, Start::New).map(drop).expect_err("the connection is cut");
    is_broken.store(0, Ordering::SeqCst);
    let done = backed_up(&server, &archive, Start::Continue).expect("the rest");
    assert!(done.report.aside.is_empty(), "{:?}", done.report.aside);
    assert!(entries(&archive)["files/0/0/1-1.bin"] == bytes(1, LARGE), "all of it, and nothing twice");
    let given = given.load(Ordering::SeqCst);
    assert!(given <= (LARGE - (48 << 20)) as u64, "{given} bytes again");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(left, ["a.redb"], "nothing is left beside the archive");
}
