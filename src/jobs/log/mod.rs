//! The log of a run: what is kept in the archive of the events of a job, beside who else observes them. Lines are written
//! while the run goes on, so that others can follow it.

mod groups;
mod keep;
mod lines;
mod progress;
mod recording;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::archive::runs::{Batch, Part, now};
use crate::model::event::{Event, Observer};
use crate::model::log::{Level, Line, Numbered};

pub use groups::Groups;
pub use keep::{KeptRun, keep};
pub use progress::fold;

use crate::archive::runs::Progress;

/// Lines of one run: a record each for a whole museum. What comes beyond is counted.
const LINES_MAX: u64 = 5_000_000;
/// Lines that wait to be written, some 20 MB: the work must not wait for its log, whose commit may wait for the work.
const PENDING_MAX: usize = 100_000;

/// Hands every event on, and keeps what the log is made of.
pub struct RunLog {
    next: Arc<dyn Observer + Send + Sync>,
    kept: Mutex<Kept>,
    /// There is something to write, or nothing will come any more.
    told: Condvar,
}

#[derive(Default)]
struct Kept {
    pending: Vec<Line>,
    /// The number of the next line.
    next: u64,
    /// Lines for which there was no room.
    left_out: u64,
    progress: Progress,
    is_progressed: bool,
    groups: Groups,
    is_over: bool,
    /// Who has the work done wants it to end.
    is_cancelled: bool,
}

impl RunLog {
    pub(crate) fn new(next: &Arc<dyn Observer + Send + Sync>) -> Arc<Self> {
        Arc::new(Self { next: Arc::clone(next), kept: Mutex::default(), told: Condvar::new() })
    }

    /// One that nobody records: what it makes of events is only handed on.
    #[must_use]
    pub fn watched(next: Arc<dyn Observer + Send + Sync>) -> Arc<dyn Observer + Send + Sync> {
        Self::new(&next)
    }

    /// Adds a line.
    pub(crate) fn note(&self, level: Level, text: String) {
        let line = Line::new(now(), level, text);
        let mut kept = self.lock();
        if kept.next >= LINES_MAX || kept.pending.len() >= PENDING_MAX {
            kept.left_out += 1;
            return;
        }
        let number = kept.next;
        kept.next += 1;
        kept.groups.add(number, &line);
        kept.pending.push(line.clone());
        drop(kept);
        self.told.notify_all();
        self.hand_on(Event::Logged(Numbered { number, line }));
    }

    /// An observer that unwinds wants the work to end, which is to be told from a failure.
    fn hand_on(&self, event: Event) {
        if let Err(wish) = catch_unwind(AssertUnwindSafe(|| self.next.observe(event))) {
            self.lock().is_cancelled = true;
            resume_unwind(wish);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// What is not written yet.
    fn batch(&mut self) -> Batch {
        if self.left_out > 0 && self.pending.len() < PENDING_MAX {
            let text = format!("{} lines came too fast or were too many, and are left out", self.left_out);
            self.pending.push(Line::new(now(), Level::Warning, text));
            self.next += 1;
            self.left_out = 0;
        }
        let lines = std::mem::take(&mut self.pending);
        let first = self.next - lines.len() as u64;
        let mut parts = Vec::new();
        if std::mem::take(&mut self.is_progressed) {
            parts.push((Part::Progress, self.progress.encoded()));
        }
        if self.groups.is_changed() {
            parts.push((Part::Groups, self.groups.encoded()));
        }
        Batch { first, lines, parts }
    }
}

impl Observer for RunLog {
    fn observe(&self, event: Event) {
        {
            let mut kept = self.lock();
            kept.is_progressed |= fold(&mut kept.progress, &event, now());
        }
        if let Some((level, text)) = lines::line_of(&event) {
            self.note(level, text);
        }
        self.hand_on(event);
    }

    fn request(&self) -> Option<String> {
        self.next.request()
    }
}
