//! All that the library has to say while it works. Progress bars, logs and `--json` are folds of this one stream.

use std::fmt;

use crate::model::path::EntryPath;
use crate::model::payload::Flaw;

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Work of known size begins.
    Started {
        verb: &'static str,
        entries: u64,
        bytes: u64,
    },
    /// So much more has been read or written.
    Advanced {
        entries: u64,
        bytes: u64,
    },
    /// The work is done.
    Finished,
    Warning(Warning),
}

/// Something that a person should know, though the work goes on.
#[derive(Debug, Clone)]
pub enum Warning {
    /// A payload that is not JSON or holds no records is kept as plain content.
    NoRecords { path: EntryPath, flaw: Flaw },
    /// A payload's kind is known to nobody; it is kept.
    UnknownKind { path: EntryPath, kind: String },
    /// A payload of the manifest is not there and was accepted as missing.
    Missing { path: EntryPath },
    /// A payload stands under the other extension.
    OtherExtension { listed: EntryPath, found: EntryPath },
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecords { path, flaw } => write!(out, "{path}: {flaw}; kept as plain content"),
            Self::UnknownKind { path, kind } if kind.is_empty() => {
                write!(out, "{path}: nothing tells the kind of its records; kept as they are")
            }
            Self::UnknownKind { path, kind } => {
                write!(out, "{path}: payloads of kind \"{kind}\" are unknown; kept as they are")
            }
            Self::Missing { path } => write!(out, "{path}: named by the manifest but missing; recorded as missing"),
            Self::OtherExtension { listed, found } => {
                write!(out, "{listed}: not there, but {found} is; taken as that payload")
            }
        }
    }
}

/// Receives events, from any thread.
pub trait Observer: Sync {
    fn observe(&self, event: Event);
}

/// Observes nothing.
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _event: Event) {}
}
