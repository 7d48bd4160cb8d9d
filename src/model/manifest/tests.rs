//! What is read of a manifest, what is refused, and what renaming changes.

use std::fmt::Write as _;

use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

use super::*;
use crate::model::path::PathError;

fn parsed(json: &str) -> Manifest {
    Manifest::parse(json.as_bytes().to_vec()).expect("a manifest")
}

fn refused(json: &str) -> ManifestError {
    Manifest::parse(json.as_bytes().to_vec()).expect_err("no manifest")
}

fn path(text: &str) -> EntryPath {
    text.parse().expect("a clean path")
}

fn names(manifest: &Manifest) -> Vec<String> {
    manifest.payloads().iter().map(|name| name.path.to_string()).collect()
}

#[test]
fn payloads_may_be_strings_or_objects_and_keep_their_order() {
    let manifest = parsed(
        r#"{"payloads": ["b.json", {"n": 3, "file": "a.json"}, {"filename": "c\u00e4.json"}, {"path": "d/e.json"}, {"url": "f"}]}"#,
    );
    assert_eq!(names(&manifest), ["b.json", "a.json", "cä.json", "d/e.json", "f"]);
    let tokens: Vec<_> = manifest.payloads().iter().map(|name| &manifest.bytes()[name.span.clone()]).collect();
    assert_eq!(tokens, [&b"\"b.json\""[..], b"\"a.json\"", b"\"c\\u00e4.json\"", b"\"d/e.json\"", b"\"f\""]);
}

#[test]
fn datamodel_and_base_config_are_known_under_all_their_spellings() {
    for (key, alias) in [("datamodel", "datamodel"), ("datamodel_file", "d"), ("data_model", "d")] {
        let manifest = parsed(&format!(r#"{{"payloads": [], "{key}": "{alias}.json"}}"#));
        assert_eq!(manifest.datamodel(), Some(&path(&format!("{alias}.json"))), "{key}");
    }
    for key in ["base_config", "base_config_file", "baseconfig"] {
        let manifest = parsed(&format!(r#"{{"payloads": [], "{key}": {{"v": 1, "file": "b.json"}}}}"#));
        assert_eq!(manifest.base_config(), Some(&path("b.json")), "{key}");
    }
    for absent in ["{\"payloads\":[]}", r#"{"payloads":[],"datamodel":null,"base_config":""}"#] {
        assert_eq!((parsed(absent).datamodel(), parsed(absent).base_config()), (None, None));
    }
}

#[test]
fn a_base_folder_stands_in_front_of_payloads_only() {
    let with_base = |base: &str| {
        parsed(&format!(r#"{{"payload_base_uri": "{base}", "datamodel": "d.json", "payloads": ["a.json"]}}"#))
    };
    for (base, expected) in [
        ("", "a.json"),
        (".", "a.json"),
        ("./", "a.json"),
        ("https://example.org/backup/", "a.json"),
        ("//example.org", "a.json"),
        ("sub", "sub/a.json"),
        ("./sub/deep//", "sub/deep/a.json"),
    ] {
        assert_eq!(names(&with_base(base)), [expected], "{base:?}");
        assert_eq!(with_base(base).datamodel(), Some(&path("d.json")));
    }
    for (base, why) in [("../up", PathError::Unclean), ("/srv", PathError::Absolute), ("C:/x", PathError::Drive)] {
        let error = refused(&format!(r#"{{"payload_base_uri": "{base}", "payloads": []}}"#));
        assert!(matches!(error, ManifestError::UncleanName { source, .. } if source == why), "{base:?}: {error:?}");
    }
}

#[test]
fn comments_and_a_byte_order_mark_are_kept_and_read_over() {
    let json =
        "\u{feff}// first\n{ \"source\": \"http://a//b\", // \"payloads\": 1\n \"payloads\": [\"a.json\" // one\n]}//";
    let manifest = parsed(json);
    assert_eq!(names(&manifest), ["a.json"]);
    assert_eq!(manifest.source_name().as_deref(), Some("http://a//b"));
    assert_eq!(manifest.bytes(), json.as_bytes());
    assert_eq!(&manifest.bytes()[manifest.payloads()[0].span.clone()], b"\"a.json\"");
}

#[test]
fn the_last_of_two_equal_keys_counts_however_it_is_spelled() {
    let manifest = parsed(r#"{"payloads": 7, "payloads": ["a"], "\u0070ayloads": ["b"], "\ud800": 1}"#);
    assert_eq!(names(&manifest), ["b"]);
}

#[test]
fn what_is_no_manifest_is_refused_with_its_reason() {
    let error = refused("{\n \"payloads\": [,]}");
    let source = std::error::Error::source(&error).expect("a source").to_string();
    assert!(source.contains("line 2 column 15"), "{source}");
    for json in ["", "{", "{} {}", "{\"payloads\": []} x", "\u{fffd}", "{1: 2}"] {
        assert!(matches!(refused(json), ManifestError::NotJson(_)), "{json:?}");
    }
    for json in ["[]", "\"payloads\"", "5"] {
        assert!(matches!(refused(json), ManifestError::NotAnObject), "{json:?}");
    }
    assert!(matches!(refused("{}"), ManifestError::NoPayloads));
    for list in ["{}", "null", "\"a\""] {
        assert!(matches!(refused(&format!("{{\"payloads\":{list}}}")), ManifestError::PayloadsNotAList), "{list}");
    }
    for wrong in ["5", "null", "[\"a\"]", "{\"name\":\"a\"}", "{\"file\":7}", "\"\"", "\"\\ud800\""] {
        let error = refused(&format!("{{\"payloads\":[\"ok\",{wrong},3]}}"));
        assert!(matches!(error, ManifestError::NotAName { index: 1 }), "{wrong}: {error:?}");
    }
    assert!(matches!(Manifest::parse(b"{\"\xff\": 1, \"payloads\": []}".to_vec()), Err(ManifestError::NotJson(_))));
}

#[test]
fn a_name_that_leads_out_is_named_with_its_fault() {
    for (name, why) in [
        ("/etc/passwd", PathError::Absolute),
        ("../a.json", PathError::Unclean),
        ("a/../b", PathError::Unclean),
        ("a\\\\b", PathError::Backslash),
        ("C:a", PathError::Drive),
        ("a\\u0000b", PathError::Nul),
        ("https://example.org/a.json", PathError::Unclean),
    ] {
        for json in [format!(r#"{{"payloads":["{name}"]}}"#), format!(r#"{{"payloads":[],"datamodel":"{name}"}}"#)] {
            let error = refused(&json);
            assert!(matches!(&error, ManifestError::UncleanName { source, .. } if *source == why), "{json}: {error:?}");
        }
    }
    let error = refused(r#"{"payload_base_uri":"sub","payloads":["/a"]}"#);
    assert!(matches!(&error, ManifestError::UncleanName { name, .. } if name == "/a"), "{error:?}");
}

#[test]
fn a_file_named_twice_is_refused() {
    for json in [
        r#"{"payloads":["a","b","\u0061"]}"#,
        r#"{"payloads":["a"],"datamodel":"a"}"#,
        r#"{"payloads":[],"datamodel":"a","base_config":"a"}"#,
    ] {
        assert!(matches!(refused(json), ManifestError::NamedTwice { path: twice } if twice == path("a")), "{json}");
    }
    assert!(matches!(refused(r#"{"payloads":["manifest.json"]}"#), ManifestError::NamedTwice { .. }));
}

#[test]
fn too_many_payloads_are_refused() {
    let mut json = "{\"payloads\":[\"x\"".to_owned();
    for number in 0..PAYLOADS_MAX {
        write!(json, ",\"{number}\"").expect("a string takes all");
    }
    assert!(matches!(refused(&(json + "]}")), ManifestError::TooManyPayloads));
}

#[test]
fn nesting_of_any_depth_does_not_overflow_the_stack() {
    let deep = |open: &str, close: &str| open.repeat(200_000) + "0" + &close.repeat(200_000);
    for value in [deep("[", "]"), deep("{\"file\":", "}")] {
        let manifest = parsed(&format!(r#"{{"x":{value},"instance":{value},"datamodel":{value},"payloads":["a"]}}"#));
        assert_eq!(names(&manifest), ["a"]);
        assert_eq!(manifest.instance(), Source::default());
        assert_eq!(manifest.value("x").as_ref(), Some(&value));
        assert!(matches!(refused(&format!("{{\"payloads\":[{value}]}}")), ManifestError::NotAName { index: 0 }));
    }
}

#[test]
fn what_is_known_of_the_source_is_told_without_secrets() {
    let manifest = parsed(
        r#"{"source": "https://u:p@a.example/api/v1/?access_token=x", "created_at": "2025-03-01T08:00:00Z", "finished_at": 5,
            "instance": {"type": "fylr", "name": "seedorf", "version": 6, "external_url": "http://me:se/cr@et@b.example:81/x#y"},
            "payloads": []}"#,
    );
    assert_eq!(manifest.source_name().as_deref(), Some("https://a.example/api/v1/"));
    assert_eq!(manifest.created_at().as_deref(), Some("2025-03-01T08:00:00Z"));
    assert_eq!(manifest.finished_at(), None);
    let expected = Source {
        name: Some("seedorf".to_owned()),
        url: Some("http://b.example:81/x".to_owned()),
        kind: Some("fylr".to_owned()),
        version: None,
    };
    assert_eq!(manifest.instance(), expected);
    let nameless = parsed(r#"{"payloads": [], "instance": {"url": "", "name": "depot"}}"#);
    assert_eq!(nameless.source_name().as_deref(), Some("depot"));
    assert_eq!(parsed(r#"{"payloads": [], "instance": 5}"#).source_name(), None);
    let free = parsed(r#"{"payloads": [], "source": "Bilder"}"#);
    assert_eq!((free.source_name().as_deref(), free.instance()), (Some("Bilder"), Source::default()));
    let url = parsed(r#"{"payloads": [], "source": "https://u:p@a.example/api"}"#);
    assert_eq!(url.instance().url.as_deref(), Some("https://a.example/api"));
    for (text, shown) in [
        ("Bilder @ Museum?", "Bilder @ Museum?"),
        ("admin:pw@host/api?token=1", "host/api"),
        ("https://host:8080/@museum/a@b", "https://host:8080/@museum/a@b"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
    ] {
        assert_eq!(without_secrets(text), shown);
    }
}

#[test]
fn renaming_changes_the_names_and_no_other_byte() {
    let json = r#"{ "n": 1.0000000000000000000000001, "payload_base_uri": "p/", "base_config": {"file":"b.json"},
        "payloads": [ "a.json",{"k":null , "file":"\u0062.json"}, "keep" ] , "datamodel":"d.json", "n": [] }"#;
    let gz = |path: &EntryPath| {
        let is_json = path.as_bytes().ends_with(b".json");
        is_json.then(|| format!("{path}.gz").parse().expect("a clean path"))
    };
    let expected = json
        .replace("\"a.json\"", "\"a.json.gz\"")
        .replace("\"\\u0062.json\"", "\"b.json.gz\"")
        .replace("\"b.json\"", "\"b.json.gz\"")
        .replace("\"d.json\"", "\"d.json.gz\"");
    let renamed = parsed(json).renamed(gz).expect("new names");
    assert_eq!(String::from_utf8_lossy(renamed.bytes()), expected);
    assert_eq!(names(&renamed), ["p/a.json.gz", "p/b.json.gz", "p/keep"]);
    assert_eq!(renamed.base_config(), Some(&path("b.json.gz")));
}

#[test]
fn a_new_name_that_cannot_be_said_is_refused() {
    let manifest = parsed(r#"{"payload_base_uri":"p","payloads":["a","b"]}"#);
    let to = |new: &'static [u8]| manifest.renamed(|_| Some(EntryPath::new(new).expect("a clean path")));
    assert!(matches!(to(b"elsewhere/a"), Err(ManifestError::Unspeakable { .. })));
    assert!(matches!(to(b"pp/a"), Err(ManifestError::Unspeakable { .. })));
    assert!(matches!(to(b"p/\xff"), Err(ManifestError::Unspeakable { .. })));
    assert!(matches!(to(b"p/a"), Err(ManifestError::NamedTwice { .. })));
}

/// Names with everything that JSON must escape.
fn clean_names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::btree_set("[a-z\"\u{1}\n ä€😀]{1,8}(/[a-z\" ]{1,4})?", 0..6)
        .prop_map(|names| names.into_iter().filter(|name| EntryPath::new(name).is_ok()).collect())
}

proptest! {
    #[test]
    fn any_names_are_read_and_renamed(names in clean_names(), noise in any::<f64>(), text in any::<String>()) {
        let quoted = |text: &str| serde_json::to_string(text).expect("a string");
        let list = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" , ");
        let json = format!("{{\"x\":{noise:e},{}:{},\"payloads\":[{list}]}}", quoted(&format!("k{text}")), quoted(&text));
        let manifest = parsed(&json);
        let read: Vec<_> = manifest.payloads().iter().map(|name| name.path.as_bytes().to_vec()).collect();
        prop_assert_eq!(&read, &names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>());

        let there = manifest.renamed(|path| EntryPath::new([path.as_bytes(), b"\n\"gz"].concat()).ok()).expect("new names");
        let back = there.renamed(|path| path.as_bytes().strip_suffix(b"\n\"gz").and_then(|path| EntryPath::new(path).ok()));
        prop_assert_eq!(back.expect("old names"), manifest);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), keep in 0..60_usize) {
        let mut json = br#"{"payloads":["a",{"file":"b"}],"datamodel":"d",//c
            "instance":{"url":"x"}}"#[..keep].to_vec();
        json.extend(bytes);
        if let Ok(manifest) = Manifest::parse(json) {
            let _ = manifest.instance();
            let _ = manifest.source_name();
        }
    }
}
