//! What an API gives, turned into what a target's API takes: ids become lookups, what is only ever read is dropped,
//! easydb5's words become fylr's. Pure: nothing is asked or kept here. Unknown things are passed on as they are.

mod base;
mod config;
mod files;
mod passwords;
mod people;
mod record;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use url::{Origin, Url};

use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, Members};
use crate::fylr::source::book::Book;
use crate::fylr::source::datamodel::Datamodel;

pub(crate) use base::{
    collection, collection_objects, event, group, mapping, message, objecttype, plugin, pool, preset, publication,
    settled_tags, tags, transition, user,
};
pub(crate) use config::base_config;
pub(crate) use files::{FileMode, FileSource, packed as packed_files};
pub(crate) use record::{Glance, NESTED, Parent, Parts, glance, record};

/// Notes of one kind that are kept apart; of more there is a count.
const NOTES_MAX: usize = 1000;

/// Why an item cannot be turned. It is set aside, and the work goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unturnable(pub String);

/// What turning needs to know of the source and of the backup.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub kind: InstanceKind,
    pub book: Book,
    pub model: Datamodel,
    /// The place of each objecttype of the backup in the order of restoring.
    pub ranks: HashMap<String, usize>,
    pub versions: Versions,
    pub links: Links,
    pub files: FileMode,
    /// Where files of the instance are; others stay where they are.
    pub origins: Vec<Origin>,
    pub notes: Arc<Notes>,
    /// Files of base types that are packed and were not handed over yet.
    pub packed: Arc<Packed>,
}

impl Context {
    /// Whether the instance itself has what stands there.
    fn is_own(&self, url: &str) -> bool {
        // What is no whole URL is a path on the instance.
        Url::parse(url).map_or(true, |url| self.origins.contains(&url.origin()))
    }
}

/// Which versions of records are backed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Versions {
    #[default]
    All,
    /// The latest ones, which become the first ones on the target.
    Latest,
}

/// Whether what a record links to is in the backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Links {
    /// If its objecttype is.
    #[default]
    Whole,
    /// Perhaps: the backup is cut short on purpose.
    Partial,
}

/// Files on their way into the backup.
#[derive(Debug, Default)]
pub(crate) struct Packed(Mutex<Vec<FileSource>>);

impl Packed {
    fn add(&self, files: Vec<FileSource>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
    }

    /// All that were added since the last time.
    pub fn take(&self) -> Vec<FileSource> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What was left out or changed, said once for all items that it concerns.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<BTreeMap<String, u64>>);

impl Notes {
    pub fn add(&self, text: String) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < NOTES_MAX || notes.contains_key(&text) {
            *notes.entry(text).or_default() += 1;
        }
    }

    /// Every note with how often it was made.
    pub fn all(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on from notes that were made before an interruption.
    pub fn restore(&self, notes: &BTreeMap<String, u64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(notes);
    }
}

/// The members of an item, which must be an object.
fn object(json: Json<'_>) -> Result<Members<'_>, Unturnable> {
    match json {
        Json::Object(members) => Ok(members),
        _ => Err(Unturnable("it is no object".to_owned())),
    }
}

/// `{"lookup:_id": {"reference": …}}`
fn by_reference<'t>(reference: &str) -> Json<'t> {
    Members::of([("lookup:_id", reference_object(reference))]).into()
}

/// `{"reference": …}`
fn reference_object<'t>(reference: &str) -> Json<'t> {
    Members::of([("reference", Json::string(reference))]).into()
}

/// The part of a base type that stands under its own name, with its id.
fn inner<'a, 't>(members: &'a mut Members<'t>, name: &str) -> Result<(u64, &'a mut Members<'t>), Unturnable> {
    let inner = members.get_mut(name).and_then(Json::members_mut);
    let inner = inner.ok_or_else(|| Unturnable(format!("it has no \"{name}\"")))?;
    let id = inner.get("_id").and_then(Json::as_id);
    Ok((id.ok_or_else(|| Unturnable(format!("its {name} has no id")))?, inner))
}

/// Some text at a path of keys, if it is there and not empty.
pub(crate) fn text_at(json: &Json<'_>, keys: &[&str]) -> Option<String> {
    let found = keys.iter().try_fold(json, |json, key| json.get(key))?;
    found.as_str().filter(|text| !text.is_empty()).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
pub(crate) use tests::context as sample_context;

#[cfg(test)]
mod tests;
