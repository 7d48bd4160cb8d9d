//! What is read and written comes back the same.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use fonds::layout::WriteOptions;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use tempfile::TempDir;

use crate::{OnDisk, at, backup, copy, directory, gunzip, gzip, on_disk, put};

#[test]
fn every_name_byte_and_time_comes_back() {
    let dir =
        backup(&[("datamodel.json", "{}"), ("base_config.json", "{\"a\": 1}"), (".lck", ""), ("backup.log", "l\n")]);
    put(
        dir.path(),
        b"manifest.json",
        "\u{feff}{\"x\": 1e400, // odd\n\"payloads\": [\"a.json\", \"p/b.json.gz\"]}".as_bytes(),
    );
    put(dir.path(), b"p/b.json.gz", &gzip(b"[2]"));
    for name in [
        &b"files/1000000/1000000/1000413-Krug & Kanne.png"[..],
        b"files/1000000/1000000/1000413-Krug & Kanne-preview.png",
        "files/0/0/7-Porträt Brand (1)\u{202e}.png".as_bytes(),
        b"files/0/0/8-\xff\xfe\x01 \n'\".bin",
        b"-rf",
        b" ",
        b"$HOME;*",
        b"unlisted/a:b",
        b"unlisted/x.json.gz",
    ] {
        put(dir.path(), name, &[name, b"\0\xff"].concat());
    }
    put(dir.path(), b"files/0/0/long", &vec![7; (3 << 20) + 1]);
    put(dir.path(), b"files/0/empty/", b"");
    put(dir.path(), "leer/größer/".as_bytes(), b"");
    let times = [
        ("files/0/0/long", SystemTime::UNIX_EPOCH - Duration::new(86_400, 1)),
        ("a.json", SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789)),
        ("files/0/empty", SystemTime::UNIX_EPOCH + Duration::from_secs(5)),
        ("manifest.json", SystemTime::UNIX_EPOCH),
    ];
    for (name, time) in times {
        File::open(at(dir.path(), name.as_bytes())).expect("a file").set_modified(time).expect("a new time");
    }

    let target = directory(&[]);
    let written = copy(dir.path(), &target.path().join("out"), WriteOptions::default()).expect("a copy");
    let (mut expected, mut found) = (on_disk(dir.path()), on_disk(&target.path().join("out")));
    same_when_unpacked(&mut expected, &mut found, "p/b.json.gz");
    assert_eq!(found, expected);
    let lengths = found.values().filter_map(|state| match state {
        OnDisk::File { bytes, .. } => Some(bytes.len() as u64),
        _ => None,
    });
    assert!(written.bytes >= lengths.sum::<u64>(), "{written:?}");
    let count = expected.values().filter(|state| !matches!(state, OnDisk::Folder)).count();
    assert_eq!(written.entries, count as u64);
}

/// Packed bytes may differ; what is in them, and their time, may not.
fn same_when_unpacked(
    a: &mut BTreeMap<std::path::PathBuf, OnDisk>,
    b: &mut BTreeMap<std::path::PathBuf, OnDisk>,
    name: &str,
) {
    for side in [a, b] {
        let Some(OnDisk::File { bytes, .. }) = side.get_mut(std::path::Path::new(name)) else { panic!("no {name}") };
        *bytes = gunzip(bytes);
    }
}

#[test]
fn payloads_are_packed_and_unpacked_and_the_manifest_follows() {
    let dir = directory(&[
        ("manifest.json", r#"{ "payloads" : ["a.json",{"file":"s/b.json.gz"}], "datamodel":"d.json" }"#),
        ("a.json", "[1]"),
        ("d.json", "{}"),
        ("unlisted.json", "[]"),
        ("files/1-x.json", "[]"),
    ]);
    put(dir.path(), b"s/b.json.gz", &gzip(b"[2]"));
    let target = directory(&[]);
    let packed = target.path().join("packed");
    copy(dir.path(), &packed, WriteOptions { compression: Some(9), ..WriteOptions::default() }).expect("a copy");
    let manifest = r#"{ "payloads" : ["a.json.gz",{"file":"s/b.json.gz"}], "datamodel":"d.json" }"#;
    assert_eq!(fs::read_to_string(packed.join("manifest.json")).expect("a manifest"), manifest);
    assert_eq!(gunzip(&fs::read(packed.join("a.json.gz")).expect("a payload")), b"[1]");
    assert_eq!(gunzip(&fs::read(packed.join("s/b.json.gz")).expect("a payload")), b"[2]");
    assert_eq!(fs::read(packed.join("d.json")).expect("a data model"), b"{}");
    assert_eq!(fs::read(packed.join("unlisted.json")).expect("a file"), b"[]");
    assert_eq!(fs::read(packed.join("files/1-x.json")).expect("a file"), b"[]");

    let plain = target.path().join("plain");
    copy(&packed, &plain, WriteOptions { compression: Some(0), ..WriteOptions::default() }).expect("a copy");
    let manifest = r#"{ "payloads" : ["a.json",{"file":"s/b.json"}], "datamodel":"d.json" }"#;
    assert_eq!(fs::read_to_string(plain.join("manifest.json")).expect("a manifest"), manifest);
    assert_eq!(fs::read(plain.join("a.json")).expect("a payload"), b"[1]");
    assert_eq!(fs::read(plain.join("s/b.json")).expect("a payload"), b"[2]");
    let modified = |path: std::path::PathBuf| fs::metadata(path).expect("a file").modified().expect("a time");
    assert_eq!(modified(plain.join("manifest.json")), modified(dir.path().join("manifest.json")));
    assert_eq!(modified(plain.join("s/b.json")), modified(dir.path().join("s/b.json.gz")));
}

#[test]
fn the_same_backup_is_written_as_the_same_bytes() {
    let dir = backup(&[("files/1-x.png", "x")]);
    let target = directory(&[]);
    let options = WriteOptions { compression: Some(6), ..WriteOptions::default() };
    let written = ["one", "two"].map(|name| {
        copy(dir.path(), &target.path().join(name), options).expect("a copy");
        on_disk(&target.path().join(name))
    });
    assert_eq!(written[0], written[1]);
}

/// File names of any bytes that a file system takes.
fn parts() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>().prop_filter("no separator", |byte| !b"/\0\\:".contains(byte)), 1..12)
        .prop_filter("no dots", |part| part != b"." && part != b"..")
}

fn generated(files: &[(Vec<Vec<u8>>, Vec<u8>)], files_too: bool) -> TempDir {
    let dir = backup(&[]);
    for (parts, content) in files {
        let name = parts.join(&b'/');
        let name = if files_too { [b"files/", &name[..]].concat() } else { name };
        let path = at(dir.path(), &name);
        // What another name is in the way of is left out.
        if path.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok()) {
            let _ = fs::write(path, content);
        }
    }
    dir
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_tree_comes_back(
        files in proptest::collection::vec(
            (proptest::collection::vec(parts(), 1..4), proptest::collection::vec(any::<u8>(), 0..40)), 0..12),
        files_too in any::<bool>(),
    ) {
        let dir = generated(&files, files_too);
        let target = directory(&[]);
        copy(dir.path(), &target.path().join("out"), WriteOptions::default()).expect("a copy");
        assert_eq!(on_disk(&target.path().join("out")), on_disk(dir.path()));
    }
}
