//! The log of a run: blocks of lines, compressed, each under the number of its first line, so that any page of millions of
//! lines is read at once. Beside the blocks stands which of them hold warnings and errors.

use std::ops::ControlFlow;

use bincode::{Decode, Encode};
use redb::{ReadTransaction, TableError, WriteTransaction};

use crate::archive::error::{Damage, Error, guarded};
use crate::archive::id::RunId;
use crate::archive::runs::parts::{Part, put};
use crate::archive::{codec, seal, tables};
use crate::model::log::{LINE_BYTES_MAX, Level, Line, Numbered};

/// Lines of a block at most: with a hundred bytes each it is unpacked in a tenth of a millisecond.
pub const BLOCK_LINES: usize = 256;
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
        Ok(first + unpacked(id, first, value.value())?.len() as u64)
    })?
}

/// At most `count` lines that matter at least so much, in the order of the log.
///
/// # Errors
/// When a block is damaged.
pub fn lines(
    transaction: &ReadTransaction,
    id: RunId,
    from: LogPage,
    least: Level,
    count: usize,
) -> Result<Vec<Numbered>, Error> {
    let mut found = Vec::new();
    let wanted = |number: &u64| match from {
        LogPage::From(first) => *number >= first,
        LogPage::Before(end) => *number < end,
    };
    let mut take = |block: Vec<Numbered>| {
        let fit = block.into_iter().filter(|Numbered { number, line }| wanted(number) && line.level >= least);
        let before = found.len();
        found.extend(fit);
        if matches!(from, LogPage::Before(_)) {
            // Gathered back to front, and turned at the end.
            found[before..].reverse();
        }
        if found.len() >= count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let old = guarded(|| old_lines(transaction, id))??;
    if old.is_empty() {
        guarded(|| blocks(transaction, id, from, least, &mut take))??;
    } else {
        let _ = take(old);
    }
    found.truncate(count);
    if matches!(from, LogPage::Before(_)) {
        found.reverse();
    }
    Ok(found)
}

/// Hands over the blocks that hold lines which matter so much, in the direction of `from`, until there are enough.
fn blocks(
    transaction: &ReadTransaction,
    id: RunId,
    from: LogPage,
    least: Level,
    take: &mut impl FnMut(Vec<Numbered>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let Some(table) = open(transaction, tables::RUN_LINES)? else { return Ok(()) };
    let marks = open(transaction, tables::RUN_MARKS)?;
    // The block that holds a line begins at it or before it.
    let begin = match from {
        LogPage::From(first) => {
            let row = table.range((id.0, 0)..=(id.0, first))?.next_back().transpose()?;
            row.map_or(0, |(key, _)| key.value().1)
        }
        LogPage::Before(_) => 0,
    };
    let range = match from {
        LogPage::From(_) => (id.0, begin)..(id.0, u64::MAX),
        LogPage::Before(end) => (id.0, 0)..(id.0, end),
    };
    let visit = |first: u64, take: &mut dyn FnMut(Vec<Numbered>) -> ControlFlow<()>| -> Result<bool, Error> {
        let Some(value) = table.get((id.0, first))? else { return Ok(true) };
        Ok(take(unpacked(id, first, value.value())?).is_continue())
    };
    if least == Level::Info {
        let mut rows = table.range(range)?;
        while let Some(row) = if matches!(from, LogPage::From(_)) { rows.next() } else { rows.next_back() } {
            let (key, value) = row?;
            if take(unpacked(id, key.value().1, value.value())?).is_break() {
                break;
            }
        }
        return Ok(());
    }
    let Some(marks) = marks else { return Ok(()) };
    let mut rows = marks.range(range)?;
    while let Some(row) = if matches!(from, LogPage::From(_)) { rows.next() } else { rows.next_back() } {
        let (key, value) = row?;
        let first = key.value().1;
        let damaged = || Damage::Value { table: MARKS, key: format!("{id} {first}") };
        let bytes = seal::open(MARKS, &tables::pair_of(id.0, first), value.value()).map_err(|_| damaged())?;
        let mark: Mark = codec::decode(bytes).map_err(|_| damaged())?;
        let is_wanted = mark.errors > 0 || (least == Level::Warning && mark.warnings > 0);
        if is_wanted && !visit(first, take)? {
            break;
        }
    }
    Ok(())
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

fn unpacked(id: RunId, first: u64, sealed: &[u8]) -> Result<Vec<Numbered>, Error> {
    let damaged = || Damage::Value { table: LINES, key: format!("{id} {first}") };
    let packed = seal::open(LINES, &tables::pair_of(id.0, first), sealed).map_err(|_| damaged())?;
    let bytes = zstd::bulk::decompress(packed, BLOCK_BYTES_MAX).map_err(|_| damaged())?;
    let lines: Vec<Line> = codec::decode(&bytes).map_err(|_| damaged())?;
    Ok((first..).zip(lines).map(|(number, line)| Numbered { number, line }).collect())
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
