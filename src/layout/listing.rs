//! The files that a manifest names, found on disk.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use crate::layout::error::Error;
use crate::layout::walk::Kind;
use crate::model::event::{Event, Observer};
use crate::model::listing::{Listed, Listing, MissingPayloads, Place};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;

/// Finds every file that `manifest` names below `root`, where there are no links.
pub(crate) fn find(
    root: &Dir,
    manifest: &Manifest,
    missing: MissingPayloads,
    observer: &dyn Observer,
) -> Result<Listing, Error> {
    let listing = Listing::find(manifest, &Shelf(root))?;
    if let (MissingPayloads::Refuse, Some(path)) = (missing, listing.missing().next()) {
        return Err(Error::Missing { path: path.clone(), others: listing.missing().count() - 1 });
    }
    for warning in listing.files.iter().filter_map(Listed::warning) {
        observer.observe(Event::Warning(warning));
    }
    Ok(listing)
}

/// A directory in which files are looked for.
struct Shelf<'a>(&'a Dir);

impl Place for Shelf<'_> {
    type Error = Error;

    fn has_named(&self, path: &EntryPath) -> Result<bool, Error> {
        match look(self.0, path)? {
            Some(Kind::File) => Ok(true),
            Some(Kind::Folder) => Err(Error::Folder { path: path.clone() }),
            Some(Kind::Special(special)) => Err(Error::Special { path: path.clone(), special }),
            None => Ok(false),
        }
    }

    fn has_other(&self, path: &EntryPath) -> Result<bool, Error> {
        Ok(look(self.0, path)? == Some(Kind::File))
    }
}

/// The folder of `path`, opened step by step so that none of them is a link.
pub(crate) fn folder_of(root: &Dir, path: &EntryPath) -> io::Result<Dir> {
    let mut dir = root.try_clone()?;
    let mut parts = path.parts().peekable();
    while let (Some(part), Some(_)) = (parts.next(), parts.peek()) {
        dir = dir.open_dir_nofollow(OsStr::from_bytes(part))?;
    }
    Ok(dir)
}

/// What stands at `path`, if anything.
pub(crate) fn look(root: &Dir, path: &EntryPath) -> Result<Option<Kind>, Error> {
    let metadata = folder_of(root, path).and_then(|folder| folder.symlink_metadata(OsStr::from_bytes(path.name())));
    match metadata {
        Ok(metadata) => Ok(Some(Kind::of(metadata.file_type()))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(Error::Read { path: path.clone(), source }),
    }
}
