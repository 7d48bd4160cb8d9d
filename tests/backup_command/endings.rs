//! Each way to end has its words and its exit code, and leaves nothing half visible.

use std::net::TcpListener;

use fonds::rehearsal::{self, Kind};

use crate::support::instances::{filled, museum};
use crate::support::scripted::{Reply, Scripted};
use crate::{Place, backup_of};

#[test]
fn a_backup_tells_what_it_has_done() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    let output = place.run(&backup_of(&source.api_url()));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("museum: snapshot 1, 29 records, 18 files in "), "{text}");
    let listed = String::from_utf8(place.run("--json list").stdout).expect("UTF-8");
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["snapshots"][0]["name"], "museum", "{listed}");
    let checked = place.run("check --read-data");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_backup_tells_machines_what_it_has_done() {
    let source = museum(Kind::Easydb5);
    let place = Place::new();
    let output = place.run(&format!("--json {}", backup_of(&source.api_url())));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((told["exit"].as_u64(), told["backup"]["records"]["objekt"].as_u64()), (Some(0), Some(5)), "{told}");
    assert_eq!(told["backup"]["snapshot"]["number"], 1);
}

#[test]
fn a_wrong_password_is_one_line_and_exit_7() {
    for kind in [Kind::Fylr, Kind::Easydb5] {
        let source = museum(kind);
        let place = Place::new();
        let words = backup_of(&source.api_url()).replace("--password admin", "--password wrong");
        let (told, exit) = place.failure(&words);
        assert_eq!(exit, 7, "{told}");
        assert!(told.contains("does not let root in"), "{told}");
        assert!(told.ends_with("hint: check --login and the password"), "{told}");
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(!place.path("fonds.redb").exists(), "nothing is made");
    }
}

#[test]
fn missing_rights_are_exit_7() {
    let source = filled(rehearsal::Options {
        more_logins: vec![("guest".to_owned(), "admin".into())],
        ..rehearsal::Options::default()
    });
    let place = Place::new();
    let (told, exit) = place.failure(&backup_of(&source.api_url()).replace("--login root", "--login guest"));
    assert_eq!(exit, 7, "{told}");
    assert!(told.contains("guest may not do this"), "{told}");
    let listed = String::from_utf8(place.run("list").stdout).expect("UTF-8");
    assert!(!listed.contains("museum"), "{listed}");
}

#[test]
fn what_is_no_instance_is_exit_2() {
    let page = Scripted::start(|_| Reply::new(200, "<!doctype html><title>Museum</title>"));
    let other = Scripted::start(|_| Reply::json(r#"{"hello":"world"}"#));
    let missing = Scripted::start(|_| Reply::new(404, "<html>404"));
    for (url, words) in [
        (page.url(), "its answer is an HTML page"),
        (other.url(), "its settings are those of something else"),
        (missing.url(), "was answered with 404"),
        ("ftp://x/api/v1".to_owned(), "it does not start with https:// or http://"),
    ] {
        let place = Place::new();
        let (told, exit) = place.failure(&backup_of(&url));
        assert_eq!(exit, 2, "{told}");
        assert!(told.contains(words), "{told}");
        assert!(!place.path("fonds.redb").exists(), "nothing is made");
    }
}

#[test]
fn a_server_that_is_not_there_is_exit_3() {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (told, exit) = Place::new().failure(&backup_of(&format!("http://{nobody}/api/v1")));
    assert_eq!(exit, 3, "{told}");
    assert!(told.starts_with(&format!("error: cannot reach http://{nobody}/api/v1: ")), "{told}");
}

#[test]
fn a_server_that_breaks_down_is_exit_3_and_the_same_command_goes_on() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    source.faults().add("status 502 on GET /api/v1/db/objekt/*".parse().expect("a rule"));
    let words = format!("{} --retry-max-count 1", backup_of(&source.api_url()));
    let (told, exit) = place.failure(&words);
    assert_eq!(exit, 3, "{told}");
    assert!(told.contains("GET db/objekt/_all_fields/list?offset=0 failed 2 times"), "{told}");
    source.faults().clear();
    let (told, exit) = place.failure(&words);
    assert_eq!(exit, 6, "{told}");
    assert!(told.contains("there is an unfinished backup museum") && told.contains("--continue"), "{told}");
    let (told, exit) = place.failure(&format!("{words} --continue"));
    assert_eq!((told.as_str(), exit), ("", 0));
}

#[test]
fn what_was_set_aside_is_exit_4() {
    let source = museum(Kind::Fylr);
    source.faults().add("status 404 on /api/v1/eas/download/*/preview*".parse().expect("a rule"));
    let place = Place::new();
    let output = place.run(&backup_of(&source.api_url()));
    assert_eq!(output.status.code(), Some(4));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("-preview.png is not in the backup: "), "{told}");
    let run = String::from_utf8(place.run("runs show 1").stdout).expect("UTF-8");
    assert!(run.contains("-preview.png is not in the backup"), "{run}");
}

#[test]
fn a_full_disk_is_exit_3_and_nothing_is_half_visible() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    // The archive may not grow beyond what an empty one takes.
    let limited = format!("ulimit -f 1600; exec {} {}", env!("CARGO_BIN_EXE_fonds"), backup_of(&source.api_url()));
    let output = std::process::Command::new("sh")
        .args(["-c", &limited])
        .current_dir(place.0.path())
        .env_remove("FONDS_ARCHIVE")
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    let listed = String::from_utf8(place.run("list").stdout).expect("UTF-8");
    assert!(!listed.contains("museum"), "{listed}");
}

#[test]
fn what_is_selected_is_told_first() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    let (told, exit) = place.failure(&format!("{} --include ^o", backup_of(&source.api_url())));
    assert_eq!(exit, 0, "{told}");
    assert!(told.starts_with("plan: objecttypes: ort (7), objekt (5)"), "{told}");
    let (told, exit) = place.failure(&format!("{} --include ^x", backup_of(&source.api_url())));
    assert_eq!(exit, 2, "{told}");
    let (told, exit) = place.failure(&format!("{} --include (", backup_of(&source.api_url())));
    assert_eq!(exit, 2, "{told}");
}

#[test]
fn old_names_of_flags_are_understood_with_a_word() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    let words =
        backup_of(&source.api_url()).replace("--chunk-size 3", "--chunk 3 --size 1000 --limit 1 --clientId web");
    let (told, exit) = place.failure(&words.replace("--clientId web", "--clientId fylr-web-frontend"));
    assert_eq!(exit, 0, "{told}");
    for words in ["--chunk is called --chunk-size now", "--limit is called --maximum-count now", "--size means nothing"]
    {
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_directory_is_written_as_well() {
    let source = museum(Kind::Fylr);
    let place = Place::new();
    let (told, exit) = place.failure(&format!("{} --dir out --verify --pretty", backup_of(&source.api_url())));
    assert_eq!(exit, 0, "{told}");
    assert!(place.path("out/manifest.json").exists() && place.path("out/files").is_dir());
    let (told, exit) = place.failure(&format!("{} --dir out", backup_of(&source.api_url())));
    assert_eq!(exit, 6, "{told}");
    let (told, exit) = place.failure(&format!("{} --dir out --purge", backup_of(&source.api_url())));
    assert_eq!(exit, 0, "{told}");
}
