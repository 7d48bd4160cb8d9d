//! The life of an archive: snapshots are forgotten, space is given back, snapshots move to other archives.

#[path = "../support/mod.rs"]
mod support;

mod copying;
mod model;
mod pruning;

use std::path::{Path, PathBuf};

use fonds::archive::prune::Unused;
use fonds::archive::{Archive, Snapshot, SnapshotName, snapshot};
use fonds::jobs;
use fonds::jobs::forget::Forget;
use tempfile::TempDir;

use crate::support::archives::{Snapshots, findings, import, read_all, silent};
use crate::support::backup::write_dir;
use crate::support::museum::Museum;

/// An archive, and what its snapshots must hold.
struct Story {
    dir: TempDir,
    snapshots: Snapshots,
}

impl Story {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory"), snapshots: Snapshots::new() }
    }

    fn archive(&self) -> PathBuf {
        self.dir.path().join("fonds.redb")
    }

    /// Imports today's backup.
    fn import(&mut self, museum: &Museum) -> Snapshot {
        let (source, files) = (self.dir.path().join("backup"), museum.files());
        write_dir(&source, &files);
        let snapshot = import(&self.archive(), &source).expect("an import");
        self.snapshots.insert(snapshot.number.0, files);
        snapshot
    }

    fn forget(&mut self, numbers: &[u64]) {
        let names = numbers.iter().map(|number| number.to_string().parse::<SnapshotName>().expect("a number"));
        let plan = Forget::Named(names.collect()).plan(&self.archive()).expect("snapshots");
        plan.execute(&self.archive()).expect("an archive that can be written");
        self.snapshots.retain(|number, _| !numbers.contains(number));
    }

    fn prune(&self, unused: Unused) -> jobs::Pruned {
        jobs::prune(&self.archive(), unused, &silent()).expect("a prune")
    }

    /// That every snapshot is whole, and there are no others.
    #[track_caller]
    fn verify(&self) {
        let archive = Archive::open(&self.archive()).expect("an archive");
        assert_eq!(findings(&archive).expect("a check"), []);
        let found = read_all(&archive).expect("readable snapshots");
        assert!(found == self.snapshots, "{:?} instead of {:?}", found.keys(), self.snapshots.keys());
    }
}

fn all(archive: &Path) -> Vec<Snapshot> {
    let transaction = Archive::open(archive).and_then(|archive| archive.read()).expect("an archive");
    snapshot::all(&transaction).and_then(|found| found.into_iter().collect()).expect("snapshots")
}
