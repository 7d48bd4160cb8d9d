//! What belongs to a run beside its log: what was asked for, how far it is, kinds of trouble, and its report.

use bincode::{Decode, Encode};
use redb::{ReadTransaction, WriteTransaction};

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::RunId;
use crate::archive::runs::log::open;
use crate::archive::{codec, seal, tables};
use crate::model::log::Level;

const TABLE: &str = "run_parts";

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// JSON, without secrets.
    Request = 1,
    Progress = 2,
    /// JSON.
    Report = 3,
    Groups = 4,
}

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Progress {
    /// When it was so: nanoseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// `backup`, `restore`
    pub verb: String,
    /// What is done at the moment, as the job calls it.
    pub phase: String,
    /// Records of the phase; 0 if their number is unknown.
    pub phase_total: u64,
    pub phase_done: u64,
    /// Records of all phases; 0 if their number is unknown.
    pub total: u64,
    pub done: u64,
    pub bytes_total: u64,
    pub bytes: u64,
    pub entries: u64,
    /// Why nothing moves, and until when, in nanoseconds since 1970-01-01T00:00:00Z.
    pub waiting: Option<(String, i64)>,
    /// One for each target of a restore to several.
    pub targets: Vec<TargetProgress>,
}

/// How far a restore is on one of its targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct TargetProgress {
    pub name: String,
    pub phase: String,
    pub phase_total: u64,
    pub phase_done: u64,
    pub done: u64,
}

/// Trouble of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Group {
    pub level: Level,
    /// What is the same in all lines of the kind.
    pub what: String,
    pub count: u64,
    /// The number of the first line of the kind.
    pub first: u64,
}

/// Puts a part into the place of what is there.
pub(crate) fn put(transaction: &WriteTransaction, id: RunId, part: Part, bytes: Vec<u8>) -> Result<(), Error> {
    let key = (id.0, part as u64);
    let sealed = seal::seal(TABLE, &tables::pair_of(key.0, key.1), bytes);
    transaction.open_table(tables::RUN_PARTS)?.insert(key, sealed.as_slice())?;
    Ok(())
}

/// How far a run was when that was last noted.
///
/// # Errors
/// When it is damaged.
pub fn progress(transaction: &ReadTransaction, id: RunId) -> Result<Option<Progress>, Error> {
    let bytes = get(transaction, id, Part::Progress)?;
    bytes.map(|bytes| codec::decode(&bytes).map_err(|_| damage(id, Part::Progress).into())).transpose()
}

/// The kinds of trouble of a run, the most frequent first.
///
/// # Errors
/// When they are damaged.
pub fn groups(transaction: &ReadTransaction, id: RunId) -> Result<Vec<Group>, Error> {
    match get(transaction, id, Part::Groups)? {
        None => Ok(Vec::new()),
        Some(bytes) => Ok(codec::decode(&bytes).map_err(|_| damage(id, Part::Groups))?),
    }
}

/// What was asked for, as JSON without secrets.
///
/// # Errors
/// When it is damaged.
pub fn request(transaction: &ReadTransaction, id: RunId) -> Result<Option<String>, Error> {
    text(transaction, id, Part::Request)
}

/// What the run has to say at its end, as JSON.
///
/// # Errors
/// When it is damaged.
pub fn report(transaction: &ReadTransaction, id: RunId) -> Result<Option<String>, Error> {
    text(transaction, id, Part::Report)
}

/// That all parts of a run can be read.
pub(super) fn check(transaction: &ReadTransaction, id: RunId) -> Result<(), Error> {
    progress(transaction, id)?;
    groups(transaction, id)?;
    request(transaction, id)?;
    report(transaction, id)?;
    Ok(())
}

fn text(transaction: &ReadTransaction, id: RunId, part: Part) -> Result<Option<String>, Error> {
    let bytes = get(transaction, id, part)?;
    bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| damage(id, part).into())).transpose()
}

fn get(transaction: &ReadTransaction, id: RunId, part: Part) -> Result<Option<Vec<u8>>, Error> {
    guarded(|| {
        let Some(table) = open(transaction, tables::RUN_PARTS)? else { return Ok(None) };
        let Some(value) = table.get((id.0, part as u64))? else { return Ok(None) };
        let bytes = seal::open(TABLE, &tables::pair_of(id.0, part as u64), value.value());
        Ok(Some(bytes.map_err(|_| damage(id, part))?.to_vec()))
    })?
}

fn damage(id: RunId, part: Part) -> Damage {
    Damage::Value { table: TABLE, key: format!("{id} {}", part as u64) }
}

impl Progress {
    pub(crate) fn encoded(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// The bytes of kinds of trouble.
pub(crate) fn encoded_groups(groups: Vec<Group>) -> Vec<u8> {
    codec::encode(&groups)
}
