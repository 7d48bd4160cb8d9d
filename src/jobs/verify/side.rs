//! The side of the backup: a short stand-in for every item, taken out as its counterpart is found.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fylr::target::{Essence, Gaps, Side};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::restore::{BackupSource, Look, SegmentReader};
use crate::jobs::verify::lot::{Forming, Lot, Marks, mark};
use crate::jobs::verify::{Compared, DIFFERENCES_MAX, Difference, Verified};
use crate::model::payload::PayloadKind;

/// Texts of different items that are held until they are compared member by member.
const HELD_MAX: usize = 200;

pub(super) struct Backup<'a> {
    source: &'a BackupSource,
    scan: &'a Look,
    pub forming: &'a Forming<'a>,
    /// Stand-ins by the stand-ins of their keys: 16 and 8 bytes, the payload, and how many are the same.
    items: HashMap<u128, Item>,
    counts: BTreeMap<String, Compared>,
    /// What the target says instead, by key.
    held: BTreeMap<String, Vec<u8>>,
    different: u64,
    /// Items whose files the target only names, so that their bytes were not compared.
    unfetched: u64,
    /// Records that nothing tells apart, by objecttype.
    nameless: BTreeMap<String, u64>,
    /// The first of what only the target has.
    more: Vec<String>,
}

#[derive(Clone, Copy)]
struct Item {
    text: u64,
    /// Of the form without files.
    bare: u64,
    payload: u32,
    count: u32,
    gaps: Gaps,
}

impl<'a> Backup<'a> {
    pub fn new(source: &'a BackupSource, scan: &'a Look, forming: &'a Forming<'a>) -> Self {
        Self {
            source,
            scan,
            forming,
            items: HashMap::new(),
            counts: BTreeMap::new(),
            held: BTreeMap::new(),
            different: 0,
            unfetched: 0,
            nameless: BTreeMap::new(),
            more: Vec::new(),
        }
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
                let marks = |essence: Essence| (Marks::of(&essence), essence.gaps);
                let found: Vec<(Marks, Gaps)> = forming.essences(&lot, Side::Backup).map(marks).collect();
                let nameless = if found.len() < lot.texts.len() { lot.nameless() } else { 0 };
                (lot, found, nameless)
            },
            |(lot, found, nameless)| {
                if nameless > 0 {
                    *self.nameless.entry(lot.tally()).or_default() += nameless;
                }
                let compared = self.counts.entry(lot.tally()).or_default();
                for (Marks { key, text, bare }, gaps) in found {
                    let item = Item { text, bare, payload: lot.payload, count: 1, gaps };
                    match (self.items.entry(key), &lot.kind) {
                        (Entry::Vacant(place), _) => drop(place.insert(item)),
                        // Without anything that tells them apart they are counted.
                        (Entry::Occupied(mut found), PayloadKind::Events) => found.get_mut().count += 1,
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
        )
    }

    /// An item of the target.
    pub fn compare(&mut self, tally: &str, (mut essence, mut marks): (Essence, Marks)) {
        let compared = self.counts.entry(tally.to_owned()).or_default();
        let Some(item) = self.items.get_mut(&marks.key).filter(|item| item.count > 0) else {
            compared.more += 1;
            if self.more.len() < DIFFERENCES_MAX {
                self.more.push(essence.key);
            }
            return;
        };
        item.count -= 1;
        if item.text != marks.text && !item.gaps.is_empty() {
            essence.leave_out(item.gaps);
            marks = Marks::of(&essence);
        }
        if item.text == marks.text {
            compared.same += 1;
        } else if essence.is_unfetched && essence.bare.is_some() && marks.bare == item.bare {
            compared.same += 1;
            self.unfetched += u64::from(!essence.is_coming);
        } else {
            compared.different += 1;
            self.different += 1;
            if self.held.len() < HELD_MAX {
                self.held.insert(essence.key, essence.text);
            }
        }
    }

    /// Names what is missing or different: the payloads that hold it are read once more.
    pub fn finish(mut self, verified: &mut Verified) -> Result<(), Error> {
        let missing: HashMap<u128, u32> =
            self.items.iter().filter(|(_, item)| item.count > 0).map(|(key, item)| (*key, item.count)).collect();
        let held = std::mem::take(&mut self.held);
        let mut wanted: BTreeSet<usize> = missing.keys().map(|key| self.items[key].payload as usize).collect();
        wanted.extend(held.keys().filter_map(|key| Some(self.items.get(&mark(key))?.payload as usize)));
        let wanted: Vec<usize> = wanted.into_iter().collect();
        let mut differences = Vec::new();
        let mut told: BTreeSet<u128> = BTreeSet::new();
        let (source, scan, forming) = (self.source, self.scan, self.forming);
        in_order(
            |give| lots(source, scan, &wanted, give),
            |lot: Lot| (lot.payload, lot.tally(), forming.essences(&lot, Side::Backup).collect::<Vec<_>>()),
            |(at, tally, essences)| {
                let lost = &mut self.counts.entry(tally).or_default().missing;
                for essence in essences {
                    let key = mark(&essence.key);
                    if missing.contains_key(&key) && self.items[&key].payload == at && told.insert(key) {
                        *lost += u64::from(missing[&key]);
                        if differences.len() < DIFFERENCES_MAX {
                            let why = "it is not on the target".to_owned();
                            differences.push(Difference { what: essence.key, why });
                        }
                    } else if let Some(text) = held.get(&essence.key)
                        && told.insert(key)
                        && differences.len() < DIFFERENCES_MAX
                    {
                        differences.push(Difference { why: members(&essence.text, text), what: essence.key });
                    }
                }
                Ok(())
            },
        )?;
        for (tally, count) in std::mem::take(&mut self.nameless) {
            let compared = self.counts.entry(tally.clone()).or_default();
            let lost = count.saturating_sub(compared.more);
            compared.in_backup += count;
            compared.missing += lost;
            if lost > 0 {
                let why = format!("{lost} of {count} records that nothing tells apart are not on the target");
                differences.push(Difference { what: tally.clone(), why });
            }
            verified
                .notes
                .insert(format!("{count} of {tally} say nothing that tells them apart: these were only counted"));
        }
        let lost: u64 = self.counts.values().map(|compared| compared.missing).sum();
        verified.difference_count = self.different + lost;
        differences.sort();
        verified.differences = differences;
        if self.unfetched > 0 {
            let text = format!("{} items have files that the target only names", self.unfetched);
            verified.notes.insert(format!("{text}: their bytes were not compared"));
        }
        verified.counts = self.counts;
        self.more.sort();
        verified.more = self.more;
        Ok(())
    }
}

/// The items of these payloads.
pub(super) fn lots(
    source: &BackupSource,
    scan: &Look,
    wanted: &[usize],
    give: &mut dyn FnMut(Lot) -> Result<(), Error>,
) -> Result<(), Error> {
    for at in wanted {
        let payload = &scan.payloads[*at];
        let (kind, objecttype) = (&payload.kind, &payload.objecttype);
        let failed = |source| Error::Entry { path: payload.path.clone(), source };
        let mut reader = SegmentReader::new(source.coming(&payload.path)?, scan.arrays[*at]);
        while let Some(texts) = reader.next().map_err(failed)? {
            give(Lot { payload: *at as u32, kind: kind.clone(), objecttype: objecttype.clone(), texts })?;
        }
    }
    Ok(())
}

/// Which members differ, and how.
fn members(backup: &[u8], target: &[u8]) -> String {
    let read = |text: &[u8]| serde_json::from_slice(text).unwrap_or(serde_json::Value::Null);
    let mut found = Vec::new();
    walk(&read(backup), &read(target), "", &mut found);
    let more = found.len().saturating_sub(3);
    found.truncate(3);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", found.join(", "))
}

fn walk(one: &serde_json::Value, other: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    if let (Some(one), Some(other)) = (one.as_object(), other.as_object()) {
        let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let null = serde_json::Value::Null;
            walk(one.get(key).unwrap_or(&null), other.get(key).unwrap_or(&null), &path, found);
        }
    } else if one != other {
        found.push(format!("{path} is {} and not {}", short(other), short(one)));
    }
}

fn short(value: &serde_json::Value) -> String {
    if value.is_null() {
        return "missing".to_owned();
    }
    let text = value.to_string();
    let end = text.floor_char_boundary(80);
    if end < text.len() { format!("{}…", &text[..end]) } else { text }
}
