//! The backup that is restored: a snapshot or a plain directory, read entry by entry in any order.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::archive::{self, Archive, Body, FileBody, Row, SnapshotName, SnapshotReader, snapshot};
use crate::jobs::Error;
use crate::jobs::restore::RestoreFrom;
use crate::layout::{DirectoryReader, MissingPayloads};
use crate::model::entry::{Digest, Role};
use crate::model::event::Observer;
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;

/// Blocks of an entry that wait to be taken.
const BLOCKS_AHEAD: usize = 2;
/// Bytes of a plain file that are handed on at a time.
const BLOCK_BYTES: usize = 256 << 10;

/// A backup to restore.
pub enum BackupSource {
    Snapshot(Arc<Packed>),
    Directory(Box<DirectoryReader>),
}

/// A snapshot, and where its entries stand in its list.
pub struct Packed {
    reader: SnapshotReader,
    /// Short stand-ins for paths, sorted, and the page and row of each: 16 bytes for an entry.
    places: Vec<(u64, u32, u32)>,
    /// The page that was looked at last: neighbours are asked for one after the other.
    last: std::sync::Mutex<Option<(u32, Arc<Vec<Row>>)>>,
    /// Keeps the file open.
    _archive: Archive,
}

impl BackupSource {
    /// Opens what a restore can be of.
    ///
    /// # Errors
    /// As the two of which it is one.
    pub fn of(from: &RestoreFrom, archive: &Path, observer: &dyn Observer) -> Result<Self, Error> {
        match from {
            RestoreFrom::Snapshot(name) => Self::snapshot(archive, name),
            RestoreFrom::Directory(path) => Self::directory(path, observer),
        }
    }

    /// Opens a snapshot.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn snapshot(archive: &Path, name: &SnapshotName) -> Result<Self, Error> {
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, name)?;
        let reader = SnapshotReader::open(&archive, snapshot)?;
        let mut places = Vec::new();
        for page in 0..reader.pages() {
            for (row, found) in reader.page(page)?.into_iter().enumerate() {
                places.push((stand_in(&found.head.path), page as u32, row as u32));
            }
        }
        places.sort_unstable();
        Ok(Self::Snapshot(Arc::new(Packed { reader, places, last: std::sync::Mutex::default(), _archive: archive })))
    }

    /// Opens a directory, or the one in which a manifest stands.
    ///
    /// # Errors
    /// When it is no backup.
    pub fn directory(path: &Path, observer: &dyn Observer) -> Result<Self, Error> {
        Ok(Self::Directory(Box::new(DirectoryReader::open(path, MissingPayloads::Refuse, observer)?)))
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        match self {
            Self::Snapshot(packed) => packed.reader.manifest(),
            Self::Directory(reader) => reader.manifest(),
        }
    }

    /// Whether what is read is proved to be what was stored.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::Snapshot(_))
    }

    /// What people call it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Snapshot(packed) => {
                format!("{} (snapshot {})", packed.reader.snapshot.name, packed.reader.snapshot.number)
            }
            Self::Directory(reader) => reader.manifest().source_name().unwrap_or_else(|| "a directory".to_owned()),
        }
    }

    /// What this backup and no other is told by.
    #[must_use]
    pub fn digest(&self) -> String {
        Digest::of(self.manifest().bytes()).to_string()
    }

    /// The entries that a restore reads: role and path, payloads in restore order.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn listed(&self) -> Result<Vec<(Role, EntryPath)>, Error> {
        let is_read = |role: Role| matches!(role, Role::Datamodel | Role::BaseConfig | Role::Payload);
        match self {
            Self::Directory(reader) => {
                let listed = reader.listed().filter(|(_, role)| is_read(*role));
                Ok(listed.map(|(path, role)| (role, path.clone())).collect())
            }
            Self::Snapshot(packed) => {
                let mut found = Vec::new();
                packed.reader.rows(|row| {
                    if is_read(row.head.role) && matches!(row.body, Body::File(_)) {
                        found.push((row.head.role, row.head.path));
                    }
                    Ok::<(), Error>(())
                })?;
                Ok(found)
            }
        }
    }

    /// Hands the plain bytes of an entry on, block by block and uncopied, on a thread of its own, until nobody takes them.
    /// How many they are. After an error there are no more; fewer bytes without one are an entry that could not be read.
    ///
    /// # Errors
    /// When there is no such entry, or it cannot be opened.
    pub fn hand_on(
        &self,
        path: &EntryPath,
        mut give: impl FnMut(io::Result<Vec<u8>>) -> bool + Send + 'static,
    ) -> Result<Option<u64>, Error> {
        match self {
            Self::Directory(reader) => {
                let (mut read, size) = reader.read(path)?;
                thread::spawn(move || {
                    loop {
                        let mut block = Vec::with_capacity(BLOCK_BYTES);
                        let read = read.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block);
                        let is_last = !matches!(read, Ok(BLOCK_BYTES));
                        let is_empty = matches!(read, Ok(0));
                        if is_empty || !give(read.map(|_| block)) || is_last {
                            return;
                        }
                    }
                });
                Ok(size)
            }
            Self::Snapshot(packed) => {
                let body = packed.body(path)?;
                let size = body.size;
                let (packed, path) = (Arc::clone(packed), path.clone());
                thread::spawn(move || packed.rebuild(&path, &body, &mut give));
                Ok(Some(size))
            }
        }
    }

    /// Hands the plain bytes of an entry on, block by block, on this thread.
    ///
    /// # Errors
    /// When there is no such entry, or it cannot be read to its end: what was handed on must not be used then.
    pub fn blocks(&self, path: &EntryPath, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let failed = |source| Error::Entry { path: path.clone(), source };
        match self {
            Self::Directory(reader) => {
                let (mut read, _) = reader.read(path)?;
                let mut block = vec![0; BLOCK_BYTES];
                loop {
                    match read.read(&mut block) {
                        Ok(0) => return Ok(()),
                        Ok(length) => take(&block[..length]),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(failed(error)),
                    }
                }
            }
            Self::Snapshot(packed) => {
                let mut ended = Ok(());
                let is_whole = packed.rebuild(path, &packed.body(path)?, &mut |block| {
                    ended = block.map(|block| take(&block));
                    ended.is_ok()
                });
                let broken = || io::Error::other("a part of the work ended unexpectedly");
                ended.and_then(|()| is_whole.then_some(()).ok_or_else(broken)).map_err(failed)
            }
        }
    }

    /// The blocks of an entry, read ahead.
    ///
    /// # Errors
    /// When there is no such entry, or it cannot be opened.
    pub fn coming(&self, path: &EntryPath) -> Result<Coming, Error> {
        let (sender, blocks) = bounded(BLOCKS_AHEAD);
        let left = self.hand_on(path, move |block| sender.send(block).is_ok())?;
        Ok(Coming { blocks, left })
    }

    /// Lets go of what is kept in memory to be read again: it takes a while until something is.
    pub(crate) fn forget(&self) {
        if let Self::Snapshot(packed) = self {
            packed.reader.forget();
        }
    }

    /// A whole entry, which must be short.
    ///
    /// # Errors
    /// When it cannot be read, or is longer than `most`.
    pub fn whole(&self, path: &EntryPath, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut is_too_long = false;
        self.blocks(path, &mut |block| {
            is_too_long |= (bytes.len() + block.len()) as u64 > most;
            if !is_too_long {
                bytes.extend_from_slice(block);
            }
        })?;
        if is_too_long {
            let source = io::Error::other(format!("it is longer than {most} bytes"));
            return Err(Error::Entry { path: path.clone(), source });
        }
        Ok(bytes)
    }
}

fn stand_in(path: &EntryPath) -> u64 {
    let hash = blake3::hash(path.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
}

impl Packed {
    fn body(&self, path: &EntryPath) -> Result<FileBody, Error> {
        let wanted = stand_in(path);
        let from = self.places.partition_point(|(found, _, _)| *found < wanted);
        for (_, page, row) in self.places[from..].iter().take_while(|(found, _, _)| *found == wanted) {
            let rows = self.page(*page)?;
            if let Some(Row { head, body: Body::File(body) }) = rows.get(*row as usize)
                && head.path == *path
            {
                return Ok(body.clone());
            }
        }
        Err(archive::Error::NoEntry { number: self.reader.snapshot.number, path: path.clone() }.into())
    }

    fn page(&self, page: u32) -> Result<Arc<Vec<Row>>, Error> {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((number, rows)) = &*last
            && *number == page
        {
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(self.reader.page(page as usize)?);
        *last = Some((page, Arc::clone(&rows)));
        Ok(rows)
    }

    /// Rebuilds an entry; whether it was given to its end.
    fn rebuild(&self, path: &EntryPath, body: &FileBody, give: &mut dyn FnMut(io::Result<Vec<u8>>) -> bool) -> bool {
        /// Why it ends early.
        enum Stop {
            Gone,
            Failed(archive::Error),
        }
        impl From<archive::Error> for Stop {
            fn from(error: archive::Error) -> Self {
                Self::Failed(error)
            }
        }
        match self.reader.read(path, body, |block| if give(Ok(block)) { Ok(()) } else { Err(Stop::Gone) }) {
            Ok(()) => true,
            Err(Stop::Gone) => false,
            Err(Stop::Failed(error)) => {
                give(Err(io::Error::other(error.to_string())));
                false
            }
        }
    }
}

/// The blocks of an entry on their way, rebuilt on a thread of their own.
pub struct Coming {
    blocks: Receiver<io::Result<Vec<u8>>>,
    left: Option<u64>,
}

impl Coming {
    /// The next block; none at the end.
    ///
    /// # Errors
    /// When the entry cannot be read to its end.
    pub fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Ok(block) = self.blocks.recv() else {
            let is_short = self.left.is_some_and(|left| left > 0);
            return if is_short { Err(io::Error::other("a part of the work ended unexpectedly")) } else { Ok(None) };
        };
        let block = block?;
        self.left = self.left.map(|left| left.saturating_sub(block.len() as u64));
        Ok(Some(block))
    }
}
