//! bupstash with its own settings; it knows no unencrypted store.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::process;
use super::tool::{Snapshot, Tool};

pub struct Bupstash;

impl Tool for Bupstash {
    fn name(&self) -> &'static str {
        "bupstash"
    }

    fn create(&self, home: &Path) -> Result<()> {
        process::run(bupstash(home, "new-key").arg("--output").arg(key(home)))?;
        process::run(&mut bupstash(home, "init")).map(drop)
    }

    fn store(&self, home: &Path, snapshot: &Snapshot) -> Command {
        let mut command = bupstash(home, "put");
        command.arg("--quiet").arg(format!("number={}", snapshot.number)).arg(&snapshot.dir);
        command
    }

    fn restore(&self, home: &Path, snapshot: &Snapshot, target: &Path) -> Command {
        let mut command = bupstash(home, "restore");
        command.arg("--quiet").arg("--into").arg(target);
        command.arg(format!("number={}", snapshot.number));
        command
    }

    fn stored(&self, home: &Path) -> PathBuf {
        home.join("repository")
    }
}

fn key(home: &Path) -> PathBuf {
    home.join("key")
}

fn bupstash(home: &Path, verb: &str) -> Command {
    let mut command = Command::new("bupstash");
    command.arg(verb).env("BUPSTASH_REPOSITORY", Bupstash.stored(home));
    command.env("BUPSTASH_KEY", key(home)).env("XDG_CACHE_HOME", home.join("cache"));
    command
}
