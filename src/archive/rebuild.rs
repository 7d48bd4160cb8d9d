//! Entries rebuilt from their recipes. The one place where bytes leave an archive: an entry counts as given only when
//! its digest was that of the bytes that came in.

use crate::archive::chunks::{ChunkCursor, Chunks};
use crate::archive::codec;
use crate::archive::error::{Damage, Error};
use crate::archive::id::{ChunkNumber, ChunkRun};
use crate::archive::list::{FileBody, Row, StoredRow};
use crate::archive::recipe::{Page, RecipeAt, Step};
use crate::archive::snapshot::Snapshot;
use crate::model::path::EntryPath;
use crate::model::payload::volatile;

/// Bytes that are handed on at a time: few enough that what is freed on other threads leaves no large holes.
pub const BLOCK_BYTES: usize = 256 << 10;

/// Rebuilds entries; one per thread.
pub struct Rebuilder<'a> {
    cursor: ChunkCursor<'a>,
}

impl<'a> Rebuilder<'a> {
    #[must_use]
    pub fn new(chunks: &'a Chunks) -> Self {
        Self { cursor: ChunkCursor::new(chunks) }
    }

    /// Hands the bytes of an entry on, in blocks that are not empty. After an error the blocks before it must not be used.
    ///
    /// # Errors
    /// When a chunk is missing or damaged, when the bytes are not those that came in, or the first error of `give`.
    pub fn rebuild<E: From<Error>>(
        &mut self,
        path: &EntryPath,
        body: &FileBody,
        mut give: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let block = Vec::with_capacity(BLOCK_BYTES.min(body.size as usize));
        let mut out = Output { block, full: None, hasher: blake3::Hasher::new(), size: 0 };
        self.pages(&body.recipe, |this, page| this.page(page, &mut out, &mut give))?;
        let block = out.take(0);
        if !block.is_empty() {
            give(block)?;
        }
        if out.size != body.size || out.hasher.finalize() != body.digest.0 {
            return Err(Error::from(Damage::Digest(path.clone())).into());
        }
        Ok(())
    }

    /// Hands over every page of a recipe.
    ///
    /// # Errors
    /// When a page is missing or damaged, or the first error of `visit`.
    pub fn pages<E: From<Error>>(
        &mut self,
        recipe: &RecipeAt,
        mut visit: impl FnMut(&mut Self, &Page) -> Result<(), E>,
    ) -> Result<(), E> {
        let malformed = |_| Error::from(Damage::Recipe);
        match recipe {
            RecipeAt::Here(bytes) => visit(self, &Page::decode(bytes).map_err(malformed)?),
            RecipeAt::Chunks(runs) => {
                for number in runs.iter().copied().flat_map(ChunkRun::numbers) {
                    let page = Page::decode(self.cursor.chunk(number)?).map_err(malformed)?;
                    visit(self, &page)?;
                }
                Ok(())
            }
        }
    }

    fn page<E: From<Error>>(
        &mut self,
        page: &Page,
        out: &mut Output,
        give: &mut impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let values = match page.values() {
            Some(number) => self.cursor.chunk(number)?.to_vec(),
            None => Vec::new(),
        };
        let mut values = &values[..];
        page.steps(|step| {
            self.step(step, &mut values, out)?;
            out.full.take().map_or(Ok(()), &mut *give)
        })?;
        if values.is_empty() { Ok(()) } else { Err(Error::from(Damage::Recipe).into()) }
    }

    fn step(&mut self, step: Step<'_>, values: &mut &[u8], out: &mut Output) -> Result<(), Error> {
        match step {
            Step::Literal(bytes) => out.room_for(bytes.len()).extend_from_slice(bytes),
            Step::Chunk(number) => {
                let chunk = self.cursor.chunk(number)?;
                out.room_for(chunk.len()).extend_from_slice(chunk);
            }
            Step::Record { number, other_values } => self.record(number, other_values.then_some(values), out)?,
        }
        Ok(())
    }

    fn record(&mut self, number: ChunkNumber, others: Option<&mut &[u8]>, out: &mut Output) -> Result<(), Error> {
        let (frame, slot) = self.cursor.find(number)?;
        let stripped = frame.chunk(slot).ok_or(Damage::NoChunk(number.0))?;
        let misfit = |_| Damage::Recipe;
        match others {
            None => {
                let (own, block) = (frame.values(slot), out.room_for(stripped.len() + frame.values(slot).len()));
                if own.is_empty() {
                    block.extend_from_slice(stripped);
                } else {
                    volatile::fill(stripped, own, block).map_err(misfit)?;
                }
            }
            Some(others) => {
                let span = volatile::span(others, volatile::places(stripped)).map_err(misfit)?;
                let (own, rest) = others.split_at(span);
                volatile::fill(stripped, own, out.room_for(stripped.len() + own.len())).map_err(misfit)?;
                *others = rest;
            }
        }
        Ok(())
    }

    /// The rows of one page of a snapshot's list.
    ///
    /// # Errors
    /// When there is no such page, or it is damaged.
    pub fn page_of_rows(&mut self, snapshot: &Snapshot, page: usize) -> Result<Vec<Row>, Error> {
        let number = snapshot.list.iter().copied().flat_map(ChunkRun::numbers).nth(page).ok_or(Damage::Recipe)?;
        let rows: Vec<StoredRow> = codec::decode(self.cursor.chunk(number)?).map_err(|_| Damage::Recipe)?;
        rows.into_iter().map(|row| Ok(row.row().ok_or(Damage::Recipe)?)).collect()
    }

    /// Hands over every row of a snapshot's list.
    ///
    /// # Errors
    /// When a page of the list is missing or damaged, or the first error of `visit`.
    pub fn rows<E: From<Error>>(
        &mut self,
        snapshot: &Snapshot,
        mut visit: impl FnMut(&mut Self, Row) -> Result<(), E>,
    ) -> Result<(), E> {
        for number in snapshot.list.iter().copied().flat_map(ChunkRun::numbers) {
            let rows: Vec<StoredRow> =
                codec::decode(self.cursor.chunk(number)?).map_err(|_| Error::from(Damage::Recipe))?;
            for row in rows {
                visit(self, row.row().ok_or(Error::from(Damage::Recipe))?)?;
            }
        }
        Ok(())
    }
}

/// Bytes on their way out.
struct Output {
    block: Vec<u8>,
    /// The block before, to be handed on.
    full: Option<Vec<u8>>,
    hasher: blake3::Hasher,
    size: u64,
}

impl Output {
    /// The block, with room for so many bytes: it never outgrows what was taken for it, unless one step does alone.
    fn room_for(&mut self, length: usize) -> &mut Vec<u8> {
        if !self.block.is_empty() && self.block.len() + length > BLOCK_BYTES {
            self.full = Some(self.take(BLOCK_BYTES));
        }
        &mut self.block
    }

    /// The block, with room for the next one of so many bytes in its place.
    fn take(&mut self, capacity: usize) -> Vec<u8> {
        self.hasher.update(&self.block);
        self.size += self.block.len() as u64;
        std::mem::replace(&mut self.block, Vec::with_capacity(capacity))
    }
}
