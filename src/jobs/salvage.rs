//! Salvage: all that can still be proved is taken out of a damaged archive.

use std::path::Path;
use std::sync::Arc;

use crate::archive::salvage::{self, Salvaged};
use crate::jobs::Error;
use crate::model::event::Observer;

/// Takes everything that can be proved out of the file `damaged`, which is only read, into a new archive at `new`.
///
/// # Errors
/// When there is a file at `new`, nothing can be proved, or an end fails. Then there is no archive at `new`.
pub fn salvage(damaged: &Path, new: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Salvaged, Error> {
    Ok(salvage::salvage(damaged, new, observer)?)
}
