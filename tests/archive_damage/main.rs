//! Damage is found, named and never served. Guards against the trust in a database that verifies nothing when it reads,
//! and against the panics and gigabytes that a damaged page costs it.

mod damage;
mod flips;
mod laundering;
mod pages;
mod sandbox;
mod sight;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use damage::Damage;
use fonds::archive::ArchiveMut;
use sandbox::Trials;
use sight::Outcome;
use support::archives::{import, write_into};
use support::backup::write_dir;
use support::museum::{Museum, Size};

/// An archive of three days, closed cleanly.
struct Story {
    dir: tempfile::TempDir,
    image: Vec<u8>,
}

impl Story {
    fn tell(seed: u64) -> Self {
        Self::with_pictures(seed, 15_000)
    }

    /// With pictures of so many bytes.
    fn with_pictures(seed: u64, picture_bytes: usize) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut story = Self { dir, image: Vec::new() };
        let mut museum = Museum::new(seed, Size { objects: 60, pictures: 2, picture_bytes });
        for _ in 0..3 {
            museum.next_day();
            write_dir(&story.source(), &museum.files());
            import(&story.archive(), &story.source()).expect("an import");
        }
        story.image = std::fs::read(story.archive()).expect("the archive");
        // What may be imported next.
        museum.next_day();
        write_dir(&story.source(), &museum.files());
        story
    }

    /// The same archive as its writer's death leaves it, right after the last snapshot became visible.
    fn unclosed(mut self) -> Self {
        let archive = ArchiveMut::open(&self.archive()).expect("an archive");
        let run = archive.begin_run("import museum").expect("a run");
        write_into(&archive, run.id, &self.source()).expect("a snapshot");
        self.image = std::fs::read(self.archive()).expect("the archive");
        self
    }

    fn archive(&self) -> PathBuf {
        self.dir.path().join("fonds.redb")
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("backup")
    }

    /// What becomes of each damage is harmless or told, and some of it is told.
    #[track_caller]
    fn suffer(&self, damages: Vec<Damage>, import: Option<&Path>) {
        let trials = Trials { image: self.image.clone(), import: import.map(Path::to_owned), damages };
        let outcomes = trials.run();
        let count = |wanted: Outcome| outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count();
        let (harmless, told) = (count(Outcome::Harmless), count(Outcome::Told));
        eprintln!("{} trials: {harmless} harmless, {told} told", outcomes.len());
        assert!(told > 0, "nothing was told: nothing was tried");
        let wrong = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Wrong(_)));
        let wrong: Vec<String> = wrong.map(|wrong| format!("{wrong:?}")).collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
    }
}
