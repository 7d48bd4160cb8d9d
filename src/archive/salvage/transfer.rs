//! Packs carved out of a file are put into a new archive: each chunk once, under its number, with an id of its new
//! archive.

use std::fs::File;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use roaring::RoaringTreemap;

use crate::archive::error::{Damage, Error};
use crate::archive::file::ArchiveMut;
use crate::archive::frame::{Frame, FrameEntry, PackedFrame};
use crate::archive::id::{ChunkId, ChunkNumber, ChunkRun};
use crate::archive::ids::Known;
use crate::archive::pack::Pack;
use crate::archive::salvage::carve::CarvedPack;
use crate::archive::writer::cut::Keys;
use crate::archive::writer::fill::{FrameChunk, FrameSizes, Packer, RawFrame};
use crate::archive::writer::store::Store;
use crate::model::event::{Event, Observer};

/// Frames that wait to be looked into, and to be stored.
const FRAMES_AHEAD: usize = 4;

/// What was put into the new archive.
#[derive(Default)]
pub(super) struct Transferred {
    pub(super) packs: u64,
    pub(super) chunks: u64,
}

/// A frame of a carved pack, and which of its chunks are not there yet.
struct Found {
    entry: FrameEntry,
    stored: Vec<u8>,
    new: RoaringTreemap,
}

pub(super) fn transfer(
    archive: &ArchiveMut,
    damaged: &Path,
    packs: &[CarvedPack],
    observer: &dyn Observer,
) -> Result<Transferred, Error> {
    let failed = |source| Error::File { path: damaged.to_owned(), source };
    let file = File::open(damaged).map_err(failed)?;
    // Of a pack that was filled up later the older version may still be there; the fuller one comes first.
    let mut packs = packs.to_vec();
    packs.sort_by_key(|pack| (pack.id, std::cmp::Reverse(pack.length), pack.offset));
    let bytes = packs.iter().map(|pack| pack.length as u64).sum();
    observer.observe(Event::Started { verb: "salvage", entries: packs.len() as u64, bytes });
    let mut store = Store::of_numbered(Arc::clone(&archive.database))?;
    let (keys, sizes) = (Keys::new(&archive.header), FrameSizes::default());
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let transferred = thread::scope(|scope| {
        let (found, found_queue) = bounded(FRAMES_AHEAD);
        let (packed, packed_queue) = bounded(FRAMES_AHEAD);
        for _ in 0..threads {
            let (queue, packed) = (found_queue.clone(), packed.clone());
            let (keys, sizes) = (&keys, &sizes);
            scope.spawn(move || adopt(&queue, &packed, keys, sizes));
        }
        drop((found_queue, packed));
        let reading = scope.spawn(move || read(&file, &packs, &found, observer).map_err(failed));
        for frame in packed_queue {
            store.place(frame?)?;
        }
        reading.join().map_err(|_| Error::Panicked)?
    })?;
    store.finish(|_, _| Ok(()))?;
    observer.observe(Event::Finished);
    Ok(transferred)
}

/// Reads pack after pack, and hands on the frames with chunks that are not there yet.
fn read(
    file: &File,
    packs: &[CarvedPack],
    found: &Sender<Found>,
    observer: &dyn Observer,
) -> std::io::Result<Transferred> {
    let mut transferred = Transferred::default();
    let mut there = RoaringTreemap::new();
    for carved in packs {
        let mut bytes = vec![0; carved.length];
        file.read_exact_at(&mut bytes, carved.offset)?;
        observer.observe(Event::Advanced { entries: 1, bytes: carved.length as u64 });
        // Proved when it was found; a disk that gives other bytes now gives none.
        let Ok(pack) = Pack::open(carved.id, bytes) else { continue };
        let mut is_new = false;
        for (entry, stored) in (0..pack.frames()).filter_map(|at| pack.frame(at)) {
            let mut new = RoaringTreemap::new();
            entry.numbers.iter().for_each(|run| {
                new.insert_range(run.range());
            });
            new -= &there;
            if new.is_empty() {
                continue;
            }
            is_new = true;
            transferred.chunks += new.len();
            there |= &new;
            if found.send(Found { entry: entry.clone(), stored: stored.to_vec(), new }).is_err() {
                return Ok(transferred);
            }
        }
        transferred.packs += u64::from(is_new);
    }
    Ok(transferred)
}

/// Gives chunks the ids of the new archive.
fn adopt(found: &Receiver<Found>, packed: &Sender<Result<PackedFrame, Error>>, keys: &Keys, sizes: &FrameSizes) {
    let failed = |error| Error::from(redb::Error::Io(error));
    let mut packer = match Packer::new() {
        Ok(packer) => packer,
        Err(error) => return drop(packed.send(Err(failed(error)))),
    };
    for Found { entry, stored, new } in found {
        // A frame that does not open in a pack that is whole was never written by this program.
        let Ok(frame) = Frame::open(&entry, &stored) else { continue };
        let frames = if new.len() == entry.lengths.len() as u64 {
            let known = chunks(&entry, &frame, keys).map(|(_, chunk)| chunk.known).collect::<Option<Vec<_>>>();
            known
                .map(|known| vec![PackedFrame { entry: entry.clone(), stored, known }])
                .ok_or_else(|| Error::from(Damage::Recipe))
        } else {
            let mut raw = RawFrame::new(entry.class);
            chunks(&entry, &frame, keys)
                .filter(|(number, _)| new.contains(number.0))
                .for_each(|(number, chunk)| raw.push(number, &chunk));
            packer.pack(raw, sizes).map_err(failed)
        };
        let sent = match frames {
            Ok(frames) => frames.into_iter().try_for_each(|frame| packed.send(Ok(frame)).map_err(drop)),
            Err(error) => packed.send(Err(error)).map_err(drop),
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The chunks of a frame with their ids.
fn chunks<'a>(
    entry: &'a FrameEntry,
    frame: &'a Frame,
    keys: &Keys,
) -> impl Iterator<Item = (ChunkNumber, FrameChunk<'a>)> {
    let key = *keys.of(entry.class);
    let counts = entry.values.as_ref().map(|values| &values.counts);
    let numbers = entry.numbers.iter().copied().flat_map(ChunkRun::numbers);
    numbers.enumerate().filter_map(move |(slot, number)| {
        let (bytes, values) = (frame.chunk(slot)?, frame.values(slot));
        let value_check = if values.is_empty() { 0 } else { keys.value_check(values) };
        let known = Some(Known { id: ChunkId::of(&key, bytes), value_check });
        Some((number, FrameChunk { known, bytes, values, value_count: counts.map_or(0, |counts| counts[slot]) }))
    })
}
