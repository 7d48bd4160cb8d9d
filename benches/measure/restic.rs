//! restic with its own settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use super::tool::{Snapshot, Tool};

pub struct Restic;

impl Tool for Restic {
    fn name(&self) -> &'static str {
        "restic"
    }

    fn create(&self, home: &Path) -> Result<()> {
        process::run(restic(home).arg("init")).map(drop)
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = restic(home);
        command.args(["backup", "."]).current_dir(&snapshot.dir);
        command.args(["--tag", &snapshot.number.to_string()]);
        command
    }

    fn restore(&self, home: &Path, snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = restic(home);
        command.args(["restore", "latest", "--tag", &snapshot.number.to_string(), "--target"]);
        command.arg(target);
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("repository")
    }
}

fn restic(home: &Path) -> Command {
    let mut command = Command::new("restic");
    command.env("RESTIC_REPOSITORY", Restic.stored(home)).env("RESTIC_PASSWORD", "museum");
    command.env("RESTIC_CACHE_DIR", home.join("cache")).arg("--quiet");
    command
}
