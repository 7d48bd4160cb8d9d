//! Compressed or not: what `--compression` does to the payloads that are written, and to their names.

use crate::layout::error::Error;
use crate::model::entry::{Encoding, EntryHead, Role};
use crate::model::listing;
use crate::model::manifest::{Manifest, ManifestError};
use crate::model::path::EntryPath;

/// The level for what was compressed where it came from, at a level that gzip does not tell: gzip's own default.
const LEVEL_DEFAULT: u32 = 6;
const LEVEL_MAX: u32 = 9;

/// How the entries of a backup are to stand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Packing {
    /// As they stood where they came from.
    Kept,
    /// None compressed, and named `.json`.
    Plain,
    /// All payloads compressed at this level, and named `.json.gz`. The data model and the base config are no payloads.
    Gzip(u32),
}

impl Packing {
    /// What the compression level 0 to 9 means.
    pub(crate) fn new(compression: Option<u32>) -> Result<Self, Error> {
        match compression {
            None => Ok(Self::Kept),
            Some(0) => Ok(Self::Plain),
            Some(level) if level <= LEVEL_MAX => Ok(Self::Gzip(level)),
            Some(level) => Err(Error::Level(level)),
        }
    }

    /// Where an entry is to be written, and at which level it is to be compressed.
    pub(crate) fn place(self, head: &EntryHead) -> (EntryPath, Option<u32>) {
        let path = self.renamed(&head.path, head.role).unwrap_or_else(|| head.path.clone());
        let was_packed = head.encoding == Encoding::Gzip;
        let level = match self {
            Self::Kept => was_packed.then_some(LEVEL_DEFAULT),
            Self::Plain => None,
            Self::Gzip(level) => {
                let is_payload = head.role == Role::Payload && listing::is_packed_name(&path);
                (was_packed || is_payload).then_some(level)
            }
        };
        (path, level)
    }

    /// The manifest with the names under which [`Packing::place`] writes; `None` when all names stay.
    pub(crate) fn manifest(self, manifest: &Manifest) -> Result<Option<Manifest>, ManifestError> {
        let renamed = manifest.renamed(|path| {
            let is_payload = Some(path) != manifest.datamodel() && Some(path) != manifest.base_config();
            self.renamed(path, if is_payload { Role::Payload } else { Role::Datamodel })
        })?;
        Ok((renamed.bytes() != manifest.bytes()).then_some(renamed))
    }

    fn renamed(self, path: &EntryPath, role: Role) -> Option<EntryPath> {
        match self {
            Self::Plain if role.is_json() => listing::plain_name(path),
            Self::Gzip(_) if role == Role::Payload => listing::packed_name(path),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(compression: Option<u32>, role: Role, name: &str, encoding: Encoding) -> (String, Option<u32>) {
        let path = name.parse().expect("a clean path");
        let head = EntryHead { path, role, encoding, modified: None, size: None };
        let (path, level) = Packing::new(compression).expect("a level").place(&head);
        (path.to_string(), level)
    }

    #[test]
    fn each_level_says_where_and_how_an_entry_is_written() {
        use Encoding::{Gzip, Plain};
        for (compression, role, name, encoding, expected, level) in [
            (None, Role::Payload, "a.json", Plain, "a.json", None),
            (None, Role::Payload, "a.json.gz", Gzip, "a.json.gz", Some(6)),
            (None, Role::Payload, "a.json", Gzip, "a.json", Some(6)),
            (None, Role::Payload, "a.json.gz", Plain, "a.json.gz", None),
            (Some(0), Role::Payload, "s/a.json.gz", Gzip, "s/a.json", None),
            (Some(0), Role::Payload, "a.json", Gzip, "a.json", None),
            (Some(0), Role::Datamodel, "d.json.gz", Gzip, "d.json", None),
            (Some(0), Role::File, "files/a.json.gz", Plain, "files/a.json.gz", None),
            (Some(0), Role::Unlisted, "a.json.gz", Plain, "a.json.gz", None),
            (Some(9), Role::Payload, "a.json", Plain, "a.json.gz", Some(9)),
            (Some(9), Role::Payload, "a.json.gz", Gzip, "a.json.gz", Some(9)),
            (Some(9), Role::Payload, "odd", Plain, "odd", None),
            (Some(9), Role::Payload, "odd", Gzip, "odd", Some(9)),
            (Some(9), Role::Datamodel, "d.json", Plain, "d.json", None),
            (Some(9), Role::File, "files/a.json", Plain, "files/a.json", None),
            (Some(9), Role::Manifest, "manifest.json", Plain, "manifest.json", None),
        ] {
            let placed = placed(compression, role, name, encoding);
            assert_eq!(placed, (expected.to_owned(), level), "{compression:?} {role} {name} {encoding:?}");
        }
        assert!(matches!(Packing::new(Some(10)), Err(Error::Level(10))));
    }

    #[test]
    fn a_name_without_room_for_a_longer_extension_stays() {
        let name = "x".repeat(250) + ".json";
        assert_eq!(placed(Some(9), Role::Payload, &name, Encoding::Plain), (name, None));
    }

    #[test]
    fn the_manifest_names_what_is_written() {
        let json = br#"{"datamodel":"d.json","payloads":["a.json","b.json.gz"]}"#;
        let manifest = Manifest::parse(json.to_vec()).expect("a manifest");
        let written = |compression| {
            let renamed = Packing::new(compression).expect("a level").manifest(&manifest).expect("new names");
            renamed.map(|manifest| String::from_utf8(manifest.bytes().to_vec()).expect("text"))
        };
        assert_eq!(written(None), None);
        assert_eq!(written(Some(0)).as_deref(), Some(r#"{"datamodel":"d.json","payloads":["a.json","b.json"]}"#));
        assert_eq!(written(Some(1)).as_deref(), Some(r#"{"datamodel":"d.json","payloads":["a.json.gz","b.json.gz"]}"#));
    }
}
