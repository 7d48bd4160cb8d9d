//! Writes a backup into an archive, streaming, on all cores. Stages, joined by bounded channels:
//!
//! ```text
//! put (reads) → cut (a thread a core) → sequence (one) → compress (a thread a core) → store (one)
//! ```
//!
//! What an entry is and where it stands in the list is settled at the end, when all of them and the manifest are known.

mod checkpoint;
pub(crate) mod cut;
pub(crate) mod draft;
pub(crate) mod fill;
mod known;
mod sequence;
pub(crate) mod store;

mod arrived;
mod settle;

use std::io::{ErrorKind, Read};
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

pub use self::known::{KnownChunks, Pending};
pub use self::sequence::Strictness;
use crate::archive::drafts::{self, Draft as Unfinished};
use crate::archive::error::{Error, guarded};
use crate::archive::file::ArchiveMut;
use crate::archive::frame::PackedFrame;
use crate::archive::id::{RunId, SnapshotNumber};
use crate::archive::numbers;
use crate::archive::runs;
use crate::archive::snapshot::{self, Added, Snapshot, Source};
use crate::archive::tables;
use crate::archive::writer::arrived::Arrived;
use crate::archive::writer::cut::{BLOCK_BYTES, Block, Cutter, HEADROOM, Keys};
use crate::archive::writer::draft::Draft;
use crate::archive::writer::fill::{FrameSizes, Packer, RawFrame};
use crate::archive::writer::sequence::{Arrival, CutMessage, Drafting, Frames, Sequencer, Stop};
use crate::archive::writer::store::Store;
use crate::model::backup::BackupWriter;
use crate::model::entry::{Content, EntryHead, Role};
use crate::model::event::Observer;
use crate::model::listing::MissingPayloads;
use crate::model::manifest::Manifest;

/// Blocks of an entry that wait to be cut.
const BLOCKS_AHEAD: usize = 2;
/// Cut blocks of an entry that wait to be sequenced.
const BATCHES_AHEAD: usize = 3;
/// Frames that wait to be compressed, and to be stored.
const FRAMES_AHEAD: usize = 4;
/// Checkpoints that wait to be reached.
const CHECKPOINTS_AHEAD: usize = 4;

/// How a snapshot is to be written.
pub struct WriteOptions {
    pub name: String,
    pub run: RunId,
    pub strictness: Strictness,
}

/// Writes one snapshot.
pub struct ArchiveWriter<'a> {
    /// The archive stays open for as long as it is written.
    archive: PhantomData<&'a ArchiveMut>,
    options: WriteOptions,
    missing: MissingPayloads,
    is_draft: bool,
    /// When it was made, and its tags, if it comes from another archive.
    origin: Option<(i64, Vec<String>)>,
    /// Where there is room for what does not fit into memory.
    folder: PathBuf,
    stages: Option<Stages>,
    failure: Arc<Failure>,
}

/// The running stages. Dropping the two senders ends them.
struct Stages {
    arrivals: Sender<Arrival>,
    jobs: Sender<Job>,
    /// Blocks that are done with, to be filled again: fresh memory costs more than reading into it.
    used: Receiver<Vec<u8>>,
    cutters: Vec<JoinHandle<()>>,
    sequencer: JoinHandle<Option<Sequencer>>,
    compressors: Vec<JoinHandle<()>>,
    store: JoinHandle<Option<Store>>,
}

/// An entry to cut.
struct Job {
    role: Role,
    blocks: Receiver<Option<Block>>,
    messages: Sender<CutMessage>,
}

/// The first error of any stage; later ones only follow from it.
#[derive(Default)]
struct Failure(Mutex<Option<Error>>);

impl Failure {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// What has come of a stage that may have failed.
    fn note<T>(&self, ended: Result<T, Stop>) -> Option<T> {
        match ended {
            Ok(ended) => Some(ended),
            Err(Stop::Stopped) => None,
            Err(Stop::Failed(error)) => {
                self.set(error);
                None
            }
        }
    }

    /// The error, once; a stage that ended without one has panicked.
    fn take(&self) -> Error {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(Error::Panicked)
    }
}

impl<'a> ArchiveWriter<'a> {
    /// # Errors
    /// When the archive's index cannot be read.
    pub fn new(
        archive: &'a ArchiveMut,
        options: WriteOptions,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Result<Self, Error> {
        Self::begin(archive, options, observer, None)
    }

    /// A writer that keeps what is complete as a draft, and goes on with the entries that `draft` has already. Its name
    /// is that of the draft.
    ///
    /// # Errors
    /// When the archive's index or the draft cannot be read.
    pub fn drafting(
        archive: &'a ArchiveMut,
        options: WriteOptions,
        draft: Unfinished,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Result<Self, Error> {
        Self::begin(archive, options, observer, Some(draft))
    }

    fn begin(
        archive: &'a ArchiveMut,
        options: WriteOptions,
        observer: Arc<dyn Observer + Send + Sync>,
        draft: Option<Unfinished>,
    ) -> Result<Self, Error> {
        let failure = Arc::new(Failure::default());
        let (missing, is_draft) = (MissingPayloads::Refuse, draft.is_some());
        let stages = guarded(|| Stages::start(archive, options.strictness, draft, observer, &failure))??;
        let (folder, origin, stages) = (folder_of(archive), None, Some(stages));
        Ok(Self { archive: PhantomData, options, missing, is_draft, origin, folder, stages, failure })
    }

    /// Keeps every entry up to here, and the state of the job with them, as soon as their bytes are stored. Who writes
    /// no draft keeps nothing.
    ///
    /// # Errors
    /// When a stage has failed.
    pub fn checkpoint(&mut self, state: Vec<u8>) -> Result<(), Error> {
        self.arrive(Arrival::Checkpoint(state))
    }

    /// What to do about payloads that the manifest names but that were not put, not even as missing: otherwise they are
    /// refused.
    #[must_use]
    pub fn missing(mut self, missing: MissingPayloads) -> Self {
        self.missing = missing;
        self
    }

    /// Makes it the same snapshot as one of another archive, as far as people see: as old, and with the same tags.
    #[must_use]
    pub fn like(mut self, origin: &Snapshot) -> Self {
        self.origin = Some((origin.created, origin.tags.clone()));
        self
    }

    /// Gives the snapshot another backup name, for who learns it from the backup.
    pub fn rename(&mut self, name: String) {
        self.options.name = name;
    }

    fn arrive(&self, arrival: Arrival) -> Result<(), Error> {
        let stages = self.stages.as_ref().ok_or(Error::Panicked)?;
        stages.arrivals.send(arrival).map_err(|_| self.failure.take())
    }

    fn read(&self, head: &EntryHead, content: &mut dyn Read) -> Result<(), Error> {
        let stages = self.stages.as_ref().ok_or(Error::Panicked)?;
        let (blocks, block_queue) = bounded(BLOCKS_AHEAD);
        let (messages, message_queue) = bounded(BATCHES_AHEAD);
        self.arrive(Arrival::File(head.clone(), message_queue))?;
        let job = Job { role: head.role, blocks: block_queue, messages };
        stages.jobs.send(job).map_err(|_| self.failure.take())?;
        loop {
            let used = stages.used.try_recv().unwrap_or_default();
            let block =
                read_block(content, used).map_err(|source| Error::Content { path: head.path.clone(), source })?;
            let is_last = block.end < HEADROOM + BLOCK_BYTES;
            blocks.send(Some(block)).map_err(|_| self.failure.take())?;
            if is_last {
                return blocks.send(None).map_err(|_| self.failure.take());
            }
        }
    }
}

impl BackupWriter for ArchiveWriter<'_> {
    type Error = Error;
    type Outcome = Snapshot;

    fn put(&mut self, head: &EntryHead, content: Content<'_>) -> Result<(), Error> {
        match content {
            Content::Folder => self.arrive(Arrival::Folder(head.clone())),
            Content::Missing => self.arrive(Arrival::Missing(head.clone())),
            Content::Bytes(content) => self.read(head, content),
        }
    }

    fn finish(mut self, manifest: &Manifest) -> Result<Snapshot, Error> {
        let (missing, folder) = (self.missing, std::mem::take(&mut self.folder));
        let settle = |sequencer: Sequencer| self.failure.note(sequencer.settle(manifest, missing, folder));
        let ended = self.stages.take().and_then(|stages| stages.join(settle));
        let (draft, store) = ended.ok_or_else(|| self.failure.take())?;
        let (created, tags) = self.origin.take().unwrap_or_else(|| (runs::now(), Vec::new()));
        let mut snapshot = Snapshot {
            number: SnapshotNumber(0),
            name: self.options.name.clone(),
            created,
            run: self.options.run,
            source: source(manifest),
            list: draft.list,
            counts: draft.counts,
            kinds: draft.kinds,
            added: Added { records: draft.new_records, bytes_plain: draft.new_bytes, bytes_stored: 0 },
            tags,
        };
        let finished = guarded(|| {
            store.finish(|transaction, bytes_stored| {
                snapshot.added.bytes_stored = bytes_stored;
                snapshot.number = snapshot::take_number(transaction)?;
                if self.is_draft {
                    drafts::remove(transaction, &snapshot.name)?;
                }
                snapshot::insert(transaction, &snapshot)
            })
        });
        finished.flatten().map(|()| snapshot)
    }
}

impl Drop for ArchiveWriter<'_> {
    /// Ends the stages; what was not committed is forgotten.
    fn drop(&mut self) {
        if let Some(stages) = self.stages.take() {
            self.failure.set(Error::Panicked);
            drop(stages.join(|_| None));
        }
    }
}

/// The folder that the archive lies in: there is room where it grows.
fn folder_of(archive: &ArchiveMut) -> PathBuf {
    match archive.path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn source(manifest: &Manifest) -> Source {
    let instance = manifest.instance();
    Source {
        name: instance.name,
        url: instance.url,
        kind: instance.kind,
        version: instance.version,
        finished_at: manifest.finished_at(),
    }
}

/// The next bytes, read into used memory, with room in front; fewer than [`BLOCK_BYTES`] only at the end.
fn read_block(content: &mut dyn Read, mut bytes: Vec<u8>) -> std::io::Result<Block> {
    bytes.resize(HEADROOM + BLOCK_BYTES, 0);
    let mut end = HEADROOM;
    while end < HEADROOM + BLOCK_BYTES {
        match content.read(&mut bytes[end..HEADROOM + BLOCK_BYTES]) {
            Ok(0) => break,
            Ok(length) => end += length,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Block { bytes, end })
}

impl Stages {
    fn start(
        archive: &ArchiveMut,
        strictness: Strictness,
        draft: Option<Unfinished>,
        observer: Arc<dyn Observer + Send + Sync>,
        failure: &Arc<Failure>,
    ) -> Result<Self, Error> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let pending = Arc::new(Pending::default());
        let known = KnownChunks::new(archive, Arc::clone(&pending))?;
        let transaction = archive.read()?;
        let next = numbers::next(&transaction.open_table(tables::EXTENTS)?, &transaction.open_table(tables::META)?)?;
        let (checkpoints, checkpoint_queue) = bounded(CHECKPOINTS_AHEAD);
        let mut arrived = Arrived::new(folder_of(archive));
        let drafting = match &draft {
            None => None,
            Some(draft) => {
                draft.rows(&transaction, |row, new_records| arrived.push(&row, new_records))?;
                Some(Drafting { rows: Vec::new(), checkpoints, bytes_new: draft.bytes_new })
            }
        };
        let store = Store::new(Arc::clone(&archive.database), pending, next, draft)?.telling(Arc::clone(&observer));
        let keys = Keys::new(&archive.header);

        let (arrivals, arrival_queue) = bounded(2 * threads);
        let (jobs, job_queue) = bounded::<Job>(threads);
        let (raw, raw_queue) = bounded(FRAMES_AHEAD);
        let (packed, packed_queue) = bounded(FRAMES_AHEAD);
        let (give_back, used) = bounded(2 * threads * (BLOCKS_AHEAD + BATCHES_AHEAD));
        let sizes = Arc::new(FrameSizes::default());
        let frames = Frames::new(next, raw, Arc::clone(&sizes));
        let sequencer = Sequencer::new(keys.clone(), known, frames, arrived, drafting, strictness, observer);

        let cutters = (0..threads).map(|_| {
            let (keys, queue) = (keys.clone(), Emptied(job_queue.clone()));
            thread::spawn(move || cut_all(&keys, &queue.0))
        });
        let compressors = (0..threads).map(|_| {
            let (queue, packed, failure) = (raw_queue.clone(), packed.clone(), Arc::clone(failure));
            let sizes = Arc::clone(&sizes);
            thread::spawn(move || compress_all(&queue, &packed, &sizes, &failure))
        });
        let (cutters, compressors) = (cutters.collect(), compressors.collect());
        let (failing, arrival_queue) = (Arc::clone(failure), Emptied(arrival_queue));
        let sequencer = thread::spawn(move || {
            let run = guarded(|| sequencer.run(&arrival_queue.0, &give_back));
            failing.note(run.map_err(Stop::Failed).flatten())
        });
        let failing = Arc::clone(failure);
        let store = thread::spawn(move || {
            let run = guarded(|| store.run(&packed_queue, checkpoint_queue)).flatten();
            run.map_err(|error| failing.set(error)).ok()
        });
        Ok(Self { arrivals, jobs, used, cutters, sequencer, compressors, store })
    }

    /// Waits for every stage, front to back, and settles in between; `None` if one has failed.
    fn join(self, settle: impl FnOnce(Sequencer) -> Option<Draft>) -> Option<(Draft, Store)> {
        drop((self.arrivals, self.jobs, self.used));
        let cut = self.cutters.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
        let sequencer = self.sequencer.join().ok().flatten().filter(|_| cut == 0);
        let draft = sequencer.and_then(settle);
        let compressed = self.compressors.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
        let store = self.store.join().ok().flatten();
        if cut + compressed > 0 { None } else { draft.zip(store) }
    }
}

/// A queue that is emptied by its reader to the very end, also when that has failed. What stays in a queue holds ends of
/// other queues, and who waits at one of those would wait for ever.
struct Emptied<T>(Receiver<T>);

impl<T> Drop for Emptied<T> {
    fn drop(&mut self) {
        self.0.iter().for_each(drop);
    }
}

fn cut_all(keys: &Keys, jobs: &Receiver<Job>) {
    for Job { role, blocks, messages } in jobs {
        let mut cutter = Cutter::new(keys, role);
        let mut is_whole = false;
        for block in &blocks {
            let Some(block) = block else {
                is_whole = true;
                break;
            };
            let is_last = block.end < HEADROOM + BLOCK_BYTES;
            let batch = cutter.feed(block, is_last);
            if messages.send(CutMessage::Batch(batch)).is_err() {
                return;
            }
        }
        // Without its last block an entry is no entry; its reader has failed.
        let end = if is_whole { CutMessage::End(Box::new(cutter.finish())) } else { CutMessage::Abandoned };
        if messages.send(end).is_err() {
            return;
        }
    }
}

fn compress_all(frames: &Receiver<RawFrame>, packed: &Sender<PackedFrame>, sizes: &FrameSizes, failure: &Failure) {
    let pack = || -> Result<(), Error> {
        let failed = |error| Error::from(redb::Error::Io(error));
        let mut packer = Packer::new().map_err(failed)?;
        for frame in frames {
            for frame in packer.pack(frame, sizes).map_err(failed)? {
                if packed.send(frame).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    };
    if let Err(error) = pack() {
        failure.set(error);
    }
}
