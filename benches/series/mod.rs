//! A made-up backup series of one museum instance, the same bytes for the same parameters.
//!
//! Every record follows from (seed, id, revision) alone, so nothing is kept between snapshots and
//! a series of millions of records is written in the memory of a few payloads.

#![allow(clippy::cast_sign_loss, reason = "shares, ranks and lengths are never negative")]

mod base;
mod chance;
mod edits;
mod file;
mod linked;
mod manifest;
mod model;
mod objekt;
mod payload;
mod plan;
mod prose;
mod record;
mod templates;
mod words;

use std::io;
use std::path::{Path, PathBuf};

/// Raised whenever the same parameters give other bytes than before.
pub const EDITION: u32 = 1;

/// How a series is shaped. Shares are fractions of the records, each applied once per snapshot.
#[derive(Clone, Debug)]
pub struct Parameters {
    pub seed: u64,
    /// Records of the first snapshot, all object types together.
    pub records: u64,
    /// At most [`plan::SNAPSHOTS_MAX`].
    pub snapshots: u64,
    pub records_per_payload: usize,
    pub share_changed: f64,
    /// A fifth of the inserted records lie scattered between the others, the rest at the end.
    pub share_inserted: f64,
    pub share_deleted: f64,
    /// Share of all records that have a file with three signed addresses; only objects have one.
    pub share_with_file: f64,
    pub signatures: Signatures,
}

/// Whether the signature of a file's address is another one in every snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    Constant,
    Volatile,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            seed: 1,
            records: 200_000,
            snapshots: 5,
            records_per_payload: 1_000,
            share_changed: 0.01,
            share_inserted: 0.005,
            share_deleted: 0.002,
            share_with_file: 0.30,
            signatures: Signatures::Constant,
        }
    }
}

/// Writes all snapshots as `target/1`, `target/2`, … and returns these directories.
pub fn write_series(parameters: &Parameters, target: &Path) -> io::Result<Vec<PathBuf>> {
    (1..=parameters.snapshots)
        .map(|snapshot| {
            let dir = target.join(snapshot.to_string());
            write_snapshot(parameters, snapshot, &dir)?;
            Ok(dir)
        })
        .collect()
}

/// Writes one snapshot, counted from 1, as a standard layout directory.
pub fn write_snapshot(parameters: &Parameters, snapshot: u64, target: &Path) -> io::Result<()> {
    std::fs::create_dir_all(target)?;
    let mut payloads = base::write(target)?;
    payloads.extend(payload::write(parameters, snapshot, target)?);
    model::write(target)?;
    manifest::write(parameters, snapshot, &payloads, target)
}
