//! Something to be done: what a page has made of a form.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::archive::runs::RunOutcome;
use crate::jobs;
use crate::model::event::Observer;

/// Whom a task is in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Access {
    /// There is one writer at a time. The job records its run itself.
    Writes,
    /// Some run beside it. What they have found is recorded when they are over.
    Reads,
}

/// How it went, for what the job does not record itself.
pub(in crate::web) struct Ended {
    pub outcome: RunOutcome,
    pub report: Option<Value>,
    /// The last line of the log.
    pub last: String,
}

/// Why it did not get to its end.
#[derive(Debug, thiserror::Error)]
pub(in crate::web) enum Trouble {
    #[error(transparent)]
    Job(#[from] jobs::Error),
    /// It was not even tried; a text for people.
    #[error("{0}")]
    Refused(String),
}

type Watcher = Arc<dyn Observer + Send + Sync>;

/// Does it. It is called again when the archive was busy, and then begins anew.
pub(in crate::web) type Work = Box<dyn FnMut(&Path, &Watcher) -> Result<Ended, Trouble> + Send>;

/// Something to be done.
pub(in crate::web) struct Task {
    /// What people read, without secrets: `backup museum`.
    pub command: String,
    /// The form without secrets, as JSON: a run can be continued with it, and a form filled.
    pub request: Value,
    /// The word of the form that it was sent with: twice the same is one run.
    pub once: Option<String>,
    pub access: Access,
    pub work: Work,
}
