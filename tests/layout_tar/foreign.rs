//! Tars that other programs made are read, and they read ours. Where a program is not installed, its part is left out; what
//! they write is also made by hand in the other tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::backup::write_dir;
use crate::support::museum::{Museum, Size};
use crate::tarball::{Header, Tarball};
use crate::{Place, listed, tree};

fn museum(place: &Place) {
    let mut files = Museum::new(7, Size::SMALL).files();
    files.insert(format!("files/{}/{}.bin", "p".repeat(120), "n".repeat(120)), b"long".to_vec());
    write_dir(&place.path("museum"), &files);
    place.succeed(&["import", "museum"]);
}

/// Whether the program is there; then it must succeed.
fn runs(place: &Place, words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(place.path("")).env("LC_ALL", "C.UTF-8");
    match command.output() {
        Err(_) => false,
        Ok(output) => {
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
    }
}

const PYTHON_WRITES: &str = "import sys, tarfile
with tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[2])) as tar: tar.add('museum')";
const PYTHON_READS: &str = "import sys, tarfile
with tarfile.open(sys.argv[1]) as tar: tar.extractall(sys.argv[2])";

#[test]
fn what_other_programs_pack_is_the_same_snapshot() {
    let place = Place::new();
    museum(&place);
    let without_times = |entries: Vec<serde_json::Value>| {
        let head =
            |entry: &serde_json::Value| ["path", "role", "digest", "size", "encoding"].map(|key| entry[key].clone());
        entries.iter().map(head).collect::<Vec<_>>()
    };
    let expected = without_times(listed(&place, "museum"));
    let mut tried = 0;
    for words in [
        &["tar", "-c", "--format=gnu", "-f", "x.tar", "museum"][..],
        &["tar", "-c", "--format=posix", "-f", "x.tar", "museum"],
        &["tar", "-c", "--format=oldgnu", "-f", "x.tar", "-C", "museum", "."],
        &["tar", "-c", "--format=gnu", "--sort=name", "-z", "-f", "x.tar", "museum"],
        &["bsdtar", "-c", "--format=pax", "-f", "x.tar", "museum"],
        &["bsdtar", "-c", "--format=gnutar", "-f", "x.tar", "-C", "museum", "."],
        &["bsdtar", "-c", "--format=pax", "--zstd", "-f", "x.tar", "museum"],
        &["python3", "-c", PYTHON_WRITES, "x.tar", "PAX_FORMAT"],
        &["python3", "-c", PYTHON_WRITES, "x.tar", "GNU_FORMAT"],
    ] {
        if runs(&place, words) {
            place.succeed(&["import", "x.tar", "--name", "foreign"]);
            assert_eq!(without_times(listed(&place, "foreign")), expected, "{words:?}");
            tried += 1;
        }
    }
    assert!(tried > 0 || cfg!(not(target_os = "linux")), "not even GNU tar is here");
}

#[test]
fn what_we_pack_is_read_by_other_programs() {
    let place = Place::new();
    museum(&place);
    place.succeed(&["export", "museum", "expected"]);
    let bytes = |place: &Place, name: &str| -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        tree(&place.path(name)).into_iter().map(|(path, (bytes, _, _))| (path, bytes)).collect()
    };
    let expected = bytes(&place, "expected");
    for form in ["x.tar", "x.tar.gz", "x.tar.zst"] {
        place.succeed(&["export", "museum", form]);
        for words in [
            &["tar", "-x", "-f", form, "-C", "out"][..],
            &["bsdtar", "-x", "-f", form, "-C", "out"],
            &["python3", "-c", PYTHON_READS, form, "out"],
        ] {
            // Python learnt zstd late.
            if form.ends_with("zst") && words[0] == "python3" {
                continue;
            }
            let _ = fs::remove_dir_all(place.path("out"));
            fs::create_dir(place.path("out")).expect("a new folder");
            if runs(&place, words) {
                assert!(bytes(&place, "out/museum") == expected, "{words:?}");
            }
        }
    }
}

#[test]
fn every_old_form_is_read() {
    let v7 = |name: &str, bytes: &[u8]| Header::new(name.as_bytes(), 0, bytes.len()).with(257, &[0; 8]);
    let manifest = br#"{"payloads":["a.json"]}"#;
    let name = format!("files/{}", "n".repeat(200));
    let gnu = Header::new(b"cut", b'0', 1).with(257, b"ustar  \0").with(345, b"00000000001");
    let base_256 = Header::new(b"b256", b'0', 3).with(124, b"\x80\0\0\0\0\0\0\0\0\0\0\x03");
    let below_1970 = Header::new(b"early", b'0', 0).with(136, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe");
    let tar = Tarball::default()
        .header(&v7("manifest.json", manifest))
        .content(manifest)
        .header(&v7("folder/", b""))
        .member(b"PaxHeader", b'g', b"16 comment=abcd\n")
        .file("a.json", b"[]")
        .long(b'L', name.as_bytes())
        .header(&gnu)
        .content(b"x")
        .header(&base_256)
        .content(b"abc")
        .header(&below_1970)
        .pax(&[("path", "ü/ä"), ("mtime", "1.000000005"), ("atime", "2"), ("SCHILY.xattr.user.x", "y")])
        .file("cut", b"abc")
        .header(&Header::new(b"in/", b'5', 0).with(345, b"prefix"))
        .end();
    let place = Place::new();
    // Tapes have large blocks.
    let padded = [&tar[..], &[0; 9000]].concat();
    let output = place.feed(&["import", "-", "--name", "old"], &padded);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    place.succeed(&["export", "old", "out"]);
    let found = tree(&place.path("out"));
    let read = |path: &str| found.get(&PathBuf::from(path)).unwrap_or_else(|| panic!("{path} in {:?}", found.keys()));
    assert_eq!(read(&name).0.as_deref(), Some(&b"x"[..]));
    assert_eq!(read("b256"), &(Some(b"abc".to_vec()), 0o17, 0));
    assert_eq!(read("early"), &(Some(Vec::new()), -2, 0));
    assert_eq!(read("ü/ä"), &(Some(b"abc".to_vec()), 1, 5));
    assert_eq!((read("folder").0.clone(), read("prefix/in").0.clone()), (None, None));
    assert_eq!(found.len(), 8, "{:?}", found.keys());
}
