//! The real program, run from outside.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `fonds` with an archive, and nothing of the environment that would change what it does.
pub fn fonds(archive: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.arg("--archive").arg(archive).stdin(Stdio::null()).env_remove("FONDS_ARCHIVE");
    command
}

/// Imports a directory under the name `museum`.
pub fn import(archive: &Path, source: &Path) -> Command {
    let mut command = fonds(archive);
    command.arg("import").arg(source).args(["--name", "museum"]);
    command
}

/// Checks every byte.
pub fn check(archive: &Path) -> Command {
    let mut command = fonds(archive);
    command.args(["check", "--read-data"]);
    command
}

/// Runs to the end; what was printed.
#[track_caller]
pub fn succeed(mut command: Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", told(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The exit code and all that was printed, for people.
pub fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}
