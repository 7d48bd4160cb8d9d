//! Snapshots: finished backups. A snapshot's row is written last; only what people call it changes: its backup name and
//! its tags.

use bincode::{Decode, Encode};
use redb::ReadableTable as _;

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::{ChunkRun, RunId, SnapshotNumber};
use crate::archive::{codec, seal, tables};

/// The key in `meta` of the last number given.
const LAST: &str = "snapshots";

/// What an archive knows of a finished backup without looking at its entries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Snapshot {
    pub number: SnapshotNumber,
    pub name: String,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    pub run: RunId,
    pub source: Source,
    /// The pages of the list of entries, in order.
    pub list: Vec<ChunkRun>,
    pub counts: Counts,
    pub kinds: Vec<KindCount>,
    pub added: Added,
    pub tags: Vec<String>,
}

/// The instance that a backup came from, as far as the manifest tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Source {
    pub name: Option<String>,
    pub url: Option<String>,
    pub kind: Option<String>,
    pub version: Option<String>,
    pub finished_at: Option<String>,
}

/// Entries by what they are for, and their plain bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
    pub entries: u64,
    pub bytes: u64,
    pub payloads: u64,
    pub payload_bytes: u64,
    pub records: u64,
    pub files: u64,
    pub renditions: u64,
    pub file_bytes: u64,
    pub logs: u64,
    pub unlisted: u64,
    pub folders: u64,
    /// Payloads that the manifest names but that were not there.
    pub missing: u64,
    /// Payloads that hold no records.
    pub flawed: u64,
}

/// The payloads of one kind and objecttype.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KindCount {
    pub kind: String,
    pub objecttype: Option<String>,
    pub payloads: u64,
    pub records: u64,
    pub older_versions: u64,
    pub bytes: u64,
    /// Records that no earlier snapshot held.
    pub new_records: u64,
}

/// What the snapshot brought into the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Added {
    /// Records that were not there yet, each counted once.
    pub records: u64,
    /// Plain bytes of all chunks that were not there yet.
    pub bytes_plain: u64,
    /// Bytes that they take in packs.
    pub bytes_stored: u64,
}

/// How a person names a snapshot: a number, a backup name (its newest), or `NAME~N` (the Nth before the newest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotName {
    Number(SnapshotNumber),
    Backup { name: String, back: u64 },
}

impl std::str::FromStr for SnapshotName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(SnapshotNumber(number)));
        }
        let (name, back) = match text.split_once('~') {
            None => (text, 0),
            Some((name, "")) => (name, 1),
            Some((name, back)) => (name, back.parse().map_err(|_| NameError::Back(text.to_owned()))?),
        };
        Ok(Self::Backup { name: backup_name(name)?, back })
    }
}

/// Why a text names no snapshot or backup.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("\"{0}\" is no backup name: 1 to 100 of A-Z a-z 0-9 . _ -, not starting with . or -, not all digits")]
    Name(String),
    #[error("\"{0}\" is no tag: 1 to 100 bytes without spaces and commas, not starting with + or -")]
    Tag(String),
    #[error("\"{0}\" is no snapshot: after ~ stands how many snapshots to go back")]
    Back(String),
}

/// Checks a backup name.
///
/// # Errors
/// When it breaks the rule that the error tells.
pub fn backup_name(name: &str) -> Result<String, NameError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_name = (1..=100).contains(&name.len())
        && name.bytes().all(legal)
        && !name.starts_with(['.', '-'])
        && !name.bytes().all(|byte| byte.is_ascii_digit());
    if is_name { Ok(name.to_owned()) } else { Err(NameError::Name(name.to_owned())) }
}

/// Checks a tag.
///
/// # Errors
/// When it breaks the rule that the error tells.
pub fn tag(text: &str) -> Result<String, NameError> {
    let legal = |character: char| !character.is_whitespace() && !character.is_control() && character != ',';
    let is_tag = (1..=100).contains(&text.len()) && text.chars().all(legal) && !text.starts_with(['+', '-']);
    if is_tag { Ok(text.to_owned()) } else { Err(NameError::Tag(text.to_owned())) }
}

/// All snapshots, oldest first; a damaged row is an item, not the end.
///
/// # Errors
/// When the table cannot be walked.
pub fn all(transaction: &redb::ReadTransaction) -> Result<Vec<Result<Snapshot, Error>>, Error> {
    guarded(|| {
        let table = transaction.open_table(tables::SNAPSHOTS)?;
        let mut snapshots = Vec::new();
        for row in table.iter()? {
            let (number, value) = row?;
            snapshots.push(decode(SnapshotNumber(number.value()), value.value()));
        }
        Ok(snapshots)
    })?
}

fn decode(number: SnapshotNumber, sealed: &[u8]) -> Result<Snapshot, Error> {
    let damaged = || Damage::Value { table: "snapshots", key: number.to_string() };
    let bytes = seal::open("snapshots", &tables::key_of(number.0), sealed).map_err(|_| damaged())?;
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}

/// The snapshot that a person named.
///
/// # Errors
/// When there is none, or its row is damaged.
pub fn find(transaction: &redb::ReadTransaction, name: &SnapshotName) -> Result<Snapshot, Error> {
    guarded(|| look_up(transaction, name))?
}

fn look_up(transaction: &redb::ReadTransaction, name: &SnapshotName) -> Result<Snapshot, Error> {
    let number = match name {
        SnapshotName::Number(number) => *number,
        SnapshotName::Backup { name, back } => {
            let table = transaction.open_table(tables::NAMES)?;
            let mut rows = table.range((name.as_str(), 0)..=(name.as_str(), u64::MAX))?.rev();
            let row = rows.nth(usize::try_from(*back).unwrap_or(usize::MAX));
            let missing = || if *back == 0 { name.clone() } else { format!("{name}~{back}") };
            let (key, seal) = row.ok_or_else(|| Error::NoSnapshot(missing()))??;
            let number = key.value().1;
            seal::open("names", &name_key(name, number), seal.value())
                .map_err(|_| Damage::Value { table: "names", key: format!("{name} {number}") })?;
            SnapshotNumber(number)
        }
    };
    let table = transaction.open_table(tables::SNAPSHOTS)?;
    let value = table.get(number.0)?.ok_or_else(|| Error::NoSnapshot(number.to_string()))?;
    decode(number, value.value())
}

/// Every (backup name, snapshot number); a damaged row is an item, not the end.
///
/// # Errors
/// When the table cannot be walked.
pub fn names(transaction: &redb::ReadTransaction) -> Result<Vec<Result<(String, u64), Error>>, Error> {
    guarded(|| {
        let mut names = Vec::new();
        for row in transaction.open_table(tables::NAMES)?.iter()? {
            let (key, sealed) = row?;
            let (name, number) = key.value();
            let damaged = |_| Damage::Value { table: "names", key: format!("{name} {number}") }.into();
            let opened = seal::open("names", &name_key(name, number), sealed.value());
            names.push(opened.map(|_| (name.to_owned(), number)).map_err(damaged));
        }
        Ok(names)
    })?
}

/// Takes the number of the next snapshot: one more than the last that was ever given, even if that one is gone.
///
/// # Errors
/// When the database refuses, or the row with the last number is damaged.
pub fn take_number(transaction: &redb::WriteTransaction) -> Result<SnapshotNumber, Error> {
    let number = last_number(transaction)? + 1;
    let mut meta = transaction.open_table(tables::META)?;
    meta.insert(LAST, seal::seal("meta", LAST.as_bytes(), codec::encode(&number)).as_slice())?;
    Ok(SnapshotNumber(number))
}

/// Writes the rows that make a snapshot visible which has its number from another archive.
///
/// # Errors
/// When the database refuses, or the row with the last number is damaged.
pub(crate) fn insert_numbered(transaction: &redb::WriteTransaction, snapshot: &Snapshot) -> Result<(), Error> {
    let number = snapshot.number.0;
    if last_number(transaction)? < number {
        let sealed = seal::seal("meta", LAST.as_bytes(), codec::encode(&number));
        transaction.open_table(tables::META)?.insert(LAST, sealed.as_slice())?;
    }
    insert(transaction, snapshot)
}

fn last_number(transaction: &redb::WriteTransaction) -> Result<u64, Error> {
    let meta = transaction.open_table(tables::META)?;
    // Where damage hides the number, no snapshot that is there may be overwritten.
    let newest = transaction.open_table(tables::SNAPSHOTS)?.last()?.map_or(0, |(number, _)| number.value());
    let Some(sealed) = meta.get(LAST)? else { return Ok(newest) };
    let damaged = || Damage::Value { table: "meta", key: LAST.to_owned() };
    let bytes = seal::open("meta", LAST.as_bytes(), sealed.value()).map_err(|_| damaged())?;
    let last: u64 = codec::decode(bytes).map_err(|_| damaged())?;
    Ok(last.max(newest))
}

/// Writes the rows that make a snapshot visible.
///
/// # Errors
/// When the database refuses.
pub fn insert(transaction: &redb::WriteTransaction, snapshot: &Snapshot) -> Result<(), Error> {
    let number = snapshot.number.0;
    let sealed = seal::seal("snapshots", &tables::key_of(number), codec::encode(snapshot));
    transaction.open_table(tables::SNAPSHOTS)?.insert(number, sealed.as_slice())?;
    let sealed = seal::seal("names", &name_key(&snapshot.name, number), Vec::new());
    transaction.open_table(tables::NAMES)?.insert((snapshot.name.as_str(), number), sealed.as_slice())?;
    Ok(())
}

/// Takes snapshots out of the archive; what they held stays until it is pruned.
///
/// # Errors
/// When the database refuses.
pub(crate) fn remove(transaction: &redb::WriteTransaction, snapshots: &[Snapshot]) -> Result<(), Error> {
    let mut rows = transaction.open_table(tables::SNAPSHOTS)?;
    let mut names = transaction.open_table(tables::NAMES)?;
    for snapshot in snapshots {
        rows.remove(snapshot.number.0)?;
        names.remove((snapshot.name.as_str(), snapshot.number.0))?;
    }
    Ok(())
}

/// The bytes of a key of `names` for its seal.
pub(crate) fn name_key(name: &str, number: u64) -> Vec<u8> {
    [&number.to_le_bytes()[..], name.as_bytes()].concat()
}
