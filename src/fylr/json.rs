//! JSON as it came over the network, taken apart into its tokens. Numbers and texts keep their bytes, members their
//! order, so that what is not touched is written as it was read: 2^53+1, `1.50` and `\u00fc` alike.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Values nested deeper than this are refused; real records have a dozen levels.
const DEPTH_MAX: usize = 128;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'t> {
    /// A number, a string with its quotes, `true`, `false` or `null`, as it stands in the text.
    Scalar(Cow<'t, str>),
    Array(Vec<Json<'t>>),
    Object(Members<'t>),
}

/// The members of an object, in order. Keys are kept as they are written, without their quotes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Members<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

/// The text is no JSON, or nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is no JSON")]
    NotJson,
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
}

/// The elements of an array, each as its text. All of it is checked to be JSON.
pub(crate) fn elements(text: &[u8]) -> Result<Vec<&str>, Unreadable> {
    let raw: Vec<&RawValue> = serde_json::from_slice(text).map_err(|_| Unreadable::NotJson)?;
    Ok(raw.into_iter().map(RawValue::get).collect())
}

/// The elements of an array in a text that has been found to be JSON, each as its text and taken apart, in one pass.
pub(crate) fn parsed_elements(text: &str) -> Result<Vec<(&str, Json<'_>)>, Unreadable> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    if reader.peek()? != b'[' {
        return Err(Unreadable::NotJson);
    }
    reader.at += 1;
    while reader.peek()? != b']' {
        reader.skip(b',');
        reader.peek()?;
        let start = reader.at;
        let json = reader.value(1)?;
        found.push((&text[start..reader.at], json));
    }
    Ok(found)
}

impl<'t> Json<'t> {
    /// Takes apart a text that has been found to be JSON.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Unreadable> {
        let mut reader = Reader { text, at: 0 };
        reader.value(0)
    }

    pub(crate) fn null() -> Self {
        Self::Scalar(Cow::Borrowed("null"))
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self::Scalar(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    pub(crate) fn number(value: u64) -> Self {
        Self::Scalar(Cow::Owned(value.to_string()))
    }

    pub(crate) fn string(value: &str) -> Self {
        Self::Scalar(Cow::Owned(serde_json::Value::from(value).to_string()))
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "null")
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "true")
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        let Self::Scalar(text) = self else { return None };
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') { serde_json::from_str(text).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
    }

    /// An id: a whole number, or a string with one, as easydb5 writes some.
    pub(crate) fn as_id(&self) -> Option<u64> {
        let Self::Scalar(text) = self else { return None };
        text.trim_matches('"').parse().ok()
    }

    pub(crate) fn members(&self) -> Option<&Members<'t>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    pub(crate) fn members_mut(&mut self) -> Option<&mut Members<'t>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    pub(crate) fn items(&self) -> &[Json<'t>] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// The member of this name, if it is an object that has one.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.members()?.get(key)
    }

    /// Writes the value without blanks, or, with `indent`, over many lines.
    pub(crate) fn write(&self, out: &mut Vec<u8>, indent: Option<usize>) {
        match self {
            Self::Scalar(text) => out.extend_from_slice(text.as_bytes()),
            Self::Array(items) => {
                let mut list = List::begin(out, b'[', indent);
                for item in items {
                    let inner = list.next(out);
                    item.write(out, inner);
                }
                list.end(out, b']');
            }
            Self::Object(members) => {
                let mut list = List::begin(out, b'{', indent);
                for (key, value) in &members.0 {
                    let inner = list.next(out);
                    out.push(b'"');
                    out.extend_from_slice(key.as_bytes());
                    out.extend_from_slice(if indent.is_some() { b"\": " } else { b"\":" });
                    value.write(out, inner);
                }
                list.end(out, b'}');
            }
        }
    }

    pub(crate) fn to_bytes(&self, indent: Option<usize>) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, indent);
        out
    }
}

impl<'t> From<Members<'t>> for Json<'t> {
    fn from(members: Members<'t>) -> Self {
        Self::Object(members)
    }
}

impl<'t> Members<'t> {
    /// An object of these members.
    pub(crate) fn of<const N: usize>(members: [(&'static str, Json<'t>); N]) -> Self {
        Self(members.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    }

    /// The member of this name; of several the last one, as every reader does.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Json<'t>> {
        self.0.iter_mut().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Takes the member out; all of that name are gone then.
    pub(crate) fn take(&mut self, key: &str) -> Option<Json<'t>> {
        let mut taken = None;
        let mut at = 0;
        while at < self.0.len() {
            if self.0[at].0 == key {
                taken = Some(self.0.remove(at).1);
            } else {
                at += 1;
            }
        }
        taken
    }

    /// Replaces the member at its place, or adds it at the end.
    pub(crate) fn set(&mut self, key: impl Into<Cow<'t, str>>, value: Json<'t>) {
        let key = key.into();
        match self.get_mut(&key) {
            Some(old) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Adds members in front.
    pub(crate) fn put_first(&mut self, members: Vec<(Cow<'t, str>, Json<'t>)>) {
        self.0.splice(0..0, members);
    }

    pub(crate) fn rename(&mut self, key: &str, name: &'static str) {
        if let Some((key, _)) = self.0.iter_mut().find(|(found, _)| found == key) {
            *key = Cow::Borrowed(name);
        }
    }

    pub(crate) fn remove(&mut self, keys: &[&str]) {
        self.0.retain(|(name, _)| !keys.contains(&&**name));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json<'t>)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str, &Json<'t>) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }
}

/// The brackets and commas of what is being written.
struct List {
    indent: Option<usize>,
    is_empty: bool,
}

impl List {
    fn begin(out: &mut Vec<u8>, bracket: u8, indent: Option<usize>) -> Self {
        out.push(bracket);
        Self { indent, is_empty: true }
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        if !std::mem::replace(&mut self.is_empty, false) {
            out.push(b',');
        }
        let inner = self.indent.map(|indent| indent + 2);
        line(out, inner);
        inner
    }

    fn end(self, out: &mut Vec<u8>, bracket: u8) {
        if !self.is_empty {
            line(out, self.indent);
        }
        out.push(bracket);
    }
}

fn line(out: &mut Vec<u8>, indent: Option<usize>) {
    if let Some(indent) = indent {
        out.push(b'\n');
        out.resize(out.len() + indent, b' ');
    }
}

/// Reads what is known to be JSON: looks for ends, and checks nothing twice.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Result<Json<'t>, Unreadable> {
        if depth > DEPTH_MAX {
            return Err(Unreadable::TooDeep);
        }
        match self.peek()? {
            b'{' => {
                let mut members = Vec::new();
                self.at += 1;
                while self.peek()? != b'}' {
                    self.skip(b',');
                    self.peek()?;
                    let key = self.string()?;
                    self.peek()?;
                    self.skip(b':');
                    members.push((Cow::Borrowed(&key[1..key.len() - 1]), self.value(depth + 1)?));
                }
                self.at += 1;
                Ok(Json::Object(Members(members)))
            }
            b'[' => {
                let mut items = Vec::new();
                self.at += 1;
                while self.peek()? != b']' {
                    self.skip(b',');
                    items.push(self.value(depth + 1)?);
                }
                self.at += 1;
                Ok(Json::Array(items))
            }
            b'"' => Ok(Json::Scalar(Cow::Borrowed(self.string()?))),
            _ => {
                let rest = &self.text.as_bytes()[self.at..];
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
                let length = rest.iter().position(is_end).unwrap_or(rest.len());
                let start = self.at;
                self.at += length;
                if length == 0 {
                    Err(Unreadable::NotJson)
                } else {
                    Ok(Json::Scalar(Cow::Borrowed(&self.text[start..self.at])))
                }
            }
        }
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Result<u8, Unreadable> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(*byte);
            }
            self.at += 1;
        }
        Err(Unreadable::NotJson)
    }

    fn skip(&mut self, byte: u8) {
        if self.text.as_bytes().get(self.at) == Some(&byte) {
            self.at += 1;
        }
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> Result<&'t str, Unreadable> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if bytes.get(start) != Some(&b'"') {
            return Err(Unreadable::NotJson);
        }
        let mut at = start + 1;
        loop {
            at += memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()).ok_or(Unreadable::NotJson)?;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Ok(&self.text[start..=at]);
            }
            at += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_keep_their_bytes() {
        let text =
            r#" { "n" : 9007199254740993 , "f":1.50, "e": -1E+400, "s":"\u00fc\"\\", "ü":[ ], "o":{ } , "n":null} "#;
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
    }
}
