//! Items as they were read, and how they are brought into the form in which they are compared.

use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::target::{Comparing, Essence, Side, Survey, is_nameless};
use crate::model::payload::PayloadKind;

/// Items of one kind, one behind the other.
pub(super) struct Lot {
    /// Which payload they are of.
    pub payload: u32,
    pub kind: PayloadKind,
    pub objecttype: Option<Arc<str>>,
    pub texts: Vec<Bytes>,
}

impl Lot {
    /// `user`, or `db:objekt`.
    pub fn tally(&self) -> String {
        match &self.objecttype {
            Some(objecttype) if self.kind == PayloadKind::Records => format!("db:{objecttype}"),
            _ => self.kind.name().to_owned(),
        }
    }

    /// Records that can only be counted.
    pub fn nameless(&self) -> u64 {
        let Some(objecttype) = self.objecttype.as_deref().filter(|_| self.kind == PayloadKind::Records) else {
            return 0;
        };
        let is_nameless = |text: &&Bytes| std::str::from_utf8(text).map_or(true, |text| is_nameless(objecttype, text));
        self.texts.iter().filter(is_nameless).count() as u64
    }
}

/// What bringing items into their form needs to know.
pub(super) struct Forming<'a> {
    pub comparing: Comparing,
    pub survey: &'a Survey,
}

impl Forming<'_> {
    /// The forms of the items of a lot.
    pub fn essences(&self, lot: &Lot, side: Side) -> impl Iterator<Item = Essence> {
        lot.texts.iter().filter_map(move |text| self.essence(lot, std::str::from_utf8(text).ok()?, side))
    }

    fn essence(&self, lot: &Lot, text: &str, side: Side) -> Option<Essence> {
        let numbering = self.survey.numbering();
        let number = |id: u64, version: u64| if side == Side::Backup { numbering.of(id, version) } else { version };
        let kind = (&lot.kind, lot.objecttype.as_deref());
        self.comparing.essence(side, kind, text, &number, &|id| self.survey.has(id))
    }
}

/// A short stand-in for an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub key: u128,
    pub text: u64,
    /// Of the form without files.
    pub bare: u64,
}

impl Marks {
    pub fn of(essence: &Essence) -> Self {
        let text = stand_in(&essence.text);
        Self { key: mark(&essence.key), text, bare: essence.bare.as_deref().map_or(text, stand_in) }
    }
}

/// By what an item is found.
pub(super) fn mark(key: &str) -> u128 {
    let hash = blake3::hash(key.as_bytes());
    u128::from_le_bytes(hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
}

fn stand_in(text: &[u8]) -> u64 {
    let hash = blake3::hash(text);
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}
