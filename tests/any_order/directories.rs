//! Directories are written in any order too.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fonds::layout::{DirectoryWriter, WriteOptions};
use fonds::model::entry::Role;
use fonds::model::manifest::Manifest;

use crate::{directory, put_all, unsettled, waiting};

/// Every file, those that are gzip unpacked.
fn files(dir: &Path) -> BTreeMap<String, (bool, Vec<u8>)> {
    let reader = |path: &Path| {
        let bytes = fs::read(path).expect("a file");
        let is_packed = bytes.starts_with(&[0x1f, 0x8b]);
        let mut plain = Vec::new();
        if is_packed {
            std::io::copy(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain).expect("whole gzip");
        }
        (is_packed, if is_packed { plain } else { bytes })
    };
    let names = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("a name").path());
    names.map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), reader(&path))).collect()
}

#[test]
fn what_turns_out_to_be_a_payload_is_packed_like_one() {
    let packed = crate::gzip(b"[1]");
    let dir = directory(&[
        ("manifest.json", br#"{"payloads":["a.json.gz","b.json"]}"#),
        ("a.json.gz", &packed),
        ("b.json", b"[2]"),
        ("c.json", b"[3]"),
        ("d.json.gz", &packed),
    ]);
    let manifest = fs::read(dir.path().join("manifest.json")).expect("a manifest");
    let manifest = Manifest::parse(manifest).expect("a manifest");
    let mut all = unsettled(dir.path());
    all.retain(|waiting| waiting.head.path.to_string() != "d.json.gz");
    all.push(waiting(Role::Unlisted, "d.json.gz", Some(&packed)));
    let one = |is_packed, text: &str| (is_packed, text.as_bytes().to_vec());
    for (compression, a, b) in [
        (None, ("a.json.gz", true), ("b.json", false)),
        (Some(0), ("a.json", false), ("b.json", false)),
        (Some(9), ("a.json.gz", true), ("b.json.gz", true)),
    ] {
        let expected = BTreeMap::from([
            (a.0.to_owned(), one(a.1, "[1]")),
            (b.0.to_owned(), one(b.1, "[2]")),
            ("c.json".to_owned(), one(false, "[3]")),
            ("d.json.gz".to_owned(), one(true, "[1]")),
            ("manifest.json".to_owned(), one(false, &format!(r#"{{"payloads":["{}","{}"]}}"#, a.0, b.0))),
        ]);
        for round in 0..4 {
            fastrand::Rng::with_seed(round).shuffle(&mut all);
            // What stands as it is comes before what is unpacked.
            all.sort_by_key(|waiting| waiting.head.encoding == fonds::model::entry::Encoding::Gzip);
            let target = tempfile::tempdir().expect("a temporary directory");
            let place = target.path().join("out");
            let options = WriteOptions { compression, ..WriteOptions::default() };
            let writer = DirectoryWriter::create(&place, options).expect("a writer");
            let written = put_all(writer, &all, &manifest).expect("a directory");
            assert_eq!(files(&place), expected, "{compression:?} {round}");
            let length = |path: &str| fs::metadata(place.join(path)).expect("a file").len();
            assert_eq!(written.bytes, expected.keys().map(|path| length(path)).sum::<u64>());
            assert_eq!(written.entries, 5);
        }
    }
}
