//! Why bytes are no manifest.

use crate::model::manifest::PAYLOADS_MAX;
use crate::model::path::{EntryPath, PathError};

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The source names line and column.
    #[error("the manifest is not JSON")]
    NotJson(#[source] serde_json::Error),
    #[error("the manifest is not a JSON object")]
    NotAnObject,
    #[error("the manifest has no \"payloads\"")]
    NoPayloads,
    #[error("\"payloads\" in the manifest is not a list")]
    PayloadsNotAList,
    #[error("the manifest has more than {PAYLOADS_MAX} payloads")]
    TooManyPayloads,
    /// Counted from 0.
    #[error("payload {index} in the manifest is neither a file name nor an object with one")]
    NotAName { index: usize },
    #[error("the manifest names a file {name:?}")]
    UncleanName {
        name: String,
        #[source]
        source: PathError,
    },
    #[error("the manifest names {path} twice")]
    NamedTwice { path: EntryPath },
    #[error("the manifest cannot name {path}, which is no UTF-8 or lies outside its \"payload_base_uri\"")]
    Unspeakable { path: EntryPath },
}
