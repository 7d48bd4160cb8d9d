//! Diff: what changed between two backups. Records are compared by the chunks they are, so that what is equal is never
//! read; what differs is matched by what the records are called.

mod entries;
mod form;
mod layout;
mod matching;
mod restored;
mod snapshots;
mod spool;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use entries::{EntryChange, EntryCounts};
pub(super) use matching::Matcher;
pub use matching::{KindDiff, RecordChange, What};
pub use restored::{DiffRestored, Unexplained};
pub(super) use snapshots::group;
pub(super) use spool::Spool;

use crate::archive::{Archive, RecordReader, Snapshot, SnapshotName, snapshot};
use crate::jobs::Error;
use crate::jobs::diff::entries::Entries;
use crate::model::entry::Role;
use crate::model::payload::{FieldChange, difference};

/// Datamodels and base configs up to this size are compared field by field.
const COMPARED_MAX: u64 = 64 << 20;

/// One of the two backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    Snapshot(SnapshotName),
    /// A backup in the standard layout on disk.
    Layout(PathBuf),
}

/// What to compare.
pub struct Diff {
    pub before: Side,
    pub after: Side,
    /// Whether every change is told, or only how many there are.
    pub details: bool,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// By kind and objecttype, in order of these.
    pub kinds: Vec<KindDiff>,
    /// Entries that are not compared record by record.
    pub entries: BTreeMap<Role, EntryCounts>,
    /// Of the data model and the base config, field by field; one change of the whole if it is no JSON.
    pub fields: Vec<(Role, Vec<FieldChange>)>,
}

impl Differences {
    /// Whether both backups hold the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let same = |counts: &EntryCounts| counts.added + counts.removed + counts.changed == 0;
        self.kinds.iter().all(KindDiff::is_empty) && self.entries.values().all(same) && self.fields.is_empty()
    }
}

/// A change, told one by one where details are wanted.
pub enum Change<'a> {
    Record(&'a KindDiff, RecordChange),
    Entry(EntryChange),
}

/// Records of one kind and objecttype.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Group {
    pub kind: String,
    pub objecttype: Option<String>,
}

impl Diff {
    /// Compares, in the archive at `archive`; `tell` hears every change if details are wanted.
    ///
    /// # Errors
    /// When a side cannot be read, both are on disk, or the first error of `tell`.
    pub fn run<E: From<Error>>(
        &self,
        archive: &Path,
        mut tell: impl FnMut(Change<'_>) -> Result<(), E>,
    ) -> Result<Differences, E> {
        let archive = Archive::open(archive).map_err(Error::from)?;
        let records = RecordReader::of(&archive).map_err(Error::from)?;
        let mut spool = Spool::new(self.details);
        let (matchers, mut entries) = self.compare(&archive, &records, &mut spool)?;
        entries.forget_signatures();
        let mut differences = Differences::default();
        for (group, matcher) in matchers {
            let found = matcher.run(group, &mut spool, |kind, change| tell(Change::Record(kind, change)))?;
            differences.kinds.push(found);
        }
        differences.entries = entries.counts;
        differences.fields = entries.compared.into_iter().filter_map(fields).collect();
        if self.details {
            entries.changes.into_iter().try_for_each(|change| tell(Change::Entry(change)))?;
        }
        Ok(differences)
    }

    fn compare(
        &self,
        archive: &Archive,
        records: &RecordReader,
        spool: &mut Spool,
    ) -> Result<(BTreeMap<Group, Matcher>, Entries), Error> {
        let find = |name| -> Result<Snapshot, Error> { Ok(snapshot::find(&archive.read()?, name)?) };
        match (&self.before, &self.after) {
            (Side::Snapshot(before), Side::Snapshot(after)) => {
                snapshots::compare(records, &find(before)?, &find(after)?, spool, self.details)
            }
            (Side::Snapshot(before), Side::Layout(after)) => {
                layout::compare(records, &find(before)?, after, spool, self.details)
            }
            (Side::Layout(before), Side::Snapshot(after)) => {
                let (mut matchers, mut entries) = layout::compare(records, &find(after)?, before, spool, self.details)?;
                matchers.values_mut().for_each(Matcher::reverse);
                entries.reverse();
                Ok((matchers, entries))
            }
            (Side::Layout(_), Side::Layout(_)) => Err(Error::TwoLayouts),
        }
    }
}

/// The fields that differ between two texts.
fn fields((role, before, after): (Role, Option<Vec<u8>>, Option<Vec<u8>>)) -> Option<(Role, Vec<FieldChange>)> {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let changes = match (&before, &after) {
        (Some(before), Some(after)) => difference::differences(before, after),
        (None, None) => Vec::new(),
        (before, after) => {
            vec![FieldChange {
                pointer: String::new(),
                before: before.as_ref().map(text),
                after: after.as_ref().map(text),
            }]
        }
    };
    if changes.is_empty() { None } else { Some((role, changes)) }
}
