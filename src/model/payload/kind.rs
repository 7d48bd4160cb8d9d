//! The kinds of payloads: the import type is the end point that takes them.

use std::fmt;

/// The kind of a payload's records. Kinds that nobody knows keep their own name; none is ever dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayloadKind {
    Plugins,
    Tags,
    Groups,
    Users,
    ObjectPresets,
    CollectionPresets,
    Mappings,
    Pools,
    Objecttypes,
    Transitions,
    Messages,
    Records,
    Collections,
    CollectionObjects,
    Publications,
    Events,
    Unknown(String),
}

/// A known kind: its name (`import_type`), the aliases it is also found under, and the array with its records.
struct Known {
    kind: PayloadKind,
    name: &'static str,
    aliases: &'static [&'static str],
    array: &'static str,
}

const fn known(kind: PayloadKind, name: &'static str, aliases: &'static [&'static str], array: &'static str) -> Known {
    Known { kind, name, aliases, array }
}

static KNOWN: [Known; 16] = [
    known(PayloadKind::Plugins, "plugin/manage", &["plugin", "plugins"], "plugins"),
    known(PayloadKind::Tags, "tags", &["tag"], "tags"),
    known(PayloadKind::Groups, "group", &["groups"], "groups"),
    known(PayloadKind::Users, "user", &["users"], "users"),
    known(
        PayloadKind::ObjectPresets,
        "right/object/presets",
        &["right_preset", "right_presets", "presets", "right/presets"],
        "presets",
    ),
    known(PayloadKind::CollectionPresets, "right/collection/presets", &["collection_presets"], "presets"),
    known(PayloadKind::Mappings, "xmlmapping/mapping", &["xmlmapping", "mapping", "mappings"], "mappings"),
    known(PayloadKind::Pools, "pool", &["pools"], "pools"),
    known(PayloadKind::Objecttypes, "objecttype", &["objecttypes"], "objecttypes"),
    known(PayloadKind::Transitions, "transitions", &["transition"], "transitions"),
    known(PayloadKind::Messages, "message", &["messages"], "messages"),
    known(PayloadKind::Records, "db", &["object", "objects"], "objects"),
    known(PayloadKind::Collections, "collection", &["collections", "collection/list"], "collections"),
    known(PayloadKind::CollectionObjects, "collection/objects", &["collection_objects"], "collection_objects"),
    known(PayloadKind::Publications, "publish", &["publishes", "publications"], "publishes"),
    known(PayloadKind::Events, "event/list", &["event", "events"], "events"),
];

impl PayloadKind {
    /// The kind that an `import_type` names, directly or by an alias.
    #[must_use]
    pub fn from_import_type(name: &str) -> Self {
        KNOWN
            .iter()
            .find(|known| known.name == name || known.aliases.contains(&name))
            .map_or_else(|| Self::Unknown(name.to_owned()), |known| known.kind.clone())
    }

    /// The kind of a payload without an `import_type`: by the array it holds, else by its file name
    /// (`basetype-tags-0000.json`, `db__objekt__batch_0001__size_0100.json`).
    #[must_use]
    pub fn guess(array: Option<&str>, file_name: &str) -> Self {
        let by_array = array.and_then(|array| KNOWN.iter().find(|known| known.array == array));
        if let Some(known) = by_array {
            return known.kind.clone();
        }
        let stem = file_name.strip_prefix("basetype-").unwrap_or(file_name);
        let words = |known: &&Known| {
            let dashed = known.name.replace('/', "-");
            let found = |word: &str| {
                stem.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
            };
            found(&dashed) || known.aliases.iter().any(|alias| found(alias))
        };
        KNOWN
            .iter()
            .filter(words)
            .max_by_key(|known| known.name.len())
            .map_or_else(|| Self::Unknown(String::new()), |known| known.kind.clone())
    }

    /// The kind's name: the end point that takes such a payload.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(name) => name,
            kind => KNOWN.iter().find(|known| known.kind == *kind).map_or("", |known| known.name),
        }
    }

    /// The name of the array that holds the records, where the kind fixes it.
    #[must_use]
    pub fn array(&self) -> Option<&'static str> {
        KNOWN.iter().find(|known| known.kind == *self).map(|known| known.array)
    }

    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

impl fmt::Display for PayloadKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => out.write_str("unknown"),
            name => out.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_name_alias_array_and_file_name() {
        assert_eq!(PayloadKind::from_import_type("db"), PayloadKind::Records);
        assert_eq!(PayloadKind::from_import_type("event"), PayloadKind::Events);
        assert_eq!(PayloadKind::from_import_type("weather").name(), "weather");
        assert_eq!(PayloadKind::guess(Some("pools"), "x.json"), PayloadKind::Pools);
        assert_eq!(PayloadKind::guess(None, "basetype-collection-objects-0000.json"), PayloadKind::CollectionObjects);
        assert_eq!(PayloadKind::guess(None, "basetype-collection-level-03.json"), PayloadKind::Collections);
        assert_eq!(PayloadKind::guess(None, "db__objekt__batch_0001__size_0100.json"), PayloadKind::Records);
        assert!(!PayloadKind::guess(None, "dbase.json").is_known());
    }

    #[test]
    fn every_kind_is_found_by_its_own_name() {
        for known in &KNOWN {
            assert_eq!(PayloadKind::from_import_type(known.name), known.kind);
        }
    }
}
