//! Reads a tar as a backup, members in any order. Before the manifest has come nobody knows what a member is, so what may
//! be a payload is handed over as one that may, and gzip twice.

use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use tempfile::SpooledTempFile;

use crate::layout::error::Error;
use crate::layout::gzip::{PLAIN_BYTES_MAX, Unpacked};
use crate::layout::input::GZIP_MAGIC;
use crate::layout::tar::fault::{Fault, shown};
use crate::layout::tar::members::{Member, Members};
use crate::layout::tar::source::{Compression, Source};
use crate::layout::walk::FOLDER_DEPTH_MAX;
use crate::model::backup::BackupReader;
use crate::model::entry::{Content, Encoding, EntryHead, Role};
use crate::model::listing::{self, FILES, Listing};
use crate::model::manifest::{self, Manifest};
use crate::model::path::{EntryPath, PathError};

/// What is read ahead of a compressed payload.
const BUFFER_BYTES: usize = 256 << 10;
/// Gzip of which nobody knows yet what it is for is kept in memory up to this size, and beyond in a file without a name.
const SPOOL_MAX: usize = 4 << 20;
/// Broken gzip is remembered, for the manifest may name it.
const BROKEN_MAX: usize = 1000;

/// A backup in a tar. It can be handed over once.
pub struct TarReader {
    name: String,
    bytes: u64,
    members: Cell<Option<Members<Source>>>,
    manifest: OnceCell<Manifest>,
    folder: OnceCell<EntryPath>,
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
        let mut reader = Self::stream(Box::new(file), source.display().to_string())?;
        if reader.bytes == 0 {
            reader.bytes = length;
        }
        Ok(reader)
    }

    /// Reads the tar that comes from `input`; errors call it `name`.
    ///
    /// # Errors
    /// As [`TarReader::open`].
    pub fn stream(input: Box<dyn Read + Send>, name: String) -> Result<Self, Error> {
        let source = Source::open(input, &name)?;
        // How much there is to read, if that could be known, is the length of a plain tar only.
        let bytes = if source.compression == Compression::Plain { 0 } else { u64::MAX };
        let members = Cell::new(Some(Members::new(source, name.clone())));
        Ok(Self { name, bytes, members, manifest: OnceCell::new(), folder: OnceCell::new() })
    }

    /// The bytes to be read, if that is known; else 0.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        if self.bytes == u64::MAX { 0 } else { self.bytes }
    }

    /// The folder of the backup in the tar, when everything was handed over and there is one.
    #[must_use]
    pub fn folder(&self) -> Option<&EntryPath> {
        self.folder.get()
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
        let mut pass = Pass { reader: self, tops: Tops::None, names: None, broken: Vec::new() };
        while let Some(member) = members.next()? {
            if let Some(path) = clean_path(&member)? {
                pass.take(path, &member, &mut members.body(), &mut visit)?;
            } else {
                pass.tops = Tops::Many;
            }
        }
        let manifest = self.manifest.get().ok_or_else(|| fault(Fault::NoManifest))?;
        pass.refuse_broken()?;
        Ok(manifest)
    }
}

/// The path that a member's name stands for; `None` is the top itself.
fn clean_path(member: &Member) -> Result<Option<EntryPath>, Error> {
    let mut name = &member.name[..];
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    if member.is_folder {
        name = name.strip_suffix(b"/").filter(|rest| !rest.is_empty()).unwrap_or(name);
        if matches!(name, b"" | b".") && member.name.starts_with(b".") {
            return Ok(None);
        }
    }
    let failed = |source: PathError| Error::Member { name: shown(&member.name), source };
    let path = EntryPath::new(name).map_err(failed)?;
    if path.parts().count() > FOLDER_DEPTH_MAX + 1 {
        return Err(Error::TooDeep { path });
    }
    Ok(Some(path))
}

/// Whether all members so far lie in one folder.
#[derive(PartialEq, Eq)]
enum Tops {
    None,
    One(EntryPath),
    Many,
}

/// What the manifest names.
struct Names {
    named: HashMap<EntryPath, Role>,
    /// Where something else may stand for what it names.
    candidates: HashSet<EntryPath>,
}

impl Names {
    fn new(manifest: &Manifest) -> Self {
        let named = manifest.payloads().iter().map(|name| (name.path.clone(), Role::Payload));
        let others = [(manifest.datamodel(), Role::Datamodel), (manifest.base_config(), Role::BaseConfig)];
        let others = others.into_iter().filter_map(|(path, role)| Some((path?.clone(), role)));
        Self { named: named.chain(others).collect(), candidates: Listing::candidates(manifest).collect() }
    }

    /// What a file is for; `None` if that is settled later.
    fn role(&self, path: &EntryPath) -> Option<Role> {
        match self.named.get(path) {
            Some(role) => Some(*role),
            None if self.candidates.contains(path) => None,
            None => Some(listing::role_of_file(path)),
        }
    }
}

/// One pass over the members.
struct Pass<'a> {
    reader: &'a TarReader,
    tops: Tops,
    /// Known once the manifest has come.
    names: Option<Names>,
    broken: Vec<EntryPath>,
}

impl Pass<'_> {
    fn take<E, V>(&mut self, path: EntryPath, member: &Member, body: &mut dyn Read, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        self.look_at_top(&path, member.is_folder)?;
        let (role, encoding) = (Role::Unlisted, Encoding::Plain);
        let mut head = EntryHead { path, role, encoding, modified: Some(member.modified), size: None };
        if member.is_folder {
            return visit(&head, Content::Folder);
        }
        if self.is_manifest(&head.path) {
            head.role = Role::Manifest;
            let manifest = self.read_manifest(&head.path, member.size, body)?;
            return visit(&head, Content::Bytes(&mut manifest.bytes()));
        }
        let role = match &self.names {
            Some(names) => names.role(&self.below_folder(&head.path)?),
            None => None,
        };
        match role {
            Some(role) => {
                head.role = role;
                hand_over(head, body, visit)
            }
            None => self.hand_over_unsure(&head, body, visit),
        }
    }

    fn look_at_top(&mut self, path: &EntryPath, is_folder: bool) -> Result<(), Error> {
        let first = path.parts().next().and_then(|part| EntryPath::new(part).ok());
        let is_below = is_folder || path.parts().nth(1).is_some();
        let top = first.filter(|_| is_below).map_or(Tops::Many, Tops::One);
        if self.tops == Tops::None {
            self.tops = top;
        } else if self.tops != top {
            self.tops = Tops::Many;
        }
        match self.reader.folder.get() {
            Some(folder) if self.tops == Tops::Many => {
                Err(Error::Tar { place: shown(path.as_bytes()), fault: Fault::Outside(folder.to_string()) })
            }
            _ => Ok(()),
        }
    }

    /// The manifest is the one at the top, or in the folder in which everything lies.
    fn is_manifest(&self, path: &EntryPath) -> bool {
        let is_in_place = match path.parts().count() {
            1 => true,
            2 => matches!(self.tops, Tops::One(_)),
            _ => false,
        };
        is_in_place && path.name() == manifest::FILE_NAME.as_bytes() && self.names.is_none()
    }

    fn read_manifest(&mut self, path: &EntryPath, size: u64, body: &mut dyn Read) -> Result<&Manifest, Error> {
        if size > manifest::BYTES_MAX {
            return Err(Error::ManifestTooLong);
        }
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(|source| named(path, source))?;
        let manifest = Manifest::parse(bytes).map_err(Error::Manifest)?;
        self.names = Some(Names::new(&manifest));
        if let (Tops::One(folder), 2) = (&self.tops, path.parts().count()) {
            self.reader.folder.get_or_init(|| folder.clone());
        }
        Ok(self.reader.manifest.get_or_init(|| manifest))
    }

    /// The path as the manifest would name it.
    fn below_folder(&self, path: &EntryPath) -> Result<EntryPath, Error> {
        let Some(folder) = self.reader.folder.get() else { return Ok(path.clone()) };
        let below = &path.as_bytes()[(folder.as_bytes().len() + 1).min(path.as_bytes().len())..];
        EntryPath::new(below).map_err(|source| Error::Member { name: shown(path.as_bytes()), source })
    }

    /// A file of which nobody knows yet whether the manifest names it.
    fn hand_over_unsure<E, V>(&mut self, head: &EntryHead, body: &mut dyn Read, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let (start, length) = begin(&head.path, body)?;
        let mut content = (&start[..length]).chain(body);
        if start != GZIP_MAGIC || !may_be_payload(&head.path) {
            return visit(head, Content::Bytes(&mut content));
        }
        let failed = |source| named(&head.path, source);
        let mut spool = SpooledTempFile::new(SPOOL_MAX);
        io::copy(&mut content, &mut spool).map_err(|source| spool_failed(&head.path, source))?;
        let mut buffer = vec![0; BUFFER_BYTES];
        let is_whole = {
            spool.rewind().map_err(failed)?;
            let mut unpacked = Unpacked::new(head.path.clone(), &mut spool, &mut buffer, PLAIN_BYTES_MAX);
            io::copy(&mut unpacked, &mut io::sink()).is_ok()
        };
        spool.rewind().map_err(failed)?;
        visit(head, Content::Bytes(&mut spool))?;
        if !is_whole {
            return Ok(self.remember_broken(&head.path)?);
        }
        spool.rewind().map_err(failed)?;
        let head = EntryHead { encoding: Encoding::Gzip, size: None, ..head.clone() };
        let mut unpacked = Unpacked::new(head.path.clone(), &mut spool, &mut buffer, PLAIN_BYTES_MAX);
        visit(&head, Content::Bytes(&mut unpacked))
    }

    fn remember_broken(&mut self, path: &EntryPath) -> Result<(), Error> {
        if self.broken.len() == BROKEN_MAX {
            return Err(Error::Tar { place: path.to_string(), fault: Fault::BrokenGzip });
        }
        self.broken.push(path.clone());
        Ok(())
    }

    fn refuse_broken(&self) -> Result<(), Error> {
        for path in &self.broken {
            let below = self.below_folder(path)?;
            if self.names.as_ref().is_some_and(|names| names.named.contains_key(&below)) {
                return Err(Error::Tar { place: path.to_string(), fault: Fault::BrokenGzip });
            }
        }
        Ok(())
    }
}

/// The first bytes of a content, as many as gzip begins with, if there are.
fn begin(path: &EntryPath, body: &mut dyn Read) -> Result<([u8; GZIP_MAGIC.len()], usize), Error> {
    let mut start = [0; GZIP_MAGIC.len()];
    let mut length = 0;
    while length < start.len() {
        match body.read(&mut start[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(named(path, source)),
        }
    }
    Ok((start, length))
}

fn hand_over<E, V>(head: EntryHead, body: &mut dyn Read, visit: &mut V) -> Result<(), E>
where
    E: From<Error>,
    V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
{
    if !head.role.is_json() {
        return visit(&head, Content::Bytes(body));
    }
    let (start, length) = begin(&head.path, body)?;
    let mut content = (&start[..length]).chain(body);
    if start != GZIP_MAGIC {
        return visit(&head, Content::Bytes(&mut content));
    }
    let head = EntryHead { encoding: Encoding::Gzip, size: None, ..head };
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut unpacked = Unpacked::new(head.path.clone(), content, &mut buffer, PLAIN_BYTES_MAX);
    visit(&head, Content::Bytes(&mut unpacked))
}

/// Files are not payloads, whatever they hold, unless their names say that they may be.
fn may_be_payload(path: &EntryPath) -> bool {
    let is_json = listing::other_extension(path).is_some();
    is_json || !path.parts().take(2).any(|part| part == FILES.as_bytes())
}

/// The error of the layer in an error of reading.
fn named(path: &EntryPath, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(source) => Error::Read { path: path.clone(), source },
    }
}

fn spool_failed(path: &EntryPath, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(source) => Error::Spool { path: path.clone(), source },
    }
}
