//! The program is killed at any moment: what was finished is whole, the same command finishes the rest, and nothing is
//! stored twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fonds::archive::Archive;
use fonds::archive::stats::Stats;
use tempfile::TempDir;

use crate::support::archives::{Snapshots, read_all};
use crate::support::backup::{Files, write_dir};
use crate::support::museum::{Museum, Size};
use crate::support::program::{check, import, succeed};
use crate::support::rounds::{chance, rounds};

/// A few megabytes.
const SIZE: Size = Size { objects: 2_000, pictures: 8, picture_bytes: 150_000 };

/// A museum with two archives: one whose imports are killed, and one whose imports are not.
struct Story {
    dir: TempDir,
    snapshots: Snapshots,
    /// How long an import takes that is not killed.
    usual: Duration,
}

impl Story {
    fn begin(museum: &Museum) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut story = Self { dir, snapshots: Snapshots::new(), usual: Duration::ZERO };
        story.day(&museum.files());
        succeed(import(&story.archive(), &story.source()));
        story
    }

    /// A new backup, imported without being killed into the other archive.
    fn day(&mut self, files: &Files) {
        write_dir(&self.source(), files);
        let begun = Instant::now();
        succeed(import(&self.spared(), &self.source()));
        self.usual = begun.elapsed();
        self.snapshots.insert(self.snapshots.len() as u64 + 1, files.clone());
    }

    /// Kills an import some time after its start; whether it had not ended by itself.
    fn kill(&self, after: Duration) -> bool {
        let mut child = quiet(import(&self.archive(), &self.source())).spawn().expect("the program starts");
        thread::sleep(after);
        child.kill().expect("a child that can be killed");
        !child.wait().expect("a child that ends").success()
    }

    /// Checks every byte and reads every snapshot; how many there are.
    #[track_caller]
    fn verify(&self) -> u64 {
        succeed(check(&self.archive()));
        let found = read_all(&Archive::open(&self.archive()).expect("an archive")).expect("readable snapshots");
        assert!(found.iter().eq(self.snapshots.iter().take(found.len())), "the snapshots differ");
        found.len() as u64
    }

    fn archive(&self) -> PathBuf {
        self.dir.path().join("fonds.redb")
    }

    fn spared(&self) -> PathBuf {
        self.dir.path().join("spared.redb")
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("backup")
    }
}

#[test]
fn a_kill_at_any_moment_costs_nothing_that_was_finished() {
    let mut chance = chance("a_kill_at_any_moment_costs_nothing_that_was_finished");
    let mut museum = Museum::new(chance.u64(..), SIZE);
    let mut story = Story::begin(&museum);
    for _ in 0..rounds(5) {
        museum.next_day();
        story.day(&museum.files());
        let wanted = story.snapshots.len() as u64;
        // Killed again and again, earlier and later.
        for _ in 0..3 {
            let after = story.usual.mul_f64(chance.f64() * 1.1);
            let was_killed = story.kill(after);
            let count = story.verify();
            eprintln!("killed after {after:?} of {:?}: {was_killed}; {count} of {wanted} snapshots", story.usual);
            assert!(count + 1 >= wanted && (was_killed || count == wanted), "{count} of {wanted} snapshots");
            if count == wanted {
                break;
            }
        }
        if story.verify() < wanted {
            succeed(import(&story.archive(), &story.source()));
            assert_eq!(story.verify(), wanted);
        }
        let (stored, usual) = (contents(&story.archive()), contents(&story.spared()));
        // Numbers that a killed run may have given are not given again, and larger ones take more room in recipes.
        assert!(stored.0 == usual.0 && stored.1.abs_diff(usual.1) < 16 << 10, "{stored:?} instead of {usual:?}");
    }
}

/// Chunks, and their plain bytes.
fn contents(archive: &Path) -> (u64, u64) {
    let Stats { chunks, bytes_unique, .. } = stats(archive);
    (chunks, bytes_unique)
}

fn stats(archive: &Path) -> Stats {
    Archive::open(archive).and_then(|archive| archive.stats()).expect("stats")
}

/// Large enough to be committed in parts.
#[test]
fn a_killed_import_goes_on_where_it_was_killed() {
    let museum = Museum::new(11, Size { objects: 2_000, pictures: 3, picture_bytes: 40 << 20 });
    let story = Story::begin(&Museum::new(12, Size { objects: 10, pictures: 1, picture_bytes: 10 }));
    write_dir(&story.source(), &museum.files());
    let before = stats(&story.archive()).packs;

    let mut child = quiet(import(&story.archive(), &story.source())).spawn().expect("the program starts");
    while stats(&story.archive()).packs == before {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before its first commit could be seen");
    }
    child.kill().expect("a child that can be killed");
    child.wait().expect("a child that ends");
    assert_eq!(story.verify(), 1);
    let kept = stats(&story.archive()).bytes_unique;
    assert!(kept > 60 << 20, "{kept} bytes were committed");

    succeed(import(&story.archive(), &story.source()));
    let found = read_all(&Archive::open(&story.archive()).expect("an archive")).expect("readable snapshots");
    assert!(found[&2] == museum.files(), "the snapshot that was killed");
    succeed(import(&story.spared(), &story.source()));
    let (stored, usual) = (contents(&story.archive()), contents(&story.spared()));
    // Recipes name chunks by number, so that a few may have come twice; content has not.
    assert!(stored.0 <= usual.0 + 10 && stored.1 <= usual.1 + (256 << 10), "{stored:?} instead of {usual:?}");
    fs::remove_file(story.spared()).expect("an archive that can be removed");
    succeed(check(&story.archive()));
}

fn quiet(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
