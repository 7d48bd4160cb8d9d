//! Every flag does something: each of these fails when its flag is taken and forgotten.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fonds::rehearsal::{Instance, Kind};
use serde_json::Value;

use crate::Place;
use crate::support::instances::museum;
use crate::support::scripted::{Asked, Reply, Scripted};

/// A short backup that other flags are added to.
fn words(source: &Instance, more: &str) -> String {
    format!("backup --server {} --login root --password admin --name museum {more}", source.api_url())
}

/// What a backup with these flags writes to a directory.
fn written(source: &Instance, more: &str) -> (Place, BTreeSet<String>) {
    let place = Place::new();
    let (told, exit) = place.failure(&words(source, &format!("--dir out {more}")));
    assert_eq!(exit, 0, "{more}: {told}");
    let names = std::fs::read_dir(place.path("out")).expect("a directory");
    let names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    (place, names)
}

fn manifest(place: &Place) -> Value {
    serde_json::from_slice(&std::fs::read(place.path("out/manifest.json")).expect("a manifest")).expect("JSON")
}

/// All records of an objecttype in a directory.
fn records(dir: &Path, objecttype: &str) -> Vec<Value> {
    let mut paths: Vec<_> =
        std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("one").path()).collect();
    paths.sort();
    let prefix = format!("db__{objecttype}__");
    let payloads =
        paths.iter().filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)));
    payloads
        .flat_map(|path| {
            let payload: Value = serde_json::from_slice(&std::fs::read(path).expect("a payload")).expect("JSON");
            payload["objects"].as_array().cloned().expect("a list")
        })
        .collect()
}

/// The values of a parameter in all requests for lists of records.
fn asked(source: &Instance, name: &str) -> BTreeSet<String> {
    let lists = source.requests().into_iter().filter(|request| request.path.ends_with("/_all_fields/list"));
    let pairs = lists.flat_map(|request| request.query.split('&').map(str::to_owned).collect::<Vec<_>>());
    pairs.filter_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned())).collect()
}

#[test]
fn the_size_of_pages_and_how_long_urls_last_are_asked_for() {
    let source = museum(Kind::Fylr);
    written(&source, "--chunk-size 7 --file-url-expire-days 30");
    assert_eq!(asked(&source, "limit"), BTreeSet::from(["7".to_owned()]));
    assert_eq!(asked(&source, "file_url_expire"), BTreeSet::from(["30".to_owned()]));
    source.forget_requests();
    written(&source, "");
    assert_eq!(asked(&source, "limit"), BTreeSet::from(["100".to_owned()]));
    assert_eq!(asked(&source, "file_url_expire"), BTreeSet::from(["365".to_owned()]));
}

#[test]
fn histories_and_deleted_records_are_asked_for() {
    let source = museum(Kind::Fylr);
    let versions = |more: &str, objecttype: &str| records(&written(&source, more).0.path("out"), objecttype).len();
    assert_eq!((versions("", "objekt"), versions("--all-versions", "objekt")), (5, 7));
    assert_eq!((versions("", "person"), versions("--include-deleted", "person")), (3, 4));
}

#[test]
fn what_is_selected_is_there_and_nothing_else() {
    let source = museum(Kind::Fylr);
    let (place, names) = written(&source, "--include ^objekt$ --include-events -");
    assert!(
        names.iter().filter(|name| name.starts_with("db__")).all(|name| name.starts_with("db__objekt__")),
        "{names:?}"
    );
    assert!(!names.iter().any(|name| name.starts_with("event")), "{names:?}");
    assert_eq!(manifest(&place)["options"]["include"], "^objekt$");
    let (_, names) = written(&source, "--include-events DETAIL_VIEW");
    assert!(names.iter().any(|name| name.starts_with("event")), "{names:?}");
    for flag in ["--maximum-count", "--max-count"] {
        let (place, _) = written(&source, &format!("{flag} 2"));
        assert_eq!(records(&place.path("out"), "objekt").len(), 2, "{flag}");
    }
}

#[test]
fn files_come_along_when_they_are_asked_for() {
    let source = museum(Kind::Fylr);
    let packed = |more: &str| {
        let (place, names) = written(&source, more);
        let text = records(&place.path("out"), "objekt").iter().map(Value::to_string).collect::<String>();
        (names.contains("files"), text.matches("\"path\":").count())
    };
    assert_eq!(packed(""), (false, 0));
    assert_eq!(packed("--include-files="), (false, 0));
    let (has_originals, originals) = packed("--include-files original");
    let (has_all, all) = packed("--include-files with-versions");
    assert!(has_originals && has_all && 0 < originals && originals < all, "{originals} {all}");
    let (told, exit) = Place::new().failure(&words(&source, "--include-files all"));
    assert_eq!(exit, 2, "{told}");
}

#[test]
fn payloads_are_pretty_or_compressed() {
    let source = museum(Kind::Fylr);
    let text = |place: &Place, name: &str| std::fs::read(place.path("out").join(name)).expect(name);
    let (plain, _) = written(&source, "");
    let (pretty, _) = written(&source, "--pretty");
    let lines = |place: &Place| text(place, "db__objekt__batch_0001.json").split(|byte| *byte == b'\n').count();
    assert!(lines(&plain) < 10 && lines(&pretty) > 100, "{} {}", lines(&plain), lines(&pretty));
    let sizes = ["1", "9"].map(|level| {
        let (place, _) = written(&source, &format!("--compression {level} --file-url-expire-days 0"));
        let packed = text(&place, "db__objekt__batch_0001.json.gz");
        assert!(packed.starts_with(&[0x1f, 0x8b]));
        packed.len()
    });
    assert!(sizes[1] < sizes[0], "{sizes:?}");
}

#[test]
fn verify_reads_everything_back() {
    let source = museum(Kind::Fylr);
    let told = |more: &str| -> Value {
        let output = Place::new().run(&format!("--json {}", words(&source, more)));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let verified = told("--verify");
    let entries = &verified["backup"]["snapshot"]["entries"];
    assert!(entries.is_u64() && verified["backup"]["entries_verified"] == *entries, "{verified:#}");
    assert_eq!(told("")["backup"]["entries_verified"], Value::Null);
}

#[test]
fn switches_may_be_written_with_their_value() {
    let source = museum(Kind::Fylr);
    let (place, _) = written(&source, "--all-versions=true --pretty=false --verify=true");
    assert_eq!(records(&place.path("out"), "objekt").len(), 7);
    let options = &manifest(&place)["options"];
    assert_eq!((&options["all_versions"], &options["pretty"]), (&Value::Bool(true), &Value::Bool(false)));
}

#[test]
fn failed_requests_are_repeated_as_often_and_as_soon_as_was_said() {
    let source = museum(Kind::Fylr);
    source.faults().add("status 502 on GET /api/v1/tags".parse().expect("a rule"));
    for count in [0, 3] {
        source.forget_requests();
        let began = Instant::now();
        let more = format!("--purge --retry-max-count {count} --retry-sleep-between 0.01");
        let (told, exit) = Place::new().failure(&words(&source, &more));
        assert_eq!(exit, 3, "{told}");
        let sent = source.requests().iter().filter(|request| request.path == "/api/v1/tags").count();
        assert_eq!(sent, count + 1);
        // With the usual time between them the attempts take seconds.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
    let began = Instant::now();
    let (told, _) = Place::new().failure(&words(&source, "--retry-max-count 2 --retry-sleep-between 16"));
    assert!(began.elapsed() > Duration::from_millis(1400), "half a second and a second at least: {told}");
}

#[test]
fn a_request_that_takes_too_long_has_failed() {
    let source = museum(Kind::Fylr);
    source.faults().add("slow 4000 on GET /api/v1/tags".parse().expect("a rule"));
    let more = "--timeout-min 0.02 --retry-max-count 0";
    let (told, exit) = Place::new().failure(&words(&source, more));
    assert_eq!(exit, 3, "{told}");
    assert!(told.contains("took too long"), "{told}");
}

#[test]
fn the_client_of_oauth2_is_the_one_that_was_named() {
    let source = museum(Kind::Fylr);
    let ended = |more: &str| Place::new().failure(&words(&source, more)).1;
    assert_eq!(ended("--client-id web-client --client-secret foo"), 0);
    assert_eq!(ended("--client-id web-client --client-secret bar"), 7);
    assert_eq!(ended("--client-id nobody"), 7);
    assert_eq!(ended(&format!("--client-token-url {}/api/oauth2/token", source.url())), 0);
    assert_ne!(ended(&format!("--client-token-url {}/api/v1/tags", source.url())), 0);
}

#[test]
fn old_names_of_the_login_are_understood_with_a_word() {
    let source = museum(Kind::Fylr);
    let more = format!(
        "--clientId web-client --clientSecret=foo --clientTokenUrl {}/api/oauth2/token --timeout 3",
        source.url()
    );
    let (told, exit) = Place::new().failure(&words(&source, &more));
    assert_eq!(exit, 0, "{told}");
    for (old, new) in [
        ("clientId", "client-id"),
        ("clientSecret", "client-secret"),
        ("clientTokenUrl", "client-token-url"),
        ("timeout", "timeout-min"),
    ] {
        assert!(told.contains(&format!("warning: --{old} is called --{new} now")), "{told}");
    }
}

#[test]
fn the_network_is_logged_when_that_is_wanted() {
    let source = museum(Kind::Fylr);
    for (flags, is_logged) in [("", false), ("-n", true), ("--log-network", true)] {
        let place = Place::new();
        let (told, exit) = place.failure(&format!("--log log.txt {flags} {}", words(&source, "")));
        assert_eq!(exit, 0, "{told}");
        let log = std::fs::read_to_string(place.path("log.txt")).expect("a log");
        assert_eq!(log.contains("→ GET http://127.0.0.1"), is_logged, "{flags}");
        assert!(!log.contains("ory_at_"), "{flags}");
    }
}

/// A fylr with one objecttype of forty pages; the most requests that came at a time.
fn counting() -> (Scripted, Arc<AtomicUsize>) {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&most);
    let server = Scripted::start(move |asked: &Asked| {
        let at_a_time = now.fetch_add(1, Ordering::SeqCst) + 1;
        counted.fetch_max(at_a_time, Ordering::SeqCst);
        let reply = match asked.path() {
            "/api/v1/settings" => Reply::json(r#"{"name":"id","version":"v6.34.2","build_commit":"b"}"#),
            "/api/oauth2/token" => Reply::json(r#"{"access_token":"t","expires_in":86400}"#),
            "/api/v1/schema/user/CURRENT" => Reply::json(r#"{"tables":[{"name":"x","table_id":1,"columns":[]}]}"#),
            "/api/v1/plugin/manage" => Reply::json(r#"{"plugins":[]}"#),
            "/api/v1/event/list" => Reply::json(r#"{"objects":[]}"#),
            "/api/v1/search" => Reply::json(r#"{"count":40}"#),
            "/api/v1/config" | "/api/v1/user/session" => Reply::json("{}"),
            path if path.starts_with("/api/v1/mask/") || path.starts_with("/api/v1/l10n/") => Reply::json("{}"),
            "/api/v1/db/x/_all_fields/list" => {
                std::thread::sleep(Duration::from_millis(15));
                let id = asked.number("offset").expect("an offset") + 1;
                let record =
                    format!(r#"{{"_objecttype":"x","_system_object_id":{id},"x":{{"_id":{id},"_version":1}}}}"#);
                Reply::json(if id > 40 { "[]".to_owned() } else { format!("[{record}]") })
            }
            _ => Reply::json("[]"),
        };
        now.fetch_sub(1, Ordering::SeqCst);
        reply
    });
    (server, most)
}

#[test]
fn so_many_requests_are_sent_at_a_time_and_no_more() {
    for (parallel, least, most) in [(1, 1, 1), (4, 2, 4)] {
        let (server, counted) = counting();
        let words = format!("backup --server {} -l root -p x --chunk-size 1 --max-parallel {parallel}", server.url());
        let (told, exit) = Place::new().failure(&words);
        assert_eq!(exit, 0, "{told}");
        let counted = counted.load(Ordering::SeqCst);
        assert!((least..=most).contains(&counted), "--max-parallel {parallel}: {counted}");
    }
}

#[test]
fn a_directory_is_given_up_only_when_that_was_said() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    let ended = |more: &str| place.failure(&words(&source, more)).1;
    assert_eq!(ended("--dir out"), 0);
    std::fs::write(place.path("out/more"), "").expect("a file");
    assert_eq!(ended("--dir out"), 6);
    assert_eq!(ended("--dir out --purge"), 0);
    assert!(!place.path("out/more").exists());
    assert_eq!(ended("--purge --continue"), 2);
}
