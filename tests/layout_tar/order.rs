//! Members in any order, below one folder or none, are the same snapshot.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;

use crate::tarball::{Tarball, gzip};
use crate::{Place, listed};

const MANIFEST: &str =
    r#"{"instance":{"name":"museum"},"payloads":["z.json","sub/a.json.gz","b.json","files/p.json"]}"#;

fn members() -> Vec<(&'static str, Vec<u8>)> {
    let packed = gzip(br#"{"import_type":"tags","tags":[{"a":1},{"b":2}]}"#);
    vec![
        ("manifest.json", MANIFEST.into()),
        ("datamodel.json", b"{}".to_vec()),
        ("z.json", br#"{"import_type":"db","objects":[{"_id":9007199254740993}]}"#.to_vec()),
        ("sub/a.json.gz", packed.clone()),
        ("b.json.gz", packed.clone()),
        ("files/p.json", b"[{},{}]".to_vec()),
        ("other.json.gz", packed),
        ("broken.json.gz", b"\x1f\x8bno gzip".to_vec()),
        ("unlisted.json", b"[{}]".to_vec()),
        ("files/1/900-Krug-preview.png", b"small".to_vec()),
        ("files/1/900-Krug.png", b"large".to_vec()),
        ("old/manifest.json", MANIFEST.into()),
        ("restore.log", b"{}".to_vec()),
        ("empty/folder/", Vec::new()),
        ("files/", Vec::new()),
    ]
}

fn tar(members: &[(&str, Vec<u8>)], folder: &str) -> Vec<u8> {
    let put = |tar: Tarball, (name, bytes): &(&str, Vec<u8>)| {
        let kind = if name.ends_with('/') { b'5' } else { b'0' };
        tar.member(format!("{folder}{name}").as_bytes(), kind, bytes)
    };
    members.iter().fold(Tarball::default(), put).end()
}

fn listed_of(tar: &[u8]) -> Vec<serde_json::Value> {
    let place = Place::new();
    let output = place.feed(&["import", "-", "--name", "museum"], tar);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    listed(&place, "museum")
}

/// What a directory with the same files is.
fn listed_of_directory() -> Vec<serde_json::Value> {
    let place = Place::new();
    for (name, bytes) in members() {
        let path = place.path("museum").join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).expect("a new folder");
            continue;
        }
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(&path, bytes).expect("a new file");
        let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(0o17);
        fs::File::options().write(true).open(path).expect("a file").set_modified(time).expect("a new time");
    }
    place.succeed(&["import", "museum"]);
    listed(&place, "museum")
}

/// Folders in directories have times of their own.
fn without_folder_times(mut entries: Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    for entry in &mut entries {
        if entry["path"].as_str().is_some_and(|path| path.starts_with("empty")) {
            entry["modified"] = serde_json::Value::Null;
        }
    }
    entries
}

static EXPECTED: LazyLock<Vec<serde_json::Value>> =
    LazyLock::new(|| without_folder_times(listed_of(&tar(&members(), "museum/"))));

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_is_the_same_snapshot(
        members in Just(members()).prop_shuffle(),
        folder in prop::sample::select(vec!["", "./", "museum/", "./Größe & Maß/", "files/"]),
    ) {
        // Where everything so far lies in old/, nobody can know that the manifest in it is none.
        let place = |name: &str| members.iter().position(|(member, _)| *member == name);
        prop_assume!(!folder.is_empty() && folder != "./" || place("old/manifest.json") > place("z.json"));
        prop_assert_eq!(&without_folder_times(listed_of(&tar(&members, folder))), &*EXPECTED);
    }
}

#[test]
fn a_tar_is_the_same_snapshot_as_the_directory() {
    let expected = without_folder_times(listed_of_directory());
    let mut members = members();
    assert_eq!(without_folder_times(listed_of(&tar(&members, "museum/"))), expected);
    members.reverse();
    assert_eq!(without_folder_times(listed_of(&tar(&members, ""))), expected);
}

#[test]
fn a_top_that_is_named_and_what_macos_adds_make_no_difference() {
    let place = Place::new();
    let manifest = br#"{"instance":{"name":"museum"},"payloads":["a.json"]}"#;
    let folder = |tar: Tarball, name: &str| tar.member(name.as_bytes(), b'5', b"");
    let inside =
        folder(folder(Tarball::default(), "./"), "./m/").file("./m/manifest.json", manifest).file("./m/a.json", b"[]");
    let old = folder(Tarball::default(), "./").file("./old/manifest.json", manifest);
    let old = old.file("./manifest.json", manifest).file("./a.json", b"[]");
    let mac = Tarball::default().file("./._m", b"attributes").file("m/._a.json", b"x");
    let mac = mac.file("m/.DS_Store", b"x").file("m/manifest.json", manifest).file("m/a.json", b"[]");
    let flat = Tarball::default().file("._a.json", b"x").file("a.json", b"[]").file("manifest.json", manifest);
    let cases: [(Tarball, &[&str]); 4] = [
        (inside, &["manifest.json", "a.json"]),
        (old, &["manifest.json", "a.json", "old/manifest.json"]),
        (mac, &["manifest.json", "a.json", ".DS_Store", "._a.json"]),
        (flat, &["manifest.json", "a.json", "._a.json"]),
    ];
    for (tar, expected) in cases {
        let output = place.feed(&["import", "-"], &tar.end());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let entries = listed(&place, "museum");
        assert_eq!(entries.iter().map(|entry| entry["path"].as_str().expect("a path")).collect::<Vec<_>>(), expected);
    }
    let beside = Tarball::default().file("._x", b"x").file("m/manifest.json", manifest).file("m/a.json", b"[]");
    assert_eq!(place.feed(&["import", "-"], &beside.end()).status.code(), Some(2));
}

#[test]
fn the_name_is_that_of_the_instance_or_the_folder_or_the_file() {
    let nameless = Tarball::default().file("manifest.json", br#"{"payloads":[]}"#).end();
    let folder = Tarball::default().file("attic/x.log", b"").file("attic/manifest.json", br#"{"payloads":[]}"#).end();
    let bag = tar(&members(), "attic/");
    for (tar, expected) in [(&nameless, "seedorf.2026: "), (&folder, "attic: "), (&bag, "museum: ")] {
        let place = Place::new();
        fs::write(place.path("seedorf.2026.tar.gz"), tar).expect("a new file");
        let told = String::from_utf8(place.succeed(&["import", "seedorf.2026.tar.gz"])).expect("text");
        assert!(told.starts_with(expected), "{told}");
    }
    let place = Place::new();
    let output = place.feed(&["import", "-"], &nameless);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && told.contains("give one with --name"), "{told}");
}

#[test]
fn payloads_that_are_missing_can_be_accepted() {
    let place = Place::new();
    let start = Tarball::default().file("m/manifest.json", br#"{"payloads":["a.json","b.json"]}"#);
    fs::write(place.path("x.tar"), start.file("m/b.json", b"[]").end()).expect("a new file");
    let output = place.run(&["import", "x.tar"]);
    assert_eq!(output.status.code(), Some(2));
    let output = place.run(&["import", "x.tar", "--allow-missing"]);
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn broken_gzip_that_the_manifest_names_is_refused_in_any_order() {
    let manifest = ("m/manifest.json", br#"{"payloads":["a.json.gz"]}"#.to_vec());
    let broken = ("m/a.json.gz", b"\x1f\x8bno gzip".to_vec());
    for members in [[manifest.clone(), broken.clone()], [broken, manifest]] {
        let place = Place::new();
        let output = place.feed(&["import", "-", "--name", "x"], &tar(&members, ""));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && told.contains("a.json.gz") && told.contains("cannot be decompressed"),
            "{told}"
        );
        assert_eq!(place.names(), Vec::<String>::new());
    }
}
