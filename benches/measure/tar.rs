//! tar through zstd: one compressed file a snapshot, nothing shared.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::disk;
use super::tool::{Snapshot, Tool};

pub struct Tar;

impl Tool for Tar {
    fn name(&self) -> &'static str {
        "tar+zstd"
    }

    fn create(&self, home: &Path) -> Result<()> {
        Ok(disk::empty_dir(&self.stored(home))?)
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = Command::new("tar");
        command.args(["--use-compress-program", "zstd -3 -T2", "--create", "--file"]);
        command.arg(file(home, snapshot)).arg("--directory").arg(&snapshot.dir).arg(".");
        command
    }

    fn restore(&self, home: &Path, snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = Command::new("tar");
        command.args(["--use-compress-program", "zstd", "--extract", "--file"]);
        command.arg(file(home, snapshot)).arg("--directory").arg(target);
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("tars")
    }
}

fn file(home: &Path, snapshot: &Snapshot) -> PathBuf {
    Tar.stored(home).join(format!("{}.tar.zst", snapshot.number))
}
