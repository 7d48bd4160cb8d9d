//! The entries of a snapshot as they have arrived: in any order, with roles that may be provisional, on disk if they are
//! many. What each of them is can be told when all are there and the manifest is known.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use bincode::{Decode, Encode};

use crate::archive::codec;
use crate::archive::error::{Damage, Error};
use crate::archive::list::{Body, Row, StoredRow};
use crate::model::entry::{Encoding, Role};
use crate::model::listing::{self, Listing, Place};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;
use crate::sorter::{Sorted, Sorter};

/// What has arrived, sorted by folder and stem, so that an original comes before its renditions.
pub struct Arrived {
    sorter: Sorter,
    /// The folder of the last entry: it and those around it are known to hold something.
    folder: Vec<u8>,
    /// The folder that the manifest came in: everything has to lie in it, and it is no part of the paths.
    root: Option<EntryPath>,
}

/// An entry that has arrived, with what its row does not tell.
pub struct Arrival {
    pub row: Row,
    /// Its records that the archive did not hold yet.
    pub new_records: u64,
    /// Whether it was a payload from the beginning, so that what is wrong with it was told.
    pub is_told: bool,
}

#[derive(Encode, Decode)]
enum Stored {
    Entry {
        row: StoredRow,
        new_records: u64,
    },
    /// Something lies in the folder of this path.
    Holds(Vec<u8>),
}

/// All that has arrived at one path.
#[derive(Default)]
pub struct Spot {
    /// One, or one as it stands and one unpacked.
    pub files: Vec<Arrival>,
    pub folder: Option<Arrival>,
    pub missing: Option<Arrival>,
    pub is_rendition: bool,
    holds_something: bool,
}

impl Arrived {
    pub fn new(folder: PathBuf) -> Self {
        Self { sorter: Sorter::new(folder), folder: Vec::new(), root: None }
    }

    /// # Errors
    /// When there is no room for it.
    pub fn push(&mut self, row: &Row, new_records: u64) -> Result<(), Error> {
        let path = row.head.path.as_bytes();
        if row.head.role == Role::Manifest {
            self.root = EntryPath::new(folder_of(path)).ok();
        }
        if row.body != Body::Missing {
            self.push_folders(path)?;
        }
        self.store(path, &Stored::Entry { row: row.into(), new_records })
    }

    /// The path as it will be in the list, as far as that is known.
    pub fn settled(&self, path: &EntryPath) -> EntryPath {
        below(self.root.as_ref(), path).unwrap_or_else(|| path.clone())
    }

    /// Every folder on the way to `path` that was not on the way to the last one.
    fn push_folders(&mut self, path: &[u8]) -> Result<(), Error> {
        let folder = folder_of(path);
        let ends = memchr::memchr_iter(b'/', path).collect::<Vec<_>>();
        for end in ends {
            let is_known = self.folder.starts_with(&path[..end]) && matches!(self.folder.get(end), None | Some(b'/'));
            if !is_known {
                self.store(&path[..end], &Stored::Holds(path[..end].to_vec()))?;
            }
        }
        folder.clone_into(&mut self.folder);
        Ok(())
    }

    fn store(&mut self, path: &[u8], stored: &Stored) -> Result<(), Error> {
        self.sorter.push(&key(path), &codec::encode(stored)).map_err(failed)
    }

    /// Visits every path once.
    ///
    /// # Errors
    /// When two things stand at one path, what was stored cannot be read, or the first error of `visit`.
    pub fn for_each<E: From<Error>>(
        &mut self,
        mut visit: impl FnMut(EntryPath, Spot) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = self.sorter.sorted().map_err(failed)?;
        let mut families = Families::default();
        let mut next = decode_next(&mut items)?;
        while let Some((path, first)) = next {
            let mut spot = Spot::default();
            spot.add(&path, first)?;
            next = decode_next(&mut items)?;
            while let Some((_, more)) = next.take_if(|(other, _)| *other == path) {
                spot.add(&path, more)?;
                next = decode_next(&mut items)?;
            }
            spot.judge(&path)?;
            let path = match &self.root {
                // What leads to it is there with it.
                Some(root) if path == *root || below(Some(&path), root).is_some() => continue,
                Some(root) => below(Some(root), &path).ok_or_else(|| Error::Outside { path, root: root.clone() })?,
                None => path,
            };
            spot.settle(&path);
            if !spot.files.is_empty() {
                spot.is_rendition = families.is_rendition(&path);
            }
            visit(path, spot)?;
        }
        Ok(())
    }

    /// Finds what `manifest` names.
    ///
    /// # Errors
    /// When two things stand at one path, or what the manifest names as a file is a folder.
    pub fn listing(&mut self, manifest: &Manifest) -> Result<(Listing, Shelf), Error> {
        let mut shelf = Shelf(Listing::candidates(manifest).map(|path| (path, Seen::Nothing)).collect());
        self.for_each(|path, spot| {
            if let Some(seen) = shelf.0.get_mut(&path) {
                *seen = match (spot.files.first(), spot.holds_something || spot.folder.is_some()) {
                    (Some(file), _) => Seen::File(file.row.head.role),
                    (None, true) => Seen::Folder,
                    (None, false) => Seen::Nothing,
                };
            }
            Ok::<(), Error>(())
        })?;
        Ok((Listing::find(manifest, &shelf)?, shelf))
    }
}

/// What stands where the manifest may name something.
pub struct Shelf(HashMap<EntryPath, Seen>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Folder,
    File(Role),
}

impl Shelf {
    /// What the file at `path` was taken for when it arrived.
    pub fn role(&self, path: &EntryPath) -> Option<Role> {
        match self.0.get(path) {
            Some(Seen::File(role)) => Some(*role),
            _ => None,
        }
    }
}

impl Place for Shelf {
    type Error = Error;

    fn has_named(&self, path: &EntryPath) -> Result<bool, Error> {
        match self.0.get(path) {
            Some(Seen::Folder) => Err(Error::Folder { path: path.clone() }),
            seen => Ok(matches!(seen, Some(Seen::File(_)))),
        }
    }

    fn has_other(&self, path: &EntryPath) -> Result<bool, Error> {
        Ok(self.role(path).is_some())
    }
}

impl Spot {
    fn add(&mut self, path: &EntryPath, stored: Stored) -> Result<(), Error> {
        let Stored::Entry { row, new_records } = stored else {
            self.holds_something = true;
            return Ok(());
        };
        let row = row.row().ok_or(Damage::Recipe)?;
        let is_told = row.head.role == Role::Payload;
        let arrival = Arrival { row, new_records, is_told };
        match arrival.row.body {
            Body::Missing => self.missing = Some(arrival),
            Body::Folder => self.folder = Some(arrival),
            Body::File(_) if self.files.iter().all(|other| is_unpacked(other, &arrival)) => self.files.push(arrival),
            Body::File(_) => return Err(Error::Twice { path: path.clone() }),
        }
        Ok(())
    }

    fn settle(&mut self, path: &EntryPath) {
        for arrival in self.files.iter_mut().chain(&mut self.folder).chain(&mut self.missing) {
            arrival.row.head.path.clone_from(path);
        }
    }

    fn judge(&mut self, path: &EntryPath) -> Result<(), Error> {
        if !self.files.is_empty() && (self.folder.is_some() || self.holds_something) {
            return Err(Error::Both { path: path.clone() });
        }
        // The folders that hold something show in the paths of what they hold.
        self.folder.take_if(|_| self.holds_something);
        Ok(())
    }
}

/// Whether two arrivals are one file as it stands and unpacked.
fn is_unpacked(one: &Arrival, other: &Arrival) -> bool {
    let heads = [&one.row.head, &other.row.head];
    heads.iter().all(|head| head.role == Role::Unlisted) && heads[0].encoding != heads[1].encoding
}

impl Spot {
    /// The arrival that the role asks for.
    pub fn take(mut self, role: Role) -> Option<Arrival> {
        let wanted = if role.is_json() { Encoding::Gzip } else { Encoding::Plain };
        let at = self.files.iter().position(|file| file.row.head.encoding == wanted).unwrap_or(0);
        if self.files.is_empty() { self.folder.or(self.missing) } else { Some(self.files.swap_remove(at)) }
    }
}

fn decode_next(items: &mut Sorted<'_>) -> Result<Option<(EntryPath, Stored)>, Error> {
    let Some((_, value)) = items.next().map_err(failed)? else { return Ok(None) };
    let stored = codec::decode(&value).map_err(|_| Damage::Recipe)?;
    let path = match &stored {
        Stored::Entry { row, .. } => row.path(),
        Stored::Holds(path) => path,
    };
    Ok(Some((EntryPath::new(path).map_err(|_| Damage::Recipe)?, stored)))
}

/// The originals that may have renditions among what comes next: of each folder on the way, the stems each of which
/// the next one begins with.
#[derive(Default)]
struct Families {
    folders: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
}

impl Families {
    /// Takes the next file; whether it is a rendition of one before it.
    fn is_rendition(&mut self, path: &EntryPath) -> bool {
        if !path.is_below(listing::FILES) {
            return false;
        }
        let folder = folder_of(path.as_bytes());
        let is_around = |around: &[u8]| folder.strip_prefix(around).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
        self.folders.pop_while(|(around, _)| !is_around(around));
        if self.folders.last().is_none_or(|(last, _)| last != folder) {
            self.folders.push((folder.to_vec(), Vec::new()));
        }
        let Some((_, originals)) = self.folders.last_mut() else { return false };
        let stem = listing::stem(path.name());
        while originals.last().is_some_and(|original| !stem.starts_with(original)) {
            originals.pop();
        }
        let is_rendition = listing::original_ends(stem).any(|at| originals.iter().any(|original| original.len() == at));
        if originals.last().is_none_or(|original| original.len() < stem.len()) {
            originals.push(stem.to_vec());
        }
        is_rendition
    }
}

/// Removes from the end what a condition holds for.
trait PopWhile<T> {
    fn pop_while(&mut self, is_over: impl Fn(&T) -> bool);
}

impl<T> PopWhile<T> for Vec<T> {
    fn pop_while(&mut self, is_over: impl Fn(&T) -> bool) {
        while self.last().is_some_and(&is_over) {
            self.pop();
        }
    }
}

/// The path below `root`, if it is.
fn below(root: Option<&EntryPath>, path: &EntryPath) -> Option<EntryPath> {
    match root {
        None => Some(path.clone()),
        Some(root) => EntryPath::new(path.as_bytes().strip_prefix(root.as_bytes())?.strip_prefix(b"/")?).ok(),
    }
}

fn folder_of(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).map_or(b"", |end| &path[..end])
}

/// Sorts folder by folder, and in a folder by stem. The path itself follows, so that no two have the same key.
fn key(path: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 * path.len() + 1);
    key.extend(path.iter().map(|byte| if *byte == b'/' { 0 } else { *byte }));
    let name = folder_of(path).len();
    if let Some(dot) = memchr::memrchr(b'.', &path[name..]) {
        key[name + dot] = 1;
    }
    key.push(0);
    key.extend_from_slice(path);
    key
}

/// The disk that the archive is on.
pub fn failed(error: io::Error) -> Error {
    Error::from(redb::Error::Io(error))
}
