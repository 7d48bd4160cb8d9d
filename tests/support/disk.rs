//! A disk in memory, for the real code to keep an archive on.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fonds::archive::{Archive, ArchiveMut, Error, initialize};
use redb::{Builder, Database, StorageBackend};

/// Small, so that pages are written before they are committed, too.
const CACHE_BYTES: usize = 256 << 10;

/// The bytes of one file; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<Vec<u8>>>);

impl Disk {
    /// A disk with these bytes on it.
    pub fn holding(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(image)))
    }

    /// A disk with an empty archive on it.
    pub fn with_archive() -> Self {
        let disk = Self::default();
        let database = database(disk.clone()).expect("an empty disk takes a database");
        initialize(&database, 0).expect("an empty database becomes an archive");
        database.close().expect("a disk that works");
        disk
    }

    pub fn image(&self) -> Vec<u8> {
        self.bytes().clone()
    }

    /// The archive on this disk, to be looked at.
    pub fn archive(&self) -> Result<Archive, Error> {
        Archive::from_database(Path::new("memory"), database(self.clone())?)
    }

    /// The archive on this disk, to be written.
    pub fn archive_mut(&self) -> Result<ArchiveMut, Error> {
        ArchiveMut::from_database(Path::new("memory"), database(self.clone())?)
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The database on a disk of any kind.
pub fn database(disk: impl StorageBackend) -> Result<Database, Error> {
    let database = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(disk);
    database.map_err(|error| redb::Error::from(error).into())
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes();
        let start = usize::try_from(offset).map_err(|_| ErrorKind::UnexpectedEof)?;
        let wanted = start.checked_add(out.len()).and_then(|end| bytes.get(start..end));
        out.copy_from_slice(wanted.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.bytes().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        put(&mut self.bytes(), offset, data);
        Ok(())
    }
}

/// Writes into an image, which grows if it must.
pub fn put(image: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let (start, end) = (offset as usize, offset as usize + data.len());
    if image.len() < end {
        image.resize(end, 0);
    }
    image[start..end].copy_from_slice(data);
}
