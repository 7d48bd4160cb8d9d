//! All that the library has to say while it works. Progress bars, logs and `--json` are folds of this one stream.

use std::fmt;

use crate::model::log::Numbered;
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
    /// What will be read: objecttypes, and how many records each seems to have.
    Planned {
        objecttypes: Vec<(String, Option<u64>)>,
        /// They were selected; there are others.
        is_selection: bool,
    },
    /// A part of the work begins: `records` are to come, 0 if their number is unknown.
    Phase {
        name: String,
        records: u64,
    },
    /// So many more records have passed.
    Counted {
        records: u64,
    },
    /// So many new bytes have been stored.
    Stored {
        bytes: u64,
    },
    /// Nothing happened for a while.
    Waiting,
    /// The work is done.
    Finished,
    Warning(Warning),
    /// The work is recorded as the run of this id.
    Recorded {
        run: u64,
    },
    /// A line of the log.
    Logged(Numbered),
    /// Something that only the log has room for.
    Noted {
        text: String,
    },
    /// A request has failed, and is made again after so many milliseconds.
    Retrying {
        why: String,
        milliseconds: u64,
    },
    /// The same as a phase that begins, or records that have passed, with the one of several targets that it is about.
    OnTarget {
        target: String,
        phase: Option<String>,
        records: u64,
    },
    /// Somebody has done something that is to be known later: who started, cancelled or deleted what.
    Audit {
        what: String,
    },
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
    /// A server is asked less at a time, because it is busy.
    Slowed { workers: usize },
    /// A list is read in smaller pages, because its usual ones are too much for the server.
    SmallerPages { list: String, size: u64 },
    /// Something that was asked for is not in the backup.
    SetAside { what: String, why: String },
    /// Something that was asked for is not on the target.
    NotRestored { what: String, why: String },
    /// Something on one of several targets.
    OfTarget { target: String, warning: Box<Warning> },
    /// Something that the source cannot give, or that was left out or changed on purpose.
    Limited { what: String },
    /// The source could change while it was read.
    NotReadOnly { server: String },
    /// Something changed at the source while it was read.
    Changed { what: String },
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
            Self::Slowed { workers } => write!(out, "the server is busy: no more than {workers} requests at a time"),
            Self::SmallerPages { list, size } => {
                write!(out, "{list}: read in pages of {size}, as more is too much at once")
            }
            Self::SetAside { what, why } => write!(out, "{what} is not in the backup: {why}"),
            Self::NotRestored { what, why } => write!(out, "{what} is not on the target: {why}"),
            Self::OfTarget { target, warning } => write!(out, "{target}: {warning}"),
            Self::Limited { what } => out.write_str(what),
            Self::NotReadOnly { server } => {
                write!(out, "{server} is not in read-only mode: what changes there now may be in the backup or not")
            }
            Self::Changed { what } => write!(out, "{what} while it was backed up"),
        }
    }
}

/// Who has the work done: receives events, from any thread. Unwinding from [`Observer::observe`] on the thread of the work
/// ends that in order.
pub trait Observer: Sync {
    fn observe(&self, event: Event);

    /// What was asked for, as JSON without secrets: it is kept with the run.
    fn request(&self) -> Option<String> {
        None
    }
}

/// Observes nothing.
pub struct Silent;

impl Observer for Silent {
    fn observe(&self, _event: Event) {}
}
