//! What a job can fail of: one of its two ends, or what was asked for.

use crate::{archive, layout};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Archive(#[from] archive::Error),
    #[error(transparent)]
    Layout(#[from] layout::Error),
    #[error(transparent)]
    Name(#[from] archive::snapshot::NameError),
    #[error("{0} cannot be used as a backup name; give one with --name")]
    NoName(String),
}
