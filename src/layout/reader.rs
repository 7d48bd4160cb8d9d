//! Reads a directory as a backup. All of it is looked at first, and anything that is not a readable file or a folder is
//! refused before a byte of content is read; then the entries are handed over one after the other.

use std::ffi::OsStr;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flate2::bufread::MultiGzDecoder;

use crate::layout::bag;
use crate::layout::error::Error;
use crate::layout::gzip::{PLAIN_BYTES_MAX, Unpacked};
use crate::layout::input::Input;
use crate::layout::listing;
use crate::layout::walk::{Found, Kind, Name, Walk};
use crate::model::backup::BackupReader;
use crate::model::entry::{Content, Encoding, EntryHead, FileTime, Role};
use crate::model::event::Observer;
use crate::model::listing::{Listing, MissingPayloads, path_of};
use crate::model::manifest::{self, Manifest};
use crate::model::path::EntryPath;

/// What is read ahead of a compressed payload.
const BUFFER_BYTES: usize = 256 << 10;

/// A backup in a directory.
pub struct DirectoryReader {
    source: PathBuf,
    root: Dir,
    manifest: Manifest,
    manifest_modified: FileTime,
    listing: Listing,
    totals: Totals,
}

/// How much there is to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// The entries that will be handed over, empty folders and missing payloads included.
    pub entries: u64,
    /// The length of all files on disk; compressed payloads are longer when read.
    pub bytes: u64,
}

impl DirectoryReader {
    /// Opens the directory `source`, or the one in which the `manifest.json` named by `source` stands, and looks at
    /// everything in it. Only `source` itself may be a link.
    ///
    /// # Errors
    /// When there is no usable manifest; when anything in the directory is a link, a FIFO, a socket, a device, not
    /// readable, or has a name that is no [`EntryPath`]; when what the manifest names is a folder, or is missing and
    /// `missing` refuses that.
    pub fn open(source: &Path, missing: MissingPayloads, observer: &dyn Observer) -> Result<Self, Error> {
        let (mut source, mut root) = open_root(source)?;
        if is_bag(&root)? {
            bag::inspect(&source, &root)?;
            source = source.join(bag::DATA);
            root = root
                .open_dir_nofollow(bag::DATA)
                .map_err(|error| Error::Source { path: source.clone(), source: error })?;
        }
        let (manifest, manifest_modified) = read_manifest(&source, &root)?;
        let mut totals = look_at_all(&source, &root)?;
        let listing = listing::find(&root, &manifest, missing, observer)?;
        totals.entries += listing.missing().count() as u64;
        Ok(Self { source, root, manifest, manifest_modified, listing, totals })
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The plain bytes of one entry, and how many there are if it is not compressed.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub fn read(&self, path: &EntryPath) -> Result<(Box<dyn Read + Send>, Option<u64>), Error> {
        let input = open_named(&self.root, path.clone())?;
        if input.is_gzip()? && has_json_name(path) {
            let buffered = BufReader::with_capacity(BUFFER_BYTES, input);
            return Ok((Box::new(MultiGzDecoder::new(buffered).take(PLAIN_BYTES_MAX)), None));
        }
        let length = input.length;
        Ok((Box::new(input), Some(length)))
    }

    /// The paths that the manifest names and that are there, in restore order.
    pub fn listed(&self) -> impl Iterator<Item = (&EntryPath, Role)> {
        self.listing.files.iter().filter(|file| file.is_there).map(|file| (&file.path, file.role))
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn hand_over_listed<E, V>(&self, buffer: &mut [u8], visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        for file in &self.listing.files {
            let path = file.path.clone();
            if file.is_there {
                hand_over(open_named(&self.root, path)?, file.role, buffer, visit)?;
            } else {
                let head = EntryHead { path, role: file.role, encoding: Encoding::Plain, modified: None, size: None };
                visit(&head, Content::Missing)?;
            }
        }
        Ok(())
    }

    fn hand_over_part<E, V>(&self, part: Part, buffer: &mut [u8], visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        for found in part.walk(&self.source, &self.root)? {
            match found? {
                Found::File(file) if self.listing.holds(&file.path) => {}
                Found::File(file) => {
                    let role = part.role(file.is_rendition);
                    hand_over(file.open()?, role, buffer, visit)?;
                }
                Found::EmptyFolder { path, modified } => {
                    let role = part.role(false);
                    let head =
                        EntryHead { path, role, encoding: Encoding::Plain, modified: Some(modified), size: None };
                    visit(&head, Content::Folder)?;
                }
            }
        }
        Ok(())
    }
}

impl BackupReader for DirectoryReader {
    type Error = Error;

    /// In restore order, every role settled.
    fn for_each<E, V>(&self, mut visit: V) -> Result<&Manifest, E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let head = EntryHead {
            path: path_of(manifest::FILE_NAME),
            role: Role::Manifest,
            encoding: Encoding::Plain,
            modified: Some(self.manifest_modified),
            size: Some(self.manifest.bytes().len() as u64),
        };
        visit(&head, Content::Bytes(&mut self.manifest.bytes()))?;

        let mut buffer = vec![0; BUFFER_BYTES];
        self.hand_over_listed(&mut buffer, &mut visit)?;
        for part in [Part::Files, Part::Logs, Part::Rest] {
            self.hand_over_part(part, &mut buffer, &mut visit)?;
        }
        Ok(&self.manifest)
    }
}

/// A part of the directory that is walked over by itself, as restore order wants it.
#[derive(Clone, Copy)]
enum Part {
    All,
    Files,
    Logs,
    Rest,
}

impl Part {
    fn walk(self, source: &Path, root: &Dir) -> Result<Walk, Error> {
        let keep = |name: &Name| match self {
            Self::All => true,
            Self::Files => name.is_files(),
            Self::Logs => name.is_log(),
            Self::Rest => !name.is_files() && !name.is_log(),
        };
        let walk = root.try_clone().and_then(|root| Walk::new(root, keep));
        walk.map_err(|error| Error::Source { path: source.to_owned(), source: error })
    }

    fn role(self, is_rendition: bool) -> Role {
        match self {
            Self::Files if is_rendition => Role::Rendition,
            Self::Files => Role::File,
            Self::Logs => Role::Log,
            Self::All | Self::Rest => Role::Unlisted,
        }
    }
}

fn has_json_name(path: &EntryPath) -> bool {
    let name = path.name();
    name.ends_with(b".json.gz") || name.ends_with(b".json")
}

fn open_root(source: &Path) -> Result<(PathBuf, Dir), Error> {
    let failed = |error| Error::Source { path: source.to_owned(), source: error };
    let folder = if std::fs::metadata(source).map_err(failed)?.is_dir() {
        source
    } else if source.file_name() == Some(OsStr::new(manifest::FILE_NAME)) {
        source.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    } else {
        return Err(Error::NoDirectory { path: source.to_owned() });
    };
    let root = Dir::open_ambient_dir(folder, ambient_authority()).map_err(failed)?;
    Ok((folder.to_owned(), root))
}

/// Whether it is the top of a bag with a backup in it, and no backup itself.
fn is_bag(root: &Dir) -> Result<bool, Error> {
    let has = |name: &str| listing::look(root, &path_of(name)).map(|kind| kind == Some(Kind::File));
    Ok(!has(manifest::FILE_NAME)? && has(bag::DECLARATION)?)
}

fn read_manifest(source: &Path, root: &Dir) -> Result<(Manifest, FileTime), Error> {
    let path = path_of(manifest::FILE_NAME);
    let mut input = match listing::look(root, &path)? {
        Some(Kind::File) => Input::open(root, path.clone())?,
        Some(Kind::Folder) => return Err(Error::Folder { path }),
        Some(Kind::Special(special)) => return Err(Error::Special { path, special }),
        None => return Err(Error::NoManifest { path: source.join(manifest::FILE_NAME) }),
    };
    if input.length > manifest::BYTES_MAX {
        return Err(Error::ManifestTooLong);
    }
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|source| Error::Read { path, source })?;
    Ok((Manifest::parse(bytes).map_err(Error::Manifest)?, input.modified))
}

/// Proves that all of the directory can be read, and measures it.
fn look_at_all(source: &Path, root: &Dir) -> Result<Totals, Error> {
    let mut totals = Totals::default();
    for found in Part::All.walk(source, root)? {
        totals.entries += 1;
        if let Found::File(file) = found? {
            totals.bytes += file.open()?.length;
        }
    }
    Ok(totals)
}

fn open_named(root: &Dir, path: EntryPath) -> Result<Input, Error> {
    match listing::folder_of(root, &path) {
        Ok(folder) => Input::open(&folder, path),
        Err(source) => Err(Error::Read { path, source }),
    }
}

fn hand_over<E>(
    mut input: Input,
    role: Role,
    buffer: &mut [u8],
    visit: &mut impl FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<Error>,
{
    let is_gzip = role.is_json() && input.is_gzip()?;
    let encoding = if is_gzip { Encoding::Gzip } else { Encoding::Plain };
    let size = (encoding == Encoding::Plain).then_some(input.length);
    let head = EntryHead { path: input.path.clone(), role, encoding, modified: Some(input.modified), size };
    match encoding {
        Encoding::Plain => visit(&head, Content::Bytes(&mut input)),
        Encoding::Gzip => {
            let mut unpacked = Unpacked::new(input.path.clone(), input, buffer, PLAIN_BYTES_MAX);
            visit(&head, Content::Bytes(&mut unpacked))
        }
    }
}
