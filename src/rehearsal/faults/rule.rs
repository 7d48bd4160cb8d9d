//! A rule: what happens, to which requests, and how often.

use std::time::Duration;

use regex::Regex;

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// An answer with this status, and `Retry-After` in seconds; nothing is done.
    Status { status: u16, retry_after: Option<u64> },
    /// The first byte comes so much later.
    Slow(Duration),
    /// The connection is cut before anything is done.
    ResetBefore,
    /// The work is done, and the connection is cut in the middle of the answer.
    ResetMiddle,
    /// The work is done, and the connection is cut before the answer.
    ResetAfter,
    /// The work is done, and the answer ends too early.
    Truncate,
    /// The work is done, and the answer is shorter than it is, by its own length.
    WrongLength,
    /// Nothing is done, and the answer is 200 with an error in its body.
    ErrorBody,
    /// Nothing is done, and the answer is 202: confirm, and send it again.
    Confirm,
    /// The token of the request is dead from now on.
    ExpireToken,
    /// Nothing is done, and the answer leads elsewhere.
    Redirect(String),
    /// A request whose body has this text is refused.
    RefuseRecord(String),
    /// The file with this id, or this reference, cannot be had.
    MissingFile(String),
    /// What the request has the instance fetch is fetched so much later.
    SlowFetch(Duration),
}

/// How often a rule applies, counted over the requests that fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::rehearsal) struct Often {
    pub times: Option<u64>,
    pub after: u64,
    pub every: u64,
    pub chance: f64,
}

/// What goes wrong, where, and how often; made from a text.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(in crate::rehearsal) text: String,
    pub(in crate::rehearsal) effect: Effect,
    pub(in crate::rehearsal) method: Option<String>,
    pub(in crate::rehearsal) path: Regex,
    pub(in crate::rehearsal) often: Often,
}

impl Rule {
    /// Whether a request is one that the rule is about.
    pub(in crate::rehearsal) fn fits(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == method) && self.path.is_match(path)
    }
}
