//! Who only looks changes nothing, also when the last writer was killed; there is one writer, and who comes second is told
//! who was first. Guards against a database that repairs whatever it opens, and against locks that wait for ever.

#[path = "../support/mod.rs"]
mod support;
mod untouched;
mod writers;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fonds::archive::Archive;
use redb::ConcurrencyMode;
use support::backup::write_dir;
use support::museum::{Museum, Size};
use support::program::{import, succeed};
use tempfile::TempDir;

/// An archive with one snapshot, and another backup.
struct Story {
    dir: TempDir,
}

impl Story {
    fn tell() -> Self {
        let story = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        let mut museum = Museum::new(1, Size { objects: 3_000, pictures: 4, picture_bytes: 500_000 });
        write_dir(&story.source(), &museum.files());
        succeed(import(&story.archive(), &story.source()));
        museum.next_day();
        write_dir(&story.source(), &museum.files());
        story
    }

    /// Kills an import after its run has begun.
    fn kill_an_import(&self) {
        let mut child = silent(import(&self.archive(), &self.source())).spawn().expect("the program starts");
        while runs(&self.archive()) < 2 {
            assert!(child.try_wait().expect("a child").is_none(), "it ended before it could be killed");
        }
        child.kill().expect("a child that can be killed");
        child.wait().expect("a child that ends");
        let opened =
            redb::Builder::new().set_concurrency_mode(ConcurrencyMode::SingleWriter).open_read_only(self.archive());
        assert!(opened.is_err(), "it was killed too late: the archive was closed already");
    }

    fn archive(&self) -> PathBuf {
        self.dir.path().join("fonds.redb")
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("backup")
    }
}

fn runs(archive: &Path) -> usize {
    let archive = Archive::open(archive).expect("an archive");
    fonds::archive::runs::all(&archive.read().expect("a view")).expect("the runs").len()
}

fn silent(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
