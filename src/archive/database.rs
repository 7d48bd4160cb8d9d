//! A database that is held open, and let go of in order: redb can panic when it closes a damaged one, and that must
//! spoil neither what was seen of it nor the error that is on its way.

use std::ops::Deref;

use redb::Database;

use crate::archive::error::guarded;

/// Held open until it is dropped or closed.
pub(crate) struct OpenDatabase(Option<Database>);

impl OpenDatabase {
    pub(crate) fn new(database: Database) -> Self {
        Self(Some(database))
    }

    /// The database itself, for who closes it.
    pub(crate) fn into_inner(mut self) -> Database {
        self.0.take().expect("it is there until it is dropped")
    }
}

impl Deref for OpenDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for OpenDatabase {
    fn drop(&mut self) {
        let database = self.0.take();
        drop(guarded(|| drop(database)));
    }
}
