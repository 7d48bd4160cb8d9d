//! What to read of an instance, and how.

use std::path::PathBuf;
use std::time::Duration;

use regex::Regex;

use crate::fylr::source::turn::FileMode;

/// Events that are of no use anywhere else: never read.
pub(crate) const EVENTS_NEVER: [&str; 4] =
    ["OBJECT_INDEX", "SESSION_INVALID", "FRONTEND_ERROR", "COLLECTION_OWNER_RIGHTS_ERROR"];

/// A second of work is no loss, and a commit a second no burden.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// As long as `fylr backup` asks for since 6.35: a backup that is restored within a year finds its files.
pub const URL_DAYS: u32 = 365;

/// Which events are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Events {
    All,
    None,
    Of(Vec<String>),
}

/// Which files go into the backup as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// None, their URLs stand for them.
    Urls,
    Originals,
    WithVersions,
}

impl Files {
    /// The value of `--include-files`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Urls => "",
            Self::Originals => "original",
            Self::WithVersions => "with-versions",
        }
    }

    pub(crate) fn mode(self) -> FileMode {
        match self {
            Self::Urls => FileMode::Urls,
            Self::Originals => FileMode::Originals,
            Self::WithVersions => FileMode::WithVersions,
        }
    }
}

/// What to read, and how.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct ReadOptions {
    pub all_versions: bool,
    pub include_deleted: bool,
    /// Objecttypes whose name matches; all if there is none.
    pub include: Option<Regex>,
    pub events: Events,
    pub files: Files,
    /// Records of each objecttype.
    pub maximum_count: Option<u64>,
    /// Items of a page, 1 to 1000; so many records are in a payload.
    pub chunk_size: u64,
    /// Days that signed URLs of files are asked to last.
    pub url_days: Option<u32>,
    /// JSON over many lines.
    pub is_pretty: bool,
    /// Payloads are named `.json.gz`.
    pub is_compressed: bool,
    /// Requests at a time.
    pub workers: usize,
    /// What is lost at most when a backup is killed, beside the page and the file that are under way; each time costs a
    /// commit. [`CHECKPOINT_EVERY`] is a good choice.
    pub checkpoint_every: Duration,
    /// Where there is room for what does not fit into memory.
    pub folder: PathBuf,
}
