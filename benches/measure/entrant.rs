//! A tool in the contest: its store on disk and the figures it has shown so far.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::disk::{self, Size};
use super::lap::Laps;
use super::process;
use super::tool::{Snapshot, Tool};

/// One tool and what it has shown.
pub struct Entrant {
    tool: Box<dyn Tool>,
    pub home: PathBuf,
    pub first: Laps,
    pub later: Laps,
    pub restore: Laps,
    pub after_first: Size,
    pub after_last: Size,
    /// A tool that failed once takes no further part.
    pub failure: Option<String>,
}

impl Entrant {
    pub fn new(tool: Box<dyn Tool>, work: &Path) -> Entrant {
        Entrant {
            home: work.join(tool.name()),
            tool,
            first: Laps::default(),
            later: Laps::default(),
            restore: Laps::default(),
            after_first: Size::default(),
            after_last: Size::default(),
            failure: None,
        }
    }

    pub fn name(&self) -> &'static str {
        self.tool.name()
    }

    /// A failure of one tool is noted and leaves the others in the contest.
    pub fn attempt(&mut self, task: impl FnOnce(&mut Entrant) -> Result<()>) {
        if self.failure.is_some() {
            return;
        }
        if let Err(error) = task(self) {
            eprintln!("{}: {error:#}", self.name());
            self.failure = Some(format!("{error:#}"));
        }
    }

    pub fn start(&mut self, snapshot: &Snapshot) -> Result<()> {
        disk::empty_dir(&self.home)?;
        self.tool.create(&self.home)?;
        self.first.push(process::measure(&mut self.tool.store(&self.home, snapshot))?);
        self.after_first = disk::size(&self.tool.stored(&self.home))?;
        self.after_last = self.after_first;
        Ok(())
    }

    pub fn add(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.later.push(process::measure(&mut self.tool.store(&self.home, snapshot))?);
        self.after_last = disk::size(&self.tool.stored(&self.home))?;
        Ok(())
    }

    pub fn restore(&mut self, snapshot: &Snapshot, target: &Path) -> Result<()> {
        disk::empty_dir(target)?;
        let mut command = self.tool.restore(&self.home, snapshot, target);
        self.restore.push(process::measure(&mut command)?);
        Ok(disk::remove(target)?)
    }
}
