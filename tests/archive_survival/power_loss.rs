//! The power fails after any operation: the archive opens, what was acknowledged is whole, what was not is whole or
//! invisible, and work goes on.

use std::fs;
use std::path::Path;

use fonds::archive::Archive;
use tempfile::TempDir;

use crate::power::{Recorder, crashes};
use crate::support::archives::{Snapshots, findings, import_into, read_all};
use crate::support::backup::write_dir;
use crate::support::disk::{Disk, database};
use crate::support::museum::{Museum, Size};
use crate::support::rounds::{chance, rounds};

const DAYS: u64 = 3;
const SIZE: Size = Size { objects: 80, pictures: 2, picture_bytes: 40_000 };

/// Some days of imports, with all that they asked of the disk.
struct Story {
    dir: TempDir,
    start: Vec<u8>,
    recorder: Recorder,
    snapshots: Snapshots,
    /// How many operations there had been when each snapshot was acknowledged.
    acknowledged: Vec<usize>,
}

impl Story {
    fn tell(seed: u64) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let disk = Disk::with_archive();
        let (start, recorder) = (disk.image(), Recorder::new(disk));
        let mut story = Self { dir, start, recorder, snapshots: Snapshots::new(), acknowledged: Vec::new() };
        let mut museum = Museum::new(seed, SIZE);
        for day in 1..=DAYS {
            museum.next_day();
            write_dir(&story.source(day), &museum.files());
            let archive = story.recorder.archive_mut().expect("an archive");
            import_into(&archive, &story.source(day)).expect("an import");
            story.snapshots.insert(day, museum.files());
            story.acknowledged.push(story.recorder.log().len());
            archive.close().expect("a disk that works");
        }
        // What closing does to a file that has become too long.
        let mut database = database(story.recorder.clone()).expect("a database");
        database.compact().expect("a database that nobody else uses");
        database.close().expect("a disk that works");
        story
    }

    fn source(&self, day: u64) -> std::path::PathBuf {
        self.dir.path().join(day.to_string())
    }

    /// How many snapshots were acknowledged at a point.
    fn acknowledged(&self, point: usize) -> u64 {
        self.acknowledged.iter().filter(|acknowledged| **acknowledged <= point).count() as u64
    }

    /// That an archive is what it may be after a crash at `point`; how many snapshots it has.
    #[track_caller]
    fn verify(&self, archive: &Archive, point: usize) -> u64 {
        let found = read_all(archive).expect("snapshots that can be read");
        let (least, count) = (self.acknowledged(point), found.len() as u64);
        assert!((least..=least + 1).contains(&count), "{count} snapshots, where {least} were acknowledged");
        assert!(found.iter().eq(self.snapshots.iter().take(count as usize)), "the snapshots differ");
        assert_eq!(findings(archive).expect("a check"), []);
        count
    }

    /// As [`Story::verify`], and then the import of the next day goes on from there.
    #[track_caller]
    fn go_on(&self, image: Vec<u8>, point: usize) {
        let disk = Disk::holding(image);
        let count = self.verify(&disk.archive().expect("an archive that opens"), point);
        let next = (count + 1).min(DAYS);
        let archive = disk.archive_mut().expect("an archive that opens");
        import_into(&archive, &self.source(next)).expect("an import");
        archive.close().expect("a disk that works");
        let archive = disk.archive().expect("an archive");
        let mut found = read_all(&archive).expect("snapshots that can be read");
        assert_eq!(found.remove(&(count + 1)).as_ref(), self.snapshots.get(&next), "what was imported");
        assert!(found.iter().eq(self.snapshots.iter().take(count as usize)), "the snapshots before that");
        assert_eq!(findings(&archive).expect("a check"), []);
    }
}

#[test]
fn what_was_acknowledged_survives_power_loss_at_any_moment() {
    let mut chance = chance("what_was_acknowledged_survives_power_loss_at_any_moment");
    let story = Story::tell(chance.u64(..));
    let log = story.recorder.log().clone();
    let points = points(log.len(), rounds(80), &mut chance);
    for (point, crash) in crashes(story.start.clone(), &log, points) {
        eprintln!("power loss after operation {point} of {}", log.len());
        let images = [crash.synced_only(), crash.everything(), crash.mixture(&mut chance), crash.mixture(&mut chance)];
        for image in images {
            let disk = Disk::holding(image);
            story.verify(&disk.archive().expect("an archive that opens"), point);
        }
        story.go_on(crash.mixture(&mut chance), point);
    }
}

#[test]
fn power_loss_while_the_archive_recovers_from_power_loss_costs_nothing() {
    let mut chance = chance("power_loss_while_the_archive_recovers_from_power_loss_costs_nothing");
    let story = Story::tell(chance.u64(..));
    let log = story.recorder.log().clone();
    for (point, crash) in crashes(story.start.clone(), &log, points(log.len(), rounds(12), &mut chance)) {
        let image = crash.mixture(&mut chance);
        let recorder = Recorder::new(Disk::holding(image.clone()));
        drop(recorder.archive_mut().expect("an archive that opens"));
        let recovery = recorder.log().clone();
        for (step, crash) in crashes(image, &recovery, 0..=recovery.len()) {
            eprintln!("power loss after operation {point}, and again after step {step} of the recovery");
            let disk = Disk::holding(crash.mixture(&mut chance));
            story.verify(&disk.archive().expect("an archive that opens"), point);
        }
    }
}

#[test]
fn looking_at_what_power_loss_left_changes_no_byte_of_it() {
    let mut chance = chance("looking_at_what_power_loss_left_changes_no_byte_of_it");
    let story = Story::tell(chance.u64(..));
    let log = story.recorder.log().clone();
    let path = story.dir.path().join("fonds.redb");
    for (point, crash) in crashes(story.start.clone(), &log, points(log.len(), rounds(30), &mut chance)) {
        eprintln!("power loss after operation {point} of {}", log.len());
        let image = crash.mixture(&mut chance);
        write(&path, &image);
        story.verify(&Archive::open(&path).expect("an archive that opens"), point);
        assert!(fs::read(&path).expect("the archive") == image, "the file was changed");
    }
}

fn write(path: &Path, image: &[u8]) {
    fs::write(path, image).expect("room for an archive");
}

/// So many of the points between `count` operations, the last one too, in order.
fn points(count: usize, sample: usize, chance: &mut fastrand::Rng) -> impl Iterator<Item = usize> + use<> {
    let mut points = chance.choose_multiple(0..count, sample.min(count));
    points.push(count);
    points.sort_unstable();
    points.into_iter()
}
