//! Runs: what wrote to the archive, when, and how it ended. A run's row is committed before its work begins, so that a
//! second writer can be told who holds the archive, and a killed run shows. Its log and how far it is follow while it
//! runs, so that others can watch.

mod log;
mod parts;

use std::sync::Arc;

use bincode::{Decode, Encode};
use redb::{Database, ReadTransaction, ReadableTable as _};

use crate::archive::database::OpenDatabase;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::{RunId, SnapshotNumber};
use crate::archive::{codec, numbers, seal, tables};

pub use log::{BLOCK_LINES, Batch, LogPage, each_line, lines, lines_total};
pub use parts::{Group, Progress, TargetProgress, groups, progress, report, request};
pub(crate) use parts::{Part, encoded_groups};

/// One execution of a job.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Run {
    pub id: RunId,
    /// What ran, without secrets: `import museum`.
    pub command: String,
    pub host: String,
    pub process: u32,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub started: i64,
    pub ended: Option<i64>,
    pub outcome: RunOutcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RunOutcome {
    /// Not ended yet, or killed.
    Running,
    Done {
        snapshot: Option<SnapshotNumber>,
    },
    Failed {
        why: String,
    },
    /// Found unfinished by the next writer.
    Interrupted,
    /// Somebody has ended it.
    Cancelled,
    /// Done, but so many things were set aside.
    Aside {
        snapshot: Option<SnapshotNumber>,
        count: u64,
    },
    /// Ended by something that passes: the same can go on.
    Incomplete {
        why: String,
    },
    /// What was compared is not the same in so many places.
    Different {
        count: u64,
    },
}

impl RunOutcome {
    /// One word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::Aside { .. } => "aside",
            Self::Incomplete { .. } => "incomplete",
            Self::Different { .. } => "different",
        }
    }
}

/// A run that goes on. Its archive is not closed before it has ended.
pub struct OpenRun {
    pub run: Run,
    database: Arc<OpenDatabase>,
}

impl OpenRun {
    pub(crate) fn new(run: Run, database: Arc<OpenDatabase>) -> Self {
        Self { run, database }
    }

    /// Writes what the run has to say up to now. Waits while somebody else commits.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn append(&self, batch: &Batch) -> Result<(), Error> {
        append(&self.database, self.run.id, batch)
    }

    /// Records how it ended, with what its log has not got yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn end(&self, outcome: RunOutcome, batch: &Batch) -> Result<(), Error> {
        end(&self.database, self.run.clone(), outcome, batch)
    }
}

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn now() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// Records that a run begins, and that runs left unfinished were interrupted.
///
/// # Errors
/// When the database refuses.
pub(crate) fn begin(database: &Database, command: &str) -> Result<Run, Error> {
    let transaction = tables::begin_write(database)?;
    let last = {
        let table = transaction.open_table(tables::RUNS)?;
        let row = table.last()?;
        row.map(|(id, value)| (id.value(), opened(id.value(), value.value())))
    };
    let has_finished = |outcome: &RunOutcome| {
        matches!(outcome, RunOutcome::Done { .. } | RunOutcome::Aside { .. } | RunOutcome::Different { .. })
    };
    if let Some((_, run)) = &last {
        if !run.as_ref().is_ok_and(|run| has_finished(&run.outcome)) {
            numbers::skip(&transaction)?;
        }
        // There is one writer at a time, and each has done this: none before it can be unfinished.
        if let Ok(run) = run
            && run.outcome == RunOutcome::Running
        {
            insert(&transaction, &Run { outcome: RunOutcome::Interrupted, ..run.clone() })?;
        }
    }
    let last = last.map_or(0, |(id, _)| id);
    let run = Run {
        id: RunId(last + 1),
        command: command.to_owned(),
        host: host(),
        process: std::process::id(),
        started: now(),
        ended: None,
        outcome: RunOutcome::Running,
    };
    insert(&transaction, &run)?;
    transaction.commit()?;
    Ok(run)
}

/// What this machine is called in runs.
#[must_use]
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Records how a run ended, with what its log has not got yet.
///
/// # Errors
/// When the database refuses.
pub(crate) fn end(database: &Database, mut run: Run, outcome: RunOutcome, batch: &Batch) -> Result<(), Error> {
    guarded(|| {
        let transaction = tables::begin_write(database)?;
        run.ended = Some(now());
        run.outcome = outcome;
        insert(&transaction, &run)?;
        log::append(&transaction, run.id, batch)?;
        transaction.commit()?;
        Ok(())
    })?
}

/// Writes what a run has to say while it goes on.
///
/// # Errors
/// When the database refuses.
pub(crate) fn append(database: &Database, id: RunId, batch: &Batch) -> Result<(), Error> {
    guarded(|| {
        let transaction = tables::begin_write(database)?;
        log::append(&transaction, id, batch)?;
        transaction.commit()?;
        Ok(())
    })?
}

fn insert(transaction: &redb::WriteTransaction, run: &Run) -> Result<(), Error> {
    let sealed = seal::seal("runs", &tables::key_of(run.id.0), codec::encode(run));
    transaction.open_table(tables::RUNS)?.insert(run.id.0, sealed.as_slice())?;
    Ok(())
}

/// All runs, oldest first; a damaged row is an item, not the end.
///
/// # Errors
/// When the table cannot be walked.
pub fn all(transaction: &ReadTransaction) -> Result<Vec<Result<Run, Error>>, Error> {
    guarded(|| {
        let table = transaction.open_table(tables::RUNS)?;
        let mut runs = Vec::new();
        for row in table.iter()? {
            let (id, value) = row?;
            runs.push(opened(id.value(), value.value()));
        }
        Ok(runs)
    })?
}

/// The newest `count` runs before the run `before`, newest first; a damaged row is an item, not the end.
///
/// # Errors
/// When the table cannot be walked.
pub fn newest(transaction: &ReadTransaction, before: RunId, count: usize) -> Result<Vec<Result<Run, Error>>, Error> {
    guarded(|| {
        let table = transaction.open_table(tables::RUNS)?;
        let mut runs = Vec::new();
        for row in table.range(..before.0)?.rev().take(count) {
            let (id, value) = row?;
            runs.push(opened(id.value(), value.value()));
        }
        Ok(runs)
    })?
}

/// One run; `None` if there is none of this id.
///
/// # Errors
/// When its row is damaged.
pub fn find(transaction: &ReadTransaction, id: RunId) -> Result<Option<Run>, Error> {
    guarded(|| {
        let table = transaction.open_table(tables::RUNS)?;
        table.get(id.0)?.map(|value| opened(id.0, value.value())).transpose()
    })?
}

/// How many runs there are.
///
/// # Errors
/// When the table cannot be opened.
pub fn count(transaction: &ReadTransaction) -> Result<u64, Error> {
    use redb::ReadableTableMetadata as _;
    guarded(|| Ok(transaction.open_table(tables::RUNS)?.len()?))?
}

fn opened(id: u64, sealed: &[u8]) -> Result<Run, Error> {
    let damaged = || Damage::Value { table: "runs", key: id.to_string() };
    let bytes = seal::open("runs", &tables::key_of(id), sealed).map_err(|_| damaged())?;
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}

/// What is damaged in the rows, logs and parts of all runs.
///
/// # Errors
/// When a table cannot be walked.
pub(crate) fn flaws(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let runs = all(transaction)?;
    let mut flaws = Vec::new();
    for id in runs.iter().flatten().map(|run| run.id) {
        flaws.extend(each_line(transaction, id, |_| Ok(())).err());
        flaws.extend(parts::check(transaction, id).err());
    }
    Ok(runs.into_iter().filter_map(Result::err).chain(flaws).collect())
}
