//! Values come back as they were, and what is no JSON is refused as everybody refuses it.

use proptest::prelude::*;

use super::*;

fn parsed_elements(text: &str) -> Result<Vec<(&str, Json<'_>)>, Unreadable> {
    Elements::of(text).collect()
}

#[test]
fn tokens_keep_their_bytes() {
    let text = r#" { "n" : 9007199254740993 , "f":1.50, "e": -1E+400, "s":"\u00fc\"\\", "ü":[ ], "o":{ } , "n":null} "#;
    let json = Json::parse(text).unwrap();
    let written = String::from_utf8(json.to_bytes(None)).unwrap();
    assert_eq!(written, r#"{"n":9007199254740993,"f":1.50,"e":-1E+400,"s":"\u00fc\"\\","ü":[],"o":{},"n":null}"#);
    assert!(json.get("n").unwrap().is_null(), "of two the last one counts");
    assert_eq!(json.get("s").unwrap().as_str().unwrap(), "ü\"\\");
}

#[test]
fn elements_are_told_with_their_texts() {
    let text = r#" [ {"a" : 1} ,[2], "x]" ] "#;
    let found = parsed_elements(text).unwrap();
    assert_eq!(found.iter().map(|(text, _)| *text).collect::<Vec<_>>(), elements(text.as_bytes()).unwrap());
    assert_eq!(found[0].1.get("a"), Some(&Json::number(1)));
    assert_eq!(parsed_elements("[]").unwrap(), []);
}

#[test]
fn many_lines_are_what_others_write() {
    let json = Json::parse(r#"{"a":[1,{"b":null}],"c":[],"d":{}}"#).unwrap();
    let expected = serde_json::to_string_pretty(&serde_json::json!({"a":[1,{"b":null}],"c":[],"d":{}})).unwrap();
    assert_eq!(String::from_utf8(json.to_bytes(Some(0))).unwrap(), expected);
}

#[test]
fn no_depth_exhausts_the_stack() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(Json::parse(&deep), Err(Unreadable::TooDeep));
}

#[test]
fn members_are_changed_in_place() {
    let Json::Object(mut members) = Json::parse(r#"{"a":1,"b":2,"a":3,"c":4}"#).unwrap() else { panic!() };
    assert_eq!(members.take("a"), Some(Json::number(3)));
    members.set("b", Json::string("\"ü\n"));
    members.set("d", Json::bool(true));
    members.rename("c", "x");
    assert_eq!(String::from_utf8(Json::Object(members).to_bytes(None)).unwrap(), r#"{"b":"\"ü\n","x":4,"d":true}"#);
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "[1 2]",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nulll",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "\"open",
        "[1]]",
        "{} {}",
        "[1}",
        "\"\u{1}\"",
        "NaN",
        "\"123456\u{7}\"",
    ] {
        assert_eq!(Json::parse(text), Err(Unreadable::NotJson), "{text}");
        let end = if text.trim().is_empty() { "," } else { "]" };
        assert!(parsed_elements(&format!("[{text}{end}")).is_err(), "[{text}]");
    }
}

#[test]
fn too_deep_is_not_the_same_as_broken() {
    let deep = format!("[{}{}]", "[".repeat(200), "]".repeat(200));
    assert_eq!(parsed_elements(&deep).map(drop), Err(Unreadable::TooDeep));
    assert_eq!(elements(deep.as_bytes()).map(|found| found.len()), Ok(1));
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".*".prop_map(serde_json::Value::from)
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map(".{0,5}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_not_touched_is_written_as_it_was_read(value in values(), is_pretty: bool) {
        let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        let json = Json::parse(&text).unwrap();
        prop_assert_eq!(String::from_utf8(json.to_bytes(None)).unwrap(), serde_json::to_string(&value).unwrap());
        prop_assert_eq!(
            String::from_utf8(json.to_bytes(Some(0))).unwrap(),
            serde_json::to_string_pretty(&value).unwrap()
        );
    }

    #[test]
    fn broken_text_is_refused_exactly_when_others_refuse_it(
        value in values(), at in any::<prop::sample::Index>(), byte in prop_oneof![Just(b'"'), Just(b'\\'), Just(b','), Just(b'0'), Just(b'\n'), 0..128_u8],
    ) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        let expected = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(Json::parse(&text).is_ok(), expected, "{}", text);
    }
}
