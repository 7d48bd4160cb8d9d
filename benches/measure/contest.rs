//! The contest: every tool does the same task before any tool does the next one, so that a slow
//! minute of the machine hits all of them.

use std::path::Path;

use anyhow::{Context, Result};

use super::entrant::Entrant;
use super::lap::Laps;
use super::limits::{self, Limit};
use super::options::Options;
use super::ours::Ours;
use super::tool::{self, Snapshot};
use super::{disk, process};

pub struct Outcome {
    /// `fonds` is the first.
    pub entrants: Vec<Entrant>,
    pub limits: Vec<(&'static str, Laps)>,
    pub ours: Ours,
    /// The last snapshot as it lies in its directory.
    pub snapshot_bytes: u64,
    /// Bytes of all snapshots.
    pub series_bytes: u64,
}

/// Lets all tools store all snapshots and restore the last one.
pub fn hold(options: &Options, snapshots: &[Snapshot], work: &Path) -> Result<Outcome> {
    let (first, later) = snapshots.split_first().context("a series has a snapshot")?;
    let last = later.last().unwrap_or(first);
    let mut outcome = Outcome {
        entrants: tool::all(options).map(|tool| Entrant::new(tool, work)).collect(),
        limits: limits::ALL.iter().map(|limit| (limit.name, Laps::default())).collect(),
        ours: Ours::default(),
        snapshot_bytes: disk::size(&last.dir)?.length_bytes,
        series_bytes: series_bytes(snapshots)?,
    };
    for _ in 0..options.rounds() {
        outcome.each(|entrant| entrant.start(first));
    }
    for snapshot in later {
        outcome.each(|entrant| entrant.add(snapshot));
        outcome.meet_limits(snapshot, &work.join("limit"))?;
    }
    let target = work.join("restored");
    for _ in 0..options.rounds() {
        outcome.each(|entrant| entrant.restore(last, &target));
    }
    let Outcome { entrants, ours, .. } = &mut outcome;
    let fonds = entrants.first_mut().context("fonds takes part")?;
    fonds.attempt(|fonds| ours.take(options.rounds(), &fonds.home, last, &target));
    Ok(outcome)
}

impl Outcome {
    /// Gives one task to all tools in turn.
    fn each(&mut self, mut task: impl FnMut(&mut Entrant) -> Result<()>) {
        for entrant in &mut self.entrants {
            entrant.attempt(&mut task);
        }
    }

    fn meet_limits(&mut self, snapshot: &Snapshot, target: &Path) -> Result<()> {
        for (Limit { command, .. }, (_, laps)) in limits::ALL.iter().zip(&mut self.limits) {
            disk::empty_dir(target)?;
            laps.push(process::measure(&mut command(snapshot, target))?);
            disk::remove(target)?;
        }
        Ok(())
    }
}

fn series_bytes(snapshots: &[Snapshot]) -> Result<u64> {
    snapshots.iter().map(|snapshot| Ok(disk::size(&snapshot.dir)?.length_bytes)).sum()
}
