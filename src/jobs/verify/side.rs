//! The side of the backup: a short stand-in for every item, taken out as its counterpart is found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fylr::target::{Comparing, Essence, Side};
use crate::jobs::Error;
use crate::jobs::restore::{BackupSource, Look, SegmentReader};
use crate::jobs::verify::{Compared, DIFFERENCES_MAX, Difference, Verified};
use crate::model::payload::PayloadKind;

/// Texts of different items that are held until they are compared member by member.
const HELD_MAX: usize = 200;

pub(super) struct Backup<'a> {
    source: &'a BackupSource,
    scan: &'a Look,
    comparing: Comparing,
    /// Stand-ins by the stand-ins of their keys: 16 and 8 bytes, the payload, and how many are the same.
    items: HashMap<u128, Item>,
    counts: BTreeMap<String, Compared>,
    /// What the target says instead, by key.
    held: BTreeMap<String, Vec<u8>>,
    different: u64,
    /// Items whose files the target has not fetched, so that their bytes were not compared.
    unfetched: u64,
}

#[derive(Clone, Copy)]
struct Item {
    text: u64,
    /// Of the form without files.
    bare: u64,
    payload: u32,
    count: u32,
}

impl<'a> Backup<'a> {
    pub fn new(source: &'a BackupSource, scan: &'a Look, comparing: Comparing) -> Self {
        Self {
            source,
            scan,
            comparing,
            items: HashMap::new(),
            counts: BTreeMap::new(),
            held: BTreeMap::new(),
            different: 0,
            unfetched: 0,
        }
    }

    /// Reads all of it.
    pub fn learn(&mut self, without_events: bool) -> Result<(), Error> {
        for at in 0..self.scan.payloads.len() {
            let kind = self.scan.payloads[at].kind.clone();
            if (without_events && kind == PayloadKind::Events) || !kind.is_known() {
                continue;
            }
            let mut found = Vec::new();
            self.each(at, &mut |essence| {
                let text = stand_in(&essence.text);
                let bare = essence.bare.as_deref().map_or(text, stand_in);
                found.push((mark(&essence.key), text, bare));
            })?;
            let tally = self.scan.payloads[at].tally();
            let compared = self.counts.entry(tally).or_default();
            for (key, text, bare) in found {
                compared.in_backup += 1;
                // Events without anything that tells them apart are counted.
                let item = self.items.entry(key).or_insert(Item { text, bare, payload: at as u32, count: 0 });
                item.count += 1;
            }
        }
        Ok(())
    }

    fn each(&self, at: usize, give: &mut dyn FnMut(Essence)) -> Result<(), Error> {
        let payload = &self.scan.payloads[at];
        let failed = |source| Error::Entry { path: payload.path.clone(), source };
        let (read, _) = self.source.open(&payload.path)?;
        let mut reader = SegmentReader::new(read, self.scan.arrays[at]);
        while let Some(segment) = reader.next().map_err(failed)? {
            for text in segment {
                let Ok(text) = std::str::from_utf8(&text) else { continue };
                if let Some(essence) = self.essence(&payload.kind, payload.objecttype.as_deref(), text, Side::Backup) {
                    give(essence);
                }
            }
        }
        Ok(())
    }

    pub fn essence(&self, kind: &PayloadKind, objecttype: Option<&str>, text: &str, side: Side) -> Option<Essence> {
        let survey = &self.scan.survey;
        let offset = |id: u64| if side == Side::Backup { survey.offsets.get(&id).copied().unwrap_or(0) } else { 0 };
        self.comparing.essence(side, (kind, objecttype), text, &offset, &|id| survey.has(id))
    }

    /// An item of the target.
    pub fn compare(&mut self, tally: &str, essence: Essence) {
        let compared = self.counts.entry(tally.to_owned()).or_default();
        let Some(item) = self.items.get_mut(&mark(&essence.key)) else {
            compared.more += 1;
            return;
        };
        if item.count == 0 {
            compared.more += 1;
        } else if item.text == stand_in(&essence.text) {
            item.count -= 1;
            compared.same += 1;
        } else if essence.is_unfetched && essence.bare.as_deref().map(stand_in) == Some(item.bare) {
            item.count -= 1;
            compared.same += 1;
            self.unfetched += 1;
        } else {
            item.count -= 1;
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
        let mut wanted: BTreeSet<u32> = missing.keys().map(|key| self.items[key].payload).collect();
        wanted.extend(held.keys().filter_map(|key| Some(self.items.get(&mark(key))?.payload)));
        let mut differences = Vec::new();
        let mut told: BTreeSet<u128> = BTreeSet::new();
        for at in wanted {
            let tally = self.scan.payloads[at as usize].tally();
            let mut lost = 0;
            self.each(at as usize, &mut |essence| {
                let key = mark(&essence.key);
                if missing.contains_key(&key) && self.items[&key].payload == at && told.insert(key) {
                    lost += u64::from(missing[&key]);
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
            })?;
            self.counts.entry(tally).or_default().missing += lost;
        }
        let lost: u64 = self.counts.values().map(|compared| compared.missing).sum();
        verified.difference_count = self.different + lost;
        differences.sort();
        verified.differences = differences;
        if self.unfetched > 0 {
            let text = format!("{} items have files that the target only names or has not fetched yet", self.unfetched);
            verified.notes.insert(format!("{text}: their bytes were not compared"));
        }
        verified.counts = self.counts;
        Ok(())
    }
}

fn mark(key: &str) -> u128 {
    let hash = blake3::hash(key.as_bytes());
    u128::from_le_bytes(hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
}

fn stand_in(text: &[u8]) -> u64 {
    let hash = blake3::hash(text);
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
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
