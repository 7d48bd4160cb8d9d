//! What can go wrong with an instance.

use crate::fylr::problem::Problem;
use crate::model::ledger::Failed;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{url} is no server of an instance: {why}")]
    BadServer { url: String, why: String },
    #[error("cannot reach {server}")]
    Unreachable { server: String, source: Network },
    #[error("{server} cannot prove who it is")]
    Certificate { server: String, source: Network },
    #[error("{url} is neither a fylr nor an easydb5: {why}")]
    NotAnInstance { url: String, why: String },
    #[error("{server} does not let {login} in")]
    Login { server: String, login: String, source: Box<Problem> },
    #[error("{login} may not do this on {server}")]
    Rights { server: String, login: String, source: Box<Problem> },
    #[error("the server refused a request")]
    Refused { source: Box<Problem> },
    #[error("{what} failed {attempts} times")]
    GaveUp { what: String, attempts: u32, source: Box<Last> },
    #[error("{what} took too long {attempts} times")]
    TooSlow { what: String, attempts: u32, source: Box<Last> },
    #[error("{what} was redirected to {to}, which is another server")]
    Redirected { what: String, to: String },
    #[error("the answer to {what} is longer than {limit} bytes")]
    TooLong { what: String, limit: u64 },
    #[error("{what} gave what the API does not: {why}")]
    Unexpected { what: String, why: String },
    #[error("{0}")]
    Options(String),
    #[error("cannot keep records on their way in a temporary file")]
    Spool(#[from] std::io::Error),
    #[error("what was done on the target cannot be noted")]
    Ledger(#[source] Failed),
    #[error("cannot read the backup")]
    Backup(#[source] Failed),
    #[error("the target was not ready {} s after it was purged", .0.as_secs())]
    NotReady(std::time::Duration),
    #[error("a part of the work ended unexpectedly")]
    Panicked,
}

/// The last of several failures.
#[derive(Debug, thiserror::Error)]
pub enum Last {
    #[error(transparent)]
    Problem(Box<Problem>),
    #[error(transparent)]
    Network(Network),
    #[error("{0}")]
    Answer(String),
}

/// A failure of the network, without the URL, which may hold secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Network(pub String);

impl Network {
    /// The chain of causes as one line; each says what the one before left open, or nothing new.
    #[must_use]
    pub(crate) fn new(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut texts: Vec<String> = Vec::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            let text = error.to_string();
            if !texts.iter().any(|known| known.contains(&text)) {
                texts.push(text);
            }
            cause = error.source();
        }
        Self(texts.join(": "))
    }
}

impl Error {
    /// Whether a smaller request may get an answer where this one did not.
    #[must_use]
    pub(crate) fn is_divisible(&self) -> bool {
        self.is_too_much() || matches!(self, Self::Refused { .. } | Self::Unexpected { .. })
    }

    /// Whether the answer would be too long, or takes too long.
    #[must_use]
    pub(crate) fn is_too_much(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::TooSlow { .. } => true,
            Self::Refused { source } => source.status == 413,
            _ => false,
        }
    }
}
