//! Archives that are none, somebody else's, too new, or in use; snapshots and destinations that are not to be had.

use std::fs;

use fonds::archive::ArchiveMut;
use redb::ReadableTable as _;
use snapbox::{assert_data_eq, str};

use crate::{Place, import_museum, museum, text};

/// Commands that look into an archive or write to it.
const COMMANDS: [&str; 13] = [
    "list",
    "show 1",
    "cat 1 manifest.json",
    "check",
    "check --read-data",
    "stats",
    "runs",
    "export 1 out",
    "forget 1",
    "prune",
    "tag 1 +a",
    "rename a b",
    "import backup --name museum",
];

/// No command works with the archive, all give the same reason, and none touches it.
#[track_caller]
fn untouched(content: &[u8], exit: i32, told: &str) {
    let place = Place::new();
    place.backup("backup", &[("tags.json", Some("[1]"))]);
    place.put("fonds.redb", content);
    for words in COMMANDS {
        let transcript = place.transcript(words);
        assert!(transcript.contains(told), "fonds {words}:\n{transcript}");
        assert!(transcript.ends_with(&format!("\n[exit {exit}]\n")), "fonds {words}:\n{transcript}");
        assert!(fs::read(place.path("fonds.redb")).expect("the file") == content, "{words} has changed it");
        assert_eq!(place.names(), ["backup", "fonds.redb"], "{words}");
    }
}

#[test]
fn a_file_of_something_else_stays_as_it_is() {
    untouched(b"accession book, 1897", 6, "error: fonds.redb is no fonds archive: it does not begin as one");
}

#[test]
fn an_empty_file_stays_as_it_is() {
    untouched(b"", 6, "error: fonds.redb is no fonds archive: it is empty");
}

#[test]
fn a_database_of_something_else_stays_as_it_is() {
    let place = Place::new();
    let table: redb::TableDefinition<'_, &str, &str> = redb::TableDefinition::new("meta");
    let database = redb::Database::create(place.path("other.redb")).expect("a database");
    let transaction = database.begin_write().expect("a transaction");
    transaction.open_table(table).expect("a table").insert("a", "b").expect("a row");
    transaction.commit().expect("a commit");
    database.close().expect("a close");
    let content = fs::read(place.path("other.redb")).expect("the database");
    untouched(&content, 6, "error: fonds.redb is no fonds archive: it is a redb database of something else");
}

#[test]
fn an_archive_of_a_newer_format_stays_as_it_is() {
    let place = Place::new();
    import_museum(&place);
    let database = redb::Database::open(place.path("fonds.redb")).expect("the database");
    let transaction = database.begin_write().expect("a transaction");
    {
        // FORMAT.md: the header begins with its format, a byte, and ends with its seal.
        let table: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
        let mut meta = transaction.open_table(table).expect("the table");
        let mut header = meta.get("header").expect("a row").expect("a header").value().to_vec();
        assert_eq!(header[0], 1);
        header[0] = 2;
        let body = header.len() - 16;
        let seal = seal("meta", "header", &header[..body]);
        header.splice(body.., seal);
        meta.insert("header", &header[..]).expect("a row");
    }
    transaction.commit().expect("a commit");
    database.close().expect("a close");
    let content = fs::read(place.path("fonds.redb")).expect("the archive");
    untouched(
        &content,
        6,
        "error: fonds.redb was written by a newer fonds: its format is 2, this program reads up to 1",
    );
}

/// As FORMAT.md draws it.
fn seal(table: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("fonds 2026-11 seal of a stored value");
    for part in [table, key] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.update(body).finalize().as_bytes()[..16].to_vec()
}

#[test]
fn an_archive_that_was_cut_off_is_an_error_and_stays_as_it_is() {
    let place = Place::new();
    import_museum(&place);
    let whole = fs::read(place.path("fonds.redb")).expect("the archive");
    place.backup("backup", &[("tags.json", Some("[1]"))]);
    for part in [10, 3, 2] {
        let cut = &whole[..whole.len() / part];
        place.put("fonds.redb", cut);
        for words in COMMANDS {
            let output = place.run(words);
            assert!(!output.status.success(), "fonds {words} of 1/{part}");
            assert!(text(&output.stderr).starts_with("error: "), "fonds {words} of 1/{part}: {}", text(&output.stderr));
            assert!(fs::read(place.path("fonds.redb")).expect("the file") == cut, "{words} has changed it");
        }
    }
}

#[test]
fn without_an_archive_only_import_makes_one() {
    let place = Place::new();
    assert_data_eq!(
        place.transcript("list"),
        str![[r#"
error: there is no archive at fonds.redb
hint: "fonds import" makes one; --archive or $FONDS_ARCHIVE names another
[exit 2]

"#]]
    );
    assert_eq!(place.names(), Vec::<String>::new());
    place.succeed(&format!("--archive here.redb import {}", museum().display()));
    let listed = place.command("list --json").env("FONDS_ARCHIVE", "here.redb").output().expect("the program starts");
    assert!(listed.status.success());
    assert_eq!(place.names(), ["here.redb"]);
}

#[test]
fn a_busy_archive_names_who_writes_and_can_be_read() {
    let place = Place::new();
    import_museum(&place);
    let archive = ArchiveMut::open(&place.path("fonds.redb")).expect("the archive");
    archive.begin_run("import elsewhere").expect("a run");
    assert_data_eq!(
        place.transcript(&format!("import {}", museum().display())),
        str![[r"
error: fonds.redb is being written by process [..] on [..] (import elsewhere)
hint: wait until that has ended, then run the same command again
[exit 3]

"]]
    );
    assert_eq!(place.succeed("list").lines().count(), 2);
    assert!(place.succeed("runs").contains("import elsewhere  running\n"));
}

#[test]
fn a_destination_that_is_not_empty_is_left_alone() {
    let place = Place::new();
    import_museum(&place);
    place.put("out/precious.txt", "precious");
    assert_data_eq!(
        place.transcript("export seedorf out"),
        str![[r"
error: out exists and is not empty
hint: nothing was touched; name another directory, or replace what is there with --force
[exit 6]

"]]
    );
    assert_eq!(fs::read_to_string(place.path("out/precious.txt")).expect("the file"), "precious");
    place.succeed("export seedorf out --force");
    assert!(place.path("out/manifest.json").exists() && !place.path("out/precious.txt").exists());
}

#[test]
fn a_destination_that_names_what_cannot_be_made_does_not_become_a_directory() {
    let place = Place::new();
    import_museum(&place);
    for name in ["out.tar.xz", "out.TBZ2", "out.zip"] {
        let transcript = place.transcript(&format!("export seedorf {name}"));
        assert!(
            transcript.contains("names something that cannot be made") && transcript.ends_with("[exit 2]\n"),
            "{transcript}"
        );
    }
    assert_eq!(place.names(), ["fonds.redb"]);
}

#[test]
fn snapshots_and_entries_that_are_not_there_are_named() {
    let place = Place::new();
    import_museum(&place);
    for (words, told) in [
        ("show 7", "error: there is no snapshot 7\n"),
        ("show elsewhere", "error: there is no snapshot elsewhere\n"),
        ("export seedorf~1 out", "error: there is no snapshot seedorf~1\n"),
        ("cat seedorf nothing.json", "error: snapshot 1 has no entry nothing.json\n"),
        ("runs show 7", "error: there is no run 7\n"),
        ("show -", "\"-\" is no backup name"),
        ("show seedorf~x", "\"seedorf~x\" is no snapshot: after ~ stands how many snapshots to go back"),
        ("cat seedorf ../secret", "has an empty part, \".\" or \"..\""),
        ("import x --name 12", "\"12\" is no backup name"),
        ("import x --name .hidden", "\".hidden\" is no backup name"),
        ("export seedorf out --compression 10", "10 is not in 0..=9"),
        ("runs show x", "invalid value 'x'"),
    ] {
        let transcript = place.transcript(words);
        assert!(transcript.contains(told) && transcript.ends_with("[exit 2]\n"), "fonds {words}:\n{transcript}");
    }
    assert_eq!(place.names(), ["fonds.redb"]);
}
