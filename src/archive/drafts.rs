//! Drafts: backups that are not finished yet. A draft keeps the entries that are complete, so that the same backup goes
//! on where it ended, whatever ended it. What a draft names is in use, as what a snapshot names is.

use bincode::{Decode, Encode};
use redb::{ReadTransaction, ReadableTable as _, TableError, WriteTransaction};

use crate::archive::chunks::Chunks;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::file::ArchiveMut;
use crate::archive::id::RunId;
use crate::archive::list::{FileBody, Row, StoredRow};
use crate::archive::rebuild::Rebuilder;
use crate::archive::snapshot::name_key;
use crate::archive::{codec, seal, tables};
use crate::model::path::EntryPath;

const TABLE: &str = "drafts";

/// An unfinished backup. There is one of a name at a time.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Draft {
    pub name: String,
    /// The run that began it.
    pub run: RunId,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub started: i64,
    /// What the job that makes the backup must know to go on; nobody else reads it.
    pub state: Vec<u8>,
    /// Entries that are complete.
    pub entries: u64,
    /// Plain bytes that the archive did not hold before.
    pub bytes_new: u64,
    /// Bytes that they take in packs.
    pub bytes_stored: u64,
    /// Rows of the table with entries.
    pages: u64,
}

/// A row and how many of its records are new.
pub(crate) type Kept = (StoredRow, u64);

impl Draft {
    /// One without entries.
    #[must_use]
    pub fn new(name: String, run: RunId, started: i64, state: Vec<u8>) -> Self {
        Self { name, run, started, state, entries: 0, bytes_new: 0, bytes_stored: 0, pages: 0 }
    }

    /// Writes the draft with more entries.
    pub(crate) fn add(&mut self, transaction: &WriteTransaction, rows: &[Kept]) -> Result<(), Error> {
        let mut table = transaction.open_table(tables::DRAFTS)?;
        if !rows.is_empty() {
            self.entries += rows.len() as u64;
            self.pages += 1;
            let page = seal::seal(TABLE, &name_key(&self.name, self.pages), codec::encode(&rows));
            table.insert((self.name.as_str(), self.pages), page.as_slice())?;
        }
        let head = seal::seal(TABLE, &name_key(&self.name, 0), codec::encode(self));
        table.insert((self.name.as_str(), 0), head.as_slice())?;
        Ok(())
    }

    /// Visits every entry that is complete, in the order in which they came, with how many of its records were new.
    ///
    /// # Errors
    /// When a row of the table is damaged or missing, or the first error of `visit`.
    pub fn rows<E: From<Error>>(
        &self,
        transaction: &ReadTransaction,
        mut visit: impl FnMut(Row, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        for page in 1..=self.pages {
            let rows = guarded(|| self.page(transaction, page)).and_then(|rows| rows)?;
            for (row, new_records) in rows {
                let row = row.row().ok_or_else(|| Error::from(self.damage(page)))?;
                visit(row, new_records)?;
            }
        }
        Ok(())
    }

    fn page(&self, transaction: &ReadTransaction, page: u64) -> Result<Vec<Kept>, Error> {
        let table = transaction.open_table(tables::DRAFTS)?;
        let value = table.get((self.name.as_str(), page))?.ok_or_else(|| self.damage(page))?;
        let bytes = seal::open(TABLE, &name_key(&self.name, page), value.value()).map_err(|_| self.damage(page))?;
        Ok(codec::decode(bytes).map_err(|_| self.damage(page))?)
    }

    fn damage(&self, page: u64) -> Damage {
        damage(&self.name, page)
    }
}

fn damage(name: &str, page: u64) -> Damage {
    Damage::Value { table: TABLE, key: format!("{name} {page}") }
}

/// All drafts; a damaged one is an item, not the end.
///
/// # Errors
/// When the table cannot be walked.
pub fn all(transaction: &ReadTransaction) -> Result<Vec<Result<Draft, Error>>, Error> {
    guarded(|| {
        let table = match transaction.open_table(tables::DRAFTS) {
            // Archives know drafts only since one was begun.
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            table => table?,
        };
        let mut drafts = Vec::new();
        for row in table.iter()? {
            let (key, value) = row?;
            if let (name, 0) = key.value() {
                drafts.push(decode(name, value.value()));
            }
        }
        Ok(drafts)
    })?
}

fn decode(name: &str, sealed: &[u8]) -> Result<Draft, Error> {
    let damaged = || damage(name, 0);
    let bytes = seal::open(TABLE, &name_key(name, 0), sealed).map_err(|_| damaged())?;
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}

/// The draft of this backup name.
///
/// # Errors
/// When it is damaged.
pub fn find(transaction: &ReadTransaction, name: &str) -> Result<Option<Draft>, Error> {
    guarded(|| {
        let table = match transaction.open_table(tables::DRAFTS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            table => table?,
        };
        let value = table.get((name, 0))?;
        value.map(|value| decode(name, value.value())).transpose()
    })?
}

/// Takes the draft of this name away.
pub(crate) fn remove(transaction: &WriteTransaction, name: &str) -> Result<(), Error> {
    let mut table = transaction.open_table(tables::DRAFTS)?;
    table.retain_in((name, 0)..=(name, u64::MAX), |_, _| false)?;
    Ok(())
}

impl ArchiveMut {
    /// Notes that a backup begins, so that an unfinished one is known from its first moment.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin_draft(&self, draft: &mut Draft) -> Result<(), Error> {
        tables::write(&self.database, |transaction| draft.add(transaction, &[]))
    }

    /// Gives up the draft of this name; what only it names can be pruned.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn discard_draft(&self, name: &str) -> Result<(), Error> {
        tables::write(&self.database, |transaction| remove(transaction, name))
    }
}

/// Reads entries of a draft back.
pub struct DraftReader(Chunks);

impl DraftReader {
    /// # Errors
    /// When the archive's tables cannot be read.
    pub fn new(transaction: &ReadTransaction) -> Result<Self, Error> {
        Ok(Self(Chunks::new(transaction)?))
    }

    /// Hands on the plain bytes of one entry, block by block.
    ///
    /// # Errors
    /// When it cannot be rebuilt, or the first error of `give`; the blocks before an error must not be used.
    pub fn read<E: From<Error>>(
        &self,
        path: &EntryPath,
        body: &FileBody,
        give: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        Rebuilder::new(&self.0).rebuild(path, body, give)
    }
}
