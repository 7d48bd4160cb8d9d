//! What is different between two JSON texts, field by field. Numbers are compared as they are written, strings by what
//! they say; the order of members means nothing, that of elements does.

use std::collections::HashMap;

use serde::Deserialize as _;
use serde_json::value::RawValue;

/// Containers are gone into so deep; below, they are compared as a whole.
const DEPTH_MAX: usize = 128;

/// A field that was added, removed or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// RFC 6901; empty for the whole text.
    pub pointer: String,
    /// JSON; `None` if the field was not there.
    pub before: Option<String>,
    /// JSON; `None` if the field is not there any more.
    pub after: Option<String>,
}

/// All differences, in the order of `before`, then of `after`. What is no JSON is one text.
#[must_use]
pub fn differences(before: &[u8], after: &[u8]) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    match (raw(before), raw(after)) {
        (Some(before), Some(after)) => {
            let mut pointer = String::new();
            compare(before, after, &mut pointer, 0, &mut changes);
        }
        _ if before == after => {}
        _ => {
            let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
            changes.push(FieldChange { pointer: String::new(), before: text(before), after: text(after) });
        }
    }
    changes
}

/// The value that an RFC 6901 pointer leads to: JSON.
#[must_use]
pub fn at<'a>(json: &'a [u8], pointer: &str) -> Option<&'a str> {
    let mut value = raw(json)?;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match Shape::of(value) {
            Shape::Object(members) => members.into_iter().rfind(|(key, _)| *key == token)?.1,
            Shape::Array(elements) => *elements.get(token.parse::<usize>().ok()?)?,
            Shape::Scalar => return None,
        };
    }
    Some(value.get())
}

fn raw(json: &[u8]) -> Option<&RawValue> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = <&RawValue>::deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

enum Shape<'a> {
    Object(Vec<(String, &'a RawValue)>),
    Array(Vec<&'a RawValue>),
    Scalar,
}

impl<'a> Shape<'a> {
    fn of(value: &'a RawValue) -> Self {
        match value.get().as_bytes().first() {
            Some(b'{') => Members::parse(value).map_or(Self::Scalar, Self::Object),
            Some(b'[') => serde_json::from_str(value.get()).map_or(Self::Scalar, Self::Array),
            _ => Self::Scalar,
        }
    }
}

/// Members in the order in which they are written.
struct Members;

impl Members {
    fn parse(value: &RawValue) -> Option<Vec<(String, &RawValue)>> {
        struct Visitor;
        impl<'a> serde::de::Visitor<'a> for Visitor {
            type Value = Vec<(String, &'a RawValue)>;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<M: serde::de::MapAccess<'a>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(value.get()), Visitor).ok()
    }
}

fn compare(before: &RawValue, after: &RawValue, pointer: &mut String, depth: usize, changes: &mut Vec<FieldChange>) {
    if before.get() == after.get() {
        return;
    }
    let shapes = if depth < DEPTH_MAX { (Shape::of(before), Shape::of(after)) } else { (Shape::Scalar, Shape::Scalar) };
    match shapes {
        (Shape::Object(before), Shape::Object(after)) => {
            let index =
                |members: &'_ [(String, _)]| -> HashMap<String, &RawValue> { members.iter().cloned().collect() };
            let (was, is) = (index(&before), index(&after));
            for (key, old) in before.iter().filter(|(key, old)| std::ptr::eq(was[key], *old)) {
                field(Some(old), is.get(key).copied(), key, pointer, depth, changes);
            }
            for (key, new) in after.iter().filter(|(key, _)| !was.contains_key(key)) {
                field(None, Some(new), key, pointer, depth, changes);
            }
        }
        (Shape::Array(before), Shape::Array(after)) => elements(&before, &after, pointer, depth, changes),
        (Shape::Scalar, Shape::Scalar) if is_same_text(before, after) => {}
        _ => changes.push(FieldChange {
            pointer: pointer.clone(),
            before: Some(before.get().to_owned()),
            after: Some(after.get().to_owned()),
        }),
    }
}

/// Elements at both ends that are the same are the same elements, whatever was added or removed between them.
fn elements(
    before: &[&RawValue],
    after: &[&RawValue],
    pointer: &mut String,
    depth: usize,
    changes: &mut Vec<FieldChange>,
) {
    let same = |(one, other): &(&&RawValue, &&RawValue)| one.get() == other.get();
    let ends = before.iter().rev().zip(after.iter().rev()).take_while(same).count();
    let (before, after) = (&before[..before.len() - ends], &after[..after.len() - ends]);
    for at in 0..before.len().max(after.len()) {
        field(before.get(at).copied(), after.get(at).copied(), &at.to_string(), pointer, depth, changes);
    }
}

fn field(
    before: Option<&RawValue>,
    after: Option<&RawValue>,
    key: &str,
    pointer: &mut String,
    depth: usize,
    changes: &mut Vec<FieldChange>,
) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    match (before, after) {
        (Some(before), Some(after)) => compare(before, after, pointer, depth + 1, changes),
        (before, after) => {
            let json = |value: Option<&RawValue>| value.map(|value| value.get().to_owned());
            changes.push(FieldChange { pointer: pointer.clone(), before: json(before), after: json(after) });
        }
    }
    pointer.truncate(length);
}

/// Whether two strings say the same, though they are written with other escapes.
fn is_same_text(before: &RawValue, after: &RawValue) -> bool {
    let text = |value: &RawValue| serde_json::from_str::<String>(value.get()).ok();
    text(before).is_some_and(|before| Some(before) == text(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Vec<String> {
        let told = |change: FieldChange| {
            let side = |json: Option<String>| json.unwrap_or_else(|| "-".to_owned());
            format!("{} {} {}", change.pointer, side(change.before), side(change.after))
        };
        differences(before.as_bytes(), after.as_bytes()).into_iter().map(told).collect()
    }

    #[test]
    fn each_field_that_changed_is_named_and_nothing_else() {
        let before = r#"{"a":1,"b":{"ü/~":[1,2,3],"x":null},"n":9007199254740993,"same":{"y":[{}]}}"#;
        let after = r#"{"same":{"y":[{}]},"n":9007199254740992,"b":{"ü/~":[1,9,3],"z":true},"a":1}"#;
        assert_eq!(
            told(before, after),
            ["/b/ü~1~0/1 2 9", "/b/x null -", "/b/z - true", "/n 9007199254740993 9007199254740992"]
        );
    }

    #[test]
    fn an_element_that_comes_in_is_not_the_change_of_all_behind_it() {
        assert_eq!(told("[1,2,3]", "[1,7,2,3]"), ["/1 - 7"]);
        assert_eq!(told("[1,2,3]", "[2,3]"), ["/0 1 -"]);
    }

    #[test]
    fn escapes_and_order_mean_nothing_the_way_numbers_are_written_does() {
        assert_eq!(told(r#"{"a":"\u00fc","b":1}"#, r#"{"b":1,"a":"ü"}"#), Vec::<String>::new());
        assert_eq!(told("1.0", "1.00"), [" 1.0 1.00"]);
        assert_eq!(told("[", "[]"), [" [ []"]);
    }

    #[test]
    fn deep_texts_are_compared_as_a_whole_somewhere() {
        let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(differences(deep("1").as_bytes(), deep("2").as_bytes()).len(), 1);
    }

    #[test]
    fn pointers_lead_to_values() {
        let json = br#"{"a":{"b/c":[1,{"d":"x"}]},"a~":0}"#;
        assert_eq!(at(json, "/a/b~1c/1/d"), Some("\"x\""));
        assert_eq!(at(json, "/a~0"), Some("0"));
        assert_eq!(at(json, ""), Some(r#"{"a":{"b/c":[1,{"d":"x"}]},"a~":0}"#));
        assert_eq!(at(json, "/a/x"), None);
        assert_eq!(at(json, "/a/b~1c/01x"), None);
    }
}
