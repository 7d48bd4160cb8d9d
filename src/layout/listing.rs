//! The files that a manifest names, found on disk: the data model, the base config and the payloads, each of which may
//! stand under the other extension, be missing, or have no key and a default name.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use crate::layout::error::Error;
use crate::layout::packing;
use crate::layout::walk::Kind;
use crate::model::entry::Role;
use crate::model::event::{Event, Observer, Warning};
use crate::model::manifest::{self, Manifest};
use crate::model::path::EntryPath;

const DATAMODEL_DEFAULT: &str = "datamodel.json";
const BASE_CONFIG_DEFAULT: &str = "base_config.json";

/// What to do about files that the manifest names but that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingPayloads {
    /// The directory is no complete backup: an error.
    Refuse,
    /// They are handed over as missing, and a warning names each.
    Accept,
}

/// The files that the manifest names, in restore order.
pub(crate) struct Listing {
    pub(crate) files: Vec<Listed>,
    /// The paths of those that are there, and of the manifest.
    taken: HashSet<EntryPath>,
}

/// A file that the manifest names.
pub(crate) struct Listed {
    pub(crate) role: Role,
    /// Where it stands on disk, or where it should.
    pub(crate) path: EntryPath,
    pub(crate) is_there: bool,
}

impl Listing {
    /// Finds every file that `manifest` names below `root`, where there are no links.
    pub(crate) fn find(
        root: &Dir,
        manifest: &Manifest,
        missing: MissingPayloads,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let named = [manifest.datamodel(), manifest.base_config()].into_iter().flatten();
        let named = named.chain(manifest.payloads().iter().map(|name| &name.path)).collect();
        let mut search = Search { root, named, taken: HashSet::from([path_of(manifest::FILE_NAME)]), observer };

        let mut files = Vec::with_capacity(manifest.payloads().len() + 2);
        for (role, name, default) in [
            (Role::Datamodel, manifest.datamodel(), DATAMODEL_DEFAULT),
            (Role::BaseConfig, manifest.base_config(), BASE_CONFIG_DEFAULT),
        ] {
            match name {
                Some(path) => files.push(search.named(role, path)?),
                None => files.extend(search.default(role, &path_of(default))?),
            }
        }
        for name in manifest.payloads() {
            files.push(search.named(Role::Payload, &name.path)?);
        }
        let listing = Self { files, taken: search.taken };
        listing.judge(missing, observer)?;
        Ok(listing)
    }

    /// Whether the file at `path` is one of these or the manifest.
    pub(crate) fn holds(&self, path: &EntryPath) -> bool {
        self.taken.contains(path)
    }

    pub(crate) fn missing(&self) -> impl Iterator<Item = &EntryPath> {
        self.files.iter().filter(|file| !file.is_there).map(|file| &file.path)
    }

    fn judge(&self, missing: MissingPayloads, observer: &dyn Observer) -> Result<(), Error> {
        if let (MissingPayloads::Refuse, Some(path)) = (missing, self.missing().next()) {
            return Err(Error::Missing { path: path.clone(), others: self.missing().count() - 1 });
        }
        for path in self.missing() {
            observer.observe(Event::Warning(Warning::Missing { path: path.clone() }));
        }
        Ok(())
    }
}

struct Search<'a> {
    root: &'a Dir,
    /// What the manifest names stands for itself and never for a file that is missing.
    named: HashSet<&'a EntryPath>,
    taken: HashSet<EntryPath>,
    observer: &'a dyn Observer,
}

impl Search<'_> {
    fn named(&mut self, role: Role, path: &EntryPath) -> Result<Listed, Error> {
        match look(self.root, path)? {
            Some(Kind::File) => return Ok(self.take(role, path.clone())),
            Some(Kind::Folder) => return Err(Error::Folder { path: path.clone() }),
            Some(Kind::Special(special)) => return Err(Error::Special { path: path.clone(), special }),
            None => {}
        }
        match self.unnamed_file(packing::other_extension(path))? {
            Some(found) => {
                let warning = Warning::OtherExtension { listed: path.clone(), found: found.clone() };
                self.observer.observe(Event::Warning(warning));
                Ok(self.take(role, found))
            }
            None => Ok(Listed { role, path: path.clone(), is_there: false }),
        }
    }

    fn default(&mut self, role: Role, path: &EntryPath) -> Result<Option<Listed>, Error> {
        let found = match self.unnamed_file(Some(path.clone()))? {
            None => self.unnamed_file(packing::other_extension(path))?,
            found => found,
        };
        Ok(found.map(|path| self.take(role, path)))
    }

    fn unnamed_file(&self, path: Option<EntryPath>) -> Result<Option<EntryPath>, Error> {
        match path {
            Some(path) if !self.named.contains(&path) && !self.taken.contains(&path) => {
                Ok((look(self.root, &path)? == Some(Kind::File)).then_some(path))
            }
            _ => Ok(None),
        }
    }

    fn take(&mut self, role: Role, path: EntryPath) -> Listed {
        self.taken.insert(path.clone());
        Listed { role, path, is_there: true }
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

pub(crate) fn path_of(name: &str) -> EntryPath {
    EntryPath::new(name).expect("the names of the layout are clean")
}
