//! The log of a run: blocks of lines, compressed, each under the number of its first line, so that any page of millions of
//! lines is read at once. Beside the blocks stands which of them hold warnings and errors.

use bincode::{BorrowDecode, Decode, Encode};
use redb::{ReadTransaction, TableError, WriteTransaction};

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::RunId;
use crate::archive::runs::parts::{Part, put};
use crate::archive::{codec, seal, tables};
use crate::model::log::{LINE_BYTES_MAX, Level, Line, Numbered};

/// Lines of a block at most: few enough to unpack hundreds of blocks for a page with one line of each.
pub const BLOCK_LINES: usize = 128;
/// A block unpacks to at most this; one that claims more is damaged.
const BLOCK_BYTES_MAX: usize = BLOCK_LINES * (LINE_BYTES_MAX + 32);
/// Logs are written rarely and read by people: a middling level.
const ZSTD_LEVEL: i32 = 3;

const LINES: &str = "run_lines";
const MARKS: &str = "run_marks";

/// What is written to a run at once.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The number of the first line.
    pub first: u64,
    pub lines: Vec<Line>,
    pub(crate) parts: Vec<(Part, Vec<u8>)>,
}

impl Batch {
    /// Lines, the first of which has this number.
    #[must_use]
    pub fn of(first: u64, lines: Vec<Line>) -> Self {
        Self { first, lines, parts: Vec::new() }
    }
}

/// How many warnings and errors a block holds.
#[derive(Debug, Clone, Copy, Encode, Decode)]
struct Mark {
    warnings: u32,
    errors: u32,
}

/// Where a page of a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPage {
    /// With this line, going on.
    From(u64),
    /// Before this line, going back.
    Before(u64),
}

/// Writes lines behind those that are there, and parts in the place of those that are there.
pub(super) fn append(transaction: &WriteTransaction, id: RunId, batch: &Batch) -> Result<(), Error> {
    if !batch.lines.is_empty() {
        let mut blocks = transaction.open_table(tables::RUN_LINES)?;
        let mut marks = transaction.open_table(tables::RUN_MARKS)?;
        for (at, lines) in (0..).step_by(BLOCK_LINES).zip(batch.lines.chunks(BLOCK_LINES)) {
            let first = batch.first + at;
            let key = tables::pair_of(id.0, first);
            let packed = zstd::bulk::compress(&codec::encode(&lines.to_vec()), ZSTD_LEVEL);
            let packed = packed.map_err(redb::Error::Io)?;
            blocks.insert((id.0, first), seal::seal(LINES, &key, packed).as_slice())?;
            let of = |level| lines.iter().filter(|line| line.level == level).count() as u32;
            let mark = Mark { warnings: of(Level::Warning), errors: of(Level::Error) };
            if mark.warnings + mark.errors > 0 {
                marks.insert((id.0, first), seal::seal(MARKS, &key, codec::encode(&mark)).as_slice())?;
            }
        }
    }
    batch.parts.iter().try_for_each(|(part, bytes)| put(transaction, id, *part, bytes.clone()))
}

/// How many lines a log has.
///
/// # Errors
/// When its last block is damaged.
pub fn lines_total(transaction: &ReadTransaction, id: RunId) -> Result<u64, Error> {
    guarded(|| {
        let old = old_lines(transaction, id)?.len() as u64;
        let Some(table) = open(transaction, tables::RUN_LINES)? else { return Ok(old) };
        let Some(row) = table.range((id.0, 0)..=(id.0, u64::MAX))?.next_back() else { return Ok(old) };
        let (key, value) = row?;
        let first = key.value().1;
        let mut search = Search::new(id, LogPage::From(0), Level::Info, usize::MAX)?;
        search.take(first, value.value())?;
        Ok(first + search.found.len() as u64)
    })?
}

/// At most `count` lines that matter at least so much, in the order of the log.
///
/// # Errors
/// When a block is damaged.
pub fn lines(
    transaction: &ReadTransaction,
    id: RunId,
    page: LogPage,
    least: Level,
    count: usize,
) -> Result<Vec<Numbered>, Error> {
    guarded(|| {
        let mut search = Search::new(id, page, least, count)?;
        let old = old_lines(transaction, id)?;
        if old.is_empty() {
            search.blocks(transaction)?;
        } else {
            search.add(old.into_iter());
        }
        Ok(search.finish())
    })?
}

/// A search for the lines of a page.
struct Search {
    id: RunId,
    page: LogPage,
    least: Level,
    count: usize,
    unpacker: zstd::bulk::Decompressor<'static>,
    /// Back to front, if the page goes back.
    found: Vec<Numbered>,
}

/// A line as it stands in an unpacked block.
#[derive(BorrowDecode)]
struct StoredLine<'b> {
    at: i64,
    level: Level,
    text: &'b str,
}

impl Search {
    fn new(id: RunId, page: LogPage, least: Level, count: usize) -> Result<Self, Error> {
        let unpacker = zstd::bulk::Decompressor::new().map_err(redb::Error::Io)?;
        Ok(Self { id, page, least, count, unpacker, found: Vec::new() })
    }

    fn is_back(&self) -> bool {
        matches!(self.page, LogPage::Before(_))
    }

    fn is_enough(&self) -> bool {
        self.found.len() >= self.count
    }

    /// Looks through the blocks, in the direction of the page, until there are enough lines.
    fn blocks(&mut self, transaction: &ReadTransaction) -> Result<(), Error> {
        let Some(blocks) = open(transaction, tables::RUN_LINES)? else { return Ok(()) };
        let range = match self.page {
            LogPage::From(first) => {
                // The block that holds a line begins at it or before it.
                let row = blocks.range((self.id.0, 0)..=(self.id.0, first))?.next_back().transpose()?;
                (self.id.0, row.map_or(0, |(key, _)| key.value().1))..(self.id.0, u64::MAX)
            }
            LogPage::Before(end) => (self.id.0, 0)..(self.id.0, end),
        };
        if self.least == Level::Info {
            let mut rows = blocks.range(range)?;
            while !self.is_enough()
                && let Some(row) = if self.is_back() { rows.next_back() } else { rows.next() }
            {
                let (key, value) = row?;
                self.take(key.value().1, value.value())?;
            }
            return Ok(());
        }
        let Some(marks) = open(transaction, tables::RUN_MARKS)? else { return Ok(()) };
        let mut rows = marks.range(range)?;
        while !self.is_enough()
            && let Some(row) = if self.is_back() { rows.next_back() } else { rows.next() }
        {
            let (key, value) = row?;
            let first = key.value().1;
            if self.is_marked(first, value.value())?
                && let Some(block) = blocks.get((self.id.0, first))?
            {
                self.take(first, block.value())?;
            }
        }
        Ok(())
    }

    /// Whether a block holds lines that matter so much.
    fn is_marked(&self, first: u64, sealed: &[u8]) -> Result<bool, Error> {
        let damaged = || Damage::Value { table: MARKS, key: format!("{} {first}", self.id) };
        let bytes = seal::open(MARKS, &tables::pair_of(self.id.0, first), sealed).map_err(|_| damaged())?;
        let mark: Mark = codec::decode(bytes).map_err(|_| damaged())?;
        Ok(mark.errors > 0 || (self.least == Level::Warning && mark.warnings > 0))
    }

    /// Takes what is wanted of a block.
    fn take(&mut self, first: u64, sealed: &[u8]) -> Result<(), Error> {
        let id = self.id;
        let damaged = || Damage::Value { table: LINES, key: format!("{id} {first}") };
        let packed = seal::open(LINES, &tables::pair_of(id.0, first), sealed).map_err(|_| damaged())?;
        let bytes = self.unpacker.decompress(packed, BLOCK_BYTES_MAX).map_err(|_| damaged())?;
        let lines: Vec<StoredLine<'_>> = codec::decode_borrowed(&bytes).map_err(|_| damaged())?;
        let least = self.least;
        let fit = (first..).zip(lines).filter(|(_, line)| line.level >= least);
        self.add(fit.map(|(number, line)| {
            let line = Line { at: line.at, level: line.level, text: line.text.to_owned() };
            Numbered { number, line }
        }));
        Ok(())
    }

    /// Adds what is wanted of lines that follow each other.
    fn add(&mut self, lines: impl Iterator<Item = Numbered>) {
        let (page, least) = (self.page, self.least);
        let before = self.found.len();
        self.found.extend(lines.filter(|Numbered { number, line }| {
            let is_there = match page {
                LogPage::From(first) => *number >= first,
                LogPage::Before(end) => *number < end,
            };
            is_there && line.level >= least
        }));
        if self.is_back() {
            self.found[before..].reverse();
        }
    }

    fn finish(mut self) -> Vec<Numbered> {
        self.found.truncate(self.count);
        if self.is_back() {
            self.found.reverse();
        }
        self.found
    }
}

/// Hands over every line of a log.
///
/// # Errors
/// When a block is damaged, or the first error of `visit`.
pub fn each_line<E: From<Error>>(
    transaction: &ReadTransaction,
    id: RunId,
    mut visit: impl FnMut(Numbered) -> Result<(), E>,
) -> Result<(), E> {
    let mut from = 0;
    loop {
        let page = lines(transaction, id, LogPage::From(from), Level::Info, BLOCK_LINES)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = last.number + 1;
        page.into_iter().try_for_each(&mut visit)?;
    }
}

/// The log of a run of an earlier version: a row for each line, without time and level. There are a thousand at most.
fn old_lines(transaction: &ReadTransaction, id: RunId) -> Result<Vec<Numbered>, Error> {
    let table = transaction.open_table(tables::RUN_LOG)?;
    let mut lines = Vec::new();
    for row in table.range((id.0, 0)..=(id.0, u64::MAX))? {
        let (key, value) = row?;
        let number = key.value().1;
        let bytes = seal::open("run_log", &tables::pair_of(id.0, number), value.value())
            .map_err(|_| Damage::Value { table: "run_log", key: format!("{id} {number}") })?;
        let text = String::from_utf8_lossy(bytes).into_owned();
        let level = match text.split_once(": ") {
            Some(("warning", _)) => Level::Warning,
            Some(("error", _)) => Level::Error,
            _ => Level::Info,
        };
        lines.push(Numbered { number, line: Line { at: 0, level, text } });
    }
    Ok(lines)
}

type Opened<K> = redb::ReadOnlyTable<K, &'static [u8]>;

/// A table that archives know only since it was first written to.
pub(super) fn open<K: redb::Key + 'static>(
    transaction: &ReadTransaction,
    definition: redb::TableDefinition<K, &'static [u8]>,
) -> Result<Option<Opened<K>>, Error> {
    match transaction.open_table(definition) {
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        table => Ok(Some(table?)),
    }
}
