//! Frames while they are being filled, and how they become what a pack holds.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::archive::frame::{Class, FrameEntry, Method, PackedFrame, Part, ValuesPart};
use crate::archive::id::{ChunkNumber, ChunkRun};
use crate::archive::ids::Known;
use crate::archive::pack;
use crate::model::payload::volatile;

/// zstd's level: the last one that keeps up with reading the source on two cores.
const LEVEL: i32 = 3;

/// How large frames become. Records compress evenly, so their frames are measured out for a whole number of them to
/// fill a pack; else half a frame of every pack would stay empty.
#[derive(Debug)]
pub struct FrameSizes {
    records: AtomicUsize,
}

/// Packs are planned to be so full (in percent), as no two frames shrink quite alike.
const FILL: usize = 99;

impl Default for FrameSizes {
    fn default() -> Self {
        Self { records: AtomicUsize::new(Class::Records.frame_bytes()) }
    }
}

impl FrameSizes {
    /// The plain bytes at which a frame is full.
    #[must_use]
    pub fn of(&self, class: Class) -> usize {
        match class {
            Class::Records => self.records.load(Ordering::Relaxed),
            class => class.frame_bytes(),
        }
    }

    /// Learns from a full frame of records.
    pub fn learn(&self, plain: usize, cost: usize) {
        let full = Class::Records.frame_bytes();
        if plain < full / 2 || cost == 0 {
            return;
        }
        let pack_plain = (pack::ROOM_MAX as u64 * FILL as u64 / 100 * plain as u64 / cost as u64) as usize;
        let frames = pack_plain.div_ceil(full).max(1);
        let learned = (pack_plain / frames).min(full);
        let before = self.records.load(Ordering::Relaxed);
        self.records.store((3 * before + learned) / 4, Ordering::Relaxed);
    }
}

/// A frame while it is being filled.
#[derive(Debug, Clone)]
pub struct RawFrame {
    class: Class,
    numbers: Vec<ChunkRun>,
    /// Empty when the chunks come from another frame.
    known: Vec<Known>,
    lengths: Vec<u32>,
    chunks: Vec<u8>,
    counts: Vec<u32>,
    values: Vec<u8>,
}

/// A chunk that goes into a frame.
#[derive(Debug, Clone, Copy)]
pub struct FrameChunk<'a> {
    /// `None` when it comes from another frame; all chunks of a frame are alike in this.
    pub known: Option<Known>,
    pub bytes: &'a [u8],
    /// The packed volatile values of a record.
    pub values: &'a [u8],
    /// How many they are.
    pub value_count: u32,
}

impl RawFrame {
    #[must_use]
    pub fn new(class: Class) -> Self {
        Self {
            class,
            numbers: Vec::new(),
            known: Vec::new(),
            lengths: Vec::new(),
            chunks: Vec::with_capacity(class.frame_bytes()),
            counts: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Bytes of the chunks so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.chunks.len()
    }

    /// Chunks so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Whether `more` bytes would overfill the frame.
    #[must_use]
    pub fn is_full(&self, more: usize, sizes: &FrameSizes) -> bool {
        !self.is_empty() && self.chunks.len() + self.values.len() + more > sizes.of(self.class)
    }

    pub fn push(&mut self, number: ChunkNumber, chunk: &FrameChunk<'_>) {
        ChunkRun::push(&mut self.numbers, number);
        self.known.extend(chunk.known);
        self.lengths.push(chunk.bytes.len() as u32);
        self.chunks.extend_from_slice(chunk.bytes);
        self.counts.push(chunk.value_count);
        self.values.extend_from_slice(chunk.values);
    }

    /// Cuts a frame of at least two chunks in two, for content that does not shrink enough to fit into a pack.
    #[must_use]
    pub fn halves(self) -> (Self, Self) {
        let middle = self.len() / 2;
        let (mut left, mut right) = (Self::new(self.class), Self::new(self.class));
        let (mut chunk, mut value) = (0, 0);
        let numbers = self.numbers.iter().copied().flat_map(ChunkRun::numbers);
        for (at, number) in numbers.enumerate() {
            let half = if at < middle { &mut left } else { &mut right };
            let length = self.lengths[at] as usize;
            let span =
                volatile::span(&self.values[value..], self.counts[at]).expect("values were packed by this program");
            half.push(
                number,
                &FrameChunk {
                    known: self.known.get(at).copied(),
                    bytes: &self.chunks[chunk..chunk + length],
                    values: &self.values[value..value + span],
                    value_count: self.counts[at],
                },
            );
            chunk += length;
            value += span;
        }
        (left, right)
    }
}

/// Compresses frames; one per thread.
pub struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// # Errors
    /// When zstd has no memory.
    pub fn new() -> std::io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        // The pack's own BLAKE3 covers the frame.
        compressor.include_checksum(false)?;
        compressor.include_contentsize(false)?;
        // Records repeat long texts; looking for short ones costs time and finds nothing better (measured).
        compressor.set_parameter(zstd::zstd_safe::CParameter::MinMatch(6))?;
        Ok(Self(compressor))
    }

    /// The frame, or its parts if it does not shrink enough to fit into a pack as a whole.
    ///
    /// # Errors
    /// When zstd fails.
    pub fn pack(&mut self, raw: RawFrame, sizes: &FrameSizes) -> std::io::Result<Vec<PackedFrame>> {
        let mut packed = Vec::new();
        let mut rest = vec![raw];
        while let Some(raw) = rest.pop() {
            let whole = self.whole(&raw)?;
            if raw.class == Class::Records {
                sizes.learn(raw.chunks.len() + raw.values.len(), pack::cost(&whole));
            }
            if pack::cost(&whole) <= pack::ROOM_MAX || raw.len() < 2 {
                packed.push(whole);
            } else {
                let (left, right) = raw.halves();
                rest.extend([right, left]);
            }
        }
        Ok(packed)
    }

    fn whole(&mut self, raw: &RawFrame) -> std::io::Result<PackedFrame> {
        let mut stored = Vec::new();
        let chunks = self.part(&raw.chunks, &mut stored)?;
        let values = if raw.values.is_empty() {
            None
        } else {
            Some(ValuesPart { part: self.part(&raw.values, &mut stored)?, counts: raw.counts.clone() })
        };
        let entry =
            FrameEntry { class: raw.class, numbers: raw.numbers.clone(), lengths: raw.lengths.clone(), chunks, values };
        Ok(PackedFrame { entry, stored, known: raw.known.clone() })
    }

    fn part(&mut self, plain: &[u8], out: &mut Vec<u8>) -> std::io::Result<Part> {
        let packed = self.0.compress(plain)?;
        let (method, bytes) =
            if packed.len() < plain.len() { (Method::Zstd, &*packed) } else { (Method::Stored, plain) };
        out.extend_from_slice(bytes);
        Ok(Part { method, stored: bytes.len() as u32, plain: plain.len() as u32 })
    }
}
