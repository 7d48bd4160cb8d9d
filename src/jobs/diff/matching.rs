//! Records that only one of two backups holds, matched: one that both hold under the same name has changed.

use std::collections::BTreeMap;

use crate::jobs::Error;
use crate::jobs::diff::Group;
use crate::jobs::diff::form::Form;
use crate::jobs::diff::spool::{Kept, Spool};
use crate::model::payload::{FieldChange, Identity, difference};

/// How many records of one kind and objecttype were added, removed and changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindDiff {
    pub kind: String,
    pub objecttype: Option<String>,
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub unchanged: u64,
}

impl KindDiff {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added + self.removed + self.changed == 0
    }
}

/// A record that was added, removed or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChange {
    /// What the record is called: as it is after the change, if it still is.
    pub identity: Identity,
    pub what: What,
}

/// What happened to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Added,
    Removed,
    Changed(Vec<FieldChange>),
}

/// A record that only one side holds.
#[derive(Debug, Clone)]
struct Single {
    identity: Identity,
    form: Form,
    kept: Kept,
}

/// The records of one kind and objecttype that only one side holds.
#[derive(Debug, Default)]
pub(in crate::jobs) struct Matcher {
    before: Vec<Single>,
    after: Vec<Single>,
    pub(in crate::jobs) unchanged: u64,
}

/// By which singles are brought together, in an order that people expect: numbers by their size.
type MatchKey = (u8, usize, String);

fn key(single: &Single) -> Option<MatchKey> {
    use crate::model::payload::identity::Key;
    Some(match single.identity.key() {
        Some(Key::SystemObjectId(id)) => (0, id.len(), id.to_owned()),
        Some(Key::Uuid(id)) => (1, 0, id.to_owned()),
        Some(Key::Reference(id)) => (2, 0, id.to_owned()),
        None => (3, 0, single.form.name.clone()?),
    })
}

impl Matcher {
    pub(in crate::jobs) fn add_before(&mut self, record: &[u8], spool: &mut Spool) -> Result<(), Error> {
        self.before.push(single(record, spool)?);
        Ok(())
    }

    pub(in crate::jobs) fn add_after(&mut self, record: &[u8], spool: &mut Spool) -> Result<(), Error> {
        self.after.push(single(record, spool)?);
        Ok(())
    }

    /// Takes over what was found elsewhere of the same kind and objecttype.
    pub(in crate::jobs) fn join(&mut self, other: Self) {
        self.before.extend(other.before);
        self.after.extend(other.after);
        self.unchanged += other.unchanged;
    }

    /// Looks at it from the other side.
    pub(in crate::jobs) fn reverse(&mut self) {
        std::mem::swap(&mut self.before, &mut self.after);
    }

    /// Matches, counts, and tells every change if records were kept.
    ///
    /// # Errors
    /// When a kept record cannot be read, or the first error of `tell`.
    pub(in crate::jobs) fn run<E: From<Error>>(
        self,
        group: Group,
        spool: &mut Spool,
        mut tell: impl FnMut(&KindDiff, RecordChange) -> Result<(), E>,
    ) -> Result<KindDiff, E> {
        let mut found = KindDiff { kind: group.kind, objecttype: group.objecttype, ..KindDiff::default() };
        found.unchanged = self.unchanged;
        let mut named: BTreeMap<MatchKey, (Vec<Single>, Vec<Single>)> = BTreeMap::new();
        let mut nameless = (Vec::new(), Vec::new());
        for single in self.before {
            match key(&single) {
                Some(key) => named.entry(key).or_default().0.push(single),
                None => nameless.0.push(single),
            }
        }
        for single in self.after {
            match key(&single) {
                Some(key) => named.entry(key).or_default().1.push(single),
                None => nameless.1.push(single),
            }
        }
        let mut changes = Vec::new();
        for (before, after) in named.into_values() {
            pair(before, after, &mut changes);
        }
        changes.extend(nameless.0.into_iter().map(|single| (Some(single), None)));
        changes.extend(nameless.1.into_iter().map(|single| (None, Some(single))));
        for (before, after) in changes {
            if let (Some(before), Some(after)) = (&before, &after)
                && before.form.mark == after.form.mark
            {
                found.unchanged += 1;
                continue;
            }
            if let Some(change) = found.count(before, after, spool)? {
                tell(&found, change)?;
            }
        }
        Ok(found)
    }
}

fn single(record: &[u8], spool: &mut Spool) -> Result<Single, Error> {
    Ok(Single {
        identity: Identity::of(record),
        form: Form::of(record),
        kept: spool.keep(record).map_err(Error::Spool)?,
    })
}

/// Brings the versions of one object together: those with the same number; and where each side has a single one that is
/// left, these, for a backup of the latest versions alone shows a new version as a change.
fn pair(mut before: Vec<Single>, mut after: Vec<Single>, changes: &mut Vec<(Option<Single>, Option<Single>)>) {
    let first = changes.len();
    let is_single = before.len() == 1 && after.len() == 1;
    before.retain(|old| {
        let is_same = |new: &Single| is_single || new.identity.version == old.identity.version;
        let says_the_same = |new: &Single| new.form.mark == old.form.mark;
        match after.iter().position(says_the_same).or_else(|| after.iter().position(is_same)) {
            Some(at) => {
                changes.push((Some(old.clone()), Some(after.remove(at))));
                false
            }
            None => true,
        }
    });
    changes.extend(before.into_iter().map(|old| (Some(old), None)));
    changes.extend(after.into_iter().map(|new| (None, Some(new))));
    let version = |(old, new): &(Option<Single>, Option<Single>)| {
        let version = new.as_ref().or(old.as_ref()).and_then(|single| single.identity.version.clone());
        version.map(|version| (version.len(), version))
    };
    changes[first..].sort_by_key(version);
}

impl KindDiff {
    /// Counts a change; what it was, if records were kept.
    fn count(
        &mut self,
        before: Option<Single>,
        after: Option<Single>,
        spool: &mut Spool,
    ) -> Result<Option<RecordChange>, Error> {
        let (old, new) = (before.as_ref().map(|single| single.kept), after.as_ref().map(|single| single.kept));
        match (old, new) {
            (Some(_), Some(_)) => self.changed += 1,
            (Some(_), None) => self.removed += 1,
            _ => self.added += 1,
        }
        let mut record = |kept: Option<Kept>| match kept {
            Some(kept) => spool.get(kept).map_err(Error::Spool),
            None => Ok(None),
        };
        let what = match (record(old)?, record(new)?) {
            (Some(before), Some(after)) => What::Changed(difference::differences(&before, &after)),
            (Some(_), None) => What::Removed,
            (None, Some(_)) => What::Added,
            (None, None) => return Ok(None),
        };
        let identity = after.or(before).map(|single| single.identity).unwrap_or_default();
        Ok(Some(RecordChange { identity, what }))
    }
}
