//! A snapshot as a backup that can be read. Entries are rebuilt ahead on all cores and handed over in order; what is
//! ahead is bounded.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::archive::chunks::Chunks;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::file::Archive;
use crate::archive::id::ChunkRun;
use crate::archive::list::{Body, FileBody, Row};
use crate::archive::rebuild::Rebuilder;
use crate::archive::snapshot::Snapshot;
use crate::model::backup::BackupReader;
use crate::model::entry::{Content, EntryHead, Role};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;

/// Blocks of an entry that wait to be taken.
const BLOCKS_AHEAD: usize = 2;
/// The largest manifest that is read.
const MANIFEST_MAX: u64 = 64 << 20;

/// A snapshot of an archive.
pub struct SnapshotReader {
    pub snapshot: Snapshot,
    chunks: Chunks,
    manifest: Manifest,
}

impl SnapshotReader {
    /// # Errors
    /// When the list or the manifest cannot be read.
    pub fn open(archive: &Archive, snapshot: Snapshot) -> Result<Self, Error> {
        let chunks = Chunks::new(&archive.read()?)?;
        let bytes = read_manifest(&chunks, &snapshot)?;
        let manifest = Manifest::parse(bytes).map_err(|_| Damage::Recipe)?;
        Ok(Self { snapshot, chunks, manifest })
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hands over every row of the list, in restore order.
    ///
    /// # Errors
    /// When the list is damaged, or the first error of `visit`.
    pub fn rows<E: From<Error>>(&self, mut visit: impl FnMut(Row) -> Result<(), E>) -> Result<(), E> {
        Rebuilder::new(&self.chunks).rows(&self.snapshot, |_, row| visit(row))
    }

    /// How many pages the list has, and the rows of one of them, in restore order.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.snapshot.list.iter().copied().flat_map(ChunkRun::numbers).count()
    }

    /// The rows of a page of the list.
    ///
    /// # Errors
    /// When there is no such page, or it is damaged.
    pub fn page(&self, page: usize) -> Result<Vec<Row>, Error> {
        Rebuilder::new(&self.chunks).page_of_rows(&self.snapshot, page)
    }

    /// Lets go of what is kept in memory to be read again.
    pub fn forget(&self) {
        self.chunks.forget();
    }

    /// The row of one entry.
    ///
    /// # Errors
    /// When there is no such entry, or the list is damaged.
    pub fn row(&self, path: &EntryPath) -> Result<Row, Error> {
        let no_entry = || Error::NoEntry { number: self.snapshot.number, path: path.clone() };
        find_row(&self.chunks, &self.snapshot, |row| row.head.path == *path)?.ok_or_else(no_entry)
    }

    /// Hands on the plain bytes of one entry, block by block.
    ///
    /// # Errors
    /// When it cannot be rebuilt, or the first error of `give`; the blocks before an error must not be used.
    pub fn read<E: From<Error>>(
        &self,
        path: &EntryPath,
        body: &FileBody,
        give: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        Rebuilder::new(&self.chunks).rebuild(path, body, give)
    }
}

fn find_row(chunks: &Chunks, snapshot: &Snapshot, wanted: impl Fn(&Row) -> bool) -> Result<Option<Row>, Error> {
    enum Stop {
        Found(Box<Row>),
        Failed(Error),
    }
    impl From<Error> for Stop {
        fn from(error: Error) -> Self {
            Self::Failed(error)
        }
    }
    let visit = |_: &mut Rebuilder<'_>, row: Row| if wanted(&row) { Err(Stop::Found(Box::new(row))) } else { Ok(()) };
    match Rebuilder::new(chunks).rows(snapshot, visit) {
        Ok(()) => Ok(None),
        Err(Stop::Found(row)) => Ok(Some(*row)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn read_manifest(chunks: &Chunks, snapshot: &Snapshot) -> Result<Vec<u8>, Error> {
    let row = find_row(chunks, snapshot, |row| row.head.role == Role::Manifest)?;
    let Some(Row { head, body: Body::File(body) }) = row else { return Err(Damage::Recipe.into()) };
    if body.size > MANIFEST_MAX {
        return Err(Damage::Recipe.into());
    }
    let mut bytes = Vec::new();
    Rebuilder::new(chunks).rebuild(&head.path, &body, |block| {
        bytes.extend(block);
        Ok::<(), Error>(())
    })?;
    Ok(bytes)
}

/// An entry to rebuild, and where its blocks go.
struct Job {
    path: EntryPath,
    body: FileBody,
    blocks: Sender<Result<Vec<u8>, Error>>,
}

/// An entry that is being rebuilt, or has nothing to rebuild.
struct Ahead {
    head: EntryHead,
    content: Coming,
}

enum Coming {
    Blocks(Receiver<Result<Vec<u8>, Error>>),
    Folder,
    Missing,
}

impl BackupReader for SnapshotReader {
    type Error = Error;

    /// In restore order, every role settled.
    fn for_each<E, V>(&self, mut visit: V) -> Result<&Manifest, E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (jobs, queue) = bounded::<Job>(threads);
        thread::scope(|scope| {
            for _ in 0..threads {
                let queue = queue.clone();
                scope.spawn(move || work(&self.chunks, &queue));
            }
            drop(queue);
            let mut ahead = VecDeque::new();
            self.rows(|row| {
                if ahead.len() >= 2 * threads {
                    ahead.pop_front().map_or(Ok(()), |first| give(first, &mut visit))?;
                }
                ahead.push_back(start(row, &jobs));
                Ok::<(), E>(())
            })?;
            drop(jobs);
            ahead.into_iter().try_for_each(|next| give(next, &mut visit))
        })?;
        Ok(&self.manifest)
    }
}

fn start(row: Row, jobs: &Sender<Job>) -> Ahead {
    let content = match row.body {
        Body::Folder => Coming::Folder,
        Body::Missing => Coming::Missing,
        Body::File(body) => {
            let (sender, receiver) = bounded(BLOCKS_AHEAD);
            let job = Job { path: row.head.path.clone(), body, blocks: sender };
            // The workers end only after this sender; a worker that panicked shows as a missing end of the blocks.
            let _ = jobs.send(job);
            Coming::Blocks(receiver)
        }
    };
    Ahead { head: row.head, content }
}

fn work(chunks: &Chunks, queue: &Receiver<Job>) {
    let mut rebuilder = Rebuilder::new(chunks);
    for Job { path, body, blocks } in queue {
        /// Nobody takes the blocks any more.
        struct Gone;
        enum Stop {
            Gone(Gone),
            Failed(Error),
        }
        impl From<Error> for Stop {
            fn from(error: Error) -> Self {
                Self::Failed(error)
            }
        }
        let rebuilt =
            guarded(|| rebuilder.rebuild(&path, &body, |block| blocks.send(Ok(block)).map_err(|_| Stop::Gone(Gone))));
        let failed = match rebuilt {
            Ok(Ok(())) => blocks.send(Ok(Vec::new())),
            Ok(Err(Stop::Gone(Gone))) => Ok(()),
            Ok(Err(Stop::Failed(error))) | Err(error) => blocks.send(Err(error)),
        };
        // A receiver that is gone wants nothing, not even an error.
        drop(failed);
    }
}

fn give<E: From<Error>>(
    ahead: Ahead,
    visit: &mut impl FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let blocks = match ahead.content {
        Coming::Folder => return visit(&ahead.head, Content::Folder),
        Coming::Missing => return visit(&ahead.head, Content::Missing),
        Coming::Blocks(blocks) => blocks,
    };
    let mut read = BlockRead { blocks, block: Vec::new(), at: 0, is_done: false, failed: None };
    let visited = visit(&ahead.head, Content::Bytes(&mut read));
    match read.failed {
        Some(error) => Err(error.into()),
        None => visited,
    }
}

/// Blocks as a stream of bytes. An empty block is the end; a channel that closes without it is an error.
struct BlockRead {
    blocks: Receiver<Result<Vec<u8>, Error>>,
    block: Vec<u8>,
    at: usize,
    is_done: bool,
    failed: Option<Error>,
}

impl Read for BlockRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() && !self.is_done {
            match self.blocks.recv() {
                Ok(Ok(block)) => {
                    self.is_done = block.is_empty();
                    (self.block, self.at) = (block, 0);
                }
                Ok(Err(error)) => self.failed = Some(error),
                Err(_) if self.failed.is_none() => self.failed = Some(Error::Panicked),
                Err(_) => {}
            }
            if let Some(error) = &self.failed {
                return Err(io::Error::other(error.to_string()));
            }
        }
        let length = out.len().min(self.block.len() - self.at);
        out[..length].copy_from_slice(&self.block[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
