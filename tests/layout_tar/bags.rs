//! Bags: what we make is one to others, and what others make is held against its lists, whatever the order of a tar.

use std::fs;
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256, Sha512};

use crate::support::backup::write_dir;
use crate::support::museum::{Museum, Size};
use crate::support::program::told;
use crate::tarball::Tarball;
use crate::{Place, listed};

fn archive() -> Place {
    let place = Place::new();
    let mut files = Museum::new(8, Size::SMALL).files();
    files.insert("files/100% of\nit\r.bin".into(), b"odd".to_vec());
    write_dir(&place.path("museum"), &files);
    place.succeed(&["import", "museum"]);
    place
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A bag as another program would make it.
fn bag() -> Vec<(String, Vec<u8>)> {
    let data = [
        ("data/manifest.json", &br#"{"instance":{"name":"museum"},"payloads":["a.json"]}"#[..]),
        ("data/a.json", br#"{"import_type":"tags","tags":[{}]}"#),
        ("data/files/x%y.bin", b"x"),
    ];
    let list = |sum: &dyn Fn(&[u8]) -> String| {
        let line = |(name, bytes): &(&str, &[u8])| format!("{} *{}\n", sum(bytes), name.replace('%', "%25"));
        data.iter().map(line).collect::<String>().into_bytes()
    };
    let mut files: Vec<_> = data.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    let declaration = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n".to_vec();
    let tags = format!("{}  bagit.txt\n", hex(&Sha256::digest(&declaration))).into_bytes();
    files.push(("bagit.txt".into(), declaration));
    files.push((
        "bag-info.txt".into(),
        format!("Payload-Oxum: {}.3\n", data.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()).into_bytes(),
    ));
    files.push(("manifest-sha512.txt".into(), list(&|bytes| hex(&Sha512::digest(bytes)))));
    files.push(("manifest-sha256.txt".into(), list(&|bytes| hex(&Sha256::digest(bytes)))));
    files.push(("tagmanifest-sha256.txt".into(), tags));
    files.push(("metadata/notes.txt".into(), b"of the bag only".to_vec()));
    files
}

fn tar(files: &[(String, Vec<u8>)], folder: &str) -> Vec<u8> {
    let put = |tar: Tarball, (name, bytes): &(String, Vec<u8>)| tar.file(&format!("{folder}{name}"), bytes);
    files.iter().fold(Tarball::default(), put).end()
}

fn write(place: &Place, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = place.path("bag").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, bytes).expect("a new file");
    }
}

fn paths(place: &Place) -> Vec<String> {
    listed(place, "museum").iter().map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect()
}

const EXPECTED: [&str; 3] = ["manifest.json", "a.json", "files/x%y.bin"];

#[test]
fn what_we_make_comes_back_as_it_was() {
    let place = archive();
    let expected = listed(&place, "museum");
    place.succeed(&["export", "museum", "bag", "--bagit"]);
    for form in ["bag.tar", "bag.tar.gz", "bag.tar.zst"] {
        place.succeed(&["export", "museum", form, "--bagit"]);
    }
    for source in ["bag", "bag.tar", "bag.tar.gz", "bag.tar.zst"] {
        place.succeed(&["import", source, "--name", "again"]);
        assert_eq!(listed(&place, "again"), expected, "{source}");
    }
    let first = fs::read(place.path("bag.tar")).expect("a tar");
    place.succeed(&["export", "museum", "bag.tar", "--bagit", "--force"]);
    assert!(fs::read(place.path("bag.tar")).expect("a tar") == first, "the same bytes every time");
}

#[test]
fn compressed_payloads_are_listed_as_they_stand() {
    let place = archive();
    for (source, more) in [("packed", &["--compression", "9"]), ("plain", &["--compression", "0"])] {
        for form in [source.to_owned(), format!("{source}.tar")] {
            place.succeed(&[&["export", "museum", &form, "--bagit"][..], more].concat());
            place.succeed(&["import", &form, "--name", "again"]);
        }
    }
}

/// Python's reference implementation, where it is installed.
#[test]
fn what_we_make_is_a_bag_to_others() {
    let place = archive();
    place.succeed(&["export", "museum", "bag", "--bagit"]);
    place.succeed(&["export", "museum", "bag.tar", "--bagit"]);
    tar::Archive::new(fs::File::open(place.path("bag.tar")).expect("a tar")).unpack(place.path("un")).expect("a tar");
    for dir in ["bag", "un/museum"] {
        let is_there =
            Command::new("python3").args(["-c", "import bagit"]).output().is_ok_and(|output| output.status.success());
        if is_there {
            let output =
                Command::new("python3").args(["-m", "bagit", "--validate", dir]).current_dir(place.path("")).output();
            let output = output.expect("python starts");
            assert!(output.status.success(), "{}", told(&output));
        }
        by_hand(&place.path(dir));
    }
}

/// Every listed file has its digest, and every file is listed.
fn by_hand(dir: &Path) {
    let mut listed = 0;
    for list in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        for line in fs::read_to_string(dir.join(list)).expect("a list").lines() {
            let (digest, name) = line.split_once("  ").expect("two columns");
            let name = name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
            assert_eq!(digest, hex(&Sha256::digest(fs::read(dir.join(&name)).expect("a file"))), "{name}");
            listed += 1;
        }
    }
    let files = crate::tree(dir).keys().filter(|path| path.as_os_str() != "tagmanifest-sha256.txt").count();
    assert_eq!(listed, files);
}

#[test]
fn a_bag_in_any_order_is_the_backup_in_it() {
    let mut files = bag();
    for round in 0..8 {
        fastrand::Rng::with_seed(round).shuffle(&mut files);
        // What else lies beside the content is known to be the bag's when that has been declared.
        let at = |name: &str| files.iter().position(|(file, _)| file == name).expect("a file");
        let (declaration, notes) = (at("bagit.txt"), at("metadata/notes.txt"));
        if declaration > notes {
            files.swap(declaration, notes);
        }
        for folder in ["", "museum/", "./"] {
            let place = Place::new();
            let output = place.feed(&["import", "-"], &tar(&files, folder));
            assert!(output.status.success(), "round {round}: {}", told(&output));
            assert_eq!(paths(&place), EXPECTED, "round {round}");
        }
    }
    let place = Place::new();
    write(&place, &bag());
    place.succeed(&["import", "bag"]);
    assert_eq!(paths(&place), EXPECTED);
}

#[test]
fn a_bag_that_does_not_hold_what_it_lists_is_refused() {
    type Change = fn(&mut Vec<(String, Vec<u8>)>);
    fn edit(files: &mut [(String, Vec<u8>)], name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut files.iter_mut().find(|(file, _)| file == name).expect("a file").1);
    }
    let cases: [(Change, &str); 13] = [
        (
            |files| edit(files, "data/files/x%y.bin", |bytes| bytes[0] = b'y'),
            "data/files/x%y.bin does not have the sha256 digest",
        ),
        (
            |files| edit(files, "data/manifest.json", |bytes| bytes.push(b' ')),
            "data/manifest.json does not have the sha256 digest",
        ),
        (|files| edit(files, "bagit.txt", |bytes| bytes.push(b'\n')), "bagit.txt does not have the sha256 digest"),
        (
            |files| files.retain(|(name, _)| name != "data/files/x%y.bin"),
            "data/files/x%y.bin is listed in the bag but missing",
        ),
        (
            |files| files.push(("data/more".into(), b"x".to_vec())),
            "data/more is in the bag but not listed in manifest-sha256.txt",
        ),
        (
            |files| {
                edit(files, "manifest-sha512.txt", |bytes| {
                    bytes.truncate(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0) + 1);
                });
            },
            "data/a.json is in the bag but not listed in manifest-sha512.txt, and so are 1 more",
        ),
        (
            |files| edit(files, "manifest-sha256.txt", |bytes| *bytes = [&bytes[..], bytes].concat()),
            "in the bag or one of its lists twice",
        ),
        (
            |files| edit(files, "manifest-sha256.txt", |bytes| bytes.extend(b"00  data/../../x\n")),
            "has no digest and clean path in line 4",
        ),
        (
            |files| files.push(("fetch.txt".into(), b"http://x 1 data/x\n".to_vec())),
            "fetch.txt names files that would have to be fetched",
        ),
        (
            |files| edit(files, "bagit.txt", |bytes| *bytes = b"BagIt-Version: 7\n".to_vec()),
            "declares no bag of a known version",
        ),
        (|files| files.retain(|(name, _)| !name.starts_with("manifest-")), "the bag has no list of digests"),
        (|files| files.push(("manifest-sha3.txt".into(), Vec::new())), "lists digests of an unknown algorithm"),
        (
            |files| edit(files, "bag-info.txt", |bytes| *bytes = b"Payload-Oxum: 5.3\n".to_vec()),
            "does not tell how much is in the bag",
        ),
    ];
    for (change, expected) in cases {
        let mut files = bag();
        change(&mut files);
        let place = Place::new();
        write(&place, &files);
        let mut outputs = vec![place.run(&["import", "bag"])];
        fs::remove_dir_all(place.path("bag")).expect("a directory");
        for folder in ["", "museum/"] {
            outputs.push(place.feed(&["import", "-"], &tar(&files, folder)));
            files.reverse();
            outputs.push(place.feed(&["import", "-"], &tar(&files, folder)));
        }
        for output in outputs {
            // In reverse order the bag's other files come before it is known to be one.
            let told = told(&output);
            let is_told = told.contains(expected) || told.contains("metadata/notes.txt lies outside of");
            assert!(output.status.code() == Some(2) && is_told, "{expected}: {told}");
        }
        assert_eq!(place.names(), Vec::<String>::new(), "{expected}");
    }
}

#[test]
fn older_digests_are_checked_too() {
    for (list, good, bad) in [
        ("manifest-md5.txt", "9dd4e461268c8034f5c8564e155c67a6", "9dd4e461268c8034f5c8564e155c67a7"),
        ("manifest-sha1.txt", "11f6ad8ec52a2984abaafd7c3b516503785c2072", "11f6ad8ec52a2984abaafd7c3b516503785c2073"),
    ] {
        for (digest, expected) in [(good, Some(0)), (bad, Some(2))] {
            let mut files = bag();
            files.retain(|(name, _)| !name.contains("manifest-") && !name.starts_with("bag-info"));
            files.retain(|(name, _)| name != "data/files/x%y.bin" && name != "data/a.json");
            files[0].1 = b"x".to_vec();
            let place = Place::new();
            files.push((list.into(), format!("{digest}  data/manifest.json\n").into_bytes()));
            write(&place, &files);
            let output = place.run(&["import", "bag"]);
            // The digests are those of "x", which is no manifest.
            let told = told(&output);
            assert_eq!(output.status.code(), Some(2), "{told}");
            assert_eq!(told.contains("does not have the"), expected == Some(2), "{told}");
        }
    }
}

#[test]
fn what_only_looks_like_a_bag_is_kept_whole() {
    let plain = br#"{"payloads":["a.json"]}"#.to_vec();
    let cases: [(&[(&str, &[u8])], &[&str]); 3] = [
        (
            &[
                ("old/bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"),
                ("old/more/x", b"x"),
                ("manifest.json", &plain),
                ("a.json", b"[]"),
            ],
            &["manifest.json", "a.json", "old/bagit.txt", "old/more/x"],
        ),
        (
            &[
                ("m/manifest-md5.txt", b"no list"),
                ("m/data/manifest.json", b"x"),
                ("m/a.json", b"[]"),
                ("m/manifest.json", &plain),
            ],
            &["manifest.json", "a.json", "data/manifest.json", "manifest-md5.txt"],
        ),
        (
            &[("data/a.json", b"[]"), ("data/manifest.json", &plain), ("data/data/x", b"x")],
            &["manifest.json", "a.json", "data/x"],
        ),
    ];
    for (files, expected) in cases {
        let files: Vec<_> = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        let place = Place::new();
        let output = place.feed(&["import", "-", "--name", "museum"], &tar(&files, ""));
        assert!(output.status.success(), "{}", told(&output));
        assert_eq!(paths(&place), expected);
    }
}
