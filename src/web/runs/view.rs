//! A run as pages and scripts see it, wherever what is known of it stands: in the archive, in this process, or both.

use serde_json::{Value, json};

use crate::archive::Archive;
use crate::archive::id::RunId;
use crate::archive::runs::{self, Group, LogPage, Progress, Run, RunOutcome, now};
use crate::jobs;
use crate::model::log::{Level, Numbered};
use crate::web::answer::Refusal;
use crate::web::look::State;
use crate::web::runs::live::{Key, Known, Live, Step};
use crate::web::words::utc;

/// How a run is named in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Named {
    Run(RunId),
    Key(Key),
}

impl Named {
    /// # Errors
    /// When it is no name of a run.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
        let number = number.map(|number| Self::Run(RunId(number)));
        number.or_else(|| Key::parse(text).map(Self::Key)).ok_or_else(Refusal::not_found)
    }
}

/// A run, without its log.
#[derive(Debug, Clone)]
pub(in crate::web) struct RunView {
    /// As in a path.
    pub name: String,
    pub run: Option<RunId>,
    pub command: String,
    pub state: State,
    /// Why it stands as it does, if that needs saying.
    pub why: Option<String>,
    /// Nanoseconds since 1970-01-01T00:00:00Z; when it was queued, if it has not begun.
    pub started: i64,
    pub ended: Option<i64>,
    pub host: String,
    pub process: u32,
    pub snapshot: Option<u64>,
    /// Things set aside, or differences.
    pub count: Option<u64>,
    /// It is one of this process, which can cancel it.
    pub is_here: bool,
}

/// What a page has to say beside the run itself.
#[derive(Debug, Clone, Default)]
pub(in crate::web) struct Details {
    pub progress: Progress,
    pub groups: Vec<Group>,
    pub lines_total: u64,
    pub request: Option<Value>,
    pub report: Option<Value>,
}

impl RunView {
    /// A run of the archive; `live` is the same one, if it is of this process.
    pub fn recorded(run: Run, live: Option<&Live>) -> Self {
        let run = jobs::judged(run);
        let (state, why, snapshot, count) = state_of(&run.outcome);
        let mut view = Self {
            name: run.id.to_string(),
            run: Some(run.id),
            command: run.command,
            state,
            why,
            started: run.started,
            ended: run.ended,
            host: run.host,
            process: run.process,
            snapshot: snapshot.map(|number| number.0),
            count,
            is_here: live.is_some(),
        };
        if let Some(live) = live.filter(|_| state == State::Running) {
            let known = live.known();
            view.state = under_way(live, &known);
            view.why = waiting(&known.progress);
        }
        view
    }

    /// A run that is not in the archive.
    pub fn unrecorded(live: &Live) -> Self {
        let known = live.known();
        let (state, why, snapshot, count) = match &known.step {
            Step::Ended(outcome) => state_of(outcome),
            Step::WaitingForArchive(holder) => (under_way(live, &known), Some(holder.clone()), None, None),
            _ => (under_way(live, &known), waiting(&known.progress), None, None),
        };
        Self {
            name: live.key.to_string(),
            run: None,
            command: live.command.clone(),
            state,
            why,
            started: known.started.unwrap_or(live.queued),
            ended: known.ended,
            host: runs::host(),
            process: std::process::id(),
            snapshot: snapshot.map(|number| number.0),
            count,
            is_here: true,
        }
    }

    /// Where its page is.
    pub fn path(&self) -> String {
        format!("{}{}/", crate::web::look::RUNS, self.name)
    }

    /// How long it has taken, or takes by now, in nanoseconds.
    pub fn duration(&self) -> Option<i64> {
        let end = match self.ended {
            Some(ended) => ended,
            None if self.state.is_under_way() => now(),
            None => return None,
        };
        Some(end.saturating_sub(self.started).max(0))
    }

    pub fn json(&self) -> Value {
        json!({
            "Id": self.name,
            "Run": self.run.map(|run| run.0),
            "Command": self.command,
            "State": self.state.name(),
            "Why": self.why,
            "Started": utc(self.started),
            "Ended": self.ended.map(utc),
            "Host": self.host,
            "Process": self.process,
            "Snapshot": self.snapshot,
            "Count": self.count,
            "Url": self.path(),
        })
    }
}

impl Details {
    /// What the archive knows of a run, and this process knows better.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(archive: &Archive, id: RunId, live: Option<&Live>) -> Result<Self, Refusal> {
        let transaction = archive.read()?;
        let parsed = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let mut details = Self {
            progress: runs::progress(&transaction, id)?.unwrap_or_default(),
            groups: runs::groups(&transaction, id)?,
            lines_total: runs::lines_total(&transaction, id)?,
            request: parsed(runs::request(&transaction, id)?),
            report: parsed(runs::report(&transaction, id)?),
        };
        if let Some(live) = live {
            let known = live.known();
            details.lines_total = details.lines_total.max(known.lines_total);
            if !matches!(known.step, Step::Ended(_)) {
                (details.progress, details.groups) = (known.progress, known.groups);
            }
        }
        Ok(details)
    }

    /// The same of a run that is in memory only.
    pub fn of(live: &Live) -> Self {
        let Known { progress, groups, lines_total, report, .. } = live.known();
        Self { progress, groups, lines_total, request: serde_json::from_str(&live.request).ok(), report }
    }

    pub fn json(&self) -> Value {
        let progress = &self.progress;
        let targets = progress.targets.iter().map(|target| {
            json!({ "Name": target.name, "Phase": target.phase, "Done": target.done,
                    "PhaseDone": target.phase_done, "PhaseTotal": target.phase_total })
        });
        let groups = self.groups.iter().map(|group| {
            json!({ "Level": group.level.name(), "What": group.what, "Count": group.count, "First": group.first })
        });
        json!({
            "Phase": progress.phase,
            "PhaseDone": progress.phase_done,
            "PhaseTotal": progress.phase_total,
            "Done": progress.done,
            "Total": progress.total,
            "Bytes": progress.bytes,
            "BytesTotal": progress.bytes_total,
            "Targets": targets.collect::<Vec<_>>(),
            "Lines": self.lines_total,
            "Trouble": groups.collect::<Vec<_>>(),
            "Request": self.request,
            "Report": self.report,
        })
    }
}

/// A page of a log. What this process has in memory goes before what the archive has got of it so far.
///
/// # Errors
/// When a part of the log cannot be read.
pub(in crate::web) fn lines(
    archive: Option<(&Archive, RunId)>,
    live: Option<&Live>,
    page: LogPage,
    least: Level,
    count: usize,
) -> Result<Vec<Numbered>, Refusal> {
    let mut found = match archive {
        None => Vec::new(),
        Some((archive, id)) => runs::lines(&archive.read()?, id, page, least, count)?,
    };
    let Some(live) = live else { return Ok(found) };
    let next = found.last().map_or(0, |line| line.number + 1);
    match page {
        LogPage::From(from) => {
            let room = count - found.len();
            found.extend(live.lines(next.max(from)..u64::MAX, least, room, false));
        }
        LogPage::Before(end) => {
            found.extend(live.lines(next..end, least, count, true));
            found.drain(..found.len().saturating_sub(count));
        }
    }
    Ok(found)
}

fn under_way(live: &Live, known: &Known) -> State {
    match &known.step {
        _ if live.is_cancelled() => State::Cancelling,
        Step::Queued => State::Queued,
        Step::WaitingForArchive(_) => State::WaitingForArchive,
        _ if known.progress.waiting.is_some() => State::WaitingForRetry,
        _ => State::Running,
    }
}

/// Why nothing moves.
fn waiting(progress: &Progress) -> Option<String> {
    progress.waiting.as_ref().map(|(why, _)| why.clone())
}

type Told = (State, Option<String>, Option<crate::archive::id::SnapshotNumber>, Option<u64>);

fn state_of(outcome: &RunOutcome) -> Told {
    match outcome {
        RunOutcome::Running => (State::Running, None, None, None),
        RunOutcome::Interrupted => (State::Incomplete, None, None, None),
        RunOutcome::Cancelled => (State::Cancelled, None, None, None),
        RunOutcome::Done { snapshot } => (State::Done, None, *snapshot, None),
        RunOutcome::Aside { snapshot, count } => (State::DoneWithAside, None, *snapshot, Some(*count)),
        RunOutcome::Different { count } => (State::Different, None, None, Some(*count)),
        RunOutcome::Failed { why } => (State::Failed, Some(why.clone()), None, None),
        RunOutcome::Incomplete { why } => (State::Incomplete, Some(why.clone()), None, None),
    }
}
