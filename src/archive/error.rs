//! What can go wrong with an archive.

use std::path::PathBuf;

use crate::archive::id::{PackId, SnapshotNumber};
use crate::model::path::EntryPath;
use crate::model::payload::Flaw;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no archive at {}", .0.display())]
    NotFound(PathBuf),
    #[error("{} is no fonds archive: {why}", .path.display())]
    Foreign { path: PathBuf, why: &'static str },
    #[error("{} was written by a newer fonds: its format is {found}, this program reads up to {known}", .path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("{} is being written by {holder}", .path.display())]
    Busy { path: PathBuf, holder: String },
    #[error("cannot use the archive {}", .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the archive's database failed")]
    Database(#[source] Box<redb::Error>),
    #[error("no space left to write the archive")]
    Full(#[source] Box<redb::Error>),
    #[error("the archive is damaged: {0}")]
    Damaged(Damage),
    #[error("there is a file at {} already", .0.display())]
    Exists(PathBuf),
    #[error("{} holds no snapshot that can be proved", .0.display())]
    NothingProved(PathBuf),
    #[error("there is no snapshot {0}")]
    NoSnapshot(String),
    #[error("snapshot {number} has no entry {path}")]
    NoEntry { number: SnapshotNumber, path: EntryPath },
    #[error("cannot read {path}")]
    Content { path: EntryPath, source: std::io::Error },
    #[error("{path} is in the backup twice")]
    Twice { path: EntryPath },
    #[error("{path} is a file, but other files lie below it")]
    Both { path: EntryPath },
    #[error("{path} lies outside of {root}/, where manifest.json is")]
    Outside { path: EntryPath, root: EntryPath },
    #[error("{path} is named by the manifest as a file but is a folder")]
    Folder { path: EntryPath },
    #[error("{path} is named by the manifest but missing{}", and_others(*others))]
    Absent { path: EntryPath, others: usize },
    #[error("{path}: {flaw}")]
    Flawed { path: EntryPath, flaw: Flaw },
    #[error("a part of the work ended unexpectedly")]
    Panicked,
}

fn and_others(others: usize) -> String {
    if others == 0 { String::new() } else { format!(", and so are {others} more") }
}

/// What is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("value {key} of table {table} is not what was stored")]
    Value { table: &'static str, key: String },
    #[error("pack {0} is not what was stored")]
    Pack(PackId),
    #[error("pack {0} is missing")]
    NoPack(PackId),
    #[error("chunk {0} is missing")]
    NoChunk(u64),
    #[error("the bytes of {0} do not have the digest they were stored with")]
    Digest(EntryPath),
    #[error("a recipe or list cannot be read")]
    Recipe,
    #[error("its database cannot be read: {0}")]
    Database(String),
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

/// Errors of redb come in one type per stage; to a user they are one: the disk is full, the file is damaged, or the
/// file could not be read or written.
impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(source) if is_full(&source) => Self::Full(Box::new(redb::Error::Io(source))),
            redb::Error::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::Damaged(Damage::Database("the file is cut off".to_owned()))
            }
            redb::Error::Corrupted(why) => Self::Damaged(Damage::Database(why)),
            redb::Error::TableDoesNotExist(_) | redb::Error::TableTypeMismatch { .. } => {
                Self::Damaged(Damage::Database(error.to_string()))
            }
            error => Self::Database(Box::new(error)),
        }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

macro_rules! through_redb {
    ($($stage:ty),*) => {$(
        impl From<$stage> for Error {
            fn from(error: $stage) -> Self {
                Self::from(redb::Error::from(error))
            }
        }
    )*};
}

through_redb!(
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

/// redb can panic on damaged pages; to its callers that is damage.
///
/// # Errors
/// When `work` panics.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|_| Damage::Database("a page makes no sense".to_owned()).into())
}
