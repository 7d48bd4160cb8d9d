//! The first stage of writing: bytes of an entry become records, slices and what stands between, each with its id.
//! Runs on as many threads as there are cores, an entry each; memory is a block and what is carried over from the last.

use std::ops::Range;

use fastcdc::v2020::FastCDC;

use crate::archive::file::Header;
use crate::archive::frame::{CHUNK_MAX, Class};
use crate::archive::id::ChunkId;
use crate::model::entry::{Digest, Role};
use crate::model::payload::flaw::Reason;
use crate::model::payload::{Flaw, Mark, Outline, Splitter, Validator, volatile};

/// Bytes of a block that are read at a time.
pub const BLOCK_BYTES: usize = 1 << 20;
/// Room in front of a block for what is carried over from the last one.
pub const HEADROOM: usize = SLICE_MAX;

/// Slices of plain content; part of the format only as far as deduplication goes on finding them.
const SLICE_MIN: usize = 16 << 10;
const SLICE_AVERAGE: usize = 64 << 10;
const SLICE_MAX: usize = 256 << 10;
/// Larger records are cut like plain content.
const RECORD_MAX: usize = CHUNK_MAX;
/// Shorter numbers and strings are not worth an address of their own and stay with what surrounds them.
const SCALAR_MIN: usize = 128;
/// What stands between records is kept in the recipe up to this length, and sliced beyond it.
const LITERAL_MAX: usize = 4 << 10;

/// The keys of the chunk ids.
#[derive(Clone)]
pub struct Keys {
    pub records: [u8; 32],
    pub plain: [u8; 32],
    pub recipes: [u8; 32],
    pub values: [u8; 32],
}

impl Keys {
    #[must_use]
    pub fn new(header: &Header) -> Self {
        Self {
            records: header.chunk_key(Class::Records),
            plain: header.chunk_key(Class::Plain),
            recipes: header.chunk_key(Class::Recipes),
            values: header.chunk_key(Class::Values),
        }
    }

    /// The key of the ids of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> &[u8; 32] {
        match class {
            Class::Records => &self.records,
            Class::Plain => &self.plain,
            Class::Recipes => &self.recipes,
            Class::Values => &self.values,
        }
    }

    /// The short hash by which a record's volatile values are compared; never 0, which stands for none.
    pub fn value_check(&self, values: &[u8]) -> u64 {
        let id = ChunkId::of(&self.values, values);
        let check = u64::from_le_bytes(*id.0.first_chunk::<8>().expect("an id has 16 bytes"));
        check.max(1)
    }
}

/// Bytes as they were read, with [`HEADROOM`] in front. The memory is used again and not cleaned, so what follows the
/// end means nothing.
pub struct Block {
    pub bytes: Vec<u8>,
    pub end: usize,
}

/// A part of an entry's bytes.
#[derive(Debug)]
pub struct Piece {
    /// Where it stands in [`Batch::bytes`]; a record's volatile values are cut out already.
    pub bytes: Range<usize>,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    /// Kept in the recipe.
    Literal,
    Plain(ChunkId),
    /// With its volatile values in [`Batch::values`].
    Record {
        id: ChunkId,
        values: Range<usize>,
        value_count: u32,
        value_check: u64,
    },
}

/// The pieces of one block.
#[derive(Debug, Default)]
pub struct Batch {
    pub bytes: Vec<u8>,
    /// The place in the entry of `bytes[0]`; below 0 by as much as stands before the entry's first byte.
    pub offset: i64,
    pub pieces: Vec<Piece>,
    pub values: Vec<u8>,
}

/// What is known of an entry when its bytes have ended.
#[derive(Debug)]
pub struct CutEntry {
    pub size: u64,
    pub digest: Digest,
    /// Of payloads.
    pub outline: Option<Outline>,
    /// Of each array in the outline, how many elements say that they are older versions.
    pub older_versions: Vec<u64>,
    pub flaw: Option<Flaw>,
}

/// Cuts one entry.
pub struct Cutter<'a> {
    keys: &'a Keys,
    hasher: blake3::Hasher,
    size: u64,
    carry: Vec<u8>,
    payload: Option<Payload>,
    /// Whether it is only found out by its first bytes if it can be cut at records.
    is_open: bool,
    /// Why it cannot.
    flaw: Option<Flaw>,
}

/// The state of cutting at records.
#[derive(Default)]
struct Payload {
    splitter: Splitter,
    skeleton: Validator,
    /// The record that is too large to be one chunk.
    large: Option<Validator>,
    marks: Vec<Mark>,
    older_versions: Vec<u64>,
    flaw: Option<Flaw>,
}

impl<'a> Cutter<'a> {
    #[must_use]
    pub fn new(keys: &'a Keys, role: Role) -> Self {
        let is_open = role == Role::Unlisted;
        let payload = (is_open || role == Role::Payload).then(Payload::default);
        Self { keys, hasher: blake3::Hasher::new(), size: 0, carry: Vec::new(), payload, is_open, flaw: None }
    }

    /// Cuts the next block; `is_last` says that none follows.
    pub fn feed(&mut self, block: Block, is_last: bool) -> Batch {
        if std::mem::take(&mut self.is_open) {
            self.flaw = no_json(&block.bytes[HEADROOM..block.end]);
            self.payload.take_if(|_| self.flaw.is_some());
        }
        let new = block.end - HEADROOM;
        self.hasher.update(&block.bytes[HEADROOM..block.end]);
        let before = self.size - self.carry.len() as u64;
        self.size += new as u64;
        let (bytes, from, end) = self.with_carry(block);
        let offset = before.cast_signed() - from as i64;
        let mut cut = Cut { keys: self.keys, batch: Batch { bytes, offset, ..Batch::default() }, at: from, end };
        let rest = match &mut self.payload {
            Some(payload) => payload.cut(&mut cut, new, is_last),
            None => cut.slices(end, is_last),
        };
        self.carry.clear();
        self.carry.extend_from_slice(&cut.batch.bytes[rest..end]);
        cut.batch
    }

    /// What the bytes were.
    #[must_use]
    pub fn finish(self) -> CutEntry {
        let digest = Digest(*self.hasher.finalize().as_bytes());
        let Some(payload) = self.payload else {
            return CutEntry { size: self.size, digest, outline: None, older_versions: Vec::new(), flaw: self.flaw };
        };
        let ended = payload.skeleton.finish().err().map(|flaw| Flaw { offset: self.size, ..flaw });
        let outline = payload.splitter.finish();
        let no_array = || outline.arrays.is_empty().then_some(Flaw { offset: self.size, reason: Reason::NoArray });
        let flaw = payload.flaw.or(ended).or_else(no_array);
        CutEntry { size: self.size, digest, outline: Some(outline), older_versions: payload.older_versions, flaw }
    }

    /// The block with what was carried over in front, and where its bytes begin and end.
    fn with_carry(&self, block: Block) -> (Vec<u8>, usize, usize) {
        let Block { mut bytes, end } = block;
        match HEADROOM.checked_sub(self.carry.len()) {
            Some(from) => {
                bytes[from..HEADROOM].copy_from_slice(&self.carry);
                (bytes, from, end)
            }
            None => {
                let bytes = [&self.carry, &bytes[HEADROOM..end]].concat();
                let end = bytes.len();
                (bytes, 0, end)
            }
        }
    }
}

/// Why the content is no payload, where that shows before any bracket. It is cut as files are then, with the same result.
fn no_json(start: &[u8]) -> Option<Flaw> {
    let is_bracket = |byte: &u8| matches!(byte, b'{' | b'[');
    let blank = start.iter().position(is_bracket).unwrap_or(start.len());
    Validator::default().feed(&start[..blank]).err()
}

/// A block that is being cut.
struct Cut<'a> {
    keys: &'a Keys,
    batch: Batch,
    /// Everything before this is in a piece.
    at: usize,
    end: usize,
}

impl Cut<'_> {
    fn push(&mut self, bytes: Range<usize>, what: What) {
        self.at = bytes.end;
        self.batch.pieces.push(Piece { bytes, what });
    }

    /// Slices up to `end`; what may grow further is left over unless it `is_end`. Returns where that begins.
    fn slices(&mut self, end: usize, is_end: bool) -> usize {
        while self.at < end && (is_end || end - self.at >= SLICE_MAX) {
            let rest = &self.batch.bytes[self.at..end];
            let (_, length) = FastCDC::new(rest, SLICE_MIN, SLICE_AVERAGE, SLICE_MAX).cut(0, rest.len());
            let id = ChunkId::of(&self.keys.plain, &rest[..length]);
            self.push(self.at..self.at + length, What::Plain(id));
        }
        self.at
    }

    /// What stands between records up to `end`.
    fn literal(&mut self, end: usize) {
        if end - self.at > LITERAL_MAX {
            self.slices(end, true);
        } else if end > self.at {
            self.push(self.at..end, What::Literal);
        }
    }

    /// The record from here to `end`; whether it is an older version.
    fn record(&mut self, end: usize) -> bool {
        let start = self.at;
        let first_value = self.batch.values.len();
        let stripped = volatile::strip(&mut self.batch.bytes[start..end], &mut self.batch.values);
        let bytes = start..start + stripped.len;
        let values = first_value..self.batch.values.len();
        let value_check = if values.is_empty() { 0 } else { self.keys.value_check(&self.batch.values[values.clone()]) };
        let id = ChunkId::of(&self.keys.records, &self.batch.bytes[bytes.clone()]);
        self.push(bytes, What::Record { id, values, value_count: stripped.values, value_check });
        self.at = end;
        stripped.older_version
    }
}

impl Payload {
    /// Cuts the block, of whose bytes the last `new` have not been looked at; returns where the rest begins that must
    /// be carried over.
    fn cut(&mut self, cut: &mut Cut<'_>, new: usize, is_last: bool) -> usize {
        let end = cut.end;
        let mut marks = std::mem::take(&mut self.marks);
        self.splitter.feed(&cut.batch.bytes[end - new..end], &mut marks);
        // A large record begins before the block.
        let base = cut.batch.offset;
        let place = move |offset: u64| usize::try_from(offset.cast_signed() - base).unwrap_or(0);
        let open = self.splitter.open_element().map(place);
        let mut checked = cut.at;
        for mark in marks.drain(..) {
            let (start, stop) = (place(mark.start), place(mark.end));
            if let Some(large) = self.large.take() {
                self.end_large(large, &cut.batch.bytes[end - new..stop], mark);
                cut.slices(stop, true);
            } else {
                self.check_skeleton(&cut.batch.bytes[checked..start]);
                self.element(cut, start, stop, mark);
            }
            checked = stop;
        }
        self.marks = marks;
        if self.large.is_none() {
            self.check_skeleton(&cut.batch.bytes[checked..open.unwrap_or(end)]);
        }
        match open {
            Some(_) if is_last => cut.slices(end, true),
            None => {
                cut.literal(end);
                end
            }
            Some(start) if self.large.is_some() || end - start > RECORD_MAX => {
                self.go_on_large(cut, start, end - new);
                cut.slices(end, false)
            }
            Some(start) => {
                cut.literal(start);
                start
            }
        }
    }

    /// An element that lies in the block.
    fn element(&mut self, cut: &mut Cut<'_>, start: usize, stop: usize, mark: Mark) {
        let length = stop - start;
        self.skip_element(length as u64);
        if length < SCALAR_MIN && !matches!(cut.batch.bytes[start], b'{' | b'[') {
            // It stays in the literal, which nobody will look into again.
            let checked = check(&cut.batch.bytes[start..stop]);
            self.note(checked.map_err(|flaw| shifted(flaw, mark.start)));
            return;
        }
        cut.literal(start);
        if length > RECORD_MAX {
            let checked = check(&cut.batch.bytes[start..stop]);
            self.note(checked.map_err(|flaw| shifted(flaw, mark.start)));
            cut.slices(stop, true);
        } else if cut.record(stop) {
            if self.older_versions.len() <= mark.array {
                self.older_versions.resize(mark.array + 1, 0);
            }
            self.older_versions[mark.array] += 1;
        }
    }

    /// The element that begins at `start` has turned out too large, or goes on being so; `new` is where the bytes begin
    /// that have not been validated yet.
    fn go_on_large(&mut self, cut: &mut Cut<'_>, start: usize, new: usize) {
        let (large, from) = match self.large.take() {
            Some(large) => (large, new),
            None => {
                cut.literal(start);
                (Validator::default(), start)
            }
        };
        let mut large = large;
        let base = self.splitter.open_element().unwrap_or(0);
        let fed = large.feed(&cut.batch.bytes[from..cut.end]);
        self.note(fed.map_err(|flaw| shifted(flaw, base)));
        self.large = Some(large);
    }

    fn end_large(&mut self, mut large: Validator, rest: &[u8], mark: Mark) {
        let ended = large.feed(rest).and_then(|()| large.finish());
        self.note(ended.map_err(|flaw| shifted(flaw, mark.start)));
        self.skip_element(mark.end - mark.start);
    }

    fn skip_element(&mut self, length: u64) {
        if self.flaw.is_none() {
            let skipped = self.skeleton.skip_value(length);
            self.note(skipped);
        }
    }

    fn check_skeleton(&mut self, bytes: &[u8]) {
        if self.flaw.is_none() {
            let fed = self.skeleton.feed(bytes);
            self.note(fed);
        }
    }

    fn note(&mut self, checked: Result<(), Flaw>) {
        if let Err(flaw) = checked {
            self.flaw.get_or_insert(flaw);
        }
    }
}

/// Whether the bytes are one JSON value, quickly when they are.
///
/// # Errors
/// The first place where they are not.
pub fn check(bytes: &[u8]) -> Result<(), Flaw> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return Ok(());
    }
    let mut validator = Validator::default();
    validator.feed(bytes)?;
    validator.finish()
}

/// The flaw of an element, counted from the start of the entry. An element that ends too early is followed by something.
#[must_use]
pub fn shifted(flaw: Flaw, base: u64) -> Flaw {
    Flaw { offset: flaw.offset + base, reason: Reason::Syntax }
}
