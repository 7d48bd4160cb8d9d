//! Months of use against a model that cannot be wrong: maps of names to bytes.

use std::collections::HashSet;
use std::path::PathBuf;

use fonds::archive::id::SnapshotNumber;
use fonds::archive::snapshot::Added;
use fonds::archive::{Archive, SnapshotName};
use fonds::jobs::Export;
use fonds::layout::WriteOptions;
use tempfile::TempDir;

use crate::support::archives::{Snapshots, findings, import, read_all, silent};
use crate::support::backup::{read_dir, write_dir};
use crate::support::museum::{Museum, Size};
use crate::support::rounds::{chance, rounds};

/// A museum, its archive, and what the archive has to hold.
struct Model {
    dir: TempDir,
    archive: PathBuf,
    museum: Museum,
    /// What the directory on disk holds is today's backup.
    snapshots: Snapshots,
    /// Every record of every snapshot.
    records: HashSet<String>,
}

impl Model {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let archive = dir.path().join("fonds.redb");
        let museum = Museum::new(seed, Size { objects: 60, pictures: 2, picture_bytes: 20_000 });
        let mut model = Self { dir, archive, museum, snapshots: Snapshots::new(), records: HashSet::new() };
        model.import();
        model
    }

    /// A day passes and is imported: what is new is counted once.
    fn import(&mut self) {
        self.museum.next_day();
        let files = self.museum.files();
        write_dir(&self.source(), &files);
        let snapshot = import(&self.archive, &self.source()).expect("an import");
        assert_eq!(snapshot.number.0, self.snapshots.len() as u64 + 1);
        assert_eq!(snapshot.counts.records, self.museum.records().count() as u64);
        let new = self.museum.records().filter(|record| self.records.insert(record.clone())).count();
        assert_eq!(snapshot.added.records, new as u64, "new records of snapshot {}", snapshot.number);
        self.snapshots.insert(snapshot.number.0, files);
    }

    /// The same directory again costs nothing.
    fn import_again(&mut self) {
        let snapshot = import(&self.archive, &self.source()).expect("an import");
        assert_eq!(snapshot.added, Added::default());
        let files = self.snapshots[&(snapshot.number.0 - 1)].clone();
        self.snapshots.insert(snapshot.number.0, files);
    }

    fn export(&self, number: u64) {
        let destination = self.dir.path().join(format!("out-{number}"));
        let job = Export {
            snapshot: SnapshotName::Number(SnapshotNumber(number)),
            destination: destination.clone(),
            options: WriteOptions::default(),
            include: None,
        };
        job.run(&self.archive, &silent()).expect("an export");
        assert!(read_dir(&destination) == self.snapshots[&number], "the files of snapshot {number}");
        std::fs::remove_dir_all(destination).expect("a directory that can be removed");
    }

    fn check(&self) {
        let archive = Archive::open(&self.archive).expect("an archive");
        assert_eq!(findings(&archive).expect("a check"), []);
        assert!(read_all(&archive).expect("readable snapshots") == self.snapshots, "the snapshots");
    }

    fn source(&self) -> PathBuf {
        self.dir.path().join("backup")
    }
}

#[test]
fn an_archive_is_a_map_of_snapshots_to_files() {
    let mut chance = chance("an_archive_is_a_map_of_snapshots_to_files");
    for _ in 0..rounds(6) {
        let mut model = Model::new(chance.u64(..));
        for _ in 0..chance.usize(4..16) {
            match chance.u8(0..10) {
                0..4 => model.import(),
                4 => model.import_again(),
                5..8 => model.export(chance.u64(1..=model.snapshots.len() as u64)),
                _ => model.check(),
            }
        }
        model.check();
    }
}
