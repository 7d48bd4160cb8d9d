//! Chunk numbers are given once: not again when their chunk is gone, and not when the run that gave them ended before
//! it committed them. So whatever of such a run is found in a damaged file can be mistaken for nothing else.

use redb::{ReadableTable, WriteTransaction};

use crate::archive::error::{Damage, Error};
use crate::archive::id::ChunkNumber;
use crate::archive::{codec, extent, seal, tables};

/// Numbers that are left out after a run that did not end well: more than one can have given out without a commit.
const SKIPPED: u64 = 1 << 24;
const META_KEY: &str = "numbers";

/// The number that the next new chunk gets.
///
/// # Errors
/// When the last extent or the row with the floor is damaged.
pub fn next(
    extents: &impl ReadableTable<u64, &'static [u8]>,
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<ChunkNumber, Error> {
    Ok(extent::next_number(extents)?.max(floor(meta)?))
}

/// No number below is given any more.
fn floor(meta: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<ChunkNumber, Error> {
    let Some(sealed) = meta.get(META_KEY)? else { return Ok(ChunkNumber(0)) };
    let damaged = || Damage::Value { table: "meta", key: META_KEY.to_owned() };
    let bytes = seal::open("meta", META_KEY.as_bytes(), sealed.value()).map_err(|_| damaged())?;
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}

/// From here on no number below the next one is given, whatever becomes of the chunks that have them.
///
/// # Errors
/// As [`next`], and when the database refuses.
pub fn keep(transaction: &WriteTransaction) -> Result<(), Error> {
    raise(transaction, 0)
}

/// From here on no number is given that a run may have given which ended without a commit.
///
/// # Errors
/// As [`next`], and when the database refuses.
pub fn skip(transaction: &WriteTransaction) -> Result<(), Error> {
    raise(transaction, SKIPPED)
}

fn raise(transaction: &WriteTransaction, by: u64) -> Result<(), Error> {
    let mut meta = transaction.open_table(tables::META)?;
    let floor = next(&transaction.open_table(tables::EXTENTS)?, &meta)?.plus(by);
    meta.insert(META_KEY, seal::seal("meta", META_KEY.as_bytes(), codec::encode(&floor)).as_slice())?;
    Ok(())
}
