//! Items as they were read, and how they are brought into the form in which they are compared.

use std::sync::Arc;

use bytes::Bytes;

use crate::fylr::target::{Comparing, Essence, Gaps, Side, StandIn, Survey, is_nameless, of_key};
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

    pub fn objecttype_of_records(&self) -> Option<&str> {
        self.objecttype.as_deref().filter(|_| self.kind == PayloadKind::Records)
    }

    pub fn strings(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().filter_map(|text| std::str::from_utf8(text).ok())
    }

    /// Records that can only be counted.
    pub fn nameless(&self) -> u64 {
        let Some(objecttype) = self.objecttype_of_records() else { return 0 };
        let is_nameless = |text: &&Bytes| std::str::from_utf8(text).map_or(true, |text| is_nameless(objecttype, text));
        self.texts.iter().filter(is_nameless).count() as u64
    }
}

/// What bringing items into their form needs to know.
pub(super) struct Forming<'a> {
    pub comparing: Comparing,
    pub survey: &'a Survey,
}

/// An item of the backup: what it is found by, what it says, and what a target fills in.
pub(super) type Seen = (u128, StandIn, Gaps);

impl Forming<'_> {
    /// Whether a record is in the backup.
    pub fn is_known(&self, id: u64) -> bool {
        self.survey.has(id)
    }

    /// The forms of the items of a lot.
    pub fn essences(&self, lot: &Lot, side: Side) -> impl Iterator<Item = Essence> {
        lot.strings().filter_map(move |text| self.essence((&lot.kind, lot.objecttype.as_deref()), text, side))
    }

    /// The form of an item.
    pub fn essence(&self, kind: (&PayloadKind, Option<&str>), text: &str, side: Side) -> Option<Essence> {
        let numbering = self.survey.numbering();
        let number = |id: u64, version: u64| if side == Side::Backup { numbering.of(id, version) } else { version };
        self.comparing.essence(side, kind, text, &number, &|id| self.is_known(id))
    }

    /// The items of a lot of the backup; forms are made only of what a look at the text does not tell enough of.
    pub fn seen(&self, lot: &Lot) -> Vec<Seen> {
        let formed = |essence: Essence| (of_key(&essence.key), essence.says(), essence.gaps);
        let Some(objecttype) = lot.objecttype_of_records() else {
            return self.essences(lot, Side::Backup).map(formed).collect();
        };
        let (numbering, is_known) = (self.survey.numbering(), |id| self.is_known(id));
        let mut sights = self.comparing.sights(Side::Backup, objecttype, &is_known);
        let seen = |text| {
            let sight = sights.of(text)?;
            if self.is_mended(sight.id) {
                return self.essence((&lot.kind, Some(objecttype)), text, Side::Backup).map(formed);
            }
            let version = numbering.of(sight.id, sight.version.unwrap_or(1));
            Some((of_key(&name_of(objecttype, sight.id, version)), sight.says, sight.gaps))
        };
        lot.strings().filter_map(seen).collect()
    }

    /// Whether the files of a record came later: its versions are compared in another way.
    pub fn is_mended(&self, id: u64) -> bool {
        !self.comparing.mended.is_empty() && self.comparing.mended.contains_key(&id)
    }
}

/// What a record is found by.
pub(super) fn name_of(objecttype: &str, id: u64, version: u64) -> String {
    format!("{objecttype} {id} version {version}")
}
