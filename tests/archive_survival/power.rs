//! A disk that writes down what is asked of it, and what may be left of that when the power fails: all that was synced,
//! and any part of what was not.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fonds::archive::{ArchiveMut, Error};
use redb::StorageBackend;

use crate::support::disk::{Disk, database, put};

/// Drives write whole sectors; one of them may be torn.
const SECTOR: usize = 512;

/// Something that was asked of a disk.
#[derive(Debug, Clone)]
pub enum Operation {
    Write(u64, Arc<[u8]>),
    SetLen(u64),
    Sync,
}

/// A disk and all that was asked of it; clones share both.
#[derive(Debug, Clone)]
pub struct Recorder {
    disk: Disk,
    log: Arc<Mutex<Vec<Operation>>>,
}

impl Recorder {
    pub fn new(disk: Disk) -> Self {
        Self { disk, log: Arc::default() }
    }

    pub fn archive_mut(&self) -> Result<ArchiveMut, Error> {
        ArchiveMut::from_database("memory".as_ref(), database(self.clone())?)
    }

    pub fn log(&self) -> MutexGuard<'_, Vec<Operation>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> io::Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.disk.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.log().push(Operation::SetLen(len));
        self.disk.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.log().push(Operation::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.log().push(Operation::Write(offset, data.into()));
        self.disk.write(offset, data)
    }
}

/// The power fails.
pub struct Crash<'a> {
    /// What is safe.
    synced: Vec<u8>,
    /// What came after that.
    unsynced: &'a [Operation],
}

/// The power fails after each of `points`, which count operations and rise.
pub fn crashes(
    start: Vec<u8>,
    log: &[Operation],
    points: impl Iterator<Item = usize>,
) -> impl Iterator<Item = (usize, Crash<'_>)> {
    let (mut synced, mut safe) = (start, 0);
    points.map(move |point| {
        let last = log[safe..point].iter().rposition(|operation| matches!(operation, Operation::Sync));
        if let Some(last) = last {
            apply(&mut synced, &log[safe..safe + last]);
            safe += last + 1;
        }
        (point, Crash { synced: synced.clone(), unsynced: &log[safe..point] })
    })
}

fn apply(image: &mut Vec<u8>, operations: &[Operation]) {
    for operation in operations {
        match operation {
            Operation::Write(offset, bytes) => put(image, *offset, bytes),
            Operation::SetLen(len) => image.resize(*len as usize, 0),
            Operation::Sync => {}
        }
    }
}

impl Crash<'_> {
    /// Nothing that was not synced.
    pub fn synced_only(&self) -> Vec<u8> {
        self.synced.clone()
    }

    /// Everything, as after a kill.
    pub fn everything(&self) -> Vec<u8> {
        let mut image = self.synced.clone();
        apply(&mut image, self.unsynced);
        image
    }

    /// Of each sector that was written one of its versions, one torn between two, and one of the lengths.
    pub fn mixture(&self, chance: &mut fastrand::Rng) -> Vec<u8> {
        let (mut image, mut lengths) = (self.synced.clone(), vec![self.synced.len()]);
        let mut versions: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        for operation in self.unsynced {
            match operation {
                Operation::Sync => {}
                Operation::SetLen(len) => lengths.push(*len as usize),
                Operation::Write(offset, bytes) => {
                    let end = *offset as usize + bytes.len();
                    for sector in *offset as usize / SECTOR..end.div_ceil(SECTOR) {
                        versions.entry(sector).or_insert_with(|| vec![sector_of(&image, sector)]);
                    }
                    put(&mut image, *offset, bytes);
                    for sector in *offset as usize / SECTOR..end.div_ceil(SECTOR) {
                        versions.entry(sector).or_default().push(sector_of(&image, sector));
                    }
                }
            }
        }
        let mut image = self.synced.clone();
        image.resize(lengths[chance.usize(0..lengths.len())], 0);
        let torn = chance.usize(0..versions.len().max(1));
        for (at, (sector, versions)) in versions.iter().enumerate() {
            let mut version = versions[chance.usize(0..versions.len())].clone();
            if at == torn {
                let other = &versions[chance.usize(0..versions.len())];
                let tear = chance.usize(0..=SECTOR);
                version[..tear].copy_from_slice(&other[..tear]);
            }
            // Sectors behind the end were never reached, unless the file had grown.
            if sector * SECTOR < image.len() || version != versions[0] {
                put(&mut image, (sector * SECTOR) as u64, &version);
            }
        }
        image
    }
}

fn sector_of(image: &[u8], sector: usize) -> Vec<u8> {
    let start = (sector * SECTOR).min(image.len());
    let mut bytes = image[start..image.len().min(start + SECTOR)].to_vec();
    bytes.resize(SECTOR, 0);
    bytes
}
