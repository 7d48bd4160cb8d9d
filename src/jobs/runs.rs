//! Runs: what wrote to an archive, when, and how it ended.

use std::path::Path;

use rustix::process::{Pid, test_kill_process};

use crate::archive::id::RunId;
use crate::archive::runs::{self, Run, RunOutcome};
use crate::archive::{self, Archive};
use crate::jobs::Error;

/// All runs of the archive at `archive`, oldest first; one that cannot be read is an item, not the end. A run whose
/// process is gone is told as interrupted.
///
/// # Errors
/// When the archive cannot be opened.
pub fn runs(archive: &Path) -> Result<Vec<Result<Run, archive::Error>>, Error> {
    let runs = runs::all(&Archive::open(archive)?.read()?)?;
    Ok(runs.into_iter().map(|run| run.map(judged)).collect())
}

/// One run, with the lines of its log.
///
/// # Errors
/// When the archive cannot be opened, there is no such run, or it cannot be read.
pub fn run(archive: &Path, id: RunId) -> Result<(Run, Vec<String>), Error> {
    let transaction = Archive::open(archive)?.read()?;
    let named = |run: &Result<Run, archive::Error>| match run {
        Ok(run) => run.id == id,
        Err(archive::Error::Damaged(archive::Damage::Value { key, .. })) => *key == id.to_string(),
        Err(_) => false,
    };
    let run = runs::all(&transaction)?.into_iter().find(named).ok_or(Error::NoRun(id))??;
    Ok((judged(run), runs::log(&transaction, id)?))
}

/// The next writer marks a run that was killed; before that its process tells, if it was of this host.
fn judged(mut run: Run) -> Run {
    let is_here = rustix::system::uname().nodename().to_string_lossy() == run.host;
    if run.outcome == RunOutcome::Running && is_here && !is_alive(run.process) {
        run.outcome = RunOutcome::Interrupted;
    }
    run
}

fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    // A process of somebody else may not be signalled, but is there.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
