//! Check and stats: an archive is looked at.

use std::path::Path;
use std::sync::Arc;

use crate::archive::Archive;
use crate::archive::check::{Depth, Report};
use crate::archive::stats::Stats;
use crate::jobs::Error;
use crate::model::event::Observer;

/// Looks for everything that is wrong with the archive at `archive`.
///
/// # Errors
/// When the archive cannot be opened at all; whatever is wrong inside is in the report.
pub fn check(archive: &Path, depth: Depth, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Report, Error> {
    Ok(Archive::open(archive)?.check(depth, &**observer)?)
}

/// Sizes of the archive at `archive`.
///
/// # Errors
/// When it cannot be opened or read.
pub fn stats(archive: &Path) -> Result<Stats, Error> {
    Ok(Archive::open(archive)?.stats()?)
}
