//! What a directory is read as.

use std::fs;

use fonds::layout::{DirectoryReader, MissingPayloads, Totals};
use fonds::model::entry::{Encoding, Role};

use crate::{Warnings, backup, directory, entries, gzip, open, put, roles};

#[test]
fn entries_come_in_restore_order_with_their_roles() {
    let dir = directory(&[
        ("manifest.json", r#"{"payloads": ["z.json", "sub/a.json", "files/p.json"]}"#),
        ("base_config.json", "{}"),
        ("datamodel.json", "{}"),
        ("z.json", "[]"),
        ("sub/a.json", "[]"),
        ("sub/b.json", "[]"),
        ("files/p.json", "[]"),
        ("files/0/10/1-x.png", "x"),
        ("files/0.txt", "x"),
        ("files/0/1/empty/", ""),
        ("restore.log", "r"),
        ("backup.log", "b"),
        ("sub/other.log", "o"),
        (".lck", ""),
        (".log", ""),
        ("nothing/at/all/", ""),
    ]);
    let expected = [
        "manifest manifest.json",
        "datamodel datamodel.json",
        "base config base_config.json",
        "payload z.json",
        "payload sub/a.json",
        "payload files/p.json",
        "file files/0.txt",
        "file files/0/1/empty/",
        "file files/0/10/1-x.png",
        "log backup.log",
        "log restore.log",
        "unlisted .lck",
        "unlisted .log",
        "unlisted nothing/at/all/",
        "unlisted sub/b.json",
        "unlisted sub/other.log",
    ];
    let reader = open(dir.path()).expect("a backup");
    assert_eq!(roles(&reader), expected);
    assert_eq!(roles(&reader), expected, "a second time");

    let dir = backup(&[("files", "no folder"), ("x.log/x", "no log")]);
    let expected = ["manifest manifest.json", "payload a.json", "unlisted files", "unlisted x.log/x"];
    assert_eq!(roles(&open(dir.path()).expect("a backup")), expected);
    let dir = backup(&[("files/", "")]);
    assert_eq!(roles(&open(dir.path()).expect("a backup"))[2..], ["file files/"]);
}

#[test]
fn renditions_are_told_from_files_by_their_names() {
    let folder = "files/1000000/1000000/";
    let files = [
        ("file", "-a-preview.png"),
        ("file", "-a.png"),
        ("rendition", "1000413-Krug & Kanne-preview.png"),
        ("rendition", "1000413-Krug & Kanne-small.v2.png"),
        ("file", "1000413-Krug & Kanne.png"),
        ("file", "1000413-Krug.png"),
        ("file", "1000414-Krug & Kanne-preview.png"),
        ("file", "1000415-film-1920p.mp4"),
        ("file", "1000415-film-preview.png"),
        ("file", "1000416"),
        ("file", "1000416-a.png"),
        ("file", "x-a-preview.png"),
        ("file", "x-a.png"),
    ];
    let dir = backup(&[]);
    for (_, name) in files {
        put(dir.path(), format!("{folder}{name}").as_bytes(), b"x");
    }
    put(dir.path(), format!("{folder}zdeep/1000413-Krug-preview.png").as_bytes(), b"x");
    put(dir.path(), b"1-a.png", b"x");
    put(dir.path(), b"1-a-preview.png", b"x");
    let roles = roles(&open(dir.path()).expect("a backup"));
    let mut expected: Vec<_> = files.map(|(role, name)| format!("{role} {folder}{name}")).into();
    expected.push(format!("file {folder}zdeep/1000413-Krug-preview.png"));
    expected.extend(["unlisted 1-a-preview.png".to_owned(), "unlisted 1-a.png".to_owned()]);
    assert_eq!(roles[2..], expected);
}

#[test]
fn json_that_is_gzip_is_read_plain_whatever_its_name() {
    let dir = directory(&[("manifest.json", r#"{"payloads": ["a.json.gz", "b.json", "c.json.gz", "e.json"]}"#)]);
    let members = [gzip(b"[1,"), gzip(b"2]")].concat();
    for (name, content) in [
        ("a.json.gz", &members[..]),
        ("b.json", &gzip(b"[3]")),
        ("c.json.gz", b"[4]"),
        ("e.json", b""),
        ("datamodel.json.gz", &gzip(b"{}")),
        ("files/1-a.json.gz", &members),
        ("b.log", &members),
        ("x.json.gz", &members),
    ] {
        put(dir.path(), name.as_bytes(), content);
    }
    let read = entries(&open(dir.path()).expect("a backup")).expect("readable entries");
    let read: Vec<_> = read[1..]
        .iter()
        .map(|entry| (entry.head.path.to_string(), entry.head.encoding, entry.content.as_ref()))
        .map(|(path, encoding, content)| (path, encoding, content.expect("a file").as_deref().expect("there")))
        .collect();
    let expected = [
        ("datamodel.json.gz", Encoding::Gzip, &b"{}"[..]),
        ("a.json.gz", Encoding::Gzip, b"[1,2]"),
        ("b.json", Encoding::Gzip, b"[3]"),
        ("c.json.gz", Encoding::Plain, b"[4]"),
        ("e.json", Encoding::Plain, b""),
        ("files/1-a.json.gz", Encoding::Plain, &members),
        ("b.log", Encoding::Plain, &members),
        ("x.json.gz", Encoding::Plain, &members),
    ];
    assert_eq!(read, expected.map(|(path, encoding, content)| (path.to_owned(), encoding, content)));
}

#[test]
fn what_is_listed_under_the_other_extension_is_taken_with_a_warning() {
    let dir = directory(&[
        ("manifest.json", r#"{"datamodel": "d.json", "payloads": ["a.json", "b.json.gz", "c.json", "e.json"]}"#),
        ("b.json", "[]"),
        ("c.json", "[]"),
        ("e.json", "[]"),
    ]);
    for name in ["d.json.gz", "a.json.gz", "c.json.gz", "base_config.json.gz"] {
        put(dir.path(), name.as_bytes(), &gzip(b"[]"));
    }
    let warnings = Warnings::default();
    let reader = DirectoryReader::open(dir.path(), MissingPayloads::Refuse, &warnings).expect("a backup");
    let expected = [
        "manifest manifest.json",
        "datamodel d.json.gz",
        "base config base_config.json.gz",
        "payload a.json.gz",
        "payload b.json",
        "payload c.json",
        "payload e.json",
        "unlisted c.json.gz",
    ];
    assert_eq!(roles(&reader), expected);
    let told = warnings.take();
    let about: Vec<_> = told.iter().map(|text| text.split(':').next().expect("a path")).collect();
    assert_eq!(about, ["d.json", "a.json", "b.json.gz"]);
}

#[test]
fn a_file_stands_for_one_entry_only() {
    let dir = directory(&[
        ("manifest.json", r#"{"payloads": ["a.json", "a.json.gz", "datamodel.json", "base_config.json.gz"]}"#),
        ("a.json", "[]"),
        ("datamodel.json", "[]"),
        ("base_config.json", "[]"),
    ]);
    let reader = DirectoryReader::open(dir.path(), MissingPayloads::Accept, &Warnings::default()).expect("a backup");
    let expected = [
        "manifest manifest.json",
        "base config base_config.json",
        "payload a.json",
        "payload a.json.gz",
        "payload datamodel.json",
        "payload base_config.json.gz",
    ];
    assert_eq!(roles(&reader), expected);
    let missing = entries(&reader).expect("readable entries");
    let missing: Vec<_> = missing.iter().map(|entry| matches!(entry.content, Some(Err(_)))).collect();
    assert_eq!(missing, [false, false, false, true, false, true]);
}

#[test]
fn what_is_missing_is_handed_over_as_missing_if_that_is_accepted() {
    let dir = directory(&[
        (
            "manifest.json",
            r#"{"datamodel": "d.json", "base_config": "b.json", "payloads": ["x/a.json", "a.json/b", "a.json"]}"#,
        ),
        ("a.json", "[]"),
    ]);
    let warnings = Warnings::default();
    let reader = DirectoryReader::open(dir.path(), MissingPayloads::Accept, &warnings).expect("a backup");
    assert_eq!(warnings.take().len(), 4);
    let read = entries(&reader).expect("readable entries");
    let missing: Vec<_> =
        read.iter().filter(|entry| entry.content == Some(Err("missing"))).map(|entry| &entry.head).collect();
    assert!(missing.iter().all(|head| head.modified.is_none() && head.encoding == Encoding::Plain));
    let missing: Vec<_> = missing.iter().map(|head| (head.role, head.path.to_string())).collect();
    let expected = [
        (Role::Datamodel, "d.json"),
        (Role::BaseConfig, "b.json"),
        (Role::Payload, "x/a.json"),
        (Role::Payload, "a.json/b"),
    ];
    assert_eq!(missing, expected.map(|(role, path)| (role, path.to_owned())));
    assert_eq!(reader.totals().entries, 6);
}

#[test]
fn totals_count_what_is_handed_over() {
    let dir = backup(&[("files/1-a.png", "12345"), ("empty/", ""), ("b.log", "123")]);
    let manifest = fs::metadata(dir.path().join("manifest.json")).expect("a manifest").len();
    let reader = open(dir.path()).expect("a backup");
    assert_eq!(reader.totals(), Totals { entries: 5, bytes: manifest + 3 + 5 + 3 });
    assert_eq!(entries(&reader).expect("readable entries").len(), 5);
}

#[test]
fn the_source_may_be_a_link_or_the_manifest() {
    let dir = backup(&[]);
    let other = directory(&[]);
    let link = other.path().join("link");
    std::os::unix::fs::symlink(dir.path(), &link).expect("a link");
    for source in [dir.path().join("manifest.json"), link.join("manifest.json"), link] {
        let reader = open(&source).expect("a backup");
        assert_eq!(roles(&reader), ["manifest manifest.json", "payload a.json"]);
        assert_eq!(reader.manifest().payloads().len(), 1);
    }
}
