//! Which records a snapshot holds, in which revision and in which order.

use super::Parameters;
use super::chance::{Purpose, happens};

/// Ids leave room between two first-day records for one that came later, per snapshot.
pub const SNAPSHOTS_MAX: u64 = 16;

/// Of the inserted records, the share that lies scattered between the older ones.
const SHARE_IN_THE_MIDDLE: f64 = 0.2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ort,
    Schlagwort,
    Person,
    Objekt,
}

impl Kind {
    /// Linked kinds come before those that link to them.
    pub const ALL: [Kind; 4] = [Kind::Ort, Kind::Schlagwort, Kind::Person, Kind::Objekt];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Ort => "ort",
            Kind::Schlagwort => "schlagwort",
            Kind::Person => "person",
            Kind::Objekt => "objekt",
        }
    }

    /// Of all records, the share that is of this kind.
    pub fn share(self) -> f64 {
        match self {
            Kind::Ort | Kind::Schlagwort => 0.02,
            Kind::Person => 0.08,
            Kind::Objekt => 0.88,
        }
    }
}

/// One record of one snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub id: u64,
    /// How often the record has changed since it came into being.
    pub revision: u64,
}

/// The positions of one kind: those of the first snapshot, then a block for each later one.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub first: u64,
    pub count: u64,
    appended: u64,
}

impl Range {
    pub fn of(parameters: &Parameters, kind: Kind) -> Range {
        let mut first = 10;
        for other in Kind::ALL {
            let count = ((parameters.records as f64 * other.share()).round() as u64).max(1);
            let share = parameters.share_inserted * (1.0 - SHARE_IN_THE_MIDDLE);
            let appended = (count as f64 * share).round() as u64;
            if other == kind {
                return Range { first, count, appended };
            }
            first += count + appended * SNAPSHOTS_MAX;
        }
        unreachable!("every kind is one of Kind::ALL")
    }

    /// The id of the n-th record of the first snapshot.
    pub fn id(self, n: u64) -> u64 {
        (self.first + n) * SNAPSHOTS_MAX
    }
}

/// The records of one kind in a snapshot, in payload order.
pub fn entries(parameters: &Parameters, kind: Kind, snapshot: u64) -> impl Iterator<Item = Entry> + use<'_> {
    let range = Range::of(parameters, kind);
    let old =
        (range.first..range.first + range.count).flat_map(move |position| at_position(parameters, position, snapshot));
    let new = (2..=snapshot).flat_map(move |born| {
        let first = range.first + range.count + (born - 2) * range.appended;
        (first..first + range.appended).map(move |position| (position * SNAPSHOTS_MAX, born))
    });
    old.chain(new).filter_map(move |(id, born)| state(parameters, kind, id, born, snapshot))
}

/// The first-day record of a position and those inserted behind it, each with its first snapshot.
fn at_position(parameters: &Parameters, position: u64, snapshot: u64) -> impl Iterator<Item = (u64, u64)> + use<'_> {
    let id = position * SNAPSHOTS_MAX;
    let share = parameters.share_inserted * SHARE_IN_THE_MIDDLE;
    let inserted = (2..=snapshot)
        .filter(move |&born| happens(parameters.seed, Purpose::Insert, id, born, share))
        .map(move |born| (id + born - 1, born));
    std::iter::once((id, 1)).chain(inserted)
}

/// The record as it is in a snapshot, or nothing once it is deleted.
fn state(parameters: &Parameters, kind: Kind, id: u64, born: u64, snapshot: u64) -> Option<Entry> {
    let mut revision = 0;
    for later in born + 1..=snapshot {
        if happens(parameters.seed, Purpose::Delete, id, later, share_deleted(parameters, kind)) {
            return None;
        }
        revision += u64::from(happens(parameters.seed, Purpose::Change, id, later, parameters.share_changed));
    }
    Some(Entry { id, revision })
}

/// Only objects are deleted: what they link to stays.
fn share_deleted(parameters: &Parameters, kind: Kind) -> f64 {
    match kind {
        Kind::Objekt => parameters.share_deleted / kind.share(),
        _ => 0.0,
    }
}
