//! Packs: one redb value holding many frames. A pack begins with a magic and ends with its directory and a BLAKE3 of
//! everything before it, so it can be found and proved without redb.

use bytes::Bytes;

use crate::archive::codec::{self, Malformed};
use crate::archive::frame::{FrameEntry, PackedFrame};
use crate::archive::id::PackId;

/// redb gives a value a power-of-two run of 4 KiB pages, of which 16 bytes are its own (header and end offset of the
/// leaf, and the 8-byte key): one byte more would cost twice the space.
pub const PACK_MAX: usize = (1 << 20) - 16;

/// How packs begin.
pub const MAGIC: [u8; 8] = *b"fondsPK\x01";
/// Magic and pack id.
const HEADER: usize = 16;
/// Length of the directory and the BLAKE3.
const TAIL: usize = 4 + 32;

/// What an empty pack has room for.
pub const ROOM_MAX: usize = PACK_MAX - HEADER - TAIL - COUNT;

/// The bytes are not the pack that was stored under this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pack's BLAKE3 does not match")]
pub struct BrokenPack;

impl From<Malformed> for BrokenPack {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// A pack being filled. Its size is known exactly at any time.
#[derive(Debug)]
pub struct OpenPack {
    pub id: PackId,
    pub frames: Vec<PackedFrame>,
    /// Bytes of the pack as it would be stored now.
    size: usize,
    /// How many of the frames already stand in the archive, in the pack that this one replaces.
    pub frames_stored: usize,
}

impl OpenPack {
    #[must_use]
    pub fn new(id: PackId) -> Self {
        Self { id, frames: Vec::new(), size: HEADER + TAIL + COUNT, frames_stored: 0 }
    }

    /// A stored pack, opened again because it has room.
    #[must_use]
    pub fn reopened<B: AsRef<[u8]>>(id: PackId, pack: &Pack<B>) -> Self {
        let mut open = Self::new(id);
        for (entry, stored) in (0..pack.frames()).filter_map(|at| pack.frame(at)) {
            let (entry, stored) = (entry.clone(), stored.to_vec());
            open.push(PackedFrame { entry, stored, known: Vec::new() });
        }
        open.frames_stored = open.frames.len();
        open
    }

    /// Takes out the frames that were added since the pack was read or made.
    pub fn take_new(&mut self) -> Vec<PackedFrame> {
        let new = self.frames.split_off(self.frames_stored);
        self.size -= new.iter().map(cost).sum::<usize>();
        new
    }

    /// Bytes that a frame may still cost.
    #[must_use]
    pub fn room(&self) -> usize {
        PACK_MAX.saturating_sub(self.size)
    }

    pub fn push(&mut self, frame: PackedFrame) {
        self.size += cost(&frame);
        self.frames.push(frame);
    }

    /// Whether frames were added since the pack was read, or since it was made.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.frames.len() > self.frames_stored
    }

    /// The pack's bytes, sealed for its id.
    #[must_use]
    pub fn seal(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.id.0.to_le_bytes());
        for frame in &self.frames {
            out.extend_from_slice(&frame.stored);
        }
        let directory = out.len();
        out.extend_from_slice(&(self.frames.len() as u32).to_le_bytes());
        for frame in &self.frames {
            codec::append(&frame.entry, &mut out);
        }
        out.extend_from_slice(&((out.len() - directory) as u32).to_le_bytes());
        out.extend_from_slice(blake3::hash(&out).as_bytes());
        debug_assert_eq!(out.len(), self.size);
        out
    }
}

/// Bytes of the directory's count of frames.
const COUNT: usize = 4;

/// Bytes that a frame costs in its pack, its directory entry included.
#[must_use]
pub fn cost(frame: &PackedFrame) -> usize {
    frame.stored.len() + codec::encode(&frame.entry).len()
}

/// A stored pack whose BLAKE3 has been checked.
#[derive(Debug)]
pub struct Pack<B> {
    bytes: B,
    frames: Vec<(FrameEntry, usize)>,
}

impl<B: AsRef<[u8]>> Pack<B> {
    /// Checks the bytes of the pack `id` and reads its directory.
    ///
    /// # Errors
    /// When they are not exactly what was stored under this id.
    pub fn open(id: PackId, bytes: B) -> Result<Self, BrokenPack> {
        let all = bytes.as_ref();
        let (sealed, hash) = all.split_last_chunk::<32>().ok_or(BrokenPack)?;
        if blake3::hash(sealed).as_bytes() != hash {
            return Err(BrokenPack);
        }
        let rest =
            sealed.strip_prefix(&MAGIC).and_then(|rest| rest.strip_prefix(&id.0.to_le_bytes())).ok_or(BrokenPack)?;
        let (rest, length) = rest.split_last_chunk::<4>().ok_or(BrokenPack)?;
        let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize).ok_or(BrokenPack)?;
        let frames = directory(&rest[start..], start)?;
        Ok(Self { bytes, frames })
    }

    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    pub fn entries(&self) -> impl Iterator<Item = &FrameEntry> {
        self.frames.iter().map(|(entry, _)| entry)
    }

    /// A frame's entry and stored bytes.
    #[must_use]
    pub fn frame(&self, at: usize) -> Option<(&FrameEntry, &[u8])> {
        let (entry, start) = self.frames.get(at)?;
        Some((entry, self.bytes.as_ref().get(*start..start + entry.stored())?))
    }
}

impl Pack<Bytes> {
    /// A frame's entry and its bytes, which are the pack's.
    #[must_use]
    pub fn frame_view(&self, at: usize) -> Option<(&FrameEntry, Bytes)> {
        let (entry, stored) = self.frame(at)?;
        Some((entry, self.bytes.slice_ref(stored)))
    }
}

/// The id that the pack which begins here says it has.
#[must_use]
pub fn id(bytes: &[u8]) -> Option<PackId> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    Some(PackId(u64::from_le_bytes(*rest.first_chunk::<8>()?)))
}

/// The lengths that the pack which begins here can have, going by where a directory may stand that fits what is before
/// it. There is rarely more than one.
pub fn lengths(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (HEADER + COUNT + TAIL..=bytes.len()).filter(|length| {
        let sealed = &bytes[..length - 32];
        let (rest, directory_length) = sealed.split_last_chunk::<4>().unwrap_or((sealed, &[0; 4]));
        let length = u32::from_le_bytes(*directory_length) as usize;
        let start = rest.len().checked_sub(length).filter(|start| *start >= HEADER && length >= COUNT);
        start.is_some_and(|start| directory(&rest[start..], start - HEADER).is_ok())
    })
}

fn directory(mut bytes: &[u8], body: usize) -> Result<Vec<(FrameEntry, usize)>, BrokenPack> {
    let (count, rest) = bytes.split_first_chunk::<COUNT>().ok_or(BrokenPack)?;
    bytes = rest;
    let mut frames = Vec::new();
    let mut at = 0;
    for _ in 0..u32::from_le_bytes(*count) {
        let (entry, rest) = codec::take::<FrameEntry>(bytes)?;
        entry.validate()?;
        bytes = rest;
        let stored = entry.stored();
        frames.push((entry, HEADER + at));
        at += stored;
    }
    if bytes.is_empty() && at == body { Ok(frames) } else { Err(BrokenPack) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::frame::{Class, Frame};
    use crate::archive::id::ChunkNumber;
    use crate::archive::writer::fill::{FrameChunk, FrameSizes, Packer, RawFrame};

    fn frame(first: u64, chunks: &[&[u8]]) -> PackedFrame {
        let mut raw = RawFrame::new(Class::Plain);
        for (number, bytes) in (first..).zip(chunks) {
            raw.push(ChunkNumber(number), &FrameChunk { known: None, bytes, values: &[], value_count: 0 });
        }
        let mut packed = Packer::new()
            .and_then(|mut packer| packer.pack(raw, &FrameSizes::default()))
            .expect("zstd packs a small frame");
        packed.pop().expect("one frame")
    }

    #[test]
    fn a_pack_gives_its_chunks_back_and_is_as_long_as_it_said() {
        let mut open = OpenPack::new(PackId(7));
        open.push(frame(1, &[b"one", b"", b"three"]));
        open.push(frame(4, &[&[b'x'; 5000]]));
        let room = open.room();
        let bytes = open.seal();
        assert_eq!(bytes.len(), PACK_MAX - room);
        let pack = Pack::open(PackId(7), &bytes).expect("the pack is whole");
        let (entry, stored) = pack.frame(0).expect("the first frame");
        let laid_open = Frame::open(entry, stored).expect("the frame is whole");
        assert_eq!(laid_open.chunk(2), Some(&b"three"[..]));
        assert_eq!(laid_open.chunk(1), Some(&b""[..]));
        assert_eq!(laid_open.chunk(3), None);
        assert_eq!(pack.frames(), 2);
    }

    #[test]
    fn every_flipped_bit_and_a_wrong_id_are_found() {
        let mut open = OpenPack::new(PackId(7));
        open.push(frame(1, &[b"one", b"two"]));
        let bytes = open.seal();
        assert!(Pack::open(PackId(8), &bytes).is_err());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Pack::open(PackId(7), flipped).is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(Pack::open(PackId(7), &bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
