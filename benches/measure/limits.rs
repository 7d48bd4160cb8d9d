//! What the machine itself can do with a snapshot: nothing that keeps it can be faster.

use std::path::Path;
use std::process::Command;

use super::tool::Snapshot;

/// The first argument that makes this program a limit to be measured.
pub const SPLIT: &str = "limit-split";

/// A limit and the command that shows it.
pub struct Limit {
    pub name: &'static str,
    pub command: fn(&Snapshot, &Path) -> Command,
}

pub const SPLIT_NAME: &str = "split + BLAKE3";

pub const ALL: [Limit; 3] = [
    Limit { name: "cat", command: cat },
    Limit { name: "cp -r", command: copy },
    Limit { name: SPLIT_NAME, command: split },
];

fn cat(snapshot: &Snapshot, _target: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "cat ./*"]).current_dir(&snapshot.dir);
    command
}

fn copy(snapshot: &Snapshot, target: &Path) -> Command {
    let mut command = Command::new("cp");
    command.arg("-r").arg(&snapshot.dir).arg(target.join("copy"));
    command
}

/// This program again: as a process of its own it is measured like everything else.
fn split(snapshot: &Snapshot, _target: &Path) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(SPLIT).arg(&snapshot.dir);
    command
}
