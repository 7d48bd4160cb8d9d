//! Which record a record is: what stays the same while its content changes.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// What a record says of itself. Numbers are kept as they are written, for they may be of any length.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub system_object_id: Option<String>,
    pub uuid: Option<String>,
    pub reference: Option<String>,
    /// Which version of its object it is.
    pub version: Option<String>,
}

/// The members of a JSON object, as they are written; of a key given twice the last one counts.
type Members<'a> = BTreeMap<String, &'a RawValue>;

impl Identity {
    /// Looks for the members `_system_object_id`, `_uuid`, `reference` and `_version` at the top of a record and in its
    /// block: the object that is named like the record's `_objecttype` or `_basetype`, else the first one with a
    /// `_version`, `_id` or `reference`. What is no JSON object has no identity.
    #[must_use]
    pub fn of(record: &[u8]) -> Self {
        let Some(top) = members(record) else { return Self::default() };
        let named = ["_objecttype", "_basetype"].iter().find_map(|key| text(top.get(*key)?));
        let block = match named.and_then(|name| top.get(&name)) {
            Some(block) => members(block.get().as_bytes()),
            None => top.values().filter_map(|value| members(value.get().as_bytes())).find(is_block),
        };
        let find = |key: &str| {
            let value = top.get(key).or_else(|| block.as_ref()?.get(key));
            text(value?)
        };
        Self {
            system_object_id: find("_system_object_id"),
            uuid: find("_uuid"),
            reference: find("reference"),
            version: find("_version"),
        }
    }

    /// By which records of two backups are matched: the system object id, else the uuid, else the reference; `None` if
    /// the record has none of them and only its content tells it from others.
    #[must_use]
    pub fn key(&self) -> Option<Key<'_>> {
        let system_object_id = self.system_object_id.as_deref().map(Key::SystemObjectId);
        let uuid = || self.uuid.as_deref().map(Key::Uuid);
        system_object_id.or_else(uuid).or_else(|| self.reference.as_deref().map(Key::Reference))
    }

    /// Whether somebody who says `id` means this record.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        [&self.system_object_id, &self.uuid, &self.reference].into_iter().flatten().any(|own| own == id)
    }
}

/// What records are matched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key<'a> {
    SystemObjectId(&'a str),
    Uuid(&'a str),
    Reference(&'a str),
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SystemObjectId(id) | Self::Uuid(id) | Self::Reference(id) => out.write_str(id),
        }
    }
}

fn members(json: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(json).ok()
}

fn is_block(members: &Members<'_>) -> bool {
    ["_version", "_id", "reference"].iter().any(|key| members.contains_key(*key))
}

/// The text of a string or number that is not empty.
fn text(value: &RawValue) -> Option<String> {
    let json = value.get();
    let text = match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok()?,
        b'-' | b'0'..=b'9' => json.to_owned(),
        _ => return None,
    };
    if text.is_empty() { None } else { Some(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_known_by_its_system_id_however_large_and_its_version() {
        let record = br#"{"_objecttype":"objekt","_uuid":"u-1","_system_object_id":9007199254740993,
            "other":{"_version":1},"objekt":{"_id":7,"_version":3,"reference":"r"}}"#;
        let identity = Identity::of(record);
        assert_eq!(identity.key(), Some(Key::SystemObjectId("9007199254740993")));
        assert_eq!(identity.version.as_deref(), Some("3"));
        assert!(identity.is_called("u-1") && identity.is_called("r") && !identity.is_called("7"));
    }

    #[test]
    fn base_types_are_known_by_their_references() {
        let record = br#"{"_basetype":"user","user":{"_version":1,"reference":"j\u00fcrgen"}}"#;
        assert_eq!(Identity::of(record).key(), Some(Key::Reference("jürgen")));
        let record = br#"{"_owner":{"user":{}},"pool":{"reference":"museum"}}"#;
        assert_eq!(Identity::of(record).key(), Some(Key::Reference("museum")));
    }

    #[test]
    fn what_has_no_name_is_known_by_its_content_alone() {
        for record in
            [&br#"{"type":"process"}"#[..], b"17", b"null", b"\"text\"", b"[1]", b"\xff", b"", b"{\"_uuid\":\"\"}"]
        {
            assert_eq!(Identity::of(record).key(), None, "{record:?}");
        }
    }
}
