//! The disk fails at any operation: the import ends with an error that says so, and after that the archive is as good as
//! before.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fonds::archive::{self, Archive, ArchiveMut};
use fonds::jobs;
use redb::StorageBackend;
use tempfile::TempDir;

use crate::support::archives::{findings, import_into, read_all};
use crate::support::backup::{Files, write_dir};
use crate::support::disk::{Disk, database};
use crate::support::museum::{Museum, Size};
use crate::support::patience::patiently;
use crate::support::rounds::rounds;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    SetLen,
    Sync,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasting {
    Once,
    FromThenOn,
}

/// A disk that fails at one operation, or from it on.
#[derive(Debug, Clone)]
struct Faulty {
    disk: Disk,
    fault: Fault,
    /// Operations of the kind so far.
    seen: Arc<AtomicUsize>,
    has_failed: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    kind: Kind,
    lasting: Lasting,
    /// The operation of the kind that fails, counted from 0.
    at: usize,
}

impl Faulty {
    fn new(disk: Disk, fault: Fault) -> Self {
        Self { disk, fault, seen: Arc::default(), has_failed: Arc::default() }
    }

    fn ask(&self, kind: Kind) -> io::Result<()> {
        if kind != self.fault.kind {
            return Ok(());
        }
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        let fails = match self.fault.lasting {
            Lasting::Once => number == self.fault.at,
            Lasting::FromThenOn => number >= self.fault.at,
        };
        if !fails {
            return Ok(());
        }
        self.has_failed.store(true, Ordering::SeqCst);
        Err(match kind {
            Kind::Write | Kind::SetLen => rustix::io::Errno::NOSPC.into(),
            Kind::Read | Kind::Sync => rustix::io::Errno::IO.into(),
        })
    }
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.ask(Kind::Read)?;
        self.disk.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.ask(Kind::SetLen)?;
        self.disk.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.ask(Kind::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.ask(Kind::Write)?;
        self.disk.write(offset, data)
    }
}

/// A museum of two days, the first of which is in the archive.
struct Story {
    dir: TempDir,
    image: Vec<u8>,
    days: [Files; 2],
}

impl Story {
    fn tell() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut museum = Museum::new(5, Size { objects: 80, pictures: 2, picture_bytes: 40_000 });
        let disk = Disk::with_archive();
        let first = museum.files();
        write_dir(dir.path(), &first);
        let archive = disk.archive_mut().expect("an archive");
        import_into(&archive, dir.path()).expect("an import");
        archive.close().expect("a disk that works");
        museum.next_day();
        write_dir(dir.path(), &museum.files());
        Self { dir, image: disk.image(), days: [first, museum.files()] }
    }

    /// Whether the second day could be imported though a fault was waiting.
    fn suffer(&self, fault: Fault) -> bool {
        let disk = Disk::holding(self.image.clone());
        let faulty = Faulty::new(disk.clone(), fault);
        let (source, has_failed) = (self.dir.path().to_owned(), Arc::clone(&faulty.has_failed));
        let imported = patiently("an import on a faulty disk", move || {
            let archive = ArchiveMut::from_database("memory".as_ref(), database(faulty)?)?;
            import_into(&archive, &source)?;
            Ok::<(), jobs::Error>(archive.close()?)
        });
        let has_failed = has_failed.load(Ordering::SeqCst);
        match imported {
            Err(error) if has_failed => told_rightly(&error, fault.kind),
            Err(error) => panic!("it failed without a fault: {error:?}"),
            // A fault that redb could do without: it has failed to give space back.
            Ok(()) => {}
        }
        self.verify(&disk);
        has_failed
    }

    /// The archive is as good as before, and the same import goes through.
    fn verify(&self, disk: &Disk) {
        let days = Self::snapshots(&disk.archive().expect("an archive that opens"));
        assert!(days == self.days[..1] || days == self.days, "what was acknowledged");
        let archive = disk.archive_mut().expect("an archive that opens");
        import_into(&archive, self.dir.path()).expect("the same import");
        archive.close().expect("a disk that works");
        let again = Self::snapshots(&disk.archive().expect("an archive"));
        assert!(again[..days.len()] == days, "what was there before");
        assert!(again.last() == self.days.last(), "what was imported again");
    }

    fn snapshots(archive: &Archive) -> Vec<Files> {
        assert_eq!(findings(archive).expect("a check"), []);
        read_all(archive).expect("snapshots that can be read").into_values().collect()
    }
}

/// The archive's disk is at fault, and not the backup that is imported; and what a person does about it can be told.
#[track_caller]
fn told_rightly(error: &jobs::Error, kind: Kind) {
    use archive::Error::{Database, File, Full};
    let jobs::Error::Archive(archive) = error else { panic!("{error:?}") };
    let source = match archive {
        Full(source) | Database(source) => match &**source {
            redb::Error::Io(source) => source,
            source => panic!("{source:?}"),
        },
        File { source, .. } => source,
        error => panic!("{error:?}"),
    };
    let is_full = source.kind() == ErrorKind::StorageFull;
    assert_eq!(is_full, matches!(kind, Kind::Write | Kind::SetLen), "{error:?}");
    assert!(!is_full || !matches!(archive, Database(_)), "{error:?}");
}

/// Fails at every operation of a kind, or at as many as there is time for.
#[track_caller]
fn every_operation_fails(kind: Kind) {
    let story = Story::tell();
    for lasting in [Lasting::Once, Lasting::FromThenOn] {
        // More operations than any import of this size does.
        let count =
            (0..1 << 20).take_while(|at| at % 16 != 0 || story.suffer(Fault { kind, lasting, at: *at })).count();
        let step = (count / rounds(12)).max(1);
        for at in (0..count).step_by(step) {
            eprintln!("{kind:?} {at} of about {count} fails {lasting:?}");
            story.suffer(Fault { kind, lasting, at });
        }
    }
}

#[test]
fn a_full_disk_at_any_write_costs_nothing_that_was_finished() {
    every_operation_fails(Kind::Write);
}

#[test]
fn a_full_disk_at_any_growth_costs_nothing_that_was_finished() {
    every_operation_fails(Kind::SetLen);
}

#[test]
fn a_failing_sync_costs_nothing_that_was_finished() {
    every_operation_fails(Kind::Sync);
}

#[test]
fn a_failing_read_costs_nothing_that_was_finished() {
    every_operation_fails(Kind::Read);
}

/// Stages that have failed leave entries in their queues; who waits for one of those would wait for ever.
#[test]
fn a_full_disk_while_large_files_are_on_their_way_ends_the_import() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    write_dir(dir.path(), &Museum::new(6, Size { objects: 1, pictures: 4, picture_bytes: 9 << 20 }).files());
    let start = Disk::with_archive();
    for at in (10..40).step_by(5) {
        let faulty =
            Faulty::new(Disk::holding(start.image()), Fault { kind: Kind::Write, lasting: Lasting::FromThenOn, at });
        let source = dir.path().to_owned();
        let imported = patiently("an import on a full disk", move || {
            let archive = ArchiveMut::from_database("memory".as_ref(), database(faulty)?)?;
            import_into(&archive, &source)
        });
        told_rightly(&imported.expect_err("a full disk"), Kind::Write);
    }
}
