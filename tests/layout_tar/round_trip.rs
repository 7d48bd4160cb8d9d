//! Directory, archive, tar, archive, directory: the same bytes and times at both ends, whatever the form.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::backup::write_dir;
use crate::support::museum::{Museum, Size};
use crate::{Place, listed, tree};

/// A museum with everything that a name can be.
fn motley(dir: &Path) {
    let mut files = Museum::new(5, Size::SMALL).files();
    // How gzip stood is not kept, only what was in it.
    files.retain(|name, _| !name.contains(".json.gz") && name != "manifest.json");
    let names = files.keys().filter(|name| name.starts_with("db__")).map(|name| format!("{name:?}"));
    let manifest =
        format!(r#"{{"instance":{{"name":"museum"}},"payloads":[{}]}}"#, names.collect::<Vec<_>>().join(","));
    files.insert("manifest.json".into(), manifest.into_bytes());
    for length in [99, 100, 101, 155, 200, 255] {
        files.insert(format!("files/{}", "n".repeat(length)), b"x".to_vec());
        files.insert(format!("files/{}/{}", "p".repeat(200), "n".repeat(length)), b"y".to_vec());
    }
    for name in
        ["files/a\nb", "files/ line", "files/\u{1b}[2J", "._x", ".DS_Store", "files/._900-x.png", "ä/ö/ü", "CON", "x."]
    {
        files.insert(name.to_owned(), name.as_bytes().to_vec());
    }
    for length in [0, 1, 511, 512, 513, 1 << 20] {
        files.insert(format!("files/{length}.bin"), vec![7; length]);
    }
    write_dir(dir, &files);
    for name in [&b"files/\xff\xfe.bin"[..], b"\xc3\x28"] {
        let path = dir.join(OsStr::from_bytes(name));
        fs::write(&path, name).expect("a new file");
        let before_1970 = SystemTime::UNIX_EPOCH - Duration::new(3, 5);
        File::options().write(true).open(&path).expect("a file").set_modified(before_1970).expect("a new time");
    }
    fs::create_dir_all(dir.join("nothing/at/all")).expect("a new folder");
}

#[test]
fn every_form_gives_back_what_was_there() {
    let place = Place::new();
    motley(&place.path("museum"));
    place.succeed(&["import", "museum", "--archive", "one.redb"]);
    for form in ["x.tar", "x.tar.gz", "x.tgz", "x.tar.zst", "x.tzst"] {
        place.succeed(&["export", "museum", form, "--archive", "one.redb"]);
        let two = format!("{form}.redb");
        place.succeed(&["import", form, "--archive", &two]);
        let out = format!("{form}.out");
        place.succeed(&["export", "museum", &out, "--archive", &two]);
        assert!(tree(&place.path(&out)) == tree(&place.path("museum")), "{form}");
        place.succeed(&["check", "--read-data", "--archive", &two]);
    }
}

#[test]
fn the_snapshot_of_a_tar_is_that_of_the_directory() {
    let place = Place::new();
    motley(&place.path("museum"));
    place.succeed(&["import", "museum"]);
    place.succeed(&["export", "museum", "x.tar.zst"]);
    place.succeed(&["import", "x.tar.zst", "--name", "again"]);
    assert_eq!(listed(&place, "again"), listed(&place, "museum"));
}

#[test]
fn gzip_comes_back_as_gzip_and_compression_is_as_for_directories() {
    let place = Place::new();
    write_dir(&place.path("museum"), &Museum::new(6, Size::SMALL).files());
    place.succeed(&["import", "museum"]);
    for compression in [None, Some("0"), Some("6")] {
        let more: Vec<_> = compression.iter().flat_map(|level| ["--compression", level]).collect();
        let _ = fs::remove_dir_all(place.path("unpacked"));
        let _ = fs::remove_dir_all(place.path("out"));
        place.succeed(&[&["export", "museum", "x.tar", "--force"][..], &more].concat());
        place.succeed(&[&["export", "museum", "out"][..], &more].concat());
        tar::Archive::new(File::open(place.path("x.tar")).expect("a tar"))
            .unpack(place.path("unpacked"))
            .expect("a tar");
        let (unpacked, out) = (tree(&place.path("unpacked/museum")), tree(&place.path("out")));
        // The tar crate sets times in whole seconds.
        let without_times = |tree: &std::collections::BTreeMap<_, (Option<Vec<u8>>, i64, i64)>| {
            tree.iter()
                .map(|(path, (bytes, seconds, _))| (std::path::PathBuf::clone(path), bytes.clone(), *seconds))
                .collect::<Vec<_>>()
        };
        assert!(without_times(&unpacked) == without_times(&out), "{compression:?}");
        place.succeed(&["import", "x.tar", "--name", "again"]);
    }
}

#[test]
fn the_same_snapshot_gives_the_same_bytes() {
    let place = Place::new();
    motley(&place.path("museum"));
    place.succeed(&["import", "museum"]);
    for form in [".tar", ".tar.gz", ".tar.zst"] {
        let names = ["a", "b"].map(|name| format!("{name}{form}"));
        for name in &names {
            place.succeed(&["export", "museum", name]);
        }
        let bytes = names.map(|name| fs::read(place.path(&name)).expect("a tar"));
        assert!(bytes[0] == bytes[1], "{form}");
        let format = form.trim_start_matches('.');
        assert!(place.succeed(&["export", "museum", "-", "--format", format]) == bytes[0], "{form} on standard output");
    }
    assert!(place.succeed(&["export", "museum", "-"]) == fs::read(place.path("a.tar")).expect("a tar"));
}

#[test]
fn the_manifest_comes_first_and_owners_and_modes_say_nothing() {
    let place = Place::new();
    motley(&place.path("museum"));
    place.succeed(&["import", "museum"]);
    let bytes = place.succeed(&["export", "museum", "-"]);
    let mut names = Vec::new();
    for member in tar::Archive::new(&bytes[..]).entries().expect("a tar") {
        let member = member.expect("a member");
        let header = member.header();
        let is_folder = header.entry_type().is_dir();
        assert_eq!((header.uid().expect("a number"), header.gid().expect("a number")), (0, 0));
        assert_eq!((header.username_bytes(), header.groupname_bytes()), (Some(&b""[..]), Some(&b""[..])));
        assert_eq!(header.mode().expect("a number"), if is_folder { 0o755 } else { 0o644 });
        names.push(String::from_utf8_lossy(&member.path_bytes()).into_owned());
    }
    assert_eq!(names[..2], ["museum/manifest.json", "museum/datamodel.json"]);
    assert!(names.iter().all(|name| name.starts_with("museum/")));
}
