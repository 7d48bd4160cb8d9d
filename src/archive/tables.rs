//! The tables of an archive. Every value but the packs, which carry their own BLAKE3, is sealed ([`super::seal`]).

use redb::{ReadableTable as _, TableDefinition};

use crate::archive::error::{Error, guarded};

/// `header`, `tail`, `index`.
pub const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Pack id → pack.
pub const PACKS: TableDefinition<u64, &[u8]> = TableDefinition::new("packs");
/// First chunk number of a run → where its chunks stand. Derived from the packs.
pub const EXTENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("extents");
/// First chunk number of a run → the ids of its chunks. Derived from the packs.
pub const IDS: TableDefinition<u64, &[u8]> = TableDefinition::new("ids");
/// (Index run, first id prefix) → block of the chunk index. Derived from the ids.
pub const INDEX: TableDefinition<(u32, u64), &[u8]> = TableDefinition::new("index");
/// Snapshot number → snapshot.
pub const SNAPSHOTS: TableDefinition<u64, &[u8]> = TableDefinition::new("snapshots");
/// (Backup name, snapshot number) → nothing but the seal.
pub const NAMES: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("names");
/// (Backup name, 0) → draft; (backup name, page) → entries of it. There only since a draft was begun.
pub const DRAFTS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("drafts");
/// (Ledger number, key) → note; the empty key has the head. There only since a ledger was begun.
pub const LEDGERS: TableDefinition<(u64, &str), &[u8]> = TableDefinition::new("ledgers");
/// Run id → run.
pub const RUNS: TableDefinition<u64, &[u8]> = TableDefinition::new("runs");
/// (Run id, number of the first line) → block of lines of its log. There only since a run wrote one.
pub const RUN_LINES: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("run_lines");
/// (Run id, number of the first line) → how many warnings and errors the block holds, if any.
pub const RUN_MARKS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("run_marks");
/// (Run id, which part) → what was asked for, how far it is, kinds of trouble, report.
pub const RUN_PARTS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("run_parts");
/// (Run id, line number) → line of its log, as earlier versions wrote it.
pub const RUN_LOG: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("run_log");

/// Creates every table that is not there.
///
/// # Errors
/// As redb's.
pub fn create(transaction: &redb::WriteTransaction) -> Result<(), redb::TableError> {
    transaction.open_table(META)?;
    transaction.open_table(PACKS)?;
    transaction.open_table(EXTENTS)?;
    transaction.open_table(IDS)?;
    transaction.open_table(INDEX)?;
    transaction.open_table(SNAPSHOTS)?;
    transaction.open_table(NAMES)?;
    transaction.open_table(RUNS)?;
    transaction.open_table(RUN_LOG)?;
    Ok(())
}

/// Starts a write transaction the way every write of ours is done: durable, and with the allocator saved, so that an
/// archive that was not closed opens in milliseconds.
///
/// # Errors
/// When the database refuses.
pub fn begin_write(database: &redb::Database) -> Result<redb::WriteTransaction, Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// One transaction from beginning to end: all of `work`, or nothing.
///
/// # Errors
/// The first error of `work`, or when the database refuses or is damaged.
pub fn write<T>(
    database: &redb::Database,
    work: impl FnOnce(&redb::WriteTransaction) -> Result<T, Error>,
) -> Result<T, Error> {
    guarded(|| {
        let transaction = begin_write(database)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    })?
}

/// Writes a table anew, in order, so that its rows fill their pages: `copy` moves them from the old one.
///
/// # Errors
/// The first error of `copy`, or when the database refuses.
pub fn rewrite(
    transaction: &redb::WriteTransaction,
    definition: TableDefinition<u64, &'static [u8]>,
    copy: impl FnOnce(&NumberedTable<'_>, &mut NumberedTable<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    const NEW: TableDefinition<u64, &[u8]> = TableDefinition::new("new");
    let (old, mut new) = (transaction.open_table(definition)?, transaction.open_table(NEW)?);
    copy(&old, &mut new)?;
    drop((old, new));
    transaction.delete_table(definition)?;
    transaction.rename_table(NEW, definition)?;
    Ok(())
}

/// A table whose keys are numbers.
pub type NumberedTable<'t> = redb::Table<'t, u64, &'static [u8]>;

/// Moves rows as they are.
///
/// # Errors
/// When the database refuses.
pub fn copy_rows(old: &NumberedTable<'_>, new: &mut NumberedTable<'_>) -> Result<(), Error> {
    for row in old.iter()? {
        let (key, value) = row?;
        new.insert(key.value(), value.value())?;
    }
    Ok(())
}

/// A key's bytes for its seal.
pub fn key_of(key: u64) -> [u8; 8] {
    key.to_le_bytes()
}

/// A two-part key's bytes for its seal.
pub fn pair_of(first: u64, second: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes[8..].copy_from_slice(&second.to_le_bytes());
    bytes
}
