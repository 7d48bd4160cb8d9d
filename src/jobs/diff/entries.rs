//! Entries that are not compared record by record: files, renditions, and whatever else there is, by their digests. The
//! manifest and the logs differ in every backup and are left out.

use std::collections::{BTreeMap, HashMap};

use crate::jobs::Error;
use crate::model::entry::{Digest, Role};
use crate::model::path::EntryPath;
use crate::model::payload::volatile;

/// How many entries of one role were added, removed and changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EntryCounts {
    pub added: u64,
    pub removed: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// An entry that was added, removed or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange {
    pub role: Role,
    pub path: EntryPath,
    /// `None` if it was not there.
    pub before: Option<Digest>,
    /// `None` if it is not there any more.
    pub after: Option<Digest>,
}

/// What was found of the entries.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) counts: BTreeMap<Role, EntryCounts>,
    /// Only if they are wanted.
    pub(super) changes: Vec<EntryChange>,
    /// Data models and base configs that differ: their bytes before and after, as far as they can be compared.
    pub(super) compared: Vec<(Role, Option<Vec<u8>>, Option<Vec<u8>>)>,
    before: HashMap<[u8; 16], (Role, Digest)>,
    details: bool,
}

/// Whether an entry of this role is compared here.
pub(super) fn is_compared(role: Role) -> bool {
    !matches!(role, Role::Manifest | Role::Log)
}

impl Entries {
    pub(super) fn new(details: bool) -> Self {
        Self { details, ..Self::default() }
    }

    /// An entry of the one backup. All of these come first.
    pub(super) fn before(&mut self, role: Role, path: &EntryPath, digest: Digest) {
        if is_compared(role) {
            self.before.insert(short(path), (role, digest));
        }
    }

    /// Whether the one backup has this entry, and it has not been met in the other.
    pub(super) fn has_before(&self, path: &EntryPath) -> bool {
        self.before.contains_key(&short(path))
    }

    /// An entry of the other; whether it was there before and is another one now.
    pub(super) fn after(&mut self, role: Role, path: &EntryPath, digest: Digest) -> bool {
        if !is_compared(role) {
            return false;
        }
        let before = self.before.remove(&short(path)).map(|(_, digest)| digest);
        let counts = self.counts.entry(role).or_default();
        match before {
            Some(before) if before == digest => counts.unchanged += 1,
            Some(_) => counts.changed += 1,
            None => counts.added += 1,
        }
        if self.details && before != Some(digest) {
            self.changes.push(EntryChange { role, path: path.clone(), before, after: Some(digest) });
        }
        before.is_some_and(|before| before != digest)
    }

    /// Counts what is left: it was removed. `paths` hands over every entry of the one backup again.
    ///
    /// # Errors
    /// As `paths`.
    pub(super) fn finish(
        &mut self,
        paths: impl FnOnce(&mut dyn FnMut(&EntryPath)) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (role, _) in self.before.values() {
            self.counts.entry(*role).or_default().removed += 1;
        }
        if self.details && !self.before.is_empty() {
            let (before, changes) = (&self.before, &mut self.changes);
            paths(&mut |path| {
                if let Some((role, digest)) = before.get(&short(path)) {
                    let (role, before) = (*role, Some(*digest));
                    changes.push(EntryChange { role, path: path.clone(), before, after: None });
                }
            })?;
        }
        self.changes.sort_by(|one, other| (one.role, &one.path).cmp(&(other.role, &other.path)));
        Ok(())
    }

    /// Data models and base configs that differ in nothing but signatures of URLs are what they were.
    pub(super) fn forget_signatures(&mut self) {
        let mut same = Vec::new();
        for (role, before, after) in &mut self.compared {
            for text in [&mut *before, &mut *after].into_iter().flatten() {
                let stripped = volatile::strip(text, &mut Vec::new());
                text.truncate(stripped.len);
            }
            let counts = self.counts.entry(*role).or_default();
            if before == after && counts.changed > 0 {
                counts.changed -= 1;
                counts.unchanged += 1;
                same.push(*role);
            }
        }
        self.compared.retain(|(role, _, _)| !same.contains(role));
        self.changes.retain(|change| !same.contains(&change.role));
    }

    /// Looks at it from the other side.
    pub(super) fn reverse(&mut self) {
        self.counts.values_mut().for_each(|counts| std::mem::swap(&mut counts.added, &mut counts.removed));
        self.changes.iter_mut().for_each(|change| std::mem::swap(&mut change.before, &mut change.after));
        self.compared.iter_mut().for_each(|(_, before, after)| std::mem::swap(before, after));
    }
}

/// Paths by the million are kept by their hash.
fn short(path: &EntryPath) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(path.as_bytes()).as_bytes()[..16]);
    short
}
