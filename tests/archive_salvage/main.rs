//! Everything that can still be proved is got out of a damaged archive; what that is, is computed from where its packs
//! and snapshots stood before it was damaged.

mod damages;
mod map;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use fonds::archive::salvage::{Salvaged, SalvagedSnapshot};
use fonds::archive::{Archive, Body, Error, SnapshotReader, snapshot};
use fonds::jobs;
use tempfile::TempDir;

use crate::map::Map;
use crate::support::archives::{Snapshots, findings, import, silent};
use crate::support::backup::write_dir;
use crate::support::museum::{Museum, Size};
use crate::support::rounds::chance;

const DAYS: u64 = 4;
const SIZE: Size = Size { objects: 2_500, pictures: 14, picture_bytes: 300_000 };

/// An archive of some days, what its snapshots hold, and where everything stands in its file.
struct Story {
    dir: TempDir,
    snapshots: Snapshots,
    image: Vec<u8>,
    map: Map,
}

impl Story {
    fn tell(seed: u64) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (archive, source) = (dir.path().join("fonds.redb"), dir.path().join("backup"));
        let mut museum = Museum::new(seed, SIZE);
        let mut snapshots = Snapshots::new();
        for day in 1..=DAYS {
            museum.next_day();
            write_dir(&source, &museum.files());
            import(&archive, &source).expect("an import");
            snapshots.insert(day, museum.files());
        }
        let mut image = fs::read(&archive).expect("an archive");
        let map = Map::of(&archive, &mut image);
        Self { dir, snapshots, image, map }
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("new.redb")
    }

    fn salvage(&self, image: &[u8]) -> Result<Salvaged, jobs::Error> {
        let damaged = self.dir.path().join("damaged.redb");
        fs::write(&damaged, image).expect("room for an archive");
        let _ = fs::remove_file(self.target());
        let salvaged = jobs::salvage(&damaged, &self.target(), &silent());
        assert!(fs::read(&damaged).expect("the archive") == image, "the damaged file was changed");
        salvaged
    }

    /// That exactly what can be proved of the image was salvaged, and comes back byte for byte.
    #[track_caller]
    fn verify(&self, image: &[u8], salvaged: &Salvaged) {
        let expected = self.map.expected(image);
        let numbers: Vec<u64> = salvaged.snapshots.iter().map(|snapshot| snapshot.number.0).collect();
        assert_eq!(numbers, expected.keys().copied().collect::<Vec<_>>(), "the snapshots");
        let archive = Archive::open(&self.target()).expect("a new archive");
        assert_eq!(findings(&archive).expect("a check"), []);
        for found in &salvaged.snapshots {
            let lost: BTreeSet<String> = found.lost.iter().map(ToString::to_string).collect();
            match &expected[&found.number.0] {
                Some(expected) => assert_eq!((&lost, found.nameless), (expected, 0), "snapshot {}", found.number),
                None => assert_eq!(found.nameless, found.entries, "snapshot {}", found.number),
            }
            self.come_back(&archive, found.number.0, &lost, found.nameless);
        }
    }

    /// That every entry which is not lost is what was imported.
    fn come_back(&self, archive: &Archive, number: u64, lost: &BTreeSet<String>, nameless: u64) {
        let transaction = archive.read().expect("an archive");
        let name = number.to_string().parse().expect("a number");
        let snapshot = snapshot::find(&transaction, &name).expect("a snapshot");
        let reader = SnapshotReader::open(archive, snapshot).expect("a snapshot that can be read");
        let files = &self.snapshots[&number];
        let mut count = 0;
        let read = reader.rows(|row| {
            let path = String::from_utf8_lossy(row.head.path.as_bytes()).into_owned();
            if path == "manifest.json" && (lost.contains(&path) || nameless > 0) {
                return Ok(());
            }
            match row.body {
                Body::Missing => assert!(lost.contains(&path), "{path}"),
                Body::Folder => {}
                Body::File(body) => {
                    let mut bytes = Vec::new();
                    reader.read(&row.head.path, &body, |block| {
                        bytes.extend(block);
                        Ok::<(), Error>(())
                    })?;
                    assert!(files[&path] == bytes, "{path} came back different");
                    count += 1;
                }
            }
            Ok::<(), Error>(())
        });
        read.expect("entries that can be read");
        let expected = if nameless > 0 { 0 } else { files.len() - lost.len() };
        assert_eq!(count, expected, "entries of snapshot {number} that came back");
    }
}

#[test]
fn everything_that_can_be_proved_comes_out_of_any_damage() {
    let mut chance = chance("everything_that_can_be_proved_comes_out_of_any_damage");
    let story = Story::tell(chance.u64(..));
    for (name, damage) in damages::ALL {
        eprintln!("damage: {name}");
        let image = damage(&story.image, &story.map, &mut chance);
        match story.salvage(&image) {
            Ok(salvaged) => story.verify(&image, &salvaged),
            Err(jobs::Error::Archive(Error::NothingProved(_))) => {
                assert!(story.map.expected(&image).is_empty() || !story.map.has_pack(&image), "{name}");
                assert!(!story.target().exists(), "an archive of nothing");
            }
            Err(error) => panic!("{name}: {error:?}"),
        }
    }
}

#[test]
fn an_archive_without_damage_comes_out_whole_and_goes_on() {
    let story = Story::tell(3);
    let salvaged = story.salvage(&story.image).expect("an archive");
    assert!(salvaged.snapshots.iter().all(SalvagedSnapshot::is_whole), "{salvaged:?}");
    story.verify(&story.image, &salvaged);
    let mut museum = Museum::new(3, SIZE);
    (0..DAYS).for_each(|_| museum.next_day());
    let source = story.dir.path().join("backup");
    write_dir(&source, &museum.files());
    // What was salvaged is found again.
    let again = import(&story.target(), &source).expect("an import");
    assert_eq!((again.number.0, again.added.records), (DAYS + 1, 0));
}

#[test]
fn what_is_no_archive_or_has_nothing_left_is_refused_and_a_file_is_never_replaced() {
    let story = Story::tell(4);
    for image in [&b""[..], b"accession book", &vec![0; 3 << 20]] {
        let refused = story.salvage(image);
        assert!(matches!(refused, Err(jobs::Error::Archive(Error::NothingProved(_)))), "{refused:?}");
        assert!(!story.target().exists());
    }
    fs::write(story.target(), b"something").expect("room");
    let damaged = story.dir.path().join("fonds.redb");
    let refused = jobs::salvage(&damaged, &story.target(), &silent());
    assert!(matches!(refused, Err(jobs::Error::Archive(Error::Exists(_)))), "{refused:?}");
    assert_eq!(fs::read(story.target()).expect("the file"), b"something");
}
