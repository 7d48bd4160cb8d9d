//! Tables checked row by row: what is derived from the packs, the runs, the names.

use std::collections::HashSet;

use redb::{ReadTransaction, ReadableTable as _};

use crate::archive::error::{Damage, Error};
use crate::archive::id::{ChunkNumber, ChunkRun};
use crate::archive::{drafts, extent, ids, index, snapshot, tables};

/// Extents whose pack or place is not there, and rows that are damaged.
pub(super) fn extents(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    for row in transaction.open_table(tables::EXTENTS)?.iter()? {
        let (first, sealed) = row?;
        errors.extend(extent::decode(first.value(), sealed.value()).err());
    }
    Ok(errors)
}

/// Chunks that packs hold but no extent places: what was in a damaged row of the extents.
pub(super) fn lost_extents(transaction: &ReadTransaction) -> Result<Vec<(ChunkRun, Damage)>, Error> {
    let mut lost = Vec::new();
    let extents = transaction.open_table(tables::EXTENTS)?;
    for row in extents.iter()? {
        let (first, sealed) = row?;
        let first = first.value();
        if extent::decode(first, sealed.value()).is_err() {
            let end = extents.range(first + 1..)?.next().transpose()?.map_or(first + 1, |(next, _)| next.value());
            let damage = Damage::Value { table: "extents", key: first.to_string() };
            lost.push((ChunkRun { first: ChunkNumber(first), count: end - first }, damage));
        }
    }
    Ok(lost)
}

/// That each id is in the index, and nothing else is.
pub(super) fn ids_and_index(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    let mut chunks = 0_u64;
    let table = transaction.open_table(tables::INDEX)?;
    let runs = index::runs(&transaction.open_table(tables::META)?)?;
    for row in transaction.open_table(tables::IDS)?.iter()? {
        let (first, sealed) = row?;
        match ids::decode(first.value(), sealed.value()) {
            Ok(run) => chunks += run.iter().count() as u64,
            Err(error) => errors.push(error),
        }
    }
    let mut entries = 0_u64;
    for run in &runs {
        match index::entries(&table, *run, |_| entries += 1) {
            Ok(()) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() && entries != chunks {
        errors.push(Damage::Value { table: "index", key: format!("{entries} entries for {chunks} chunks") }.into());
    }
    Ok(errors)
}

pub(super) fn runs(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    crate::archive::runs::flaws(transaction)
}

/// That each snapshot is found under its name, and no name leads nowhere.
pub(super) fn names(transaction: &ReadTransaction, expected: &HashSet<(String, u64)>) -> Result<Vec<Error>, Error> {
    let found = snapshot::names(transaction)?;
    let missing = expected.iter().filter(|name| !found.iter().flatten().any(|found| found == *name));
    let missing =
        missing.map(|(name, number)| Damage::Value { table: "names", key: format!("{name} {number}") }.into());
    let lost = found.iter().flatten().filter(|found| !expected.contains(*found));
    let lost = lost.map(|(_, number)| Damage::Value { table: "snapshots", key: number.to_string() }.into());
    let mut errors: Vec<Error> = missing.chain(lost).collect();
    errors.extend(found.into_iter().filter_map(Result::err));
    Ok(errors)
}

/// Drafts and their entries that are damaged.
pub(super) fn drafts(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    for draft in drafts::all(transaction)? {
        let looked = draft.and_then(|draft| draft.rows(transaction, |_, _| Ok::<(), Error>(())));
        errors.extend(looked.err());
    }
    Ok(errors)
}
