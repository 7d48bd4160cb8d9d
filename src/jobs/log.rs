//! The log of a run: what is kept in the archive of the events of a job, beside who else observes them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::event::{Event, Observer};

/// Lines that are kept: enough to see what kind of trouble there was, and no more than a page of the archive holds.
const LINES_MAX: usize = 1000;

/// Hands every event on, and keeps the warnings.
pub(crate) struct RunLog {
    next: Arc<dyn Observer + Send + Sync>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    lines: Vec<String>,
    left_out: u64,
}

impl RunLog {
    pub(crate) fn new(next: &Arc<dyn Observer + Send + Sync>) -> Arc<Self> {
        Arc::new(Self { next: Arc::clone(next), kept: Mutex::default() })
    }

    /// The lines up to now, with `last` at the end.
    pub(crate) fn lines(&self, last: String) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = kept.lines.clone();
        if kept.left_out > 0 {
            lines.push(format!("{} more warnings", kept.left_out));
        }
        lines.push(last);
        lines
    }
}

impl Observer for RunLog {
    fn observe(&self, event: Event) {
        if let Event::Warning(warning) = &event {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.lines.len() < LINES_MAX {
                kept.lines.push(format!("warning: {warning}"));
            } else {
                kept.left_out += 1;
            }
        }
        self.next.observe(event);
    }
}
