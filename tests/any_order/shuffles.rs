//! The snapshot of entries in any order is that of the directory.

use fonds::archive::Strictness;
use fonds::layout::MissingPayloads;
use fonds::model::entry::Role;
use fonds::model::manifest::Manifest;

use crate::support::backup::write_dir;
use crate::support::museum::{Museum, Size};
use crate::{Put, directory, gzip, imported, unsettled};

/// Everything that has a rule of its own.
fn motley() -> tempfile::TempDir {
    let packed = gzip(br#"{"import_type":"tags","tags":[{"a":1},{"b":2}]}"#);
    directory(&[
        (
            "manifest.json",
            br#"{"payloads":["z.json","sub/a.json.gz","files/p.json","odd","b.json","gone.json","bad.json","text"]}"#,
        ),
        ("datamodel.json.gz", &gzip(b"{}")),
        ("z.json", br#"{"import_type":"db","objects":[{"_objecttype":"x","_id":9007199254740993},{"y":"\u00fc"}]}"#),
        ("sub/a.json.gz", &packed),
        ("sub/b.json.gz", &packed),
        ("files/p.json", br#"{"import_type":"weather","records":[{"some":"record"}]}"#),
        ("odd", &packed),
        ("b.json.gz", &packed),
        ("bad.json", b"no json at all"),
        ("text", b"[1,2"),
        ("unlisted.json", b"[{},{}]"),
        ("unlisted.txt", b"some text"),
        ("files/1/900-Krug-preview.png", b"small"),
        ("files/1/900-Krug-preview.v2.png", b"small"),
        ("files/1/900-Krug.png", b"large"),
        ("files/1/900-Krug/900-Krug-x.png", b"alone"),
        ("files/1/900-Krug -x.png", b"not of the first"),
        ("files/1/901", b"large"),
        ("files/1/901-a.png", b"x"),
        ("files/1/empty/", b""),
        ("files/0/\u{fc}.bin", b"\0\x01"),
        ("backup.log", b"b"),
        ("restore.log", b"{}"),
        ("x.log/x", b"no log"),
        (".log", b"none either"),
        ("nothing/at/all/", b""),
    ])
}

fn agree(dir: &std::path::Path, rounds: u64) {
    let expected = imported(dir, MissingPayloads::Accept);
    let mut all = unsettled(dir);
    let manifest =
        all.iter().find(|waiting| waiting.head.role == Role::Manifest).and_then(|waiting| waiting.bytes.clone());
    let manifest = Manifest::parse(manifest.expect("a manifest")).expect("a manifest");
    for round in 0..rounds {
        fastrand::Rng::with_seed(round).shuffle(&mut all);
        let put = Put {
            all: &all,
            manifest: &manifest,
            missing: MissingPayloads::Accept,
            strictness: Strictness::KeepFlawed,
        };
        assert_eq!(put.run().expect("a snapshot"), expected, "round {round}");
    }
}

#[test]
fn any_order_gives_the_list_of_the_directory() {
    agree(motley().path(), 12);
}

#[test]
fn any_order_of_a_whole_museum_gives_its_list() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    write_dir(&dir.path().join("museum"), &Museum::new(3, Size::SMALL).files());
    agree(&dir.path().join("museum"), 4);
}
