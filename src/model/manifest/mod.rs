//! The manifest of a backup: which payloads it has, in which order they are restored, and where they come from. Its
//! bytes are kept exactly as they were read; names are looked up in them in place, and nothing is ever encoded anew.

mod error;
mod names;
mod source;
mod text;

use std::fmt;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::model::path::EntryPath;

pub use error::ManifestError;
pub use source::{Source, without_secrets};

/// The name of the manifest in every backup.
pub const FILE_NAME: &str = "manifest.json";
/// The longest manifest that readers accept: a name takes about 50 bytes, so this is room for a million payloads.
pub const BYTES_MAX: u64 = 64 << 20;
/// The most payloads of one manifest: ten million records in batches of ten.
pub const PAYLOADS_MAX: usize = 1 << 20;

/// A manifest of `fylr backup` or of the JSON importer.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    bytes: Vec<u8>,
    base: Option<EntryPath>,
    payloads: Vec<PayloadName>,
    datamodel: Option<PayloadName>,
    base_config: Option<PayloadName>,
}

/// A file that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadName {
    /// Where the file stands in the backup; `payload_base_uri` is part of it.
    pub path: EntryPath,
    /// Where the JSON string with its name, quotes included, stands in the bytes of the manifest.
    pub span: Range<usize>,
}

impl Manifest {
    /// Reads a manifest: JSON, with or without a byte order mark and `//` comments. Unknown keys are accepted, and of a
    /// key given twice the last one counts.
    ///
    /// # Errors
    /// When `bytes` are no JSON object with a list `payloads`, or a name in it is unclean or given twice.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ManifestError> {
        let names = names::read(&bytes)?;
        Ok(Self {
            bytes,
            base: names.base,
            payloads: names.payloads,
            datamodel: names.datamodel,
            base_config: names.base_config,
        })
    }

    /// The manifest exactly as it was read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The payloads in restore order, no path twice.
    #[must_use]
    pub fn payloads(&self) -> &[PayloadName] {
        &self.payloads
    }

    /// The data model, if the manifest names one; else it is `datamodel.json`, if that exists.
    #[must_use]
    pub fn datamodel(&self) -> Option<&EntryPath> {
        self.datamodel.as_ref().map(|name| &name.path)
    }

    /// The base config, if the manifest names one; else it is `base_config.json`, if that exists.
    #[must_use]
    pub fn base_config(&self) -> Option<&EntryPath> {
        self.base_config.as_ref().map(|name| &name.path)
    }

    /// The JSON text of a top-level value. It is searched for at each call.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<String> {
        let text = text::without_comments(&self.bytes);
        let [value] = text::find(&text, [key]).ok()?;
        value.map(|value| value.get().to_owned())
    }

    /// When the backup was begun, as the manifest words it.
    #[must_use]
    pub fn created_at(&self) -> Option<String> {
        text::string(&self.value("created_at")?)
    }

    /// When the backup was finished, as the manifest words it.
    #[must_use]
    pub fn finished_at(&self) -> Option<String> {
        text::string(&self.value("finished_at")?)
    }

    /// The instance that the backup was made of, as far as the manifest tells.
    #[must_use]
    pub fn instance(&self) -> Source {
        source::read(&self.bytes)
    }

    /// What people call the source: the manifest's `source`, else the instance's URL or name.
    #[must_use]
    pub fn source_name(&self) -> Option<String> {
        let named = self.value("source").and_then(|json| text::string(&json));
        let named = named.filter(|name| !name.is_empty()).map(|name| without_secrets(&name));
        let instance = self.instance();
        named.or(instance.url).or(instance.name)
    }

    /// The same manifest without the payloads that `is_left_out`. The list of payloads changes, every other byte stays.
    ///
    /// # Errors
    /// Never, of a manifest that was read.
    pub fn without(&self, is_left_out: impl Fn(&EntryPath) -> bool) -> Result<Self, ManifestError> {
        let text = text::without_comments(&self.bytes);
        let [list] = text::find(&text, ["payloads"]).map_err(ManifestError::NotJson)?;
        let list = list.ok_or(ManifestError::NoPayloads)?;
        let elements: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(ManifestError::NotJson)?;
        let mut kept = String::from("[");
        for (element, name) in elements.into_iter().zip(&self.payloads) {
            if !is_left_out(&name.path) {
                kept += if kept.len() == 1 { "\n    " } else { ",\n    " };
                kept += element.get();
            }
        }
        kept += if kept.len() == 1 { "]" } else { "\n  ]" };
        Self::parse(text::splice(&text, &[(text::span(&text, list), kept)]))
    }

    /// The same manifest with other names for the payloads, the data model and the base config for which `rename` has
    /// one. Only these strings change, every other byte stays.
    ///
    /// # Errors
    /// When a new name leaves `payload_base_uri`, is no UTF-8, or is given twice.
    pub fn renamed(&self, rename: impl Fn(&EntryPath) -> Option<EntryPath>) -> Result<Self, ManifestError> {
        let payloads = self.payloads.iter().map(|name| (name, self.base.as_ref()));
        let others = [&self.datamodel, &self.base_config].into_iter().flatten().map(|name| (name, None));
        let mut changes = Vec::new();
        for (name, base) in payloads.chain(others) {
            if let Some(path) = rename(&name.path).filter(|path| *path != name.path) {
                changes.push((name.span.clone(), names::spell(&path, base)?));
            }
        }
        changes.sort_unstable_by_key(|(span, _)| span.start);
        Self::parse(text::splice(&self.bytes, &changes))
    }
}

/// Short: the bytes are long and may hold secrets.
impl fmt::Debug for Manifest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payloads = self.payloads.len();
        out.debug_struct("Manifest").field("payloads", &payloads).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
