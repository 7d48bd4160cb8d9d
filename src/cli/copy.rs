//! `fonds copy`: snapshots come into another archive.

use std::path::PathBuf;

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::{format, view};

/// Copy snapshots into another archive
///
/// What the other archive holds already is not stored again. Names, times and tags stay; numbers are given anew. What was
/// copied before is passed over, so that the same command continues a copy that was ended by anything.
#[derive(Debug, Args)]
pub struct Copy {
    /// Numbers, names (the newest of a name), or name~N
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    snapshots: Vec<SnapshotName>,
    /// Copy all snapshots
    #[arg(long)]
    all: bool,
    /// The other archive; it is made if there is none
    #[arg(long, value_name = "ARCHIVE")]
    to: PathBuf,
}

impl Copy {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let job = jobs::CopyTo { snapshots: self.snapshots, target: self.to };
        let copied = session.work(|observer| job.run(&session.archive, observer))?;
        session.out.list("copied")?;
        for one in &copied {
            session.out.item(
                || json!({ "from": one.from.number.0, "to": view::snapshot(&one.to), "was_there": one.was_there }),
            )?;
        }
        for one in &copied {
            let (name, from, to) = (&one.from.name, one.from.number, one.to.number);
            let target = job.target.display();
            session.summary(&if one.was_there {
                format!("{name}: snapshot {from} is in {target} already, as snapshot {to}")
            } else {
                let added = format::bytes(one.to.added.bytes_stored);
                format!("{name}: snapshot {from} is snapshot {to} in {target}, {added} added")
            })?;
        }
        Ok(Exit::DONE)
    }
}
