//! Packs rewritten without what nobody needs. Frames that are needed whole are moved as they are; of others the needed
//! chunks, under their numbers, are gathered into new frames. Every transaction takes packs away and puts all that is
//! needed of them into others.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use redb::{ReadableDatabase as _, ReadableTable as _, WriteTransaction};
use roaring::RoaringTreemap;

use crate::archive::database::OpenDatabase;
use crate::archive::error::{Damage, Error};
use crate::archive::extent::Extent;
use crate::archive::frame::{Frame, FrameEntry, PackedFrame};
use crate::archive::id::{ChunkRun, PackId};
use crate::archive::pack::{PACK_MAX, Pack};
use crate::archive::packing::{self, OpenPacks};
use crate::archive::prune::plan::PrunePlan;
use crate::archive::tables;
use crate::archive::writer::fill::{FrameChunk, FrameSizes, Packer, RawFrame};
use crate::model::event::{Event, Observer};

/// Packs that one transaction takes away: as many as may be held at once.
const BATCH_PACKS: usize = 32;
/// Frames that wait to be compressed, and to be put into packs.
const FRAMES_AHEAD: usize = 4;

/// Rewrites the packs of a plan.
pub(super) struct Repacker<'a> {
    database: Arc<OpenDatabase>,
    plan: &'a PrunePlan,
    packs: OpenPacks,
    sizes: FrameSizes,
    observer: &'a dyn Observer,
}

impl<'a> Repacker<'a> {
    pub(super) fn new(
        database: Arc<OpenDatabase>,
        plan: &'a PrunePlan,
        observer: &'a dyn Observer,
    ) -> Result<Self, Error> {
        let mut packs = OpenPacks::reopen(&database.begin_read()?)?;
        packs.close(|id| plan.chosen.binary_search(&id).is_ok());
        Ok(Self { database, plan, packs, sizes: FrameSizes::default(), observer })
    }

    pub(super) fn run(&mut self) -> Result<(), Error> {
        for batch in self.plan.chosen.chunks(BATCH_PACKS) {
            let database = Arc::clone(&self.database);
            tables::write(&database, |transaction| self.batch(transaction, batch))?;
            let entries = batch.len() as u64;
            self.observer.observe(Event::Advanced { entries, bytes: entries * PACK_MAX as u64 });
        }
        tables::write(&self.database, |transaction| tables::rewrite(transaction, tables::EXTENTS, tables::copy_rows))
    }

    fn batch(&mut self, transaction: &WriteTransaction, batch: &[PackId]) -> Result<(), Error> {
        let old = batch.iter().map(|id| take(transaction, *id)).collect::<Result<Vec<_>, Error>>()?;
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (plan, sizes) = (self.plan, &self.sizes);
        let packs = &mut self.packs;
        thread::scope(|scope| {
            let (raw, raw_queue) = bounded(FRAMES_AHEAD);
            let (packed, packed_queue) = bounded(FRAMES_AHEAD);
            for _ in 0..threads {
                let (queue, packed) = (raw_queue.clone(), packed.clone());
                scope.spawn(move || compress(&queue, &packed, sizes));
            }
            drop((raw_queue, packed));
            scope.spawn(move || {
                let mut gather = Gather { plan, sizes, raw, open: [const { None }; 4] };
                // Who takes the frames is gone only after an error, which is told.
                let _ = old.iter().try_for_each(|pack| gather.pack(pack)).and_then(|()| gather.finish());
            });
            for frame in packed_queue {
                for full in packs.place(frame?).iter().filter(|pack| pack.is_changed()) {
                    packing::write(transaction, full)?;
                }
            }
            Ok::<(), Error>(())
        })?;
        self.packs.consolidate();
        for pack in self.packs.iter().filter(|pack| pack.is_changed()) {
            packing::write(transaction, pack)?;
        }
        self.packs.written();
        self.packs.note(transaction)
    }
}

/// Takes a pack and its extents out of the archive.
fn take(transaction: &WriteTransaction, id: PackId) -> Result<Pack<Vec<u8>>, Error> {
    let mut packs = transaction.open_table(tables::PACKS)?;
    let bytes = packs.get(id.0)?.ok_or(Damage::NoPack(id))?.value().to_vec();
    let pack = Pack::open(id, bytes).map_err(|_| Damage::Pack(id))?;
    packs.remove(id.0)?;
    Extent::remove_all(pack.entries(), &mut transaction.open_table(tables::EXTENTS)?)?;
    Ok(pack)
}

/// What goes to be compressed, or is so already.
enum Gathered {
    Raw(RawFrame),
    Whole(PackedFrame),
    Damaged(Error),
}

/// Who takes the frames is gone.
struct Gone;

/// Gathers what stays, class by class. What goes is what the plan says, and what the ids were taken away of.
struct Gather<'a> {
    plan: &'a PrunePlan,
    sizes: &'a FrameSizes,
    raw: Sender<Gathered>,
    open: [Option<RawFrame>; 4],
}

impl Gather<'_> {
    fn pack(&mut self, pack: &Pack<Vec<u8>>) -> Result<(), Gone> {
        for (entry, stored) in (0..pack.frames()).filter_map(|at| pack.frame(at)) {
            let count = |set: &RoaringTreemap| -> u64 {
                entry.numbers.iter().map(|run| set.range_cardinality(run.range())).sum()
            };
            let gone = count(&self.plan.gone);
            match gone + count(&self.plan.stripped) {
                _ if gone == entry.lengths.len() as u64 => {}
                0 => {
                    let whole = PackedFrame { entry: entry.clone(), stored: stored.to_vec(), known: Vec::new() };
                    self.send(Gathered::Whole(whole))?;
                }
                _ => match Frame::open(entry, stored) {
                    Ok(frame) => self.chunks(entry, &frame)?,
                    Err(_) => return self.send(Gathered::Damaged(Damage::Recipe.into())),
                },
            }
        }
        Ok(())
    }

    fn chunks(&mut self, entry: &FrameEntry, frame: &Frame) -> Result<(), Gone> {
        let counts = entry.values.as_ref().map(|values| &values.counts);
        for (slot, number) in entry.numbers.iter().copied().flat_map(ChunkRun::numbers).enumerate() {
            if self.plan.gone.contains(number.0) {
                continue;
            }
            let Some(bytes) = frame.chunk(slot) else { continue };
            let (values, value_count) = match counts {
                Some(counts) if !self.plan.stripped.contains(number.0) => (frame.values(slot), counts[slot]),
                _ => (&[][..], 0),
            };
            let chunk = FrameChunk { known: None, bytes, values, value_count };
            let at = entry.class as usize;
            let more = chunk.bytes.len() + chunk.values.len();
            if let Some(full) = self.open[at].take_if(|open| open.is_full(more, self.sizes)) {
                self.send(Gathered::Raw(full))?;
            }
            self.open[at].get_or_insert_with(|| RawFrame::new(entry.class)).push(number, &chunk);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Gone> {
        let open = std::mem::take(&mut self.open);
        open.into_iter().flatten().try_for_each(|frame| self.send(Gathered::Raw(frame)))
    }

    fn send(&self, gathered: Gathered) -> Result<(), Gone> {
        self.raw.send(gathered).map_err(|_| Gone)
    }
}

fn compress(raw: &Receiver<Gathered>, packed: &Sender<Result<PackedFrame, Error>>, sizes: &FrameSizes) {
    let failed = |error| Error::from(redb::Error::Io(error));
    let mut packer = match Packer::new() {
        Ok(packer) => packer,
        Err(error) => return drop(packed.send(Err(failed(error)))),
    };
    for gathered in raw {
        let frames = match gathered {
            Gathered::Whole(frame) => Ok(vec![frame]),
            Gathered::Raw(raw) => packer.pack(raw, sizes).map_err(failed),
            Gathered::Damaged(error) => Err(error),
        };
        let sent = match frames {
            Ok(frames) => frames.into_iter().try_for_each(|frame| packed.send(Ok(frame)).map_err(|_| Gone)),
            Err(error) => packed.send(Err(error)).map_err(|_| Gone),
        };
        if sent.is_err() {
            return;
        }
    }
}
