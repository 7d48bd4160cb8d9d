//! What a restore brought along and what it left behind on purpose, as its ledger has it: what is compared later must not
//! miss what never was to come.

use serde_json::{Value, json};

use crate::fylr::source::Events;
use crate::fylr::target::options::{FileApi, ORIGINAL, WriteOptions};
use crate::model::ledger::Change;

/// Where the ledger keeps it; every run that was told something else has a note of its own.
pub const BROUGHT: &str = "brought/";

/// What came along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    pub files: bool,
    /// The version of files that became the original; `None`: not always the same.
    pub file_version: Option<String>,
    pub events: Events,
    pub passwords: bool,
    /// Links to deleted records.
    pub deleted_links: bool,
}

impl Brought {
    pub(super) fn of(options: &WriteOptions) -> Self {
        Self {
            files: options.file_api != FileApi::None,
            file_version: Some(options.file_version.clone()),
            events: options.events.clone(),
            passwords: options.include_password,
            deleted_links: options.include_deleted_linked,
        }
    }

    pub(super) fn note(&self) -> Change {
        let events = match &self.events {
            Events::All => Value::from("all"),
            Events::None => Value::from("none"),
            Events::Of(types) => types.clone().into(),
        };
        let text = json!({
            "files": self.files,
            "file_version": self.file_version,
            "events": events,
            "passwords": self.passwords,
            "deleted_links": self.deleted_links,
        });
        let text = text.to_string();
        (format!("{BROUGHT}{}", &blake3::hash(text.as_bytes()).to_hex()[..16]), Some(text))
    }

    /// Reads a note.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text: Value = serde_json::from_str(text).ok()?;
        let events = match &text["events"] {
            Value::Array(types) => {
                Events::Of(types.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
            }
            name if name == "none" => Events::None,
            _ => Events::All,
        };
        Some(Self {
            files: text["files"].as_bool()?,
            file_version: text["file_version"].as_str().map(str::to_owned),
            events,
            passwords: text["passwords"].as_bool()?,
            deleted_links: text["deleted_links"].as_bool()?,
        })
    }

    /// What two runs of one restore have both brought.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let events = match (self.events, other.events) {
            (Events::All, events) | (events, Events::All) => events,
            (Events::Of(one), Events::Of(other)) => {
                Events::Of(one.into_iter().filter(|name| other.contains(name)).collect())
            }
            _ => Events::None,
        };
        Self {
            files: self.files && other.files,
            file_version: self.file_version.filter(|version| Some(version) == other.file_version.as_ref()),
            events,
            passwords: self.passwords && other.passwords,
            deleted_links: self.deleted_links && other.deleted_links,
        }
    }

    /// Whether the bytes of files can be compared.
    #[must_use]
    pub fn has_known_files(&self) -> bool {
        self.files && self.file_version.is_some()
    }

    /// What did not come along, for people.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        let mut left = Vec::new();
        let mut add = |is_left: bool, text: &str| left.extend(is_left.then(|| text.to_owned()));
        add(!self.files, "files");
        add(self.files && self.file_version.is_none(), "files, as different versions of them came along");
        add(self.events == Events::None, "events");
        add(!self.passwords, "passwords");
        if let Events::Of(types) = &self.events {
            left.push(format!("events but {}", types.join(", ")));
        }
        if let Some(version) = self.file_version.as_deref().filter(|version| *version != ORIGINAL && self.files) {
            left.push(format!("originals, in whose place are versions {version}"));
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_runs_brought_is_what_all_of_them_did() {
        let all = Brought::of(&WriteOptions { file_api: FileApi::Put, ..WriteOptions::default() });
        let some = Brought { events: Events::Of(vec!["A".to_owned(), "B".to_owned()]), ..all.clone() };
        let none = Brought { files: false, events: Events::None, ..all.clone() };
        for brought in [&all, &some, &none] {
            let (_, text) = brought.note();
            assert_eq!(Brought::read(&text.unwrap()).as_ref(), Some(brought));
        }
        assert_ne!(all.note().0, some.note().0);
        assert_eq!(all.clone().and(some.clone()), some);
        assert_eq!(some.clone().and(none.clone()), none);
        let other = Brought { events: Events::Of(vec!["B".to_owned(), "C".to_owned()]), ..all.clone() };
        assert_eq!(some.and(other).events, Events::Of(vec!["B".to_owned()]));
        let small = Brought { file_version: Some("small".to_owned()), ..all.clone() };
        assert!(!all.clone().and(small).has_known_files());
        assert_eq!(all.left_out(), ["passwords"]);
        assert_eq!(none.left_out(), ["files", "events", "passwords"]);
    }
}
