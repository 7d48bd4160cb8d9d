//! Runs that are recorded when they are over: those that only read, and those that failed before they could begin.

use std::path::Path;

use serde_json::Value;

use crate::archive::ArchiveMut;
use crate::archive::id::RunId;
use crate::archive::runs::{Batch, Part, Progress, RunOutcome};
use crate::jobs::Error;
use crate::jobs::log::Groups;
use crate::model::log::Numbered;

/// A run that is over.
pub struct KeptRun {
    pub command: String,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub started: i64,
    pub outcome: RunOutcome,
    pub lines: Vec<Numbered>,
    pub progress: Progress,
    pub request: Option<String>,
    pub report: Option<Value>,
}

/// Records a run that is over in an archive that is there.
///
/// # Errors
/// When the archive is not there, cannot be written, or somebody else writes to it.
pub fn keep(archive: &Path, kept: KeptRun) -> Result<RunId, Error> {
    let archive = ArchiveMut::open(archive)?;
    let mut open = archive.open_run(&kept.command)?;
    open.run.started = kept.started;
    let mut groups = Groups::default();
    for Numbered { number, line } in &kept.lines {
        groups.add(*number, line);
    }
    let mut parts = vec![(Part::Progress, kept.progress.encoded()), (Part::Groups, groups.encoded())];
    parts.extend(kept.request.map(|request| (Part::Request, request.into_bytes())));
    parts.extend(kept.report.map(|report| (Part::Report, report.to_string().into_bytes())));
    let lines = kept.lines.into_iter().map(|numbered| numbered.line).collect();
    let id = open.run.id;
    open.end(kept.outcome, &Batch { first: 0, lines, parts })?;
    drop(open);
    archive.close()?;
    Ok(id)
}
