//! Frames: chunks of one class, gathered in order of arrival and compressed together.

use bincode::{Decode, Encode};
use bytes::Bytes;

use crate::archive::codec::Malformed;
use crate::archive::id::ChunkRun;
use crate::archive::ids::Known;
use crate::model::payload::volatile;

/// What the chunks of a frame are. Classes never share a frame, nor the key of their chunk ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Class {
    /// Records of payloads without their volatile values; each has been found to be JSON.
    Records,
    /// Slices of files, logs and whatever holds no records.
    Plain,
    /// Recipes and lists of entries.
    Recipes,
    /// Volatile values that differ from those a record was first seen with.
    Values,
}

impl Class {
    pub const ALL: [Self; 4] = [Self::Records, Self::Plain, Self::Recipes, Self::Values];

    /// The plain bytes at which a frame is full.
    #[must_use]
    pub const fn frame_bytes(self) -> usize {
        match self {
            // Twice as large they shrink by 1 % more, but fill packs worse, and a month of nights would not fit into memory.
            Self::Records => 1 << 20,
            // Often media, which do not shrink: smaller frames fill packs better.
            Self::Plain | Self::Values => 128 << 10,
            Self::Recipes => 256 << 10,
        }
    }

    /// For deriving the key of this class's chunk ids from the archive's key.
    #[must_use]
    pub const fn key_context(self) -> &'static str {
        match self {
            Self::Records => "fonds 2026-11 chunk ids of records",
            Self::Plain => "fonds 2026-11 chunk ids of plain content",
            Self::Recipes => "fonds 2026-11 chunk ids of recipes",
            Self::Values => "fonds 2026-11 chunk ids of volatile values",
        }
    }
}

/// The largest chunk; a pack holds it even if it does not shrink.
pub const CHUNK_MAX: usize = 512 << 10;

/// Bytes as they stand in a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Method {
    /// As they are, because they do not shrink.
    Stored,
    Zstd,
}

/// Where a part of a frame stands in its pack, and how.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    pub method: Method,
    pub stored: u32,
    pub plain: u32,
}

/// The entry of a frame in its pack's directory.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct FrameEntry {
    pub class: Class,
    /// The chunks' numbers, in the order of the chunks.
    pub numbers: Vec<ChunkRun>,
    /// The chunks' lengths.
    pub lengths: Vec<u32>,
    pub chunks: Part,
    /// The volatile values of the records that have some, behind the chunks.
    pub values: Option<ValuesPart>,
}

/// The volatile values that records were first seen with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ValuesPart {
    pub part: Part,
    /// How many of them each chunk has.
    pub counts: Vec<u32>,
}

impl FrameEntry {
    /// Bytes that the frame takes in its pack.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.chunks.stored as usize + self.values.as_ref().map_or(0, |values| values.part.stored as usize)
    }

    /// What must hold of every entry, damaged or hostile ones aside.
    pub fn validate(&self) -> Result<(), Malformed> {
        let chunks = self.lengths.len() as u64;
        let numbers = self.numbers.iter().try_fold(0_u64, |sum, run| sum.checked_add(run.count));
        let plain: u64 = self.lengths.iter().map(|length| u64::from(*length)).sum();
        let ends = self.numbers.iter().all(|run| run.first.0.checked_add(run.count).is_some());
        let counts = self.values.as_ref().is_none_or(|values| values.counts.len() as u64 == chunks);
        let sane = |part: &Part| (part.plain as usize) <= PLAIN_MAX;
        let parts = sane(&self.chunks) && self.values.as_ref().is_none_or(|values| sane(&values.part));
        if numbers == Some(chunks) && plain == u64::from(self.chunks.plain) && ends && counts && parts {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// No part of a frame is larger: a full frame and one more chunk.
const PLAIN_MAX: usize = Class::Records.frame_bytes() + 2 * CHUNK_MAX;

/// A frame ready to be put into a pack.
#[derive(Debug, Clone)]
pub struct PackedFrame {
    pub entry: FrameEntry,
    /// The stored bytes of chunks and values.
    pub stored: Vec<u8>,
    /// In the order of the chunks; empty when their ids stand in the archive already.
    pub known: Vec<Known>,
}

/// A frame with its chunks laid open.
#[derive(Debug)]
pub struct Frame {
    /// Bytes of its own, or those of its pack.
    chunks: Bytes,
    /// Where each chunk ends.
    ends: Vec<u32>,
    values: Bytes,
    /// Where each chunk's values end; empty where no chunk has any.
    value_ends: Vec<u32>,
}

impl Frame {
    /// Lays a frame open; `stored` are its bytes in the pack.
    ///
    /// # Errors
    /// When bytes and entry do not fit each other.
    pub fn open(entry: &FrameEntry, stored: &[u8]) -> Result<Self, Malformed> {
        Self::laid_open(entry, stored, Bytes::copy_from_slice)
    }

    /// The same without a copy: chunks that did not shrink stay where they are, and keep the pack in memory.
    ///
    /// # Errors
    /// As [`Frame::open`].
    pub fn view(entry: &FrameEntry, stored: &Bytes) -> Result<Self, Malformed> {
        Self::laid_open(entry, stored, |part| stored.slice_ref(part))
    }

    fn laid_open(entry: &FrameEntry, stored: &[u8], own: impl Fn(&[u8]) -> Bytes) -> Result<Self, Malformed> {
        let (chunks, values) = stored.split_at_checked(entry.chunks.stored as usize).ok_or(Malformed)?;
        let chunks = plain(&entry.chunks, chunks, &own)?;
        let chunk_ends = ends(entry.lengths.iter().map(|length| *length as usize));
        let (values, value_ends) = match &entry.values {
            None => (Bytes::new(), Vec::new()),
            Some(part) => {
                let values = plain(&part.part, values, Bytes::copy_from_slice)?;
                let mut at = 0;
                let mut spans = Vec::with_capacity(part.counts.len());
                for count in &part.counts {
                    let span = volatile::span(&values[at..], *count).map_err(|_| Malformed)?;
                    at += span;
                    spans.push(span);
                }
                (values, ends(spans))
            }
        };
        Ok(Self { chunks, ends: chunk_ends, values, value_ends })
    }

    /// Bytes that the frame occupies in memory, nearly.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.chunks.len() + self.values.len() + 4 * (self.ends.len() + self.value_ends.len())
    }

    /// The chunk in `slot`.
    #[must_use]
    pub fn chunk(&self, slot: usize) -> Option<&[u8]> {
        slice(&self.chunks, &self.ends, slot)
    }

    /// The packed volatile values that the record in `slot` was first seen with.
    #[must_use]
    pub fn values(&self, slot: usize) -> &[u8] {
        slice(&self.values, &self.value_ends, slot).unwrap_or_default()
    }
}

/// Where each of the consecutive slices of these lengths ends.
fn ends(lengths: impl IntoIterator<Item = usize>) -> Vec<u32> {
    lengths
        .into_iter()
        .scan(0, |end, length| {
            *end += length as u32;
            Some(*end)
        })
        .collect()
}

fn slice<'a>(bytes: &'a [u8], ends: &[u32], slot: usize) -> Option<&'a [u8]> {
    let end = *ends.get(slot)? as usize;
    let start = slot.checked_sub(1).map_or(0, |before| ends[before] as usize);
    bytes.get(start..end)
}

fn plain(part: &Part, stored: &[u8], own: impl Fn(&[u8]) -> Bytes) -> Result<Bytes, Malformed> {
    let bytes = match part.method {
        Method::Stored => own(stored),
        Method::Zstd => zstd::bulk::decompress(stored, part.plain as usize).map_err(|_| Malformed)?.into(),
    };
    if bytes.len() == part.plain as usize { Ok(bytes) } else { Err(Malformed) }
}
