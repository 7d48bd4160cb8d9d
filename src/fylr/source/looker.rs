//! Records that are only looked at: who compares a source with something else needs no payloads.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::json::{Json, Unreadable};
use crate::fylr::source::turn::{self, Context};

/// What stands for what a record says: with its files and without.
pub(crate) type Says = (u64, u64);

/// Looks at the records of an answer, each on its own.
pub(crate) type Looker = Arc<dyn Fn(&str, &str, &Context) -> Result<Vec<Seen>, Unreadable> + Send + Sync>;

/// A record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Record(SeenRecord),
    /// What cannot be understood, and why.
    Refused(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenRecord {
    /// Where it stands in the answer.
    pub place: Range<usize>,
    pub id: u64,
    pub version: u64,
    pub is_latest: bool,
    pub is_deleted: bool,
    /// Of what it would be in a backup; or why it could not be there.
    pub says: Result<Says, String>,
}

/// Records that were looked at.
pub struct LookedAt {
    pub(crate) objecttype: Arc<str>,
    pub(crate) records: Vec<LookedRecord>,
    answer: Bytes,
    context: Arc<Context>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct LookedRecord {
    place: Range<usize>,
    pub id: u64,
    pub version: u64,
    pub says: Says,
}

impl LookedRecord {
    pub fn new(place: Range<usize>, (id, version): (u64, u64), says: Says) -> Self {
        Self { place, id, version, says }
    }
}

impl LookedAt {
    pub(crate) fn new(objecttype: &str, records: Vec<LookedRecord>, answer: Bytes, context: Arc<Context>) -> Self {
        Self { objecttype: objecttype.into(), records, answer, context }
    }

    /// A record as it would be in a backup.
    pub(crate) fn turned(&self, record: &LookedRecord) -> Option<String> {
        let text = std::str::from_utf8(&self.answer[record.place.clone()]).ok()?;
        let turned = turn::record(Json::parse(text).ok()?, &self.objecttype, None, &self.context).ok()?;
        String::from_utf8(turned.json.to_bytes(None)).ok()
    }
}
