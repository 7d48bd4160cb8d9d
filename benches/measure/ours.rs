//! What `fonds` alone is asked for, since no rival has it: checking, listing, one payload.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use super::lap::Laps;
use super::tool::{Snapshot, Tool};
use super::{disk, fonds, process};

/// Commands of a few milliseconds are run this often in every round.
const SHORT_RUNS: usize = 5;

/// The figures of these commands.
#[derive(Default)]
pub struct Ours {
    pub check: Laps,
    pub list: Laps,
    pub cat: Laps,
    /// The first file that an export did not give back as it was.
    pub difference: Option<String>,
}

impl Ours {
    /// Whether an export gives back what was imported, then the commands no rival has.
    pub fn take(&mut self, rounds: usize, home: &Path, last: &Snapshot, target: &Path) -> Result<()> {
        disk::empty_dir(target)?;
        process::run(&mut fonds::Fonds.restore(home, last, target))?;
        self.difference = disk::first_difference(&last.dir, &fonds::restored(target))?;
        disk::remove(target)?;
        let payload = largest_file(&last.dir)?;
        for _ in 0..rounds {
            self.check.push(process::measure(&mut fonds::check(home))?);
            for _ in 0..SHORT_RUNS {
                let run = |mut command: Command| process::run(&mut command);
                self.list.push(run(fonds::list(home))?);
                self.cat.push(run(fonds::cat(home, &payload))?);
            }
        }
        Ok(())
    }
}

/// The name of the largest file of a directory: a full payload.
fn largest_file(dir: &Path) -> Result<String> {
    let mut largest = None;
    for entry in dir.read_dir()? {
        let entry = entry?;
        largest = largest.max(Some((entry.metadata()?.len(), entry.file_name())));
    }
    let (_, name) = largest.context("a snapshot has files")?;
    name.into_string().map_err(|name| anyhow!("{} is not UTF-8", name.display()))
}
