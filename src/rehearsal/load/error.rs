//! Why a backup could not be loaded.

use crate::model::path::EntryPath;
use crate::rehearsal::problem::Problem;

#[derive(Debug, thiserror::Error)]
pub enum LoadError<E: std::error::Error + Send + Sync + 'static> {
    #[error("the backup cannot be read")]
    Read(#[source] E),
    #[error("{path} is no payload that can be loaded: {what}")]
    Payload { path: EntryPath, what: String },
    /// What the instance refused, with the code of its answer.
    #[error("{path}: {request} is refused with {code} ({status}): {text}")]
    Refused { path: EntryPath, request: String, status: u16, code: String, text: String },
    #[error("cannot stage {path}")]
    Stage { path: EntryPath, source: std::io::Error },
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for LoadError<E> {
    fn from(error: E) -> Self {
        Self::Read(error)
    }
}

/// What stops the work on one entry, before it is known which.
#[derive(Debug)]
pub(super) enum Stop {
    Refused { request: String, problem: Box<Problem> },
    Wrong(String),
}

impl Stop {
    pub fn at<E: std::error::Error + Send + Sync + 'static>(self, path: &EntryPath) -> LoadError<E> {
        let path = path.clone();
        match self {
            Self::Wrong(what) => LoadError::Payload { path, what },
            Self::Refused { request, problem } => LoadError::Refused {
                path,
                request,
                status: problem.status,
                code: problem.code.to_owned(),
                text: problem.text,
            },
        }
    }
}
