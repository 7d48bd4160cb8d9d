//! `fonds rename`: another backup name.

use clap::Args;
use fonds::archive::snapshot::backup_name;
use fonds::jobs;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::{format, view};

/// Give all snapshots of a backup name another name
#[derive(Debug, Args)]
pub struct Rename {
    /// The backup name
    #[arg(value_parser = backup_name)]
    name: String,
    /// What it is to be called; no backup may be called so already
    #[arg(value_parser = backup_name)]
    new: String,
}

impl Rename {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let renamed = jobs::rename(&session.archive, &self.name, &self.new)?;
        session.out.list("snapshots")?;
        for snapshot in &renamed {
            session.out.item(|| view::snapshot(snapshot))?;
        }
        let counted = format::count(renamed.len() as u64, "snapshot of", "snapshots of");
        session.summary(&format!("{counted} {} now called {}", self.name, self.new))?;
        Ok(Exit::DONE)
    }
}
