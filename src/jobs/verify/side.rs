//! The side of the backup: a short stand-in for every item, and how often it was not found yet.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};

use foldhash::fast::RandomState;

use crate::fylr::source::{LookedAt, LookedRecord};
use crate::fylr::target::{Essence, Gaps, Side, StandIn, of_key};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::{BackupSource, Look, SegmentReader};
use crate::jobs::verify::Compared;
use crate::jobs::verify::lot::{Forming, Lot, name_of};
use crate::model::payload::PayloadKind;

pub(super) struct Backup<'a> {
    pub source: &'a BackupSource,
    pub scan: &'a Look,
    pub forming: &'a Forming<'a>,
    /// By what they are found by: with it an item takes 48 bytes.
    pub items: HashMap<u128, Item, RandomState>,
    pub counts: BTreeMap<String, Compared>,
    /// Records that nothing tells apart, by objecttype.
    pub nameless: BTreeMap<String, u64>,
}

/// An item of the backup.
pub(super) struct Item {
    says: StandIn,
    gaps: Gaps,
    pub payload: u32,
    /// How many of its kind were not found yet.
    left: AtomicU32,
}

impl Item {
    pub fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes one of its kind; whether there was one.
    pub fn is_found(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// An item of the target.
pub(super) struct Found {
    /// By what it is found in the backup.
    pub key: u128,
    pub name: Name,
    pub verdict: Verdict,
}

/// What an item is called.
pub(super) enum Name {
    Told(String),
    /// A record and its version.
    Record(u64, u64),
}

/// How an item of the target compares with the one of the backup.
pub(super) enum Verdict {
    /// There is none.
    More,
    Same,
    /// But for the bytes of files that the target has not fetched; they may be on their way.
    SameButFiles {
        are_coming: bool,
    },
    /// It says this instead.
    Different(Vec<u8>),
}

impl<'a> Backup<'a> {
    pub fn new(source: &'a BackupSource, scan: &'a Look, forming: &'a Forming<'a>) -> Self {
        let (items, counts, nameless) = (HashMap::default(), BTreeMap::new(), BTreeMap::new());
        Self { source, scan, forming, items, counts, nameless }
    }

    /// Reads all of it.
    pub fn learn(&mut self, without_events: bool) -> Result<(), Error> {
        let is_left_out = |kind: &PayloadKind| (without_events && *kind == PayloadKind::Events) || !kind.is_known();
        let payloads = self.scan.payloads.iter().enumerate();
        let wanted: Vec<usize> =
            payloads.filter(|(_, payload)| !is_left_out(&payload.kind)).map(|(at, _)| at).collect();
        for at in &wanted {
            self.counts.entry(self.scan.payloads[*at].tally()).or_default();
        }
        let (source, scan, forming) = (self.source, self.scan, self.forming);
        in_order(
            |give| lots(source, scan, &wanted, give),
            |lot: Lot| {
                let found = forming.seen(&lot);
                let nameless = if found.len() < lot.texts.len() { lot.nameless() } else { 0 };
                (lot.payload, lot.kind.clone(), lot.tally(), found, nameless)
            },
            |(payload, kind, tally, found, nameless)| {
                if nameless > 0 {
                    *self.nameless.entry(tally.clone()).or_default() += nameless;
                }
                let compared = self.counts.entry(tally).or_default();
                for (key, says, gaps) in found {
                    let item = Item { says, gaps, payload, left: AtomicU32::new(1) };
                    match (self.items.entry(key), &kind) {
                        (Entry::Vacant(place), _) => drop(place.insert(item)),
                        // Without anything that tells them apart they are counted.
                        (Entry::Occupied(mut found), PayloadKind::Events) => *found.get_mut().left.get_mut() += 1,
                        // Of what stands there twice a target keeps the first version of a record, …
                        (_, PayloadKind::Records) => continue,
                        // … and the last state of everything else.
                        (Entry::Occupied(mut found), _) => {
                            found.insert(item);
                            continue;
                        }
                    }
                    compared.in_backup += 1;
                }
                Ok(())
            },
        )?;
        source.forget();
        Ok(())
    }

    /// Compares items of the target.
    pub fn lot(&self, lot: &Lot) -> Vec<Found> {
        let formed = |essence: Essence| self.essence(essence);
        let Some(objecttype) = lot.objecttype_of_records() else {
            return self.forming.essences(lot, Side::Target).map(formed).collect();
        };
        let is_known = |id| self.forming.is_known(id);
        let mut sights = self.forming.comparing.sights(Side::Target, objecttype, &is_known);
        let found = |text| {
            let sight = sights.of(text)?;
            let version = sight.version.unwrap_or(1);
            let form = || self.forming.essence((&PayloadKind::Records, Some(objecttype)), text, Side::Target);
            self.record(objecttype, (sight.id, version), sight.says, form)
        };
        lot.strings().filter_map(found).collect()
    }

    /// Compares records of the target that were looked at.
    pub fn looked_at(&self, looked: &LookedAt) -> Vec<Found> {
        let objecttype = &*looked.objecttype;
        let found = |record: &LookedRecord| {
            let kind = (&PayloadKind::Records, Some(objecttype));
            let form = || self.forming.essence(kind, &looked.turned(record)?, Side::Target);
            self.record(objecttype, (record.id, record.version), record.says.into(), form)
        };
        looked.records.iter().filter_map(found).collect()
    }

    /// Compares a record; its form is made only where it makes a difference.
    fn record(
        &self,
        objecttype: &str,
        (id, version): (u64, u64),
        says: StandIn,
        form: impl FnOnce() -> Option<Essence>,
    ) -> Option<Found> {
        if self.forming.is_mended(id) {
            return form().map(|essence| self.essence(essence));
        }
        let key = of_key(&name_of(objecttype, id, version));
        let verdict = match self.items.get(&key) {
            None => Verdict::More,
            Some(item) if item.says.full == says.full => Verdict::Same,
            Some(_) => return form().map(|essence| self.essence(essence)),
        };
        Some(Found { key, name: Name::Record(id, version), verdict })
    }

    fn essence(&self, mut essence: Essence) -> Found {
        let key = of_key(&essence.key);
        let Some(item) = self.items.get(&key) else {
            return Found { key, name: Name::Told(essence.key), verdict: Verdict::More };
        };
        let mut says = essence.says();
        if item.says.full != says.full && !item.gaps.is_empty() {
            essence.leave_out(item.gaps);
            says = essence.says();
        }
        let verdict = if item.says.full == says.full {
            Verdict::Same
        } else if essence.is_unfetched && essence.bare.is_some() && item.says.bare == says.bare {
            Verdict::SameButFiles { are_coming: essence.is_coming }
        } else {
            Verdict::Different(essence.text)
        };
        Found { key, name: Name::Told(essence.key), verdict }
    }
}

/// The items of these payloads.
pub(super) fn lots(
    source: &BackupSource,
    scan: &Look,
    wanted: &[usize],
    give: &mut dyn FnMut(Lot) -> Result<(), Error>,
) -> Result<(), Error> {
    let open = |at: usize| wanted.get(at).map(|at| source.coming(&scan.payloads[*at].path)).transpose();
    let mut next = open(0)?;
    for (number, at) in wanted.iter().enumerate() {
        let Some(coming) = next.take() else { break };
        // While one is cut, the next is already being read.
        next = open(number + 1)?;
        let payload = &scan.payloads[*at];
        let (kind, objecttype) = (&payload.kind, &payload.objecttype);
        let failed = |source| Error::Entry { path: payload.path.clone(), source };
        let mut reader = SegmentReader::new(coming, scan.arrays[*at]);
        while let Some(texts) = reader.next().map_err(failed)? {
            give(Lot { payload: *at as u32, kind: kind.clone(), objecttype: objecttype.clone(), texts })?;
        }
    }
    Ok(())
}
