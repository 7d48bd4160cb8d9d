//! A backup, and one of the instance that it was restored to: what a restore changes on purpose makes no difference.

use std::path::{Path, PathBuf};

use crate::jobs::Error;
use crate::jobs::diff::{Differences, KindDiff, Side};
use crate::jobs::restore::{BackupSource, RestoreFrom};
use crate::jobs::verify::{self, BackupsCompared, Difference, Verified};
use crate::model::entry::Role;
use crate::model::event::Observer;
use crate::model::payload::{PayloadKind, difference};

/// What to compare.
pub struct DiffRestored {
    pub before: Side,
    /// Of the instance that `before` was restored to.
    pub after: Side,
    /// Files did not come along.
    pub without_files: bool,
}

/// What no rule explains.
#[derive(Debug, Clone, Default)]
pub struct Unexplained {
    pub differences: Differences,
    /// Records that are missing or different, and why; the first ones.
    pub records: Vec<Difference>,
    /// Records that only the later backup has; the first ones.
    pub more: Vec<String>,
}

impl Unexplained {
    /// Whether the later backup says all that the earlier one does, and nothing more but events: an instance writes
    /// some of its own.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let is_same = |kind: &KindDiff| {
            let may_have_more = kind.kind == PayloadKind::Events.name();
            kind.removed + kind.changed == 0 && (kind.added == 0 || may_have_more)
        };
        self.differences.kinds.iter().all(is_same) && self.differences.fields.is_empty()
    }
}

impl DiffRestored {
    /// Compares both, in the archive at `archive` or on disk.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn run(&self, archive: &Path, observer: &dyn Observer) -> Result<Unexplained, Error> {
        let before = opened(&self.before, archive, observer)?;
        let after = opened(&self.after, archive, observer)?;
        let mut compared = verify::compare_backups(&before, &after, self.without_files, observer)?;
        let kinds = kinds(&compared.verified);
        let fields =
            [Role::Datamodel, Role::BaseConfig].into_iter().filter_map(|role| Some((role, fields(role, &compared)?)));
        let differences = Differences { kinds, fields: fields.collect(), ..Differences::default() };
        let records = std::mem::take(&mut compared.verified.differences);
        Ok(Unexplained { differences, records, more: compared.verified.more })
    }
}

fn opened(side: &Side, archive: &Path, observer: &dyn Observer) -> Result<BackupSource, Error> {
    BackupSource::of(&from(side), archive, observer)
}

fn from(side: &Side) -> RestoreFrom {
    match side {
        Side::Snapshot(name) => RestoreFrom::Snapshot(name.clone()),
        Side::Layout(path) => RestoreFrom::Directory(PathBuf::clone(path)),
    }
}

fn kinds(verified: &Verified) -> Vec<KindDiff> {
    let kind = |(tally, counts): (&String, &verify::Compared)| {
        let (kind, objecttype) = match tally.split_once(':') {
            Some((kind, objecttype)) => (kind, Some(objecttype.to_owned())),
            None => (tally.as_str(), None),
        };
        KindDiff {
            kind: kind.to_owned(),
            objecttype,
            added: counts.more,
            removed: counts.missing,
            changed: counts.different,
            unchanged: counts.same,
        }
    };
    verified.counts.iter().map(kind).collect()
}

/// How a document differs. A backup that has none leaves to the target what it has.
fn fields(role: Role, compared: &BackupsCompared) -> Option<Vec<difference::FieldChange>> {
    let of = |documents: &crate::fylr::target::Documents| match role {
        Role::Datamodel => documents.datamodel.clone(),
        _ => documents.base_config.clone(),
    };
    let (before, after) = (of(&compared.before.documents)?, of(&compared.after.documents).unwrap_or_default());
    let (before, after) = compared.comparing.documents(&before, &after);
    let mut changes = difference::differences(&before, &after);
    // Settings that the backup does not say are the target's own.
    changes.retain(|change| role != Role::BaseConfig || change.before.is_some());
    if changes.is_empty() { None } else { Some(changes) }
}
