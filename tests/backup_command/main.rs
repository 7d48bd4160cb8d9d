//! `fonds backup` as its users meet it: what they type, what they read, the exit code a script gets, and what a kill leaves.

#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod endings;
mod flags;
mod kills;
mod passwords;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A working directory, in which `fonds.redb` is the archive.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `fonds` with these words, and nothing of the environment that would change what it does.
    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fonds"));
        command.args(words.split(' ').filter(|word| !word.is_empty())).current_dir(self.0.path()).stdin(Stdio::null());
        for name in ["FONDS_ARCHIVE", "FONDS_PASSWORD", "XDG_CONFIG_HOME", "http_proxy", "HTTP_PROXY"] {
            command.env_remove(name);
        }
        command.env("HOME", self.0.path());
        command
    }

    fn run(&self, words: &str) -> Output {
        self.command(words).output().expect("the program starts")
    }

    /// What stands on stderr but the note that nothing is in read-only mode, and the exit code.
    fn failure(&self, words: &str) -> (String, i32) {
        let output = self.run(words);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines = text.lines().filter(|line| !line.contains("read-only mode")).collect::<Vec<_>>();
        (lines.join("\n"), output.status.code().expect("an end"))
    }
}

/// The words of a backup of everything.
fn backup_of(url: &str) -> String {
    format!(
        "backup --server {url} --login root --password admin --name museum --all-versions --include-deleted \
         --include-files with-versions --chunk-size 3 --retry-sleep-between 0.01 --max-parallel 3"
    )
}
