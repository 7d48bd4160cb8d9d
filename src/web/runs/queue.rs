//! The queue: one job writes to the archive at a time, some that only read run beside it. What waits is in memory, for it
//! may hold a password.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::archive::id::RunId;
use crate::archive::runs::RunOutcome;
use crate::jobs::{self, KeptRun, RunLog, chain};
use crate::model::event::Observer;
use crate::model::log::Level;
use crate::web::answer::Refusal;
use crate::web::runs::live::{Key, Live, Step};
use crate::web::runs::task::{Access, Ended, Task, Trouble, Work};

/// Jobs that only read and run at a time: each keeps a server and a core busy.
const READING_MAX: usize = 2;
/// Jobs that wait.
const WAITING_MAX: usize = 100;
/// Runs of this process that are remembered; those of the archive are not forgotten.
const REMEMBERED_MAX: usize = 1000;
/// How often it is looked whether the archive is free.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long jobs get to end in order.
const GRACE: Duration = Duration::from_secs(10);

/// All runs of this process.
pub(in crate::web) struct Queue {
    archive: PathBuf,
    state: Mutex<State>,
    /// A job has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Arc<Live>, Work)>,
    /// All, oldest first, with the word of their form.
    known: VecDeque<(Arc<Live>, Option<String>)>,
    writing: usize,
    reading: usize,
    is_closed: bool,
}

impl Queue {
    pub fn new(archive: PathBuf) -> Arc<Self> {
        Arc::new(Self { archive, state: Mutex::default(), ended: Condvar::new() })
    }

    /// Adds a job, which begins when its turn has come. One that was added before with the same word is that one.
    ///
    /// # Errors
    /// When too many wait, or the page ends.
    pub fn add(self: &Arc<Self>, task: Task) -> Result<Arc<Live>, Refusal> {
        let mut state = self.lock();
        if let Some(once) = &task.once
            && let Some((live, _)) = state.known.iter().find(|(_, word)| word.as_ref() == Some(once))
        {
            return Ok(Arc::clone(live));
        }
        if state.waiting.len() >= WAITING_MAX || state.is_closed {
            return Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many runs wait already",
                "wait until some of them have ended, or cancel them",
            ));
        }
        let live = Arc::new(Live::new(task.command, task.request.to_string(), task.access));
        state.known.push_back((Arc::clone(&live), task.once));
        if state.known.len() > REMEMBERED_MAX {
            let over = state.known.iter().position(|(live, _)| matches!(live.step(), Step::Ended(_)));
            over.and_then(|at| state.known.remove(at));
        }
        state.waiting.push_back((Arc::clone(&live), task.work));
        drop(state);
        self.advance();
        Ok(live)
    }

    /// The run of this key.
    pub fn of_key(&self, key: &Key) -> Option<Arc<Live>> {
        self.lock().known.iter().map(|(live, _)| live).find(|live| live.key == *key).cloned()
    }

    /// The run of this number in the archive, if it is one of this process.
    pub fn of_run(&self, run: RunId) -> Option<Arc<Live>> {
        self.lock().known.iter().map(|(live, _)| live).rfind(|live| live.run() == Some(run)).cloned()
    }

    /// What waits or goes on, and what has ended and is not in the archive; oldest first.
    pub fn current(&self) -> Vec<Arc<Live>> {
        let state = self.lock();
        let is_current = |live: &&Arc<Live>| !matches!(live.step(), Step::Ended(_)) || live.run().is_none();
        state.known.iter().map(|(live, _)| live).filter(is_current).cloned().collect()
    }

    /// Wants a job to end; one that waits has ended then.
    pub fn cancel(self: &Arc<Self>, live: &Arc<Live>) {
        live.cancel();
        let mut state = self.lock();
        let waiting = state.waiting.iter().position(|(waiting, _)| Arc::ptr_eq(waiting, live));
        if let Some(at) = waiting {
            state.waiting.remove(at);
            drop(state);
            live.end(RunOutcome::Cancelled, None);
        }
    }

    /// Cancels everything, and waits until it has ended in order, within reason.
    pub fn close(self: &Arc<Self>) {
        let lives: Vec<Arc<Live>> = {
            let mut state = self.lock();
            state.is_closed = true;
            state.known.iter().map(|(live, _)| Arc::clone(live)).collect()
        };
        for live in lives.iter().filter(|live| !matches!(live.step(), Step::Ended(_))) {
            self.cancel(live);
        }
        let until = Instant::now() + GRACE;
        let mut state = self.lock();
        while state.writing + state.reading > 0 {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return };
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Begins what may begin.
    fn advance(self: &Arc<Self>) {
        let mut state = self.lock();
        loop {
            let (may_write, may_read) = (state.writing == 0, state.reading < READING_MAX);
            let may_begin = |live: &Live| match live.access {
                Access::Writes => may_write,
                Access::Reads => may_read,
            };
            let Some(at) = state.waiting.iter().position(|(live, _)| may_begin(live)) else { return };
            let Some((live, work)) = state.waiting.remove(at) else { return };
            match live.access {
                Access::Writes => state.writing += 1,
                Access::Reads => state.reading += 1,
            }
            let (queue, running) = (Arc::clone(self), Arc::clone(&live));
            let thread = thread::Builder::new().name("job".to_owned()).spawn(move || queue.run(&running, work));
            if let Err(error) = thread {
                live.end(RunOutcome::Incomplete { why: format!("no thread can be had: {error}") }, None);
                match live.access {
                    Access::Writes => state.writing -= 1,
                    Access::Reads => state.reading -= 1,
                }
            }
        }
    }

    /// Does a job, on a thread of its own.
    fn run(self: &Arc<Self>, live: &Arc<Live>, work: Work) {
        let ended = self.attempt(live, work);
        self.finish(live, ended);
        {
            let mut state = self.lock();
            match live.access {
                Access::Writes => state.writing -= 1,
                Access::Reads => state.reading -= 1,
            }
        }
        self.ended.notify_all();
        self.advance();
    }

    /// Does it, as soon as nobody else writes to the archive.
    fn attempt(&self, live: &Arc<Live>, mut work: Work) -> Ended {
        let watcher: Arc<dyn Observer + Send + Sync> = match live.access {
            Access::Writes => Arc::clone(live) as _,
            // Nobody else makes a log of it.
            Access::Reads => RunLog::watched(Arc::clone(live) as _),
        };
        loop {
            if live.is_cancelled() {
                return cancelled();
            }
            if live.access == Access::Writes
                && let Some(holder) = jobs::holder(&self.archive)
            {
                live.wait_for(holder);
                thread::sleep(LOOK_EVERY);
                continue;
            }
            live.begin();
            let done = catch_unwind(AssertUnwindSafe(|| work(&self.archive, &watcher)));
            match done {
                Ok(Ok(ended)) => return ended,
                Ok(Err(Trouble::Job(jobs::Error::Archive(crate::archive::Error::Busy { holder, .. }))))
                    if live.run().is_none() =>
                {
                    live.wait_for(holder);
                    thread::sleep(LOOK_EVERY);
                }
                Ok(Err(Trouble::Job(error))) => {
                    return Ended { outcome: error.outcome(), report: None, last: chain(&error) };
                }
                Ok(Err(Trouble::Refused(why))) => {
                    return Ended { outcome: RunOutcome::Failed { why: why.clone() }, report: None, last: why };
                }
                Err(_) if live.is_cancelled() => return cancelled(),
                Err(_) => {
                    let why = "the work ended unexpectedly".to_owned();
                    return Ended { outcome: RunOutcome::Failed { why: why.clone() }, report: None, last: why };
                }
            }
        }
    }

    /// Tells how it ended; what the job has not recorded itself is recorded here, if there is an archive.
    fn finish(&self, live: &Arc<Live>, ended: Ended) {
        let Ended { outcome, report, last } = ended;
        if live.run().is_none() {
            let is_bad = matches!(outcome, RunOutcome::Failed { .. } | RunOutcome::Incomplete { .. });
            live.note(if is_bad { Level::Error } else { Level::Info }, last);
        }
        live.end(outcome.clone(), report.clone());
        while live.run().is_none() {
            let known = live.known();
            let kept = KeptRun {
                command: live.command.clone(),
                started: known.started.unwrap_or(live.queued),
                outcome: outcome.clone(),
                lines: live.all_lines(),
                progress: known.progress,
                request: Some(live.request.clone()),
                report: report.clone(),
            };
            match jobs::keep(&self.archive, kept) {
                Ok(run) => return live.recorded(run),
                Err(jobs::Error::Archive(crate::archive::Error::Busy { .. })) if !self.lock().is_closed => {
                    thread::sleep(LOOK_EVERY);
                }
                Err(error) => return tracing::info!("a run of the page is not recorded: {}", chain(&error)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cancelled() -> Ended {
    Ended { outcome: RunOutcome::Cancelled, report: None, last: "cancelled".to_owned() }
}
