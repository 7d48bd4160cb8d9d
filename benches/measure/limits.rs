//! What the machine itself can do with a snapshot: nothing that keeps it can be faster.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::tool::Snapshot;

/// The first argument that makes this program a limit to be measured.
pub const SPLIT: &str = "limit-split";

/// A limit and the command that shows it.
pub struct Limit {
    pub name: &'static str,
    pub command: fn(&Snapshot, &Path) -> Result<Command>,
}

pub const SPLIT_NAME: &str = "split + BLAKE3";

pub const ALL: [Limit; 3] = [
    Limit { name: "cat", command: cat },
    Limit { name: "cp -r", command: copy },
    Limit { name: SPLIT_NAME, command: split },
];

fn cat(snapshot: &Snapshot, _target: &Path) -> Result<Command> {
    let mut command = Command::new("cat");
    for entry in snapshot.dir.read_dir()? {
        command.arg(entry?.path());
    }
    Ok(command)
}

fn copy(snapshot: &Snapshot, target: &Path) -> Result<Command> {
    let mut command = Command::new("cp");
    command.arg("-r").arg(&snapshot.dir).arg(target.join("copy"));
    Ok(command)
}

/// A process of its own, so that it is measured like everything else.
fn split(snapshot: &Snapshot, _target: &Path) -> Result<Command> {
    let program = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(program);
    command.arg(SPLIT).arg(&snapshot.dir);
    Ok(command)
}
