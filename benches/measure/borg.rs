//! borg 1 without encryption, with the compression `fonds` uses.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use super::tool::{Snapshot, Tool};

pub struct Borg;

impl Tool for Borg {
    fn name(&self) -> &'static str {
        "borg"
    }

    fn create(&self, home: &Path) -> Result<()> {
        let mut command = borg(home, "init");
        process::run(command.args(["--encryption", "none"]).arg(self.stored(home))).map(drop)
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = borg(home, "create");
        command.args(["--compression", "zstd,3"]).arg(archive(home, snapshot)).arg(".");
        command.current_dir(&snapshot.dir);
        command
    }

    fn restore(&self, home: &Path, snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = borg(home, "extract");
        command.arg(archive(home, snapshot)).current_dir(target);
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("repository")
    }
}

fn archive(home: &Path, snapshot: &Snapshot) -> String {
    format!("{}::{}", Borg.stored(home).display(), snapshot.number)
}

fn borg(home: &Path, verb: &str) -> Command {
    let mut command = Command::new("borg");
    command.arg(verb).env("BORG_BASE_DIR", home.join("base"));
    command.env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
    command.env("BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes");
    command
}
