//! A prune that is ended by anything costs no snapshot, and the next one finishes.

use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use fonds::archive::prune::Unused;
use fonds::archive::{Archive, Snapshot, snapshot};
use fonds::jobs;
use fonds::model::event::Silent;
use tempfile::TempDir;

use crate::power::{Recorder, crashes};
use crate::support::archives::{Snapshots, findings, import, import_into, read_all};
use crate::support::backup::write_dir;
use crate::support::disk::Disk;
use crate::support::museum::{Museum, Size};
use crate::support::program::{check, fonds, succeed};
use crate::support::rounds::{chance, rounds};

const DAYS: u64 = 4;
const SIZE: Size = Size { objects: 400, pictures: 6, picture_bytes: 200_000 };

fn snapshots(archive: &Archive) -> Vec<Snapshot> {
    let found = archive.read().and_then(|transaction| snapshot::all(&transaction)).expect("snapshots");
    found.into_iter().collect::<Result<_, _>>().expect("whole rows")
}

/// All that is needed of an archive that is being pruned, and nothing that is wrong with it.
#[track_caller]
fn verify(archive: &Archive, expected: &Snapshots) {
    assert_eq!(findings(archive).expect("a check"), []);
    assert!(read_all(archive).expect("readable snapshots") == *expected, "the snapshots differ");
}

#[test]
fn power_loss_at_any_moment_of_a_prune_costs_no_snapshot_and_the_next_one_finishes() {
    let mut chance = chance("power_loss_at_any_moment_of_a_prune_costs_no_snapshot_and_the_next_one_finishes");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let disk = Disk::with_archive();
    let mut museum = Museum::new(chance.u64(..), SIZE);
    let mut expected = Snapshots::new();
    for day in 1..=DAYS {
        museum.next_day();
        write_dir(dir.path(), &museum.files());
        let archive = disk.archive_mut().expect("an archive");
        import_into(&archive, dir.path()).expect("an import");
        archive.close().expect("a disk that works");
        expected.insert(day, museum.files());
    }
    let mut gone = snapshots(&disk.archive().expect("an archive"));
    gone.retain(|snapshot| snapshot.number.0 != 2);
    let (start, recorder) = (disk.image(), Recorder::new(disk));
    let archive = recorder.archive_mut().expect("an archive");
    archive.forget(&gone).expect("a disk that works");
    let forgotten = recorder.log().len();
    let plan = archive.plan_prune(Unused(0)).expect("a plan");
    assert!(plan.packs_rewritten > 1, "{plan:?}");
    archive.prune(&plan, &Silent).expect("a disk that works");
    archive.close_compact().expect("a disk that works");

    let log = recorder.log().clone();
    let mut points = chance.choose_multiple(0..log.len(), rounds(usize::MAX).min(log.len()));
    points.sort_unstable();
    for (point, crash) in crashes(start, &log, points.into_iter()) {
        eprintln!("power loss after operation {point} of {}, {forgotten} of them to forget", log.len());
        let images = [crash.synced_only(), crash.everything(), crash.mixture(&mut chance)];
        for image in images {
            let disk = Disk::holding(image);
            let found = snapshots(&disk.archive().expect("an archive that opens")).len();
            assert!(found == 1 || found == 4 && point < forgotten, "{found} snapshots");
            let left: Snapshots = expected.clone().into_iter().filter(|(day, _)| found == 4 || *day == 2).collect();
            verify(&disk.archive().expect("an archive that opens"), &left);

            let archive = disk.archive_mut().expect("an archive that opens");
            archive.forget(&gone).expect("a disk that works");
            let plan = archive.plan_prune(Unused(0)).expect("a plan");
            archive.prune(&plan, &Silent).expect("a disk that works");
            assert!(archive.plan_prune(Unused(0)).expect("a plan").chunks_unneeded == 0, "something is left");
            archive.close().expect("a disk that works");
            let left = expected.clone().into_iter().filter(|(day, _)| *day == 2).collect();
            verify(&disk.archive().expect("an archive"), &left);
        }
    }
}

/// A few megabytes.
const LARGE: Size = Size { objects: 20_000, pictures: 30, picture_bytes: 400_000 };

#[test]
fn a_killed_prune_costs_no_snapshot_and_the_next_one_finishes() {
    let mut chance = chance("a_killed_prune_costs_no_snapshot_and_the_next_one_finishes");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (archive, expected) = large(&dir, chance.u64(..));
    succeed({
        let mut forget = fonds(&archive);
        forget.args(["forget", "1", "2", "4"]);
        forget
    });
    let prune = |archive: &Path| {
        let mut prune = fonds(archive);
        prune.args(["prune", "--max-unused", "0"]).stdout(Stdio::null()).stderr(Stdio::null());
        prune
    };
    let spared = dir.path().join("spared.redb");
    std::fs::copy(&archive, &spared).expect("room for an archive");
    let begun = Instant::now();
    succeed(prune(&spared));
    let usual = begun.elapsed();
    for _ in 0..rounds(6) {
        let mut child = prune(&archive).spawn().expect("the program starts");
        let after: Duration = usual.mul_f64(chance.f64());
        thread::sleep(after);
        child.kill().expect("a child that can be killed");
        eprintln!("killed after {after:?} of {usual:?}: {}", child.wait().expect("a child that ends"));
        succeed(check(&archive));
        verify(&Archive::open(&archive).expect("an archive"), &expected);
    }
    succeed(prune(&archive));
    verify(&Archive::open(&archive).expect("an archive"), &expected);
    assert!(jobs::plan_prune(&archive, Unused(0), &[]).expect("a plan").is_empty(), "something is left to do");
    let length = |path: &Path| std::fs::metadata(path).expect("an archive").len();
    // Each one that was killed may leave packs behind that are not full.
    assert!(length(&archive) <= length(&spared) + (8 << 20), "{} bytes of {}", length(&archive), length(&spared));
}

/// An archive of four days, and what is to be left of it: the third.
fn large(dir: &TempDir, seed: u64) -> (std::path::PathBuf, Snapshots) {
    let (archive, source) = (dir.path().join("fonds.redb"), dir.path().join("backup"));
    let mut museum = Museum::new(seed, LARGE);
    let mut expected = Snapshots::new();
    for day in 1..=4 {
        museum.next_day();
        write_dir(&source, &museum.files());
        import(&archive, &source).expect("an import");
        if day == 3 {
            expected.insert(3, museum.files());
        }
    }
    (archive, expected)
}
