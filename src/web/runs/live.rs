//! A run of this process: it waits, goes on, or has ended and is not in the archive. Its observer folds what it hears, and
//! unwinds the work when somebody has cancelled it.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use serde_json::Value;
use tokio::sync::watch;

use crate::archive::id::RunId;
use crate::archive::runs::{Group, Progress, RunOutcome, now};
use crate::jobs::{self, Groups};
use crate::model::event::{Event, Observer};
use crate::model::log::{Level, Line, Numbered};
use crate::web::runs::task::Access;

/// The last lines that are in memory; those before are in the archive.
const TAIL_LINES: usize = 5000;
/// Lines of a run that is not recorded yet; what comes beyond is counted.
const UNRECORDED_LINES_MAX: usize = 100_000;

/// What a run is called before it has a number in the archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::web) struct Key(String);

impl Key {
    /// One that nobody had before.
    pub fn new() -> Self {
        Self(format!("q{:016x}", fastrand::u64(..)))
    }

    /// The key in a path.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('q')?;
        (digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Where a run of this process stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Step {
    Queued,
    /// Somebody else writes to the archive, as is said here.
    WaitingForArchive(String),
    Running,
    Ended(RunOutcome),
}

/// A run of this process.
pub(in crate::web) struct Live {
    pub key: Key,
    pub command: String,
    pub request: String,
    pub access: Access,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub queued: i64,
    is_cancelled: AtomicBool,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

/// What is known of it.
#[derive(Clone)]
pub(in crate::web) struct Known {
    pub step: Step,
    /// Its number in the archive, once it is recorded.
    pub run: Option<RunId>,
    pub progress: Progress,
    pub groups: Vec<Group>,
    pub lines_total: u64,
    pub started: Option<i64>,
    pub ended: Option<i64>,
    pub report: Option<Value>,
}

struct State {
    known: Known,
    lines: VecDeque<Numbered>,
    groups: Groups,
    thread: Option<ThreadId>,
}

/// What unwinds the work.
struct Cancelled;

impl Live {
    pub fn new(command: String, request: String, access: Access) -> Self {
        let known = Known {
            step: Step::Queued,
            run: None,
            progress: Progress::default(),
            groups: Vec::new(),
            lines_total: 0,
            started: None,
            ended: None,
            report: None,
        };
        let state = State { known, lines: VecDeque::new(), groups: Groups::default(), thread: None };
        Self {
            key: Key::new(),
            command,
            request,
            access,
            queued: now(),
            is_cancelled: AtomicBool::new(false),
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
        }
    }

    pub fn known(&self) -> Known {
        let state = self.lock();
        Known { groups: state.groups.sorted(), ..state.known.clone() }
    }

    pub fn step(&self) -> Step {
        self.lock().known.step.clone()
    }

    pub fn run(&self) -> Option<RunId> {
        self.lock().known.run
    }

    /// The lines in memory with these numbers that matter so much: the first or the last `count` of them.
    pub fn lines(&self, numbers: Range<u64>, least: Level, count: usize, is_last: bool) -> Vec<Numbered> {
        let state = self.lock();
        let fit = state.lines.iter().filter(|line| numbers.contains(&line.number) && line.line.level >= least);
        if !is_last {
            return fit.take(count).cloned().collect();
        }
        let mut lines: Vec<Numbered> = fit.rev().take(count).cloned().collect();
        lines.reverse();
        lines
    }

    /// Every line in memory.
    pub fn all_lines(&self) -> Vec<Numbered> {
        self.lock().lines.iter().cloned().collect()
    }

    /// Tells when something has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Wants it to end.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::SeqCst);
        self.changed();
    }

    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::SeqCst)
    }

    /// The calling thread begins to work on it.
    pub(super) fn begin(&self) {
        let mut state = self.lock();
        state.thread = Some(thread::current().id());
        state.known.step = Step::Running;
        state.known.started.get_or_insert_with(now);
        drop(state);
        self.changed();
    }

    pub(super) fn wait_for(&self, holder: String) {
        self.lock().known.step = Step::WaitingForArchive(holder);
        self.changed();
    }

    pub(super) fn end(&self, outcome: RunOutcome, report: Option<Value>) {
        let mut state = self.lock();
        state.known.step = Step::Ended(outcome);
        state.known.ended = Some(now());
        state.known.report = report;
        state.known.progress.waiting = None;
        drop(state);
        self.changed();
    }

    pub(super) fn recorded(&self, run: RunId) {
        let mut state = self.lock();
        state.known.run = Some(run);
        while state.lines.len() > TAIL_LINES {
            state.lines.pop_front();
        }
        drop(state);
        self.changed();
    }

    /// Adds a line that the job does not write itself.
    pub(super) fn note(&self, level: Level, text: String) {
        let number = self.lock().known.lines_total;
        self.line(Numbered { number, line: Line::new(now(), level, text) });
    }

    fn line(&self, numbered: Numbered) {
        let mut state = self.lock();
        state.known.lines_total = state.known.lines_total.max(numbered.number + 1);
        state.groups.add(numbered.number, &numbered.line);
        if state.known.run.is_none() && state.lines.len() >= UNRECORDED_LINES_MAX {
            return;
        }
        // Threads hand their lines on in any order.
        let at = state.lines.partition_point(|line| line.number < numbered.number);
        state.lines.insert(at, numbered);
        if state.known.run.is_some() && state.lines.len() > TAIL_LINES {
            state.lines.pop_front();
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Live {
    fn observe(&self, event: Event) {
        let is_changed = match event {
            Event::Recorded { run } => {
                self.recorded(RunId(run));
                true
            }
            Event::Logged(line) => {
                self.line(line);
                true
            }
            event => jobs::fold(&mut self.lock().known.progress, &event, now()),
        };
        if is_changed {
            self.changed();
        }
        let is_here = self.lock().thread == Some(thread::current().id());
        // What is dropped while it unwinds may tell something, too.
        if self.is_cancelled() && is_here && !thread::panicking() {
            std::panic::resume_unwind(Box::new(Cancelled));
        }
    }

    fn request(&self) -> Option<String> {
        Some(self.request.clone())
    }
}
