//! What is known of a backup when all of it has been read.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};

use crate::fylr::source::book::Book;

/// Something that was asked for and is not in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Aside {
    /// `objekt 4711`
    pub what: String,
    pub why: String,
}

/// What there is to say beside the entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Report {
    /// At least one user has a password hash.
    pub has_passwords: bool,
    pub aside: Vec<Aside>,
    /// What the source cannot give, or what was left out or changed, and how often.
    pub notes: BTreeMap<String, u64>,
    /// Unique records of each objecttype; versions are not counted.
    pub records: BTreeMap<String, u64>,
    /// What changed at the source since the backup began.
    pub changed: Vec<String>,
    /// The references of base types by the ids that the source knows them by, when all has been read:
    /// `pool`, 3, `museum`.
    pub ids: BTreeMap<String, BTreeMap<u64, String>>,
    /// The last event before the backup began.
    pub(crate) last_event: Option<u64>,
}

/// What must be kept of an unfinished backup beside its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct State {
    pub report: Report,
    /// `None` as long as base types are being read.
    pub book: Option<Book>,
    /// Parts that are complete: objecttypes, and what comes after them.
    pub finished: BTreeSet<String>,
}
