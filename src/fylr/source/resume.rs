//! What an unfinished backup has already, so that nothing is read twice.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;

use crate::fylr::error::Error;
use crate::fylr::json::{Json, elements};
use crate::fylr::source::ids::Inventory;
use crate::fylr::source::kept::Kept;
use crate::fylr::source::report::{Aside, State};
use crate::fylr::source::turn::{self, FileSource};
use crate::model::path::EntryPath;

/// What is there already; nothing for a backup that begins.
#[derive(Default)]
pub struct Resume {
    pub(crate) state: State,
    entries: HashSet<u64>,
    pub(crate) inventory: Inventory,
    /// Of objecttypes that are restored level by level: the versions that are there.
    pub(crate) versions: HashMap<String, HashSet<(u64, u64)>>,
    /// Files of the last payload; which of them are there is not known.
    pub(crate) files: Vec<FileSource>,
    pub(crate) kept: Arc<Kept>,
    /// What was set aside before the interruption.
    pub(crate) told: Vec<Aside>,
}

impl Resume {
    /// Goes on from the state of the last checkpoint.
    ///
    /// # Errors
    /// When it is none of this program.
    pub fn from_state(state: &[u8]) -> Result<Self, Error> {
        if state.is_empty() {
            return Ok(Self::default());
        }
        let limit = bincode::config::standard().with_limit::<STATE_MAX>();
        let decoded = bincode::decode_from_slice(state, limit);
        let (state, _) = decoded
            .map_err(|_| Error::Options("the unfinished backup was begun by another version of fonds".to_owned()))?;
        Ok(Self { state, ..Self::default() })
    }

    /// Keeps in this folder what would have to be fetched again otherwise; what the backup with this mark has kept there is
    /// taken from there.
    #[must_use]
    pub fn keeping(mut self, folder: &Path, mark: [u8; 16]) -> Self {
        self.kept = Arc::new(Kept::open(folder, mark));
        self
    }

    /// This entry is complete.
    pub fn entry(&mut self, path: &EntryPath) {
        self.entries.insert(hash(path));
    }

    /// This is what a complete payload of records holds.
    ///
    /// # Errors
    /// When it is no payload of records.
    pub fn records(&mut self, objecttype: &str, path: &EntryPath, payload: &[u8]) -> Result<(), Error> {
        let broken = || Error::Unexpected { what: path.to_string(), why: "it is no payload of records".to_owned() };
        let text = std::str::from_utf8(payload).map_err(|_| broken())?;
        let start = text.find('[').ok_or_else(broken)?;
        let end = text.rfind(']').filter(|end| *end > start).ok_or_else(broken)?;
        self.files.clear();
        let is_leveled = String::from_utf8_lossy(path.as_bytes()).contains(LEVEL);
        for item in elements(&payload[start..=end]).map_err(|_| broken())? {
            let json = Json::parse(item).map_err(|_| broken())?;
            let glance = turn::glance(&json, objecttype).map_err(|_| broken())?;
            self.files.extend(turn::packed_files(&json));
            self.inventory.of(objecttype).insert(glance.system_id);
            if is_leveled {
                let versions = self.versions.entry(objecttype.to_owned()).or_default();
                versions.insert((glance.system_id, glance.version));
            }
        }
        Ok(())
    }

    /// Whether nothing can be made of what is there: base types name each other, so half of them are of use only with the
    /// answers that the other half is in.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        !self.entries.is_empty() && !self.state.finished.contains(BASE_TYPES_DONE) && !self.kept.was_there
    }

    /// Records that are there already, each once.
    #[must_use]
    pub fn records_there(&self) -> u64 {
        self.inventory.len()
    }

    pub(crate) fn has(&self, path: &EntryPath) -> bool {
        self.entries.contains(&hash(path))
    }
}

/// The part of a backup that comes first. No objecttype has such a name.
pub(crate) const BASE_TYPES_DONE: &str = "/base types";
/// What the names of payloads that are restored level by level have in common.
pub(crate) const LEVEL: &str = "__level_";
/// The references of a million users take 40 MB.
const STATE_MAX: usize = 256 << 20;

/// A short stand-in for a path: with ten million files the chance of two that share one is 1 to 400 000.
fn hash(path: &EntryPath) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// The state as bytes.
pub(crate) fn encode(state: &State) -> Vec<u8> {
    bincode::encode_to_vec(state, bincode::config::standard()).expect("writing to memory does not fail")
}
