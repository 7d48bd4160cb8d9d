//! A file of the backup while it is read: opened without following a link or waiting for a FIFO, and watched, so that a
//! file which changes meanwhile gives an error and no mixture.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, Metadata, MetadataExt, OpenOptions};

use crate::layout::error::Error;
use crate::model::entry::FileTime;
use crate::model::path::EntryPath;

pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const NANOSECONDS: i64 = 1_000_000_000;

/// An open file. Every error of its `Read` holds an [`Error`] that names the file.
pub(crate) struct Input {
    pub(crate) path: EntryPath,
    /// As it was when the file was opened.
    pub(crate) length: u64,
    pub(crate) modified: FileTime,
    file: File,
    position: u64,
}

impl Input {
    /// Opens the file at `path` in the backup, which lies in `folder`.
    pub(crate) fn open(folder: &Dir, path: EntryPath) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let open = || {
            let file = folder.open_with(OsStr::from_bytes(path.name()), &options)?;
            let metadata = file.metadata()?;
            io::Result::Ok((file, metadata))
        };
        match open() {
            Err(source) => Err(Error::Read { path, source }),
            // It was a file when its folder was listed.
            Ok((_, metadata)) if !metadata.is_file() => Err(Error::Changed { path }),
            Ok((file, metadata)) => Ok(Self {
                path,
                length: metadata.len(),
                modified: modified(&metadata),
                file: file.into_std(),
                position: 0,
            }),
        }
    }

    /// Whether the file begins as gzip does; nothing is read from it.
    pub(crate) fn is_gzip(&self) -> Result<bool, Error> {
        let mut magic = [0; GZIP_MAGIC.len()];
        match self.file.read_exact_at(&mut magic, 0) {
            Ok(()) => Ok(magic == GZIP_MAGIC),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(source) => Err(Error::Read { path: self.path.clone(), source }),
        }
    }

    /// At the end of the file: whether it is the same as when it was opened.
    fn is_unchanged(&self) -> io::Result<bool> {
        let metadata = Metadata::from_file(&self.file)?;
        Ok(self.position == self.length && metadata.len() == self.length && modified(&metadata) == self.modified)
    }

    fn read_watched(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.position += count as u64;
        let at_end = count == 0 && !buffer.is_empty();
        if self.position > self.length || at_end && !self.is_unchanged()? {
            return Err(io::Error::other(Error::Changed { path: self.path.clone() }));
        }
        Ok(count)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.read_watched(buffer);
        count.map_err(|error| name_error(error, |source| Error::Read { path: self.path.clone(), source }))
    }
}

/// An error that names its file, if it does not yet.
pub(crate) fn name_error(error: io::Error, named: impl FnOnce(io::Error) -> Error) -> io::Error {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Error>) {
        return error;
    }
    io::Error::new(error.kind(), named(error))
}

/// The time of last modification, at the nearest end of what the type can hold.
pub(crate) fn modified(metadata: &Metadata) -> FileTime {
    FileTime(metadata.mtime().saturating_mul(NANOSECONDS).saturating_add(metadata.mtime_nsec()))
}
