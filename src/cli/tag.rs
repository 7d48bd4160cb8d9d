//! `fonds tag`: labels of a snapshot.

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs::{self, TagChange};

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::view;

/// Give a snapshot tags, or take them away
///
/// "fonds tag museum +production -test" adds one and takes the other away. Without changes the tags are printed.
#[derive(Debug, Args)]
pub struct Tag {
    /// Number, name, or name~N
    snapshot: SnapshotName,
    /// +TAG or TAG adds it, -TAG takes it away
    #[arg(allow_hyphen_values = true, value_name = "±TAG")]
    changes: Vec<TagChange>,
}

impl Tag {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let snapshot = jobs::tag(&session.archive, &self.snapshot, &self.changes)?;
        session.out.member("snapshot", &view::snapshot(&snapshot))?;
        if self.changes.is_empty() {
            for tag in &snapshot.tags {
                session.out.line(format_args!("{tag}"))?;
            }
            return Ok(Exit::DONE);
        }
        let tags = if snapshot.tags.is_empty() { "no tags".to_owned() } else { snapshot.tags.join(", ") };
        session.summary(&format!("{}: snapshot {} has {tags}", snapshot.name, snapshot.number))?;
        Ok(Exit::DONE)
    }
}
