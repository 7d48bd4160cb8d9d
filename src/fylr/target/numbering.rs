//! Which number a version of a record gets on the target: there they count 1, 2, 3, whatever is missing in the backup.

use std::collections::HashMap;

use roaring::RoaringTreemap;

/// Records whose versions in the backup are not 1, 2, 3.
#[derive(Debug, Clone, Default)]
pub struct Numbering {
    /// By record: from which version on so many are missing, the first one first.
    missing: HashMap<u64, Vec<(u64, u64)>>,
}

impl Numbering {
    /// The number that a version of a record has on the target.
    #[must_use]
    pub fn of(&self, id: u64, version: u64) -> u64 {
        let steps = self.missing.get(&id).map_or(&[][..], Vec::as_slice);
        let missing = steps.iter().rfind(|(from, _)| *from <= version).map_or(0, |(_, missing)| *missing);
        // What comes behind a later version has no place before it.
        let later =
            steps.iter().find(|(from, _)| *from > version).map_or(u64::MAX, |(from, missing)| from - missing - 1);
        version.saturating_sub(missing).min(later).max(1)
    }

    /// Records that begin with a later version than the first one.
    #[must_use]
    pub fn begin_late(&self) -> u64 {
        self.missing
            .values()
            .filter(|steps| steps.first().is_some_and(|(from, missing)| from == &(missing + 1)))
            .count() as u64
    }

    /// Records of which later versions are missing.
    #[must_use]
    pub fn with_gaps(&self) -> u64 {
        let has_gap = |steps: &&Vec<(u64, u64)>| steps.iter().any(|(from, missing)| *from > missing + 1);
        self.missing.values().filter(has_gap).count() as u64
    }

    fn set(&mut self, id: u64, version: u64, missing: u64) {
        self.missing.entry(id).or_default().push((version, missing));
    }
}

/// Versions as they come: a bit for each is held, so that histories of millions of records have room.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    /// Which records have at least so many: the first one, the second one, …
    counted: Vec<RoaringTreemap>,
    pub numbering: Numbering,
}

impl Versions {
    /// Records, versions counted once.
    pub fn records(&self) -> Option<&RoaringTreemap> {
        self.counted.first()
    }

    /// How many of a record have come.
    fn count(&self, id: u64) -> u64 {
        self.counted.iter().take_while(|records| records.contains(id)).count() as u64
    }

    /// Takes the next version of a record; whether it is one: not if it came before, or a later one did.
    pub fn take(&mut self, id: u64, version: u64) -> bool {
        let number = self.numbering.of(id, version);
        // Most follow the one before.
        let has = |at: u64| self.counted.get(at as usize).is_some_and(|records| records.contains(id));
        let is_next = !has(number - 1) && (number == 1 || has(number - 2));
        if !is_next {
            let count = self.count(id);
            if number <= count {
                return false;
            }
            self.numbering.set(id, version, version - count - 1);
            return self.insert(id, count);
        }
        self.insert(id, number - 1)
    }

    fn insert(&mut self, id: u64, at: u64) -> bool {
        let at = at as usize;
        if self.counted.len() <= at {
            self.counted.resize_with(at + 1, RoaringTreemap::new);
        }
        self.counted[at].insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(versions: &[u64]) -> (Vec<bool>, Vec<u64>, Numbering) {
        let id = 9_007_199_254_740_993;
        let mut own = Versions::default();
        let taken = versions.iter().map(|version| own.take(id, *version)).collect();
        let numbers = versions.iter().map(|version| own.numbering.of(id, *version)).collect();
        (taken, numbers, own.numbering)
    }

    #[test]
    fn versions_are_counted_without_the_missing_ones() {
        for (versions, numbers) in [
            (&[1, 2, 3][..], &[1, 2, 3][..]),
            (&[7], &[1]),
            (&[1, 4, 9], &[1, 2, 3]),
            (&[3, 4, 7, 8], &[1, 2, 3, 4]),
            (&[u64::MAX - 1, u64::MAX], &[1, 2]),
        ] {
            let (taken, found, _) = taken(versions);
            assert_eq!((found.as_slice(), taken.contains(&false)), (numbers, false), "{versions:?}");
        }
    }

    #[test]
    fn what_comes_twice_or_late_is_no_further_version() {
        for (versions, expected) in [
            (&[1, 1][..], &[true, false][..]),
            (&[2, 1, 3], &[true, false, true]),
            (&[1, 5, 5, 3, 6], &[true, true, false, false, true]),
        ] {
            assert_eq!(taken(versions).0, expected, "{versions:?}");
        }
    }

    #[test]
    fn late_beginnings_and_gaps_are_counted() {
        let counts = |versions: &[u64]| {
            let numbering = taken(versions).2;
            (numbering.begin_late(), numbering.with_gaps())
        };
        assert_eq!(counts(&[1, 2]), (0, 0));
        assert_eq!(counts(&[5, 6]), (1, 0));
        assert_eq!(counts(&[1, 3]), (0, 1));
        assert_eq!(counts(&[2, 4]), (1, 1));
    }
}
