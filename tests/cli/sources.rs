//! Sources that are no backup, or not a whole one: what is wrong is named, and nothing is touched.

use std::fs;
use std::process::Command;

use snapbox::{assert_data_eq, str};

use crate::Place;

/// Nothing was imported, and not even an archive was made.
#[track_caller]
fn refused(place: &Place, words: &str, told: &str) {
    let before = place.names();
    let transcript = place.transcript(words);
    assert!(transcript.contains(told), "fonds {words}:\n{transcript}");
    assert!(transcript.contains("\nhint: ") && transcript.ends_with("\n[exit 2]\n"), "fonds {words}:\n{transcript}");
    assert_eq!(place.names(), before);
}

#[test]
fn what_is_no_backup_is_refused_with_the_reason() {
    let place = Place::new();
    place.put("empty/notes.txt", "no manifest");
    place.put("no-json/manifest.json", "{\n  \"payloads\": [\n    \"a.json\",,\n");
    place.put("no-object/manifest.json", "[]");
    place.put("no-payloads/manifest.json", "{}");
    place.backup("twice", &[("a.json", Some("[]")), ("a.json", None)]);
    place.backup("outside", &[("../a.json", None)]);
    place.backup("absolute", &[("/etc/passwd", None)]);
    place.put("a.json", "[]");

    refused(&place, "import nowhere", "error: cannot open nowhere: No such file or directory");
    refused(&place, "import a.json", "error: a.json is no tar, nor one compressed with gzip or zstd");
    refused(&place, "import empty", "error: empty/manifest.json is not there, so this is no backup");
    refused(&place, "import no-json", "the manifest is not JSON: expected value at line 3 column 14");
    refused(&place, "import no-object", "the manifest is not a JSON object");
    refused(&place, "import no-payloads", "the manifest has no \"payloads\"");
    refused(&place, "import twice", "the manifest names a.json twice");
    refused(&place, "import outside", "the manifest names a file \"../a.json\"");
    refused(&place, "import absolute", "the manifest names a file \"/etc/passwd\": is absolute");
}

#[test]
fn what_is_neither_file_nor_folder_is_refused() {
    let place = Place::new();
    place.backup("backup", &[("a.json", Some("[]"))]);
    std::os::unix::fs::symlink("/etc/passwd", place.path("backup/link")).expect("a new link");
    refused(&place, "import backup", "error: link is a symbolic link, which no backup can hold");
    fs::remove_file(place.path("backup/link")).expect("the link");

    let made = Command::new("mkfifo").arg(place.path("backup/pipe")).status().expect("mkfifo");
    assert!(made.success());
    refused(&place, "import backup", "error: pipe is a FIFO, which no backup can hold");
}

#[test]
fn a_missing_payload_is_refused() {
    let place = Place::new();
    place.backup("backup", &[("a.json", Some("[{\"_id\": 1}]")), ("b.json", None), ("c.json", None)]);
    refused(&place, "import backup", "error: b.json is named by the manifest but missing, and so are 1 more");
}

#[test]
fn an_accepted_missing_payload_is_recorded_and_changes_the_exit_code() {
    let place = Place::new();
    place.backup("backup", &[("tags.json", Some("[{\"_id\": 1}]")), ("b.json", None)]);
    assert_data_eq!(
        place.transcript("import backup --allow-missing"),
        str![[r"
backup: snapshot 1, 1 of 1 record is new, [..] bytes added, 1 payload is missing
warning: b.json: named by the manifest but missing; recorded as missing
[exit 4]

"]]
    );
    let shown = place.succeed("show backup");
    assert!(shown.ends_with("\n\nmissing when it was imported:\n  b.json\n"), "{shown}");
    assert_data_eq!(
        place.transcript("export backup out"),
        str![[r"
backup: snapshot 1 is in out, 2 entries, [..] bytes
warning: 1 payload was missing when this was imported: not in out

"]]
    );
    assert!(!place.path("out/b.json").exists());
    assert_data_eq!(
        place.transcript("cat backup b.json"),
        str![[r"
error: b.json was missing when the backup was imported
hint: only an earlier or later snapshot can have it
[exit 2]

"]]
    );
}

#[test]
fn a_payload_that_is_no_json_is_kept_byte_for_byte_with_a_warning() {
    let place = Place::new();
    let broken = "{\"tags\": [1 2]}";
    place.backup("backup", &[("tags.json", Some(broken))]);
    assert_data_eq!(
        place.transcript("import backup"),
        str![[r"
backup: snapshot 1, 0 of 0 records are new, [..] bytes added
warning: tags.json: not JSON at byte 12; kept as plain content

"]]
    );
    assert_eq!(place.succeed("cat backup tags.json"), broken);
    let shown = place.succeed("show backup");
    assert!(shown.ends_with("kept as plain content:\n  tags.json: not JSON at byte 12\n"), "{shown}");
}

#[test]
fn a_payload_that_is_no_json_ends_a_strict_import() {
    let place = Place::new();
    place.backup("backup", &[("tags.json", Some("[1, 2"))]);
    assert_data_eq!(
        place.transcript("import backup --strict"),
        str![[r"
error: tags.json: not JSON: it ends in the middle of a value at byte 5
hint: nothing was added; without --strict it is kept byte for byte, with a warning
[exit 1]

"]]
    );
    assert_eq!(place.succeed("list --json"), "{\"snapshots\":[],\"exit\":0}\n");
}

#[test]
fn many_warnings_of_a_kind_become_a_count() {
    let place = Place::new();
    let names = (0..30).map(|number| format!("{number:02}.json")).collect::<Vec<_>>();
    let payloads = names.iter().map(|name| (name.as_str(), Some("no JSON"))).collect::<Vec<_>>();
    place.backup("backup", &payloads);
    let transcript = place.transcript("import backup");
    assert_eq!(transcript.matches("kept as plain content\n").count(), 21, "{transcript}");
    assert!(
        transcript.ends_with("warning: and 10 more payloads without records, kept as plain content\n"),
        "{transcript}"
    );
}

#[test]
fn of_several_sources_the_one_that_failed_is_named_and_those_before_are_kept() {
    let place = Place::new();
    place.backup("monday", &[("tags.json", Some("[{\"_id\": 1}]"))]);
    place.backup("tuesday", &[("tags.json", None)]);
    assert_data_eq!(
        place.transcript("import monday tuesday --name museum"),
        str![[r"
museum: snapshot 1, 1 of 1 record is new, [..] bytes added
error: tuesday: tags.json is named by the manifest but missing
hint: nothing was imported; --allow-missing takes the rest and records what is missing
[exit 2]

"]]
    );
    assert_eq!(place.succeed("cat museum tags.json"), "[{\"_id\": 1}]");
}

#[test]
fn names_in_a_backup_cannot_control_the_terminal() {
    let place = Place::new();
    place.backup("backup", &[("a.json", Some("{\"import_type\": \"x\\u001b[31m\", \"x\": [1]}"))]);
    let transcript = place.transcript("import backup") + &place.transcript("show backup");
    assert!(!transcript.contains('\u{1b}'), "{transcript:?}");
    assert!(transcript.contains("x\\u{1b}[31m"), "{transcript}");
}
