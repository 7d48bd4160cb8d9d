//! Recipes: how to rebuild an entry from chunks. A recipe is a sequence of pages, so that one for a payload of a
//! hundred gigabytes is written and read without ever being held; each page is itself a chunk, or stands in the list of
//! entries if it is small.

use bincode::{Decode, Encode};

use crate::archive::codec::{self, Malformed};
use crate::archive::id::{ChunkNumber, ChunkRun};

/// A page is closed when it has so many items, …
const ITEMS_MAX: usize = 4096;
/// … covers so many records, …
const RECORDS_MAX: u64 = 16_384;
/// … holds so many literal bytes, …
const LITERAL_MAX: usize = 64 << 10;
/// … or so many bytes of volatile values.
const VALUES_MAX: usize = 256 << 10;
/// A recipe of one page of at most so many bytes stands in the list itself.
const INLINE_MAX: usize = 64;

/// One step of rebuilding. Numbers are relative to the number after the last one named in the page (0 at its start).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
enum Item {
    /// These bytes.
    Literal(Vec<u8>),
    /// Consecutive chunks.
    Chunks { skip: i64, count: u64 },
    /// Consecutive records, with the page's separator between each two.
    Records { skip: i64, count: u64 },
}

/// A piece of a recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    items: Vec<Item>,
    /// What stands between the records of one item.
    separator: Vec<u8>,
    /// Which records of the page do not have the volatile values that they were first seen with: the distance of each
    /// to the one before.
    other_values: Vec<u32>,
    /// The chunk with the values of those records, one after the other.
    values: Option<ChunkNumber>,
}

/// Where the recipe of an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RecipeAt {
    /// Here: one page.
    Here(Vec<u8>),
    /// In chunks of class recipes, a page each.
    Chunks(Vec<ChunkRun>),
}

/// A step of rebuilding with its chunk numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    Literal(&'a [u8]),
    Chunk(ChunkNumber),
    /// A record; `other_values` says that its values are the next of the page's.
    Record {
        number: ChunkNumber,
        other_values: bool,
    },
}

impl Page {
    /// # Errors
    /// When the bytes are no page.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        codec::decode(bytes)
    }

    /// The chunk with the values of the records that have other ones.
    #[must_use]
    pub fn values(&self) -> Option<ChunkNumber> {
        self.values
    }

    /// The runs of chunks that the page names, its values included, and whether they are records.
    pub fn runs(&self) -> impl Iterator<Item = (ChunkRun, bool)> {
        let mut next = 0_u64;
        let items = self.items.iter().filter_map(move |item| match item {
            Item::Literal(_) => None,
            Item::Chunks { skip, count } | Item::Records { skip, count } => {
                let first = ChunkNumber(next.wrapping_add_signed(*skip));
                next = first.plus(*count).0;
                Some((ChunkRun { first, count: *count }, matches!(item, Item::Records { .. })))
            }
        });
        items.chain(self.values.map(|first| (ChunkRun { first, count: 1 }, false)))
    }

    /// The records that have the volatile values that they were first seen with, and those that have other ones.
    #[must_use]
    pub fn by_values(&self) -> (Vec<ChunkRun>, Vec<ChunkRun>) {
        if self.other_values.is_empty() {
            return (self.runs().filter(|(_, is_records)| *is_records).map(|(run, _)| run).collect(), Vec::new());
        }
        let (mut own, mut other) = (Vec::new(), Vec::new());
        let Ok(()) = self.steps(|step| {
            match step {
                Step::Record { number, other_values: false } => ChunkRun::push(&mut own, number),
                Step::Record { number, other_values: true } => ChunkRun::push(&mut other, number),
                Step::Literal(_) | Step::Chunk(_) => {}
            }
            Ok::<(), std::convert::Infallible>(())
        });
        (own, other)
    }

    /// Takes every step in order.
    ///
    /// # Errors
    /// The first error of `step`.
    pub fn steps<E>(&self, mut step: impl FnMut(Step<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut next = 0_u64;
        let mut others = self.other_values.iter().scan(0_u64, |at, distance| {
            *at += u64::from(*distance);
            Some(*at)
        });
        let mut other = others.next();
        let mut record = 0_u64;
        for item in &self.items {
            match item {
                Item::Literal(bytes) => step(Step::Literal(bytes))?,
                Item::Chunks { skip, count } => {
                    let run = ChunkRun { first: ChunkNumber(next.wrapping_add_signed(*skip)), count: *count };
                    next = run.first.plus(*count).0;
                    run.numbers().try_for_each(|number| step(Step::Chunk(number)))?;
                }
                Item::Records { skip, count } => {
                    let run = ChunkRun { first: ChunkNumber(next.wrapping_add_signed(*skip)), count: *count };
                    next = run.first.plus(*count).0;
                    for number in run.numbers() {
                        if number != run.first {
                            step(Step::Literal(&self.separator))?;
                        }
                        let other_values = other == Some(record);
                        if other_values {
                            other = others.next();
                        }
                        record += 1;
                        step(Step::Record { number, other_values })?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A page that is full, with the values that must become a chunk before it is encoded.
#[derive(Debug, Default)]
pub struct FullPage {
    page: Page,
    pub values: Vec<u8>,
}

impl FullPage {
    /// The page's bytes; `values` is the number of the chunk that its values became, if it has any.
    #[must_use]
    pub fn encode(mut self, values: Option<ChunkNumber>) -> Vec<u8> {
        self.page.values = values;
        codec::encode(&self.page)
    }

    /// Whether a recipe with this page alone stands in the list.
    #[must_use]
    pub fn is_inline(bytes: &[u8]) -> bool {
        bytes.len() <= INLINE_MAX
    }
}

/// Writes a recipe, page by page.
#[derive(Debug, Default)]
pub struct RecipeBuilder {
    full: FullPage,
    next: u64,
    literal: Vec<u8>,
    literals: usize,
    /// The page's separator is settled: it is what stood between its first two records.
    has_separator: bool,
    records: u64,
    /// The record after which the next distance counts.
    last_other: u64,
}

impl RecipeBuilder {
    pub fn literal(&mut self, bytes: &[u8]) {
        self.literal.extend_from_slice(bytes);
    }

    pub fn chunk(&mut self, number: ChunkNumber) {
        self.flush_literal();
        match self.full.page.items.last_mut() {
            Some(Item::Chunks { count, .. }) if self.next == number.0 => *count += 1,
            _ => {
                let skip = number.0.wrapping_sub(self.next).cast_signed();
                self.full.page.items.push(Item::Chunks { skip, count: 1 });
            }
        }
        self.next = number.plus(1).0;
    }

    /// `values` are given when they are not those that the record was first seen with.
    pub fn record(&mut self, number: ChunkNumber, values: Option<&[u8]>) {
        let page = &mut self.full.page;
        if !self.has_separator && matches!(page.items.last(), Some(Item::Records { .. })) {
            page.separator.clone_from(&self.literal);
            self.has_separator = true;
        }
        match page.items.last_mut() {
            Some(Item::Records { count, .. }) if self.next == number.0 && self.literal == page.separator => {
                *count += 1;
                self.literal.clear();
            }
            _ => {
                self.flush_literal();
                let skip = number.0.wrapping_sub(self.next).cast_signed();
                self.full.page.items.push(Item::Records { skip, count: 1 });
            }
        }
        self.next = number.plus(1).0;
        if let Some(values) = values {
            self.full.page.other_values.push((self.records - self.last_other) as u32);
            self.last_other = self.records;
            self.full.values.extend_from_slice(values);
        }
        self.records += 1;
    }

    fn flush_literal(&mut self) {
        if !self.literal.is_empty() {
            self.literals += self.literal.len();
            self.full.page.items.push(Item::Literal(std::mem::take(&mut self.literal)));
        }
    }

    /// The page so far, if it is full.
    pub fn full_page(&mut self) -> Option<FullPage> {
        let is_full = self.full.page.items.len() >= ITEMS_MAX
            || self.records >= RECORDS_MAX
            || self.literals + self.literal.len() >= LITERAL_MAX
            || self.full.values.len() >= VALUES_MAX;
        is_full.then(|| self.take_page())
    }

    /// The last page.
    #[must_use]
    pub fn finish(mut self) -> FullPage {
        self.take_page()
    }

    fn take_page(&mut self) -> FullPage {
        self.flush_literal();
        std::mem::take(self).full
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Told {
        Literal(u8),
        Chunk(u64),
        Record(u64, bool),
    }

    proptest! {
        #[test]
        fn a_recipe_tells_what_was_written(told in prop::collection::vec((0_u8..8, 0_u64..40, any::<bool>()), 0..200)) {
            let mut builder = RecipeBuilder::default();
            let mut expected = Vec::new();
            for (what, number, other) in told {
                match what {
                    0 => { builder.literal(b"\n"); expected.push(Told::Literal(b'\n')); }
                    1 => { builder.chunk(ChunkNumber(number)); expected.push(Told::Chunk(number)); }
                    _ => {
                        let separator: &[u8] = if what < 3 { b"" } else if what < 4 { b";" } else { b"," };
                        builder.literal(separator);
                        expected.extend(separator.iter().map(|byte| Told::Literal(*byte)));
                        builder.record(ChunkNumber(number), other.then_some(b"v"));
                        expected.push(Told::Record(number, other));
                    }
                }
            }
            let full = builder.finish();
            let values = full.values.len();
            let page = Page::decode(&full.encode(None)).expect("a page just encoded");
            let mut seen = Vec::new();
            page.steps(|step| {
                match step {
                    Step::Literal(bytes) => seen.extend(bytes.iter().map(|byte| Told::Literal(*byte))),
                    Step::Chunk(number) => seen.push(Told::Chunk(number.0)),
                    Step::Record { number, other_values } => seen.push(Told::Record(number.0, other_values)),
                }
                Ok::<(), ()>(())
            }).expect("no step fails");
            prop_assert_eq!(values, expected.iter().filter(|told| matches!(told, Told::Record(_, true))).count());
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_thousand_records_in_a_row_cost_a_few_bytes() {
        let mut builder = RecipeBuilder::default();
        builder.literal(b"{\"objects\":[");
        for number in 5000..6000 {
            if number > 5000 {
                builder.literal(b",");
            }
            builder.record(ChunkNumber(number), None);
        }
        builder.literal(b"]}");
        assert!(builder.finish().encode(None).len() < 40);
    }
}
