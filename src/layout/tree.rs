//! Creates files and folders below one directory, and only creates: nothing that exists is opened for writing, and no
//! link is followed, whoever else may write there.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, SystemTimeSpec};
use cap_std::fs::{Dir, OpenOptions};

use crate::layout::error::Error;
use crate::model::entry::FileTime;
use crate::model::path::EntryPath;

pub(crate) struct Tree {
    root: Dir,
    /// The folder of the last file, as the next one is mostly there too.
    last: Option<(Box<[u8]>, Dir)>,
}

impl Tree {
    pub(crate) fn new(root: Dir) -> Self {
        Self { root, last: None }
    }

    /// Creates the file at `path`, and the folders on the way to it.
    pub(crate) fn create_file(&mut self, path: &EntryPath) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).follow(FollowSymlinks::No);
        let name = OsStr::from_bytes(path.name());
        let file = self.folder_of(path).and_then(|folder| folder.open_with(name, &options));
        match file {
            Ok(file) => Ok(file.into_std()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Taken { path: path.clone() }),
            Err(source) => Err(Error::Write { path: path.clone(), source }),
        }
    }

    /// Creates the folder at `path`, and those on the way to it.
    pub(crate) fn create_folder(&mut self, path: &EntryPath, modified: Option<FileTime>) -> Result<(), Error> {
        let name = OsStr::from_bytes(path.name());
        let mut create = || {
            let folder = self.folder_of(path)?;
            enter(folder, path.name())?;
            match modified.map(|time| cap_std::time::SystemTime::from_std(system_time(time))) {
                Some(time) => folder.set_symlink_times(name, None, Some(SystemTimeSpec::Absolute(time))),
                None => Ok(()),
            }
        };
        create().map_err(|source| Error::Write { path: path.clone(), source })
    }

    fn folder_of(&mut self, path: &EntryPath) -> io::Result<&Dir> {
        let Some(end) = memchr::memrchr(b'/', path.as_bytes()) else { return Ok(&self.root) };
        let wanted = &path.as_bytes()[..end];
        if self.last.as_ref().is_none_or(|(last, _)| **last != *wanted) {
            let mut dir = self.root.try_clone()?;
            for part in wanted.split(|byte| *byte == b'/') {
                dir = enter(&dir, part)?;
            }
            self.last = Some((wanted.into(), dir));
        }
        Ok(self.last.as_ref().map_or(&self.root, |(_, dir)| dir))
    }
}

/// Opens the folder `name` of `dir`, which is created if need be.
fn enter(dir: &Dir, name: &[u8]) -> io::Result<Dir> {
    let name = OsStr::from_bytes(name);
    match dir.open_dir_nofollow(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            dir.create_dir(name)?;
            dir.open_dir_nofollow(name)
        }
        opened => opened,
    }
}

pub(crate) fn system_time(time: FileTime) -> SystemTime {
    let distance = Duration::from_nanos(time.0.unsigned_abs());
    if time.0 < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}
