//! `fonds restore`, `verify` and `rehearse` as they are typed: every flag does what it says, and no secret is ever told.

mod checks;
mod connections;
mod documents;
mod files;
mod processes;
mod records;
mod refusals;
mod rehearsals;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod targets;

use std::path::{Path, PathBuf};
use std::process::Output;

use fonds::rehearsal::Instance;
use tempfile::TempDir;

use support::program::{fonds, told};
use support::restores::{museum, target};

/// A folder with an archive, and an empty fylr.
struct Place {
    dir: TempDir,
    target: Instance,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory"), target: target() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `fonds WORDS --manifest MANIFEST --server TARGET`, with usual words that none of the tests is about.
    fn run_on(&self, manifest: &Path, words: &str) -> Output {
        self.command(words).arg("--manifest").arg(manifest).output().expect("the program starts")
    }

    /// The same with the museum.
    fn run(&self, words: &str) -> Output {
        self.run_on(&museum(), words)
    }

    fn command(&self, words: &str) -> std::process::Command {
        let mut command = fonds(&self.path("a.redb"));
        command.args(words.split(' ').filter(|word| !word.is_empty()));
        command.args(["--server", &self.target.api_url(), "--login", "root", "--retry-max-count", "2"]);
        command.args(["--retry-sleep-between", "0.01"]).env("FONDS_PASSWORD", "admin").env_remove("HTTP_PROXY");
        command.current_dir(self.dir.path());
        command
    }

    /// Restores the museum, which has a plugin that cannot be had: exit code 4.
    #[track_caller]
    fn restore(&self, words: &str) {
        self.restore_of(&museum(), words);
    }

    #[track_caller]
    fn restore_of(&self, manifest: &Path, words: &str) {
        let output = self.run_on(manifest, &format!("restore {words}"));
        assert!(matches!(output.status.code(), Some(0 | 4)), "restore {words}: {}", told(&output));
    }

    /// Queries of the requests to a path.
    fn queries(&self, method: &str, path: &str) -> Vec<String> {
        let all = self.target.requests().into_iter();
        all.filter(|logged| logged.method == method && logged.path.contains(path)).map(|logged| logged.query).collect()
    }

    /// Writes that change something; logins and searches do not.
    fn writes(&self) -> usize {
        let all = self.target.requests().into_iter();
        all.filter(|logged| {
            logged.method != "GET" && !logged.path.contains("oauth2") && !logged.path.ends_with("/search")
        })
        .count()
    }
}
