//! A run that is being recorded. A thread of its own writes the log, for a commit may wait for another one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::archive::ArchiveMut;
use crate::archive::runs::{OpenRun, Part, Run, RunOutcome};
use crate::jobs::Error;
use crate::jobs::log::{PENDING_MAX, RunLog};
use crate::model::event::{Event, Observer as _};
use crate::model::log::Level;

/// How old a line becomes before it is written.
const WRITE_EVERY: Duration = Duration::from_millis(500);
/// A log that grows so fast is written at once.
const WRITE_LINES: usize = PENDING_MAX / 10;
/// How often it is written how far the run is, if there are no lines.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// A run that goes on. It ends with [`Recording::end`]; one that is dropped before was cancelled, or has failed in a way
/// that nobody expected.
pub(crate) struct Recording {
    log: Arc<RunLog>,
    open: Option<Arc<OpenRun>>,
    writer: Option<JoinHandle<()>>,
}

impl RunLog {
    /// Records that a run begins, and begins to write its log.
    pub(crate) fn begin(self: &Arc<Self>, archive: &ArchiveMut, command: &str) -> Result<Recording, Error> {
        let open = Arc::new(archive.open_run(command)?);
        let mut batch = self.lock().batch();
        if let Some(request) = self.request() {
            batch.parts.push((Part::Request, request.into_bytes()));
        }
        open.append(&batch)?;
        self.hand_on(Event::Recorded { run: open.run.id.0 });
        let (log, run) = (Arc::clone(self), Arc::clone(&open));
        let writer = thread::Builder::new().name("run log".to_owned()).spawn(move || log.write_on(&run));
        // Without a thread the log is written at the end.
        Ok(Recording { log: Arc::clone(self), open: Some(open), writer: writer.ok() })
    }

    fn write_on(&self, run: &OpenRun) {
        let is_due = |pending: usize, is_over: bool| is_over || pending >= WRITE_LINES;
        loop {
            let mut kept = self.lock();
            let waited =
                self.told.wait_timeout_while(kept, PROGRESS_EVERY, |kept| kept.pending.is_empty() && !kept.is_over);
            kept = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !kept.pending.is_empty() && !is_due(kept.pending.len(), kept.is_over) {
                let waited =
                    self.told.wait_timeout_while(kept, WRITE_EVERY, |kept| !is_due(kept.pending.len(), kept.is_over));
                kept = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if kept.is_over {
                return;
            }
            let batch = kept.batch();
            drop(kept);
            if batch.lines.is_empty() && batch.parts.is_empty() {
                continue;
            }
            if let Err(error) = run.append(&batch) {
                // The work will hear of it itself.
                tracing::warn!("the log of run {} cannot be written: {error}", run.run.id);
                return;
            }
        }
    }
}

impl Recording {
    pub fn run(&self) -> &Run {
        &self.open.as_ref().expect("it is there until it has ended").run
    }

    /// Records how the run ended, with the last line of its log, and a report as JSON.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub fn end(mut self, outcome: RunOutcome, last: String, report: Option<&Value>) -> Result<(), Error> {
        self.finish(outcome, last, report)
    }

    /// Leaves it as it is: its archive goes with it.
    pub fn abandon(mut self) {
        self.stop();
        self.open = None;
    }

    fn finish(&mut self, outcome: RunOutcome, last: String, report: Option<&Value>) -> Result<(), Error> {
        let is_bad = matches!(outcome, RunOutcome::Failed { .. } | RunOutcome::Incomplete { .. });
        // Who has the work done may want it to end; what is done by now is done.
        let noted = catch_unwind(AssertUnwindSafe(|| {
            self.log.note(if is_bad { Level::Error } else { Level::Info }, last);
        }));
        drop(noted);
        self.stop();
        let Some(open) = self.open.take() else { return Ok(()) };
        let mut batch = self.log.lock().batch();
        if let Some(report) = report {
            batch.parts.push((Part::Report, report.to_string().into_bytes()));
        }
        Ok(open.end(outcome, &batch)?)
    }

    /// Ends the thread that writes.
    fn stop(&mut self) {
        self.log.lock().is_over = true;
        self.log.told.notify_all();
        if let Some(writer) = self.writer.take() {
            // One that has panicked has not written; what it had is lost.
            drop(writer.join());
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.open.is_none() {
            return;
        }
        let is_cancelled = self.log.lock().is_cancelled;
        let (outcome, last) = if is_cancelled {
            (RunOutcome::Cancelled, "cancelled".to_owned())
        } else {
            let why = "the work ended unexpectedly".to_owned();
            (RunOutcome::Failed { why: why.clone() }, why)
        };
        if let Err(error) = self.finish(outcome, last, None) {
            tracing::warn!("how the run ended cannot be recorded: {error}");
        }
    }
}
