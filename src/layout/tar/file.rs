//! A tar in the making: a file that grows under a hidden name beside its destination and takes its place in one step.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::layout::error::{Error, Unfit};
use crate::layout::partial::Existing;

const PARTIAL: &str = "fonds-partial";

/// A file that is not visible yet. Dropped before it is published, it is removed.
pub struct TarFile {
    destination: PathBuf,
    existing: Existing,
    partial: PathBuf,
    file: File,
    is_published: bool,
}

impl TarFile {
    /// Begins a file that is to become `destination`; the directories on the way to it are created.
    ///
    /// # Errors
    /// When something stands there that is no file, or that is not to be replaced; when nothing can be written there.
    pub fn create(destination: &Path, existing: Existing) -> Result<Self, Error> {
        let failed = |source| Error::Place { path: destination.to_owned(), source };
        check(destination, existing)?;
        let Some(name) = destination.file_name() else {
            return Err(Error::Destination { path: destination.to_owned(), unfit: Unfit::NoName });
        };
        let folder = destination.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        sweep(folder, name);
        let mut hidden = hidden_start(name);
        hidden.push(std::process::id().to_string());
        let partial = folder.join(hidden);
        let file = File::options().write(true).create_new(true).open(&partial).map_err(failed)?;
        // Where locks are not supported, nobody can take this one, and leftovers are left alone.
        let _ = file.try_lock();
        Ok(Self { destination: destination.to_owned(), existing, partial, file, is_published: false })
    }

    /// Writes it to disk and puts it in its place.
    ///
    /// # Errors
    /// When that fails, or something stands there by now that is not to be replaced.
    pub fn publish(mut self) -> Result<(), Error> {
        let destination = &self.destination;
        let failed = |source| Error::Place { path: destination.clone(), source };
        self.file.sync_all().map_err(failed)?;
        check(destination, self.existing)?;
        let placed = match self.existing {
            Existing::Replace => fs::rename(&self.partial, destination),
            Existing::Refuse => place(&self.partial, destination),
        };
        match placed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::Destination { path: destination.clone(), unfit: Unfit::Exists });
            }
            placed => placed.map_err(failed)?,
        }
        self.is_published = true;
        let folder = self.partial.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

impl Write for TarFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for TarFile {
    fn drop(&mut self) {
        if !self.is_published {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Whether nothing stands there, or only what may be replaced.
fn check(destination: &Path, existing: Existing) -> Result<(), Error> {
    let unfit = match fs::symlink_metadata(destination) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::Place { path: destination.to_owned(), source }),
        Ok(metadata) if metadata.is_symlink() => Unfit::Link,
        Ok(metadata) if metadata.is_dir() => Unfit::Directory,
        Ok(metadata) if !metadata.is_file() => Unfit::NoFile,
        Ok(_) if existing == Existing::Replace => return Ok(()),
        Ok(_) => Unfit::Exists,
    };
    Err(Error::Destination { path: destination.to_owned(), unfit })
}

/// Gives a file its name if that is free. Where a file cannot have two names for a moment, it was free a moment ago.
fn place(partial: &Path, destination: &Path) -> io::Result<()> {
    match fs::hard_link(partial, destination) {
        Ok(()) => fs::remove_file(partial),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::rename(partial, destination),
    }
}

/// Removes, as far as possible, what processes that are gone left here.
fn sweep(folder: &Path, name: &OsStr) {
    let start = hidden_start(name);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
        let is_partial = id.is_some_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit));
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_left = || File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if is_partial && is_file && is_left() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn hidden_start(name: &OsStr) -> OsString {
    let mut start = OsString::from(".");
    start.push(name);
    start.push(format!(".{PARTIAL}-"));
    start
}
