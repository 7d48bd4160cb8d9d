//! Runs: what wrote to an archive, when, and how it ended.

use std::path::Path;

use rustix::process::{Pid, test_kill_process};

use crate::archive::id::RunId;
use crate::archive::runs::{self, Run, RunOutcome};
use crate::archive::{self, Archive};
use crate::jobs::Error;
use crate::model::log::Numbered;

/// All runs of the archive at `archive`, oldest first; one that cannot be read is an item, not the end. A run whose
/// process is gone is told as interrupted.
///
/// # Errors
/// When the archive cannot be opened.
pub fn runs(archive: &Path) -> Result<Vec<Result<Run, archive::Error>>, Error> {
    let runs = runs::all(&Archive::open(archive)?.read()?)?;
    Ok(runs.into_iter().map(|run| run.map(judged)).collect())
}

/// One run.
///
/// # Errors
/// When the archive cannot be opened, there is no such run, or it cannot be read.
pub fn run(archive: &Path, id: RunId) -> Result<Run, Error> {
    let run = runs::find(&Archive::open(archive)?.read()?, id)?;
    run.map(judged).ok_or(Error::NoRun(id))
}

/// Hands over the log of a run, line by line.
///
/// # Errors
/// When the archive cannot be opened, a part of the log cannot be read, or the first error of `visit`.
pub fn run_log<E: From<Error>>(
    archive: &Path,
    id: RunId,
    mut visit: impl FnMut(Numbered) -> Result<(), E>,
) -> Result<(), E> {
    let archive = Archive::open(archive).map_err(Error::from)?;
    let transaction = archive.read().map_err(Error::from)?;
    let mut from = 0;
    loop {
        let page =
            runs::lines(&transaction, id, runs::LogPage::From(from), crate::model::log::Level::Info, runs::BLOCK_LINES);
        let page = page.map_err(Error::from)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = last.number + 1;
        page.into_iter().try_for_each(&mut visit)?;
    }
}

/// The run as it stands: the next writer marks one that was killed; before that its process tells, if it was of this host.
#[must_use]
pub fn judged(mut run: Run) -> Run {
    if run.outcome == RunOutcome::Running && runs::host() == run.host && !is_alive(run.process) {
        run.outcome = RunOutcome::Interrupted;
    }
    run
}

fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    // A process of somebody else may not be signalled, but is there.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Which other process of this machine writes to the archive; `None` if none does, as far as can be told without waiting.
#[must_use]
pub fn holder(archive: &Path) -> Option<String> {
    let transaction = Archive::open(archive).ok()?.read().ok()?;
    let newest = runs::newest(&transaction, RunId(u64::MAX), 1).ok()?.pop()?.ok()?;
    let is_other = newest.outcome == RunOutcome::Running
        && newest.host == runs::host()
        && newest.process != std::process::id()
        && is_alive(newest.process);
    is_other.then(|| format!("process {} on {} ({})", newest.process, newest.host, newest.command))
}
