//! Jobs that change an archive leave a run behind, however they end.

use std::path::Path;

use crate::archive::id::RunId;
use crate::archive::runs::RunOutcome;
use crate::archive::{self, ArchiveMut};
use crate::jobs::{Error, chain};

/// Opens the archive at `path`, records that `command` runs, does the work, and records how it ended with the lines
/// that the work gives back. At the end `close` closes it.
///
/// # Errors
/// When the archive cannot be opened or written, or the work's own.
pub(super) fn recorded<T>(
    path: &Path,
    command: &str,
    close: impl FnOnce(ArchiveMut) -> Result<(), archive::Error>,
    work: impl FnOnce(&ArchiveMut, RunId) -> Result<(T, Vec<String>), Error>,
) -> Result<T, Error> {
    let archive = ArchiveMut::open(path)?;
    let run = archive.begin_run(command)?;
    let done = work(&archive, run.id);
    let (outcome, log) = match &done {
        Ok((_, log)) => (RunOutcome::Done { snapshot: None }, log.clone()),
        Err(error) => (error.outcome(), vec![chain(error)]),
    };
    // After a failed write the handle refuses everything; the failure to record that must not hide the failure.
    let recorded = archive.end_run(run, outcome, &log);
    let (outcome, _) = done?;
    recorded?;
    close(archive)?;
    Ok(outcome)
}
