//! Runs: what wrote to the archive, when, and how it ended. A run's row is committed before its work begins, so that a
//! second writer can be told who holds the archive, and a killed run shows.

use bincode::{Decode, Encode};
use redb::{Database, ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::{RunId, SnapshotNumber};
use crate::archive::{codec, numbers, seal, tables};

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
    tables::write(database, |transaction| {
        let runs = all(&database.begin_read()?)?;
        for mut run in runs.iter().flatten().cloned() {
            if run.outcome == RunOutcome::Running {
                run.outcome = RunOutcome::Interrupted;
                insert(transaction, &run)?;
            }
        }
        if runs.last().is_some_and(|run| !matches!(run, Ok(Run { outcome: RunOutcome::Done { .. }, .. }))) {
            numbers::skip(transaction)?;
        }
        let last = transaction.open_table(tables::RUNS)?.last()?.map_or(0, |(id, _)| id.value());
        // Where damage hides the runs, their logs still tell which numbers are taken.
        let last_logged = transaction.open_table(tables::RUN_LOG)?.last()?.map_or(0, |(key, _)| key.value().0);
        let run = Run {
            id: RunId(last.max(last_logged) + 1),
            command: command.to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            process: std::process::id(),
            started: now(),
            ended: None,
            outcome: RunOutcome::Running,
        };
        insert(transaction, &run)?;
        Ok(run)
    })
}

/// Records how a run ended, with the lines of its log.
///
/// # Errors
/// When the database refuses.
pub(crate) fn end(database: &Database, mut run: Run, outcome: RunOutcome, log: &[String]) -> Result<(), Error> {
    run.ended = Some(now());
    run.outcome = outcome;
    tables::write(database, |transaction| {
        insert(transaction, &run)?;
        let mut table = transaction.open_table(tables::RUN_LOG)?;
        for (line, text) in (0..).zip(log) {
            let sealed = seal::seal("run_log", &tables::pair_of(run.id.0, line), text.clone().into_bytes());
            table.insert((run.id.0, line), sealed.as_slice())?;
        }
        Ok(())
    })
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
            let id = id.value();
            let damaged = || Damage::Value { table: "runs", key: id.to_string() };
            let run = seal::open("runs", &tables::key_of(id), value.value())
                .map_err(|_| damaged())
                .and_then(|bytes| codec::decode(bytes).map_err(|_| damaged()));
            runs.push(run.map_err(Error::from));
        }
        Ok(runs)
    })?
}

/// The log of a run.
///
/// # Errors
/// When a line cannot be read.
pub fn log(transaction: &ReadTransaction, id: RunId) -> Result<Vec<String>, Error> {
    guarded(|| {
        let table = transaction.open_table(tables::RUN_LOG)?;
        let mut lines = Vec::new();
        for row in table.range((id.0, 0)..=(id.0, u64::MAX))? {
            let (key, value) = row?;
            let line = key.value().1;
            let bytes = seal::open("run_log", &tables::pair_of(id.0, line), value.value())
                .map_err(|_| Damage::Value { table: "run_log", key: format!("{id} {line}") })?;
            lines.push(String::from_utf8_lossy(bytes).into_owned());
        }
        Ok(lines)
    })?
}
