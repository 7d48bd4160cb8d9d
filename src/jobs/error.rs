//! What a job can fail of: one of its two ends, or what was asked for.

use crate::archive::id::RunId;
use crate::archive::runs::RunOutcome;
use crate::model::path::EntryPath;
use crate::{archive, fylr, layout, rehearsal};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Archive(#[from] archive::Error),
    #[error(transparent)]
    Layout(#[from] layout::Error),
    #[error(transparent)]
    Fylr(#[from] fylr::Error),
    #[error(transparent)]
    Name(#[from] archive::snapshot::NameError),
    #[error("the archive {} lies in the backup that is to be imported", .0.display())]
    Inside(std::path::PathBuf),
    #[error("the archive {} lies in the directory that is to be replaced", .0.display())]
    Replaced(std::path::PathBuf),
    #[error("{0} cannot be used as a backup name; give one with --name")]
    NoName(String),
    #[error("{path} is an empty folder")]
    EmptyFolder { path: EntryPath },
    #[error("{path} was missing when the backup was imported")]
    WasMissing { path: EntryPath },
    #[error("of the two backups at least one must be a snapshot")]
    TwoLayouts,
    #[error("cannot keep the records that differ")]
    Spool(#[source] std::io::Error),
    #[error("no snapshot holds a record that is called {0}")]
    NoRecord(String),
    #[error("{} is the archive that the snapshots are in", .0.display())]
    SameArchive(std::path::PathBuf),
    #[error("no objecttype matches \"{pattern}\"; there are {names}")]
    NoObjecttype { pattern: String, names: String },
    #[error("there is no backup {0}")]
    NoBackup(String),
    #[error("there is a backup {0} already")]
    NameTaken(String),
    #[error("the policy keeps no snapshot of {0}")]
    NothingKept(String),
    #[error("there is an unfinished backup {0}")]
    Unfinished(String),
    #[error("the unfinished backup {name} is another one: {what} is not the same")]
    OtherBackup { name: String, what: String },
    #[error("{} is not empty", .0.display())]
    DirectoryInUse(std::path::PathBuf),
    #[error("no threads for the network can be had")]
    Runtime(#[source] std::io::Error),
    #[error("there is no run {0}")]
    NoRun(RunId),
    #[error(transparent)]
    Rehearsal(#[from] rehearsal::Error),
    #[error(transparent)]
    LoadLayout(#[from] Box<rehearsal::LoadError<layout::Error>>),
    #[error(transparent)]
    LoadSnapshot(#[from] Box<rehearsal::LoadError<archive::Error>>),
    #[error("cannot read {path}")]
    Entry { path: EntryPath, source: std::io::Error },
    #[error("cannot read {}", .path.display())]
    Document { path: std::path::PathBuf, source: std::io::Error },
    #[error("{path} holds no records that could be restored: {why}")]
    NoRecords { path: EntryPath, why: String },
    #[error("there is no ledger of a restore to {0}")]
    NoLedger(String),
    #[error("{target}")]
    OfTarget { target: String, source: fylr::Error },
}

impl Error {
    /// Whether it passes, so that the same job can go on later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Archive(archive::Error::Busy { .. } | archive::Error::Full(_)) => true,
            Self::Fylr(error) | Self::OfTarget { source: error, .. } => matches!(
                error,
                fylr::Error::Unreachable { .. }
                    | fylr::Error::GaveUp { .. }
                    | fylr::Error::TooSlow { .. }
                    | fylr::Error::NotReady(_)
                    | fylr::Error::Ledger(_)
            ),
            _ => false,
        }
    }

    /// How a run ends that ends with it.
    #[must_use]
    pub fn outcome(&self) -> RunOutcome {
        let why = chain(self);
        if self.is_passing() { RunOutcome::Incomplete { why } } else { RunOutcome::Failed { why } }
    }
}

/// An error with all its causes, joined by `: `.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
