//! How a restore went on one target.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Things set aside that are held for the end of a run; all of them are in the ledger.
pub const ASIDE_MAX: usize = 1000;

/// Items of one kind, `user` or `db:objekt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Written by this run.
    pub done: u64,
    /// On the target already.
    pub there: u64,
    /// Refused or not to be had.
    pub aside: u64,
    /// Left out on purpose.
    pub skipped: u64,
}

/// Something that did not go in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// `objekt 4711, version 2`
    pub what: String,
    pub why: String,
}

/// All that there is to say in the end.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    pub tallies: BTreeMap<String, Tally>,
    /// The first of what was set aside, and how much it is in all.
    pub aside: Vec<Aside>,
    pub aside_count: u64,
    /// What was left out or changed, and how often.
    pub notes: BTreeMap<String, u64>,
    pub file_bytes: u64,
    /// Files that the target has yet to fetch.
    pub files_coming: u64,
}

/// The report while it grows.
#[derive(Debug, Default)]
pub(crate) struct Report(Mutex<Restored>);

impl Report {
    pub fn count(&self, kind: &str, add: impl FnOnce(&mut Tally)) {
        let mut restored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        add(restored.tallies.entry(kind.to_owned()).or_default());
    }

    pub fn sent(&self, bytes: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).file_bytes += bytes;
    }

    pub fn aside(&self, kind: &str, aside: Aside) {
        let mut restored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        restored.tallies.entry(kind.to_owned()).or_default().aside += 1;
        restored.aside_count += 1;
        if restored.aside.len() < ASIDE_MAX {
            restored.aside.push(aside);
        }
    }

    pub fn take(&self) -> Restored {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
