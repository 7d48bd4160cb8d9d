//! Chunks read back. Every pack is proved by its BLAKE3 before a byte of it is used; frames are kept while there is
//! room, so memory stays bounded whatever is read.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lru::LruCache;
use redb::{AccessGuard, ReadOnlyTable, ReadTransaction};

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::extent::{self, Extent};
use crate::archive::frame::{Frame, Method};
use crate::archive::id::{ChunkNumber, PackId};
use crate::archive::pack::Pack;
use crate::archive::tables;

/// Bytes of laid open frames that are kept: one frame each of the last month of nightly backups.
const FRAMES_BYTES: usize = 32 << 20;
/// Packs that are kept: each thread reads from one or two at a time.
const PACKS: NonZeroUsize = NonZeroUsize::new(6).expect("six is not zero");

type StoredPack = Pack<Bytes>;

/// Chunks of one view of an archive, shared by threads.
pub struct Chunks {
    packs: ReadOnlyTable<u64, &'static [u8]>,
    extents: ReadOnlyTable<u64, &'static [u8]>,
    recent: Mutex<Recent>,
}

/// A pack where redb has it in memory: it is not copied.
struct Page(AccessGuard<'static, &'static [u8]>);

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        self.0.value()
    }
}

struct Recent {
    packs: LruCache<PackId, Arc<StoredPack>>,
    frames: LruCache<(PackId, u32), Arc<Frame>>,
    frames_bytes: usize,
}

impl Chunks {
    /// # Errors
    /// When the tables cannot be opened.
    pub fn new(transaction: &ReadTransaction) -> Result<Self, Error> {
        let recent = Recent { packs: LruCache::new(PACKS), frames: LruCache::unbounded(), frames_bytes: 0 };
        let open = |definition| guarded(|| transaction.open_table(definition));
        Ok(Self { packs: open(tables::PACKS)??, extents: open(tables::EXTENTS)??, recent: Mutex::new(recent) })
    }

    /// The extent that holds a chunk.
    ///
    /// # Errors
    /// When there is none, or its row is damaged.
    pub fn extent(&self, number: ChunkNumber) -> Result<Extent, Error> {
        guarded(|| extent::find(&self.extents, number))?
    }

    /// The frame of an extent, laid open.
    ///
    /// # Errors
    /// When its pack is missing or damaged.
    pub fn frame(&self, extent: &Extent) -> Result<Arc<Frame>, Error> {
        let (pack, at) = (extent.place.pack, extent.place.frame);
        if let Some(frame) = self.recent().frames.get(&(pack, at)) {
            return Ok(Arc::clone(frame));
        }
        let stored = self.pack(pack)?;
        let (entry, bytes) = stored.frame_view(at as usize).ok_or(Damage::Pack(pack))?;
        let frame = Arc::new(Frame::view(entry, &bytes).map_err(|_| Damage::Pack(pack))?);
        // One that lies open in its pack is found there again, and must not keep all of the pack in memory.
        if entry.chunks.method == Method::Zstd {
            self.recent().keep((pack, at), &frame);
        }
        Ok(frame)
    }

    /// A pack, proved.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn pack(&self, id: PackId) -> Result<Arc<StoredPack>, Error> {
        if let Some(pack) = self.recent().packs.get(&id) {
            return Ok(Arc::clone(pack));
        }
        // A damaged page may say that its value ends behind it, which shows when the value is looked at.
        let own = |page| Bytes::from_owner(Page(page));
        let bytes = guarded(|| self.packs.get(id.0).map(|page| page.map(own)))??.ok_or(Damage::NoPack(id))?;
        let pack = Arc::new(Pack::open(id, bytes).map_err(|_| Damage::Pack(id))?);
        self.recent().packs.put(id, Arc::clone(&pack));
        Ok(pack)
    }

    /// Lets go of what is kept to be read again.
    pub fn forget(&self) {
        let mut recent = self.recent();
        recent.packs.clear();
        recent.frames.clear();
        recent.frames_bytes = 0;
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn keep(&mut self, key: (PackId, u32), frame: &Arc<Frame>) {
        self.frames_bytes += frame.weight();
        if let Some((_, old)) = self.frames.push(key, Arc::clone(frame)) {
            self.frames_bytes -= old.weight();
        }
        while self.frames_bytes > FRAMES_BYTES && self.frames.len() > 1 {
            if let Some((_, old)) = self.frames.pop_lru() {
                self.frames_bytes -= old.weight();
            }
        }
    }
}

/// Chunks read one after the other by one thread: neighbours come from the same extent, and a payload whose records
/// changed over time moves between a few.
pub struct ChunkCursor<'a> {
    chunks: &'a Chunks,
    /// The extents used last, the last one first.
    near: Vec<(Extent, Arc<Frame>)>,
}

/// Extents that a cursor keeps at hand.
const NEAR: usize = 6;

impl<'a> ChunkCursor<'a> {
    #[must_use]
    pub fn new(chunks: &'a Chunks) -> Self {
        Self { chunks, near: Vec::with_capacity(NEAR + 1) }
    }

    /// The frame and slot of a chunk.
    ///
    /// # Errors
    /// When the chunk is missing or damaged.
    pub fn find(&mut self, number: ChunkNumber) -> Result<(&Frame, usize), Error> {
        let hit = self.near.iter().enumerate().find_map(|(at, (extent, _))| Some((at, extent.slot(number)?)));
        let slot = match hit {
            Some((0, slot)) => slot,
            Some((at, slot)) => {
                self.near[..=at].rotate_right(1);
                slot
            }
            None => {
                let extent = self.chunks.extent(number)?;
                let frame = self.chunks.frame(&extent)?;
                self.near.insert(0, (extent, frame));
                self.near.truncate(NEAR);
                extent.slot(number).ok_or(Damage::NoChunk(number.0))?
            }
        };
        Ok((&self.near[0].1, slot))
    }

    /// The bytes of a chunk.
    ///
    /// # Errors
    /// When the chunk is missing or damaged.
    pub fn chunk(&mut self, number: ChunkNumber) -> Result<&[u8], Error> {
        let (frame, slot) = self.find(number)?;
        Ok(frame.chunk(slot).ok_or(Damage::NoChunk(number.0))?)
    }
}
