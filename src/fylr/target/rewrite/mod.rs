//! Items of a backup, turned into what this target takes: ids that are hidden in values, versions, files, and what the
//! importer's own manifests say in other words. Pure: nothing is asked or sent here.

mod base;
mod event;
mod files;
mod hidden;
mod importer;
mod record;
mod rows;
mod settings;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use roaring::RoaringTreemap;

use crate::fylr::json::Json;
use crate::fylr::source::{Datamodel, Notes};
use crate::fylr::target::gates::Abilities;
use crate::fylr::target::ids::{Base, Ids};
use crate::fylr::target::numbering::Numbering;
use crate::fylr::target::options::WriteOptions;

pub(crate) use base::{
    Rewritten, collection, group, mapping, message, objecttype, plugin, pool, preset, tags, transition, user,
};
pub(crate) use event::{event, mapped_type};
pub(crate) use files::{FileOrder, Origin, Rendition, orders};
pub(crate) use hidden::global_id;
pub(crate) use importer::inline_objects;
pub(crate) use record::{Glance, Saved, defer, glance, record};
pub(crate) use rows::{append, appends, without_modes};
pub(crate) use settings::{base_config, named_ids};

/// What is known of where a backup comes from.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// In front of the references of files.
    pub host: String,
    /// What stands behind the `@` of global object ids.
    pub instance_id: Option<String>,
    pub is_easydb5: bool,
    /// The manifest is one of the JSON importer, not of a backup.
    pub is_importer: bool,
    /// Where what is said to be at `http://localhost` really is.
    pub localhost: Option<String>,
}

impl Origins {
    /// Where a file is.
    #[must_use]
    pub fn located<'a>(&self, url: &'a str) -> Cow<'a, str> {
        match (&self.localhost, url.strip_prefix(LOCALHOST)) {
            (Some(host), Some(path)) => Cow::Owned(format!("{host}{path}")),
            _ => Cow::Borrowed(url),
        }
    }
}

/// What manifests of the JSON importer say for where their files are.
const LOCALHOST: &str = "http://localhost";

/// What rewriting needs to know.
pub(crate) struct Context {
    pub origins: Origins,
    pub abilities: Abilities,
    pub options: WriteOptions,
    /// The instance id of the target.
    pub instance_id: String,
    pub ids: Ids,
    /// Files of base types and of the base config that are on the target, by their ids at the source.
    pub base_files: RwLock<HashMap<u64, u64>>,
    /// Of the backup, for the oldest form of lookups.
    pub model: Datamodel,
    /// Which numbers versions of records have on the target.
    pub numbering: Arc<Numbering>,
    /// Ids at the source by reference.
    pub source_ids: HashMap<(Base, String), u64>,
    /// Records that are deleted at the source and linked to: they go before all others, and are deleted before any of these
    /// links to them, as nobody can delete them afterwards.
    pub deleted_first: Arc<RoaringTreemap>,
    pub notes: Arc<Notes>,
}

/// The text of a member of an inner block.
pub(crate) fn text_in(json: &Json<'_>, keys: &[&str]) -> Option<String> {
    let found = keys.iter().try_fold(json, |json, key| json.get(key))?;
    found.as_str().filter(|text| !text.is_empty()).map(Cow::into_owned)
}
