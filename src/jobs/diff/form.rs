//! What a record says, however it is written, and what it is called where it has none of the usual names.

use crate::fylr::json::{Json, Members};
use crate::model::payload::volatile;

/// What a record says, and by what it is found.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    /// The same for records that say the same: the order of members and how strings are written mean nothing.
    pub mark: u128,
    /// Of a record without id and reference.
    pub name: Option<String>,
}

impl Form {
    pub fn of(record: &[u8]) -> Self {
        let mut text = record.to_vec();
        let stripped = volatile::strip(&mut text, &mut Vec::new());
        text.truncate(stripped.len);
        let json = std::str::from_utf8(&text).ok().and_then(|text| Json::parse(text).ok());
        let Some(json) = json else { return Self { mark: mark(&text), name: None } };
        let mut written = Vec::with_capacity(text.len());
        write(&json, &mut written);
        Self { mark: mark(&written), name: json.members().and_then(name) }
    }
}

fn mark(text: &[u8]) -> u128 {
    u128::from_le_bytes(blake3::hash(text).as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
}

fn write(json: &Json<'_>, out: &mut Vec<u8>) {
    match json {
        Json::Scalar(text) => match json.as_str().filter(|_| text.contains('\\')) {
            Some(text) => string(&text, out),
            None => out.extend_from_slice(text.as_bytes()),
        },
        Json::Array(items) => {
            out.push(b'[');
            for item in items {
                write(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Json::Object(members) => {
            let mut sorted: Vec<(&str, &Json<'_>)> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            out.push(b'{');
            for (key, value) in sorted {
                string(key, out);
                out.push(b':');
                write(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a vector takes every text");
}

/// What events, publications, right presets, mappings, plugins and the records of a collection are told apart by.
fn name(members: &Members<'_>) -> Option<String> {
    let shown = |of: &Json<'_>, keys: &[&str]| {
        let values = keys.iter().filter_map(|key| of.get(key)).map(|value| value.to_bytes(None));
        values.map(|value| String::from_utf8_lossy(&value).into_owned()).collect::<Vec<_>>().join(" ")
    };
    let named = [
        ("event", &["type", "timestamp", "system_object_id", "object_version"][..]),
        ("publish", &["system_object_id", "collector", "publish_uri"]),
        ("right_preset", &["displayname"]),
        ("objecttype", &["name"]),
    ];
    let found = named.iter().find_map(|(block, keys)| Some(format!("{block} {}", shown(members.get(block)?, keys))));
    let looked_up = || members.get("collection")?.get("lookup:_id").map(|lookup| shown(lookup, &["reference"]));
    let own = || ["name", "displayname"].iter().find_map(|key| members.get(key)).map(|name| name.to_bytes(None));
    found.or_else(looked_up).or_else(|| own().map(|name| String::from_utf8_lossy(&name).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same_however_it_is_written() {
        let one = Form::of(br#"{"a":"\u00fc \/","b":[{"x":1,"y":9007199254740993}]}"#);
        let same = "{ \"b\": [ {\"y\":9007199254740993, \"x\":1} ], \"a\": \"ü /\" }";
        assert_eq!(one.mark, Form::of(same.as_bytes()).mark);
        for other in [same.replace("993", "992"), same.replace('ü', "u"), same.replace("[ {", "[ 1, {")] {
            assert_ne!(one.mark, Form::of(other.as_bytes()).mark, "{other}");
        }
    }

    #[test]
    fn what_has_no_id_has_a_name() {
        for (record, name) in [
            (r#"{"_basetype":"event","event":{"_id":1,"type":"SEARCH","timestamp":"t"}}"#, "event \"SEARCH\" \"t\""),
            (r#"{"right_preset":{"_id":1,"displayname":{"de-DE":"Lesen"}}}"#, "right_preset {\"de-DE\":\"Lesen\"}"),
            (r#"{"collection":{"lookup:_id":{"reference":"c:1"}},"objects":[]}"#, "\"c:1\""),
            (r#"{"name":"gnd","type":"url"}"#, "\"gnd\""),
        ] {
            assert_eq!(Form::of(record.as_bytes()).name.as_deref(), Some(name), "{record}");
        }
        assert_eq!(Form::of(b"17").name, None);
    }
}
