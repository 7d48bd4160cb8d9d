//! rustic, the rewrite of restic, with its own settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use super::tool::{Snapshot, Tool};

pub struct Rustic;

impl Tool for Rustic {
    fn name(&self) -> &'static str {
        "rustic"
    }

    fn create(&self, home: &Path) -> Result<()> {
        process::run(rustic(home).arg("init")).map(drop)
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = rustic(home);
        command.args(["backup", "."]).current_dir(&snapshot.dir);
        command
    }

    /// Gives back the newest snapshot: the only one the benchmark asks for.
    fn restore(&self, home: &Path, _snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = rustic(home);
        command.args(["restore", "latest"]).arg(target);
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("repository")
    }
}

fn rustic(home: &Path) -> Command {
    let mut command = Command::new("rustic");
    command.env("RUSTIC_REPOSITORY", Rustic.stored(home)).env("RUSTIC_PASSWORD", "museum");
    command.env("RUSTIC_CACHE_DIR", home.join("cache")).env("RUSTIC_NO_PROGRESS", "true");
    command
}
