//! Entries that are no backup together.

use fonds::archive::Strictness;
use fonds::layout::MissingPayloads;
use fonds::model::entry::Role;
use fonds::model::manifest::Manifest;

use crate::{Put, Waiting, waiting};

const MANIFEST: &[u8] = br#"{"payloads":["a.json","b.json"]}"#;

fn refusal(more: &[Waiting], missing: MissingPayloads, strictness: Strictness) -> Option<String> {
    let manifest = Manifest::parse(MANIFEST.to_vec()).expect("a manifest");
    let mut all = vec![
        waiting(Role::Manifest, "manifest.json", Some(MANIFEST)),
        waiting(Role::Unlisted, "a.json", Some(b"[{}]")),
    ];
    all.extend_from_slice(more);
    let texts = [false, true].map(|is_reversed| {
        if is_reversed {
            all.reverse();
        }
        let put = Put { all: &all, manifest: &manifest, missing, strictness };
        put.run().err().map(|error| error.to_string())
    });
    assert_eq!(texts[0], texts[1], "in any order");
    let [text, _] = texts;
    text
}

#[test]
fn two_things_at_one_place_are_refused_by_name() {
    let file = |path| waiting(Role::Unlisted, path, Some(b"x"));
    let folder = |path| waiting(Role::Unlisted, path, None);
    let cases: [(&[Waiting], Option<&str>); 9] = [
        (&[file("x"), file("x")], Some("x is in the backup twice")),
        (&[file("x/y"), file("x/y")], Some("x/y is in the backup twice")),
        (&[file("x"), file("x/y")], Some("x is a file, but other files lie below it")),
        (&[file("x.b"), file("x-1"), file("x.b/y/z")], Some("x.b is a file, but other files lie below it")),
        (&[file("x"), folder("x")], Some("x is a file, but other files lie below it")),
        (&[file("x"), folder("x/y")], Some("x is a file, but other files lie below it")),
        (&[folder("b.json/x")], Some("b.json is named by the manifest as a file but is a folder")),
        (&[folder("x"), folder("x"), folder("x/y"), file("x/y/z")], None),
        (&[file("x.b"), file("x\u{1}b"), file("x")], None),
    ];
    for (more, expected) in cases {
        let text = refusal(more, MissingPayloads::Accept, Strictness::KeepFlawed);
        assert_eq!(text.as_deref(), expected, "{more:?}");
    }
}

#[test]
fn what_the_manifest_names_must_come_unless_that_is_accepted() {
    let text = refusal(&[], MissingPayloads::Refuse, Strictness::KeepFlawed);
    assert_eq!(text.as_deref(), Some("b.json is named by the manifest but missing"));
    assert_eq!(refusal(&[], MissingPayloads::Accept, Strictness::KeepFlawed), None);
}

#[test]
fn a_payload_that_only_turns_out_to_be_one_is_held_to_be_json() {
    let flawed = [waiting(Role::Unlisted, "b.json", Some(b"[1,"))];
    let text = refusal(&flawed, MissingPayloads::Refuse, Strictness::RefuseFlawed).expect("a refusal");
    assert!(text.starts_with("b.json: not JSON"), "{text}");
    let unlisted = [waiting(Role::Unlisted, "b.json", Some(b"[]")), waiting(Role::Unlisted, "c.json", Some(b"[1,"))];
    assert_eq!(refusal(&unlisted, MissingPayloads::Refuse, Strictness::RefuseFlawed), None);
}
