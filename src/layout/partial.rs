//! A directory in the making: it grows under a hidden name beside its destination and takes its place in one step. A
//! directory that it replaces is there, under one name or another, until the new one is in place and on disk.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use cap_fs_ext::{DirExt, MetadataExt};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::layout::error::{Error, Unfit};

const PARTIAL: &str = "partial";
const REPLACED: &str = "replaced";

/// What to do about a directory that stands at the destination and is not empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Existing {
    #[default]
    Refuse,
    /// Put the new backup in its place, whatever it holds.
    Replace,
}

/// The directory in the making. Dropped before it is published, it is removed.
pub(crate) struct Partial {
    destination: Destination,
    existing: Existing,
    name: OsString,
    dir: Dir,
    is_published: bool,
    /// Held locked, so that others know this is no leftover.
    _lock: File,
}

/// A name in a directory.
struct Destination {
    path: PathBuf,
    parent: Dir,
    name: OsString,
}

impl Partial {
    /// Begins a directory that is to become `destination`; the directories on the way to it are created.
    pub(crate) fn create(destination: &Path, existing: Existing) -> Result<Self, Error> {
        let destination = Destination::find(destination)?;
        destination.check(existing)?;
        destination.sweep();
        let name = destination.hidden(PARTIAL);
        let create = || {
            destination.parent.create_dir(&name)?;
            let dir = destination.parent.open_dir_nofollow(&name)?;
            let lock = readable(&dir)?;
            // Where locks are not supported, nobody can take this one, and leftovers are left alone.
            let _ = lock.try_lock();
            Ok((dir, lock))
        };
        let (dir, lock) = create().map_err(|error| destination.failed(error))?;
        Ok(Self { destination, existing, name, dir, is_published: false, _lock: lock })
    }

    pub(crate) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Puts the directory in its place. An empty directory there gives way.
    pub(crate) fn publish(mut self) -> Result<(), Error> {
        let Destination { parent, name, .. } = &self.destination;
        let moved = match parent.rename(&self.name, parent, name) {
            Err(error) if is_occupied(&error) => {
                self.destination.check(self.existing)?;
                self.swap()
            }
            moved => moved,
        };
        moved.map_err(|error| self.destination.failed(error))?;
        self.is_published = true;
        Ok(())
    }

    /// Takes the place of the directory that is there. What replaces it is written to disk before that is removed.
    fn swap(&self) -> io::Result<()> {
        let Destination { parent, name, .. } = &self.destination;
        let old = self.destination.hidden(REPLACED);
        sync_all(&self.dir)?;
        parent.rename(name, parent, &old)?;
        if let Err(error) = parent.rename(&self.name, parent, name) {
            parent.rename(&old, parent, name)?;
            return Err(error);
        }
        if readable(parent).and_then(|parent| parent.sync_all()).is_ok() {
            // The new directory is in place; what is left of the old one is swept away next time.
            let _ = parent.remove_dir_all(&old);
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Once published, the name is free for the next writer to the same place.
        if !self.is_published {
            let _ = self.destination.parent.remove_dir_all(&self.name);
        }
    }
}

impl Destination {
    fn find(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Place { path: path.to_owned(), source: error };
        let path = match path.file_name() {
            Some(_) => path.to_owned(),
            None => std::fs::canonicalize(path).map_err(failed)?,
        };
        let Some(name) = path.file_name().map(OsStr::to_owned) else {
            return Err(Error::Destination { path, unfit: Unfit::NoName });
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent).map_err(failed)?;
        let parent = Dir::open_ambient_dir(parent, ambient_authority()).map_err(failed)?;
        Ok(Self { path, parent, name })
    }

    /// Whether nothing stands here, or only what may be replaced.
    fn check(&self, existing: Existing) -> Result<(), Error> {
        match self.unfit(existing) {
            Ok(None) => Ok(()),
            Ok(Some(unfit)) => Err(Error::Destination { path: self.path.clone(), unfit }),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn unfit(&self, existing: Existing) -> io::Result<Option<Unfit>> {
        let metadata = match self.parent.symlink_metadata(&self.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        if metadata.is_symlink() {
            return Ok(Some(Unfit::Link));
        }
        if !metadata.is_dir() {
            return Ok(Some(Unfit::NoDirectory));
        }
        let here = std::fs::canonicalize(&self.path)?;
        if std::fs::canonicalize(".").is_ok_and(|working| working.starts_with(here)) {
            return Ok(Some(Unfit::WorkingDirectory));
        }
        if metadata.dev() != self.parent.dir_metadata()?.dev() {
            return Ok(Some(Unfit::MountPoint));
        }
        let dir = self.parent.open_dir_nofollow(&self.name)?;
        Ok(match existing {
            _ if dir.entries()?.next().is_none() => None,
            Existing::Refuse => Some(Unfit::NotEmpty),
            Existing::Replace => None,
        })
    }

    /// Removes, as far as possible, what processes that are gone left here. A directory that was to be replaced is
    /// removed only if there is one in its place.
    fn sweep(&self) {
        let replaced_is_safe = self.parent.symlink_metadata(&self.name).is_ok();
        for entry in self.parent.entries().into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_left = self.is_hidden(&name, PARTIAL) && self.is_unlocked(&name)
                || self.is_hidden(&name, REPLACED) && replaced_is_safe;
            if is_left && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let _ = self.parent.remove_dir_all(&name);
            }
        }
    }

    fn is_unlocked(&self, name: &OsStr) -> bool {
        let lock = self.parent.open_dir_nofollow(name).and_then(|dir| readable(&dir));
        lock.is_ok_and(|lock| lock.try_lock().is_ok())
    }

    /// A name beside the destination, of this process.
    fn hidden(&self, what: &str) -> OsString {
        let mut name = self.hidden_start(what);
        name.push(std::process::id().to_string());
        name
    }

    fn is_hidden(&self, name: &OsStr, what: &str) -> bool {
        let start = self.hidden_start(what);
        let id = name.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
        id.is_some_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit))
    }

    fn hidden_start(&self, what: &str) -> OsString {
        let mut start = OsString::from(".");
        start.push(&self.name);
        start.push(format!(".fonds-{what}-"));
        start
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Place { path: self.path.clone(), source }
    }
}

/// Whether a directory could not be moved to a name because something else stands there.
fn is_occupied(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::AlreadyExists, io::ErrorKind::DirectoryNotEmpty, io::ErrorKind::NotADirectory];
    kinds.contains(&error.kind())
}

/// A handle that can be locked and synced, which that of a [`Dir`] cannot.
fn readable(dir: &Dir) -> io::Result<File> {
    Ok(dir.open(".")?.into_std())
}

/// Writes all files below `dir` to disk.
fn sync_all(dir: &Dir) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(readable(dir)?)?;
    #[cfg(not(target_os = "linux"))]
    rustix::fs::sync();
    Ok(())
}
