//! Reads a tar as a backup, members in any order.

use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::layout::error::Error;
use crate::layout::tar::fault::Fault;
use crate::layout::tar::members::Members;
use crate::layout::tar::pass::{Pass, clean_path};
use crate::layout::tar::source::{Compression, Source};
use crate::model::backup::BackupReader;
use crate::model::entry::{Content, EntryHead};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;

/// A backup in a tar. It can be handed over once.
pub struct TarReader {
    name: String,
    compression: Compression,
    bytes: u64,
    members: Cell<Option<Members<Source>>>,
    manifest: OnceCell<Manifest>,
    top: OnceCell<EntryPath>,
}

impl TarReader {
    /// Opens the tar in the file `source`, plain or compressed, which its content tells.
    ///
    /// # Errors
    /// When it cannot be read, or does not begin as a tar in a supported form.
    pub fn open(source: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Source { path: source.to_owned(), source: error };
        let file = File::open(source).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let reader = Self::stream(Box::new(file), source.display().to_string())?;
        // How much comes out of a compressed one is not known.
        let bytes = if reader.compression == Compression::Plain { length } else { 0 };
        Ok(Self { bytes, ..reader })
    }

    /// Reads the tar that comes from `input`; errors call it `name`.
    ///
    /// # Errors
    /// As [`TarReader::open`].
    pub fn stream(input: Box<dyn Read + Send>, name: String) -> Result<Self, Error> {
        let source = Source::open(input, &name)?;
        let compression = source.compression;
        let members = Cell::new(Some(Members::new(source, name.clone())));
        Ok(Self { name, compression, bytes: 0, members, manifest: OnceCell::new(), top: OnceCell::new() })
    }

    /// The bytes to be read, if that is known; else 0.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The folder that all of the tar lies in, when everything was handed over and there is one.
    #[must_use]
    pub fn folder(&self) -> Option<&EntryPath> {
        self.top.get()
    }
}

impl BackupReader for TarReader {
    type Error = Error;

    /// In the order of the tar.
    fn for_each<E, V>(&self, mut visit: V) -> Result<&Manifest, E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let fault = |fault| Error::Tar { place: self.name.clone(), fault };
        let mut members = self.members.take().ok_or_else(|| fault(Fault::ReadTwice))?;
        let mut pass = Pass::new(&self.manifest);
        while let Some(member) = members.next()? {
            match clean_path(&member)? {
                Some(path) => pass.take(path, &member, &mut members.body(), &mut visit)?,
                None => pass.has_dot(),
            }
        }
        let top = pass.finish(&mut visit)?;
        if let Some(top) = top {
            self.top.get_or_init(|| top);
        }
        Ok(self.manifest.get().ok_or_else(|| fault(Fault::NoManifest))?)
    }
}
