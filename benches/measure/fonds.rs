//! Our own tool, as the real binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::tool::{Snapshot, Tool};

/// The name all snapshots of the series are imported under.
const NAME: &str = "museum";

pub struct Fonds;

impl Tool for Fonds {
    fn name(&self) -> &'static str {
        "fonds"
    }

    fn create(&self, _home: &Path) -> Result<()> {
        Ok(())
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = fonds(home);
        command.arg("import").arg(&snapshot.dir).args(["--name", NAME]);
        command
    }

    /// Gives back the newest snapshot: the only one the benchmark asks for.
    fn restore(&self, home: &Path, _snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = fonds(home);
        command.args(["export", NAME]).arg(restored(target));
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("archive.fonds")
    }
}

/// Where below the target of a restore the snapshot lies.
pub fn restored(target: &Path) -> PathBuf {
    target.join("museum")
}

pub fn check(home: &Path) -> Command {
    let mut command = fonds(home);
    command.args(["check", "--read-data"]);
    command
}

pub fn list(home: &Path) -> Command {
    let mut command = fonds(home);
    command.arg("list");
    command
}

pub fn cat(home: &Path, payload: &str) -> Command {
    let mut command = fonds(home);
    command.args(["cat", NAME, payload]);
    command
}

fn fonds(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.arg("--archive").arg(Fonds.stored(home)).arg("--no-progress");
    command
}
