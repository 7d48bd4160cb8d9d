//! What a restore has already done on one target, so that it goes on there without doubles and without gaps.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Why a ledger, or a backup, does not answer.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A change: a key and what stands under it from then on, if anything.
pub type Change = (String, Option<String>);

/// Notes by keys, of one target. Keys are paths (`payload/0/db__ort.json`), values short texts.
pub trait Ledger: Send + Sync {
    /// What stands under a key.
    ///
    /// # Errors
    /// When it cannot be read.
    fn get(&self, key: &str) -> Result<Option<String>, Failed>;

    /// Hands over all notes whose keys begin so, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn under(&self, prefix: &str, visit: &mut dyn FnMut(&str, &str)) -> Result<(), Failed>;

    /// Notes changes, all at once. They are seen at once, and are safe a little later.
    ///
    /// # Errors
    /// When they, or some before them, could not be kept.
    fn put(&self, changes: Vec<Change>) -> Result<(), Failed>;

    /// Waits until everything noted is safe.
    ///
    /// # Errors
    /// When it could not be kept.
    fn settle(&self) -> Result<(), Failed>;
}

/// A ledger that ends with the program: for targets that do, too.
#[derive(Debug, Default)]
pub struct Fleeting(Mutex<BTreeMap<String, String>>);

impl Ledger for Fleeting {
    fn get(&self, key: &str) -> Result<Option<String>, Failed> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn under(&self, prefix: &str, visit: &mut dyn FnMut(&str, &str)) -> Result<(), Failed> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = notes.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        found.for_each(|(key, value)| visit(key, value));
        Ok(())
    }

    fn put(&self, changes: Vec<Change>) -> Result<(), Failed> {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in changes {
            match value {
                Some(value) => drop(notes.insert(key, value)),
                None => drop(notes.remove(&key)),
            }
        }
        Ok(())
    }

    fn settle(&self) -> Result<(), Failed> {
        Ok(())
    }
}
