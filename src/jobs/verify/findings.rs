//! What a comparison has found so far, and the names of what is missing or different.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::fylr::target::{Essence, Side, of_key};
use crate::jobs::Error;
use crate::jobs::in_order::in_order;
use crate::jobs::verify::lot::{Lot, name_of};
use crate::jobs::verify::members::members;
use crate::jobs::verify::side::{Backup, Found, Item, Name, Verdict, lots};
use crate::jobs::verify::{Compared, DIFFERENCES_MAX, Difference, Verified};

/// Texts of different items that are held until they are compared member by member.
const HELD_MAX: usize = 200;

pub(super) struct Findings {
    counts: BTreeMap<String, Compared>,
    /// What the target says instead, by key.
    held: BTreeMap<String, Vec<u8>>,
    different: u64,
    /// Items whose files the target only names, so that their bytes were not compared.
    unfetched: u64,
    /// The first of what only the target has.
    more: Vec<String>,
}

impl Findings {
    pub fn of(backup: &Backup<'_>) -> Self {
        let counts = backup.counts.clone();
        Self { counts, held: BTreeMap::new(), different: 0, unfetched: 0, more: Vec::new() }
    }

    /// Counts items of the target; each item of the backup is found as often as it is there.
    pub fn take(&mut self, backup: &Backup<'_>, tally: &str, found: Vec<Found>) {
        let compared = self.counts.entry(tally.to_owned()).or_default();
        for Found { key, name, verdict } in found {
            let name = || match name {
                Name::Told(name) => name,
                Name::Record(id, version) => name_of(tally.strip_prefix("db:").unwrap_or(tally), id, version),
            };
            if !backup.items.get(&key).is_some_and(Item::is_found) {
                compared.more += 1;
                if self.more.len() < DIFFERENCES_MAX {
                    self.more.push(name());
                }
                continue;
            }
            match verdict {
                // What is there was not found as something else before.
                Verdict::More => compared.more += 1,
                Verdict::Same => compared.same += 1,
                Verdict::SameButFiles { are_coming } => {
                    compared.same += 1;
                    self.unfetched += u64::from(!are_coming);
                }
                Verdict::Different(text) => {
                    compared.different += 1;
                    self.different += 1;
                    if self.held.len() < HELD_MAX {
                        self.held.insert(name(), text);
                    }
                }
            }
        }
    }

    /// Names what is missing or different: the payloads that hold it are read once more.
    pub fn finish(mut self, backup: &Backup<'_>, verified: &mut Verified) -> Result<(), Error> {
        let (mut naming, wanted) = Naming::new(backup, &self.held);
        let (source, scan, forming) = (backup.source, backup.scan, backup.forming);
        in_order(
            |give| lots(source, scan, &wanted, give),
            |lot: Lot| (lot.payload, lot.tally(), forming.essences(&lot, Side::Backup).collect::<Vec<_>>()),
            |(payload, tally, essences)| {
                let lost = &mut self.counts.entry(tally).or_default().missing;
                *lost += essences.into_iter().map(|essence| naming.take(backup, payload, essence)).sum::<u64>();
                Ok(())
            },
        )?;
        let mut differences = naming.differences;
        for (tally, count) in &backup.nameless {
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

/// Differences on their way to their names.
struct Naming<'a> {
    missing: HashMap<u128, u32>,
    held: &'a BTreeMap<String, Vec<u8>>,
    told: BTreeSet<u128>,
    differences: Vec<Difference>,
}

impl<'a> Naming<'a> {
    /// What is to be named, and the payloads that hold it.
    fn new(backup: &Backup<'_>, held: &'a BTreeMap<String, Vec<u8>>) -> (Self, Vec<usize>) {
        let left = backup.items.iter().filter(|(_, item)| item.left() > 0);
        let missing: HashMap<u128, u32> = left.map(|(key, item)| (*key, item.left())).collect();
        let mut wanted: BTreeSet<usize> = missing.keys().map(|key| backup.items[key].payload as usize).collect();
        wanted.extend(held.keys().filter_map(|key| Some(backup.items.get(&of_key(key))?.payload as usize)));
        (Self { missing, held, told: BTreeSet::new(), differences: Vec::new() }, wanted.into_iter().collect())
    }

    /// Looks at an item of the backup; how often it is missing.
    fn take(&mut self, backup: &Backup<'_>, payload: u32, essence: Essence) -> u64 {
        let key = of_key(&essence.key);
        let is_own = || backup.items[&key].payload == payload;
        if let Some(times) = self.missing.get(&key).copied().filter(|_| is_own())
            && self.told.insert(key)
        {
            self.differ(essence.key, "it is not on the target".to_owned());
            return u64::from(times);
        }
        if let Some(text) = self.held.get(&essence.key)
            && self.told.insert(key)
        {
            self.differ(essence.key, members(&essence.text, text));
        }
        0
    }

    fn differ(&mut self, what: String, why: String) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(Difference { what, why });
        }
    }
}
