//! The file names in a manifest: where they stand, and which entry of the backup each of them means. A name is a string
//! or an object with one of a few keys; the data model and the base config have a key under several spellings.

use std::collections::HashSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::model::manifest::error::ManifestError;
use crate::model::manifest::{FILE_NAME, PAYLOADS_MAX, PayloadName, text};
use crate::model::path::EntryPath;

const DATAMODEL_KEYS: [&str; 3] = ["datamodel", "datamodel_file", "data_model"];
const BASE_CONFIG_KEYS: [&str; 3] = ["base_config", "base_config_file", "baseconfig"];
/// The keys under which an object holds a file name.
const NAME_KEYS: [&str; 4] = ["file", "filename", "path", "url"];

pub(super) struct Names {
    pub(super) base: Option<EntryPath>,
    pub(super) payloads: Vec<PayloadName>,
    pub(super) datamodel: Option<PayloadName>,
    pub(super) base_config: Option<PayloadName>,
}

/// Reads all names of a manifest and checks that none is unclean or given twice.
pub(super) fn read(bytes: &[u8]) -> Result<Names, ManifestError> {
    let text = text::without_comments(bytes);
    let [payloads, base] = text::find(&text, ["payloads", "payload_base_uri"]).map_err(not_an_object)?;
    let base = base.map_or(Ok(None), base_folder)?;
    let list = List { text: &text, base: base.as_ref() };
    let names = Names {
        payloads: list.read(payloads.ok_or(ManifestError::NoPayloads)?)?,
        datamodel: first_name(&text, DATAMODEL_KEYS)?,
        base_config: first_name(&text, BASE_CONFIG_KEYS)?,
        base,
    };
    refuse_doubles(&names)?;
    Ok(names)
}

fn not_an_object(error: serde_json::Error) -> ManifestError {
    if error.is_data() { ManifestError::NotAnObject } else { ManifestError::NotJson(error) }
}

/// The folder that `payload_base_uri` puts in front of every payload; none when it is empty or an absolute URL.
fn base_folder(value: &RawValue) -> Result<Option<EntryPath>, ManifestError> {
    let name = text::string(value.get()).unwrap_or_default();
    let folder = name.trim_start_matches("./");
    if matches!(folder, "" | ".") || is_absolute_url(folder) {
        return Ok(None);
    }
    path_of(folder.trim_end_matches('/')).map(Some)
}

/// Whether the text starts with a scheme. One letter and a colon are a drive.
fn is_absolute_url(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.len() > 1
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    text.starts_with("//") || text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}

fn path_of(name: &str) -> Result<EntryPath, ManifestError> {
    EntryPath::new(name).map_err(|source| ManifestError::UncleanName { name: name.to_owned(), source })
}

/// The name under the first of `keys` that has one.
fn first_name<const N: usize>(text: &[u8], keys: [&str; N]) -> Result<Option<PayloadName>, ManifestError> {
    let values = text::find(text, keys).map_err(not_an_object)?;
    let found = values.into_iter().flatten().find_map(name_in);
    found.map(|(token, name)| Ok(PayloadName { path: path_of(&name)?, span: text::span(text, token) })).transpose()
}

/// The name that a string is or an object holds, and where; `None` when there is none or an empty one.
fn name_in(value: &RawValue) -> Option<(&RawValue, String)> {
    let name = |token| Some((token, text::string(RawValue::get(token)).filter(|name| !name.is_empty())?));
    if !value.get().starts_with('{') {
        return name(value);
    }
    let held = text::find(value.get().as_bytes(), NAME_KEYS).ok()?;
    held.into_iter().flatten().find_map(name)
}

/// The list `payloads`, read element by element, so that a list of a million wrong things costs no memory.
struct List<'a> {
    text: &'a [u8],
    base: Option<&'a EntryPath>,
}

impl List<'_> {
    fn read(self, list: &RawValue) -> Result<Vec<PayloadName>, ManifestError> {
        serde_json::Deserializer::from_str(list.get())
            .deserialize_seq(self)
            .map_err(|_| ManifestError::PayloadsNotAList)?
    }

    fn name(&self, index: usize, value: &RawValue) -> Result<PayloadName, ManifestError> {
        if index >= PAYLOADS_MAX {
            return Err(ManifestError::TooManyPayloads);
        }
        let (token, name) = name_in(value).ok_or(ManifestError::NotAName { index })?;
        let mut path = path_of(&name)?;
        if let Some(base) = self.base {
            path = base
                .join(path.as_bytes())
                .map_err(|source| ManifestError::UncleanName { name: format!("{base}/{path}"), source })?;
        }
        Ok(PayloadName { path, span: text::span(self.text, token) })
    }
}

impl<'t> Visitor<'t> for List<'_> {
    type Value = Result<Vec<PayloadName>, ManifestError>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'t>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut names = Vec::new();
        while let Some(value) = list.next_element()? {
            match self.name(names.len(), value) {
                Ok(name) => names.push(name),
                Err(error) => {
                    while list.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(names))
    }
}

/// No file may stand for two entries, the manifest itself included.
fn refuse_doubles(names: &Names) -> Result<(), ManifestError> {
    let manifest = EntryPath::new(FILE_NAME).expect("the name of the manifest is clean");
    let mut seen = HashSet::from([&manifest]);
    let all = names.payloads.iter().chain(&names.datamodel).chain(&names.base_config);
    match all.map(|name| &name.path).find(|path| !seen.insert(path)) {
        Some(path) => Err(ManifestError::NamedTwice { path: path.clone() }),
        None => Ok(()),
    }
}

/// The JSON string that names `path` in a manifest with the given `payload_base_uri`.
pub(super) fn spell(path: &EntryPath, base: Option<&EntryPath>) -> Result<String, ManifestError> {
    let below = |base: &EntryPath| path.as_bytes().strip_prefix(base.as_bytes())?.strip_prefix(b"/");
    base.map_or(Some(path.as_bytes()), below)
        .and_then(|name| std::str::from_utf8(name).ok())
        .and_then(|name| serde_json::to_string(name).ok())
        .ok_or_else(|| ManifestError::Unspeakable { path: path.clone() })
}
