//! `fonds restore --verify`: what is broken in a backup is found before anything is written. `fonds verify` compares what
//! its flags say.

use serde_json::{Value, json};

use crate::Place;
use crate::support::program::{fonds, told};
use crate::support::restores::changed;

const ORTE: &str = "db__ort__level_00__batch_0001__size_0001.json";

/// The museum without the plugin that cannot be had.
fn whole(changes: &[(&str, &dyn Fn(&mut Value))]) -> tempfile::TempDir {
    let no_zip = |json: &mut Value| json["plugins"].as_array_mut().expect("plugins").retain(|one| one["type"] == "url");
    let mut all: Vec<(&str, &dyn Fn(&mut Value))> = vec![("basetype-plugin-0000.json", &no_zip)];
    all.extend(changes);
    changed(&all)
}

#[test]
fn a_backup_without_a_fault_is_read_and_restored() {
    let (museum, place) = (whole(&[]), Place::new());
    let output = place.run_on(museum.path(), "restore --verify --file-api put --skip-constraints");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

#[test]
fn what_is_broken_is_named_and_nothing_is_written() {
    let picture = "files/1000000/1000000/1000413-Krug & Kanne.png";
    let break_it: [(&str, &dyn Fn(&std::path::Path)); 4] = [
        ("is no JSON", &|dir| {
            let text = std::fs::read_to_string(dir.join(ORTE)).expect("a payload");
            std::fs::write(dir.join(ORTE), text.replacen("\"name\":\"", "\"name\":\"\\q", 1)).expect("a payload");
        }),
        ("cannot be read", &|dir| std::fs::remove_file(dir.join(picture)).expect("a file")),
        ("has 3 bytes and should have 100", &|dir| std::fs::write(dir.join(picture), "abc").expect("a file")),
        ("has other bytes", &|dir| std::fs::write(dir.join(picture), [b'x'; 100]).expect("a file")),
    ];
    for (wanted, break_it) in break_it {
        let museum = whole(&[(ORTE, &|_| {})]);
        break_it(museum.path());
        let place = Place::new();
        let output = place.run_on(museum.path(), "restore --verify --file-api put");
        assert_eq!(output.status.code(), Some(6), "{wanted}: {}", told(&output));
        assert!(told(&output).contains(wanted), "{wanted}: {}", told(&output));
        assert_eq!(place.writes(), 0, "{wanted}");
        // Without being asked to, a restore sets aside what is broken.
        let output = place.run_on(museum.path(), "restore --file-api put");
        assert_eq!(output.status.code(), Some(4), "{wanted}: {}", told(&output));
    }
}

#[test]
fn flags_of_the_first_versions_are_understood_and_said_to_mean_nothing() {
    let place = Place::new();
    for words in ["--limit 5", "--base tags", "--user root", "--check-progress"] {
        let output = place.run(&format!("restore {words} --dry-run"));
        let name = words.split(' ').next().unwrap_or_default();
        assert!(output.status.success(), "{words}: {}", told(&output));
        assert!(told(&output).contains(&format!("{name} means nothing")), "{words}: {}", told(&output));
    }
}

/// How `verify` ends that knows nothing of the restore: its archive is another one.
fn verified(place: &Place, manifest: &std::path::Path, words: &str) -> (Option<i32>, Value) {
    let mut command = fonds(&place.path("other.redb"));
    command.args(["verify", "--json", "--login", "root", "--server", &place.target.api_url()]);
    command.args(words.split_whitespace()).arg("--manifest").arg(manifest).env("FONDS_PASSWORD", "admin");
    let output = command.current_dir(place.dir.path()).output().expect("the program starts");
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
    (output.status.code(), json)
}

#[test]
fn verify_leaves_out_what_did_not_come_along_only_where_that_is_said() {
    for (restored, flag, kind) in [
        ("--skip-constraints", "--without-files", "db:objekt"),
        ("--skip-constraints --file-api put --include-events -", "--without-events", "event/list"),
    ] {
        let (museum, place) = (whole(&[]), Place::new());
        place.restore_of(museum.path(), restored);
        let (code, json) = verified(&place, museum.path(), "");
        assert_eq!(code, Some(5), "{flag}: {json:#}");
        assert!(json["verify"]["counts"][kind]["same"] != json["verify"]["counts"][kind]["in_backup"], "{flag}");
        let (code, json) = verified(&place, museum.path(), flag);
        assert_eq!(code, Some(0), "{flag}: {json:#}");
    }
}

#[test]
fn verify_compares_renditions_by_their_new_names_where_that_is_said() {
    let (museum, place) = (whole(&[]), Place::new());
    place.restore_of(
        museum.path(),
        "--skip-constraints --file-api put --upload-versions --rename-versions image.small:klein",
    );
    for (words, code) in [
        ("", 0),
        ("--upload-versions", 5),
        ("--link-versions", 5),
        ("--upload-versions --rename-versions image.small:klein", 0),
        ("--upload-versions --rename-versions image.small:anders", 5),
    ] {
        let (found, json) = verified(&place, museum.path(), words);
        assert_eq!(found, Some(code), "{words}: {json:#}");
    }
}

#[test]
fn verify_tells_what_is_lost_in_a_report_of_each_form() {
    let (museum, place) = (whole(&[]), Place::new());
    place.restore_of(museum.path(), "--skip-constraints --file-api put");
    let more = whole(&[(ORTE, &|json| json["objects"][0]["_comment"] = "nie geschrieben".into())]);
    for name in ["report.html", "report.json", "report.csv"] {
        let (code, _) = verified(&place, more.path(), &format!("--report {name}"));
        assert_eq!(code, Some(5));
        let text = std::fs::read_to_string(place.path(name)).expect("a report");
        assert!(text.contains("ort 101 version 1") && text.contains("nie geschrieben"), "{name}: {text}");
    }
    let mut command = fonds(&place.path("other.redb"));
    command.args(["verify", "--report", "report.pdf", "--login", "root", "--server", &place.target.api_url()]);
    let output = command.arg("--manifest").arg(more.path()).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
}

#[test]
fn a_rehearsal_takes_the_flags_of_a_restore() {
    let museum = whole(&[]);
    let dir = tempfile::tempdir().expect("a directory");
    let rehearsed = |words: &str| -> Value {
        let mut command = fonds(&dir.path().join("a.redb"));
        command.args(["rehearse", "--json"]).args(words.split_whitespace()).arg("--manifest").arg(museum.path());
        let output = command.output().expect("the program starts");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)));
        assert_eq!(output.status.code(), Some(0), "{words}: {json:#}");
        json
    };
    let compared = |json: &Value, kind: &str| json["verify"]["counts"][kind]["in_backup"].clone();
    assert_eq!(compared(&rehearsed("--file-api put --skip-constraints"), "event/list"), json!(7));
    assert!(compared(&rehearsed("--include-events - --skip-constraints"), "event/list").is_null());
    let files = |words: &str| rehearsed(words)["verify"]["notes"].to_string().contains("files");
    assert!(files("--skip-constraints") && !files("--skip-constraints --file-api put"));
    rehearsed("--verify --file-api put --skip-constraints --upload-versions --rename-versions image.small:klein");
}
