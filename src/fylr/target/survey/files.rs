//! Files of a backup: where their bytes are, and which of them would be in each other's way.

use crate::fylr::json::{Json, Members};
use crate::fylr::target::files::expiry;
use crate::fylr::target::options::ORIGINAL;
use crate::fylr::target::renames::Renames;
use crate::fylr::target::rewrite::text_in;

/// URLs that are tried before anything is written.
const SAMPLES: usize = 3;

/// Files of a backup, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCounts {
    pub packed: u64,
    pub packed_bytes: u64,
    /// At the source, by URL.
    pub remote: u64,
    pub remote_bytes: u64,
    /// On other servers, where they stay.
    pub staying: u64,
    /// Without any hint where their bytes are.
    pub lost: u64,
    /// Whose renditions were not made by the source itself.
    pub manual: u64,
    pub renditions: u64,
    /// Some URLs of originals.
    pub samples: Vec<String>,
    /// Files of which two versions would have one name.
    pub conflicts: u64,
    /// Files at the source whose URL says until when it is good.
    pub expiring: u64,
    /// Those of them whose URL is good no more.
    pub expired: u64,
    /// When the first of these URLs ends, in seconds since 1970.
    pub first_expiry: Option<i64>,
}

/// A file where a record has it.
#[derive(Debug)]
pub(super) struct FileFound {
    /// The JSON importer gives none.
    pub id: Option<u64>,
    renditions: u64,
    is_manual: bool,
    conflicts: bool,
    bytes: u64,
    place: Place,
    /// Of some that are at the source.
    url: Option<String>,
    /// When that ends, in seconds since 1970.
    expiry: Option<i64>,
}

/// Where the bytes of an original are.
#[derive(Debug)]
enum Place {
    Packed,
    Remote,
    Elsewhere,
    Nowhere,
}

impl FileFound {
    /// A file with versions; none without an id.
    fn of(members: &Members<'_>, versions: &Members<'_>, renames: &Renames) -> Option<Self> {
        let id = members.get("_id").and_then(Json::as_id)?;
        let names = || versions.iter().map(|(name, _)| name).filter(|name| *name != ORIGINAL);
        let class = members.get("class").and_then(Json::as_str).unwrap_or_default();
        let mut found = Self {
            id: Some(id),
            renditions: names().count() as u64,
            is_manual: members.get("produce_versions").is_some_and(|produces| !produces.is_true()),
            conflicts: renames.conflict(&class, names()).is_some(),
            bytes: 0,
            place: Place::Nowhere,
            url: None,
            expiry: None,
        };
        let Some(original) = versions.get(ORIGINAL) else { return Some(found) };
        found.bytes = original.get("filesize").and_then(Json::as_id).unwrap_or(0);
        let stays = members.get("leave_on_remote").is_some_and(Json::is_true);
        (found.place, found.url) = match (stays, text_in(original, &["path"]), text_in(original, &["url"])) {
            (true, _, Some(_)) => (Place::Elsewhere, None),
            (false, Some(_), _) => (Place::Packed, None),
            (_, _, Some(url)) => (Place::Remote, Some(url)),
            _ => (Place::Nowhere, None),
        };
        found.expiry = found.url.as_deref().and_then(expiry);
        Some(found)
    }

    /// One of the JSON importer.
    fn imported(url: String) -> Self {
        Self {
            id: None,
            renditions: 0,
            is_manual: false,
            conflicts: false,
            bytes: 0,
            place: Place::Remote,
            expiry: expiry(&url),
            url: Some(url),
        }
    }

    /// Counts it; URLs that end before `now` have ended.
    pub(super) fn count(self, counts: &mut FileCounts, now: i64) {
        counts.renditions += self.renditions;
        counts.manual += u64::from(self.is_manual);
        counts.conflicts += u64::from(self.conflicts);
        match self.place {
            Place::Packed => {
                counts.packed += 1;
                counts.packed_bytes += self.bytes;
            }
            Place::Remote => {
                counts.remote += 1;
                counts.remote_bytes += self.bytes;
            }
            Place::Elsewhere => counts.staying += 1,
            Place::Nowhere => counts.lost += 1,
        }
        if let Some(expiry) = self.expiry {
            counts.expiring += 1;
            counts.expired += u64::from(expiry <= now);
            counts.first_expiry = Some(counts.first_expiry.map_or(expiry, |first| first.min(expiry)));
        }
        counts.samples.extend(self.url.filter(|_| counts.samples.len() < SAMPLES));
    }
}

/// Files that are found one after the other.
pub(super) struct Finding<'a> {
    pub renames: &'a Renames,
    pub found: Vec<FileFound>,
    /// How many of them have their URL.
    pub sampled: usize,
}

impl Finding<'_> {
    /// All files below a value.
    pub(super) fn below(&mut self, json: &Json<'_>) {
        match json {
            Json::Scalar(_) => {}
            Json::Array(items) => items.iter().for_each(|item| self.below(item)),
            Json::Object(members) => match members.get("versions").and_then(Json::members) {
                Some(versions) => {
                    if let Some(file) = FileFound::of(members, versions, self.renames) {
                        self.push(file);
                    }
                }
                None => {
                    if let Some(url) = members.get("eas:url").and_then(Json::as_str) {
                        self.push(FileFound::imported(url.into_owned()));
                    }
                    members.iter().for_each(|(_, value)| self.below(value));
                }
            },
        }
    }

    fn push(&mut self, mut file: FileFound) {
        file.url = file.url.filter(|_| self.sampled < SAMPLES);
        self.sampled += usize::from(file.url.is_some());
        self.found.push(file);
    }
}
