//! The entries of a snapshot checked, on all cores: that every chunk is there, and that the bytes are those that came in.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::archive::check::{Depth, plain};
use crate::archive::chunks::Chunks;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::{ChunkNumber, ChunkRun};
use crate::archive::list::{Body, FileBody};
use crate::archive::rebuild::Rebuilder;
use crate::archive::snapshot::Snapshot;
use crate::model::entry::Digest;
use crate::model::path::EntryPath;

/// Records that a hit names; there can be as many as a payload has.
const RECORDS_MAX: usize = 1000;

/// Entries that wait for a thread.
const AHEAD: usize = 64;

/// Chunks that are known to be damaged.
#[derive(Default)]
pub(in crate::archive) struct Damaged {
    /// From the first of a run: how many, and the finding that says why.
    runs: BTreeMap<u64, (u64, usize)>,
}

impl Damaged {
    pub fn add(&mut self, run: ChunkRun, finding: usize) {
        self.runs.entry(run.first.0).or_insert((run.count, finding));
    }

    /// The finding that makes a chunk unusable.
    fn finding(&self, number: ChunkNumber) -> Option<usize> {
        let (first, (count, finding)) = self.runs.range(..=number.0).next_back()?;
        (number.0 - first < *count).then_some(*finding)
    }
}

/// What was seen of a snapshot's entries.
pub(in crate::archive) struct Walk {
    pub rows: u64,
    /// Plain bytes of the entries that were rebuilt and found right.
    pub bytes: u64,
    /// In the order of the list.
    pub unsound: Vec<Unsound>,
    pub ended: Result<(), Error>,
}

impl Walk {
    /// Whether an entry's bytes are not those that came in, for another reason than a chunk known to be damaged.
    pub fn is_any_wrong(&self) -> bool {
        self.unsound.iter().any(|entry| !entry.wrong.is_empty())
    }
}

/// An entry that cannot be given back.
pub(in crate::archive) struct Unsound {
    place: u64,
    pub path: EntryPath,
    /// The findings that it needs chunks of, with the records hit.
    pub damaged: BTreeMap<usize, Vec<u64>>,
    /// What else is wrong with it.
    pub wrong: Vec<String>,
}

/// An entry to look at.
struct Job {
    place: u64,
    path: EntryPath,
    body: FileBody,
    /// An entry with the same bytes was looked at already; only its chunks are looked for.
    is_known: bool,
}

/// What the threads have seen.
#[derive(Default)]
struct Seen {
    bytes: u64,
    unsound: Vec<Unsound>,
}

/// Looks at every entry of a snapshot; `known` are the digests that were seen before.
pub(in crate::archive) fn walk(
    chunks: &Chunks,
    snapshot: &Snapshot,
    damaged: &Damaged,
    depth: Depth,
    known: &mut HashSet<Digest>,
) -> Walk {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let (jobs, queue) = bounded::<Job>(AHEAD);
    let seen = Mutex::new(Seen::default());
    let mut rows = 0;
    let ended = thread::scope(|scope| {
        for _ in 0..threads {
            let queue = queue.clone();
            scope.spawn(|| work(chunks, damaged, depth, queue, &seen));
        }
        drop(queue);
        let walked = guarded(|| {
            Rebuilder::new(chunks).rows(snapshot, |_, row| {
                rows += 1;
                if let Body::File(body) = row.body {
                    let is_known = !known.insert(body.digest);
                    // A thread that is gone has panicked, and the scope will say so.
                    let _ = jobs.send(Job { place: rows, path: row.head.path, body, is_known });
                }
                Ok::<(), Error>(())
            })
        });
        drop(jobs);
        walked.and_then(|walked| walked)
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.unsound.sort_by_key(|entry| entry.place);
    Walk { rows, bytes: seen.bytes, unsound: seen.unsound, ended }
}

fn work(chunks: &Chunks, damaged: &Damaged, depth: Depth, queue: Receiver<Job>, seen: &Mutex<Seen>) {
    for job in queue {
        let entry = look(chunks, damaged, &job);
        let is_sound = entry.damaged.is_empty() && entry.wrong.is_empty();
        let (entry, bytes) = match depth {
            Depth::Data if is_sound && !job.is_known => rebuild(chunks, job, entry),
            _ => (entry, 0),
        };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.bytes += bytes;
        if !(entry.damaged.is_empty() && entry.wrong.is_empty()) {
            seen.unsound.push(entry);
        }
    }
}

fn rebuild(chunks: &Chunks, job: Job, mut entry: Unsound) -> (Unsound, u64) {
    let rebuilt = guarded(|| Rebuilder::new(chunks).rebuild(&job.path, &job.body, |_| Ok::<(), Error>(())));
    match rebuilt.and_then(|rebuilt| rebuilt) {
        Ok(()) => (entry, job.body.size),
        Err(error) => {
            entry.wrong.push(plain(&error));
            (entry, 0)
        }
    }
}

/// Looks for every chunk that an entry needs.
fn look(chunks: &Chunks, damaged: &Damaged, job: &Job) -> Unsound {
    let mut entry = Unsound { place: job.place, path: job.path.clone(), damaged: BTreeMap::new(), wrong: Vec::new() };
    let mut record = 0;
    let walked = guarded(|| {
        Rebuilder::new(chunks).pages(&job.body.recipe, |_, page| {
            for (run, is_records) in page.runs() {
                let counted = is_records.then_some(&mut record);
                look_for(chunks, damaged, run, counted, &mut entry);
            }
            Ok::<(), Error>(())
        })
    });
    // A page that cannot be read may be why a chunk is known to be damaged.
    if let Err(error) = walked.and_then(|walked| walked)
        && entry.damaged.is_empty()
    {
        entry.wrong.push(plain(&error));
    }
    if job.body.records.is_none() {
        entry.damaged.values_mut().for_each(Vec::clear);
    }
    entry
}

/// Looks for the chunks of a run; `record` counts the records before it.
fn look_for(chunks: &Chunks, damaged: &Damaged, run: ChunkRun, mut record: Option<&mut u64>, entry: &mut Unsound) {
    let end = run.first.plus(run.count).0;
    let mut at = run.first.0;
    while at < end {
        let number = ChunkNumber(at);
        // What stands in one extent is there, or damaged, together.
        let stretch = match chunks.extent(number) {
            Ok(extent) => extent.run.first.plus(extent.run.count).0.min(end) - at,
            Err(_) if damaged.finding(number).is_some() => 1,
            Err(_) if entry.wrong.is_empty() => {
                entry.wrong.push(Damage::NoChunk(at).to_string());
                1
            }
            Err(_) => 1,
        };
        if let Some(finding) = damaged.finding(number) {
            let hit = entry.damaged.entry(finding).or_default();
            if let Some(record) = &record {
                let room = RECORDS_MAX.saturating_sub(hit.len());
                hit.extend((**record..**record + stretch).map(|record| record + 1).take(room));
            }
        }
        if let Some(record) = &mut record {
            **record += stretch;
        }
        at += stretch;
    }
}
