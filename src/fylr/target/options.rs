//! What is written to a target, and how.

use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use crate::fylr::source::Events;
use crate::fylr::target::renames::Renames;

/// The most records of one request that a server takes.
pub const CHUNK_MAX: usize = 1000;
/// Files on their way at a time, if nothing else is said; as `fylr restore`.
pub const UPLOADS: usize = 4;
/// The most files on their way at a time; as `fylr restore`.
pub const UPLOADS_MAX: usize = 100;
/// How long one request may take, if nothing else is said; as `fylr restore`.
pub const TIMEOUT: Duration = Duration::from_mins(10);
/// The version of a file that becomes the original of the target.
pub const ORIGINAL: &str = "original";

/// How files get to the target that are not packed into the backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileApi {
    /// Not at all: records come without files.
    #[default]
    None,
    /// They are read here and sent.
    Put,
    /// The target fetches them.
    Rput,
    /// The target notes where they are, and they stay there.
    RputLeave,
    RputBulk,
    RputBulkLeave,
}

/// The text names no way for files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is none of put, rput, rput_leave, rput_bulk, rput_bulk_leave")]
pub struct NoFileApi(String);

impl FromStr for FileApi {
    type Err = NoFileApi;

    fn from_str(text: &str) -> Result<Self, NoFileApi> {
        Ok(match text {
            "" => Self::None,
            "put" => Self::Put,
            "rput" => Self::Rput,
            // The first name of what came to be this one.
            "rput_leave" | "eas" => Self::RputLeave,
            "rput_bulk" => Self::RputBulk,
            // The vendor's documentation has it in both orders.
            "rput_bulk_leave" | "rput_leave_bulk" => Self::RputBulkLeave,
            other => return Err(NoFileApi(other.to_owned())),
        })
    }
}

impl FileApi {
    /// The value of `--file-api`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Put => "put",
            Self::Rput => "rput",
            Self::RputLeave => "rput_leave",
            Self::RputBulk => "rput_bulk",
            Self::RputBulkLeave => "rput_bulk_leave",
        }
    }

    #[must_use]
    pub fn is_bulk(self) -> bool {
        matches!(self, Self::RputBulk | Self::RputBulkLeave)
    }

    /// Whether the originals stay where they are.
    #[must_use]
    pub fn leaves(self) -> bool {
        matches!(self, Self::RputLeave | Self::RputBulkLeave)
    }
}

/// What to write, and how.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct WriteOptions {
    pub file_api: FileApi,
    /// The version of each file that becomes the original.
    pub file_version: String,
    /// Renditions are taken over instead of produced.
    pub upload_versions: bool,
    /// Put into the URLs of files in place of their signature.
    pub file_token: Option<SecretString>,
    pub uploads: usize,
    /// A record whose file cannot be had goes in without it.
    pub ignore_file_errors: bool,
    pub renames: Renames,
    pub include_password: bool,
    pub skip_constraints: bool,
    pub include_deleted_linked: bool,
    pub skip_reindex: bool,
    pub events: Events,
    /// Records of one request; payloads go as they are if there is none.
    pub chunk_size: Option<usize>,
    /// Payloads on their way at a time.
    pub workers: usize,
    /// Nothing is kept: the target only says what it would refuse.
    pub is_dry_run: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            file_api: FileApi::None,
            file_version: ORIGINAL.to_owned(),
            upload_versions: false,
            file_token: None,
            uploads: UPLOADS,
            ignore_file_errors: false,
            renames: Renames::default(),
            include_password: false,
            skip_constraints: false,
            include_deleted_linked: false,
            skip_reindex: false,
            events: Events::All,
            chunk_size: None,
            workers: 1,
            is_dry_run: false,
        }
    }
}
