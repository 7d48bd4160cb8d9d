//! The second stage of writing: pieces in order of arrival become chunk numbers. One thread, for order lives here; it
//! compares ids, copies what is new into frames, and writes recipes and the list.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use crate::archive::codec;
use crate::archive::drafts::Kept;
use crate::archive::error::Error;
use crate::archive::frame::Class;
use crate::archive::id::{ChunkId, ChunkNumber, ChunkRun};
use crate::archive::ids::Known;
use crate::archive::list::{self, Body, FileBody, Records, Row, StoredRow};
use crate::archive::recipe::{FullPage, RecipeAt, RecipeBuilder};
use crate::archive::writer::arrived::{self, Arrived};
use crate::archive::writer::checkpoint::Checkpoint;
use crate::archive::writer::cut::{self, Batch, CutEntry, Keys, What};
use crate::archive::writer::draft::Draft;
use crate::archive::writer::fill::{FrameChunk, FrameSizes, RawFrame};
use crate::archive::writer::known::KnownChunks;
use crate::archive::writer::settle::settle;
use crate::model::entry::{EntryHead, Role};
use crate::model::event::{Event, Observer, Warning};
use crate::model::listing::MissingPayloads;
use crate::model::manifest::Manifest;
use crate::model::payload::{Flaw, Outline, PayloadKind, volatile};

/// What a cutting thread has to say of its entry.
pub enum CutMessage {
    Batch(Batch),
    End(Box<CutEntry>),
    /// Its reader has failed: it is no entry.
    Abandoned,
}

/// An entry in the order of arrival.
pub enum Arrival {
    File(EntryHead, Receiver<CutMessage>),
    Folder(EntryHead),
    Missing(EntryHead),
    /// What has arrived is to be kept as a draft, with this state of the job.
    Checkpoint(Vec<u8>),
}

/// Entries that cannot be kept are errors instead of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    KeepFlawed,
    RefuseFlawed,
    /// Payloads are written by this program out of what it has found to be JSON: their records are not looked at again.
    TrustRecords,
}

/// Frames of this size are closed when records of another kind follow.
const FRAME_OF_A_KIND_MIN: usize = 256 << 10;

/// Gives numbers to chunks.
pub struct Sequencer {
    keys: Keys,
    known: KnownChunks,
    frames: Frames,
    /// For records and for slices: the number that comes next if nothing has changed.
    expected: [ChunkNumber; 2],
    arrived: Arrived,
    /// Where drafts are kept, and what has arrived since the last checkpoint; `None` where nothing is kept.
    draft: Option<Drafting>,
    new_bytes: u64,
    strictness: Strictness,
    observer: Arc<dyn Observer + Send + Sync>,
}

/// Rows on their way into a draft.
pub struct Drafting {
    pub rows: Vec<Kept>,
    pub checkpoints: Sender<Checkpoint>,
    /// Of the draft so far.
    pub bytes_new: u64,
}

/// The frame of each class that is being filled.
pub struct Frames {
    open: [Option<RawFrame>; 4],
    next: ChunkNumber,
    full: Sender<RawFrame>,
    sizes: Arc<FrameSizes>,
}

/// The entry that is being written.
struct Writing {
    recipe: RecipeBuilder,
    pages: Vec<ChunkRun>,
    /// The only page so far.
    first: Option<Vec<u8>>,
    new_records: u64,
    flaw: Option<Flaw>,
}

/// The stage that takes the frames has failed; its own error tells why.
pub struct Stopped;

/// A chunk that the archive may not hold yet.
#[derive(Clone, Copy)]
struct NewChunk<'a> {
    known: Known,
    bytes: &'a [u8],
    /// The packed volatile values of a record.
    values: &'a [u8],
    value_count: u32,
}

impl<'a> NewChunk<'a> {
    /// A chunk without volatile values.
    fn plain(id: ChunkId, bytes: &'a [u8]) -> Self {
        Self { known: Known { id, value_check: 0 }, bytes, values: &[], value_count: 0 }
    }
}

/// Why sequencing ended early.
pub enum Stop {
    Stopped,
    Failed(Error),
}

impl From<Stopped> for Stop {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Sequencer {
    #[must_use]
    pub fn new(
        keys: Keys,
        known: KnownChunks,
        frames: Frames,
        arrived: Arrived,
        draft: Option<Drafting>,
        strictness: Strictness,
        observer: Arc<dyn Observer + Send + Sync>,
    ) -> Self {
        let expected = [ChunkNumber(0); 2];
        let new_bytes = draft.as_ref().map_or(0, |draft| draft.bytes_new);
        Self { keys, known, frames, expected, arrived, draft, new_bytes, strictness, observer }
    }

    /// Takes every entry as it arrives, until there are no more. Blocks that are done with go back through `used`.
    ///
    /// # Errors
    /// When a stage before or after this one has failed, or the archive's index cannot be read.
    pub fn run(mut self, arrivals: &Receiver<Arrival>, used: &Sender<Vec<u8>>) -> Result<Self, Stop> {
        let mut last_kind = Vec::new();
        for arrival in arrivals {
            let (row, new_records) = match arrival {
                Arrival::Folder(head) => (Row { head, body: Body::Folder }, 0),
                Arrival::Missing(head) => (Row { head, body: Body::Missing }, 0),
                Arrival::File(head, messages) => {
                    let kind = kind_of(head.path.name());
                    if kind != last_kind {
                        self.frames.close_records(FRAME_OF_A_KIND_MIN)?;
                        last_kind = kind;
                    }
                    match self.file(&head, &messages, used)? {
                        Some((body, new_records)) => (Row { head, body: Body::File(body) }, new_records),
                        None => continue,
                    }
                }
                Arrival::Checkpoint(state) => {
                    self.checkpoint(state)?;
                    continue;
                }
            };
            self.arrived.push(&row, new_records)?;
            if let Some(draft) = &mut self.draft {
                draft.rows.push(((&row).into(), new_records));
            }
        }
        Ok(self)
    }

    /// When everything has arrived: settles what each entry is, and writes the list.
    ///
    /// # Errors
    /// When the entries are no backup of this manifest, or a stage after this one has failed.
    pub fn settle(mut self, manifest: &Manifest, missing: MissingPayloads, folder: PathBuf) -> Result<Draft, Stop> {
        let arrived = std::mem::replace(&mut self.arrived, Arrived::new(folder.clone()));
        let observer = Arc::clone(&self.observer);
        let (mut draft, mut rows) = (Draft::default(), Vec::new());
        settle(arrived, folder, manifest, missing, &*observer, |arrived| {
            self.judge(&arrived)?;
            draft.count(&arrived.row, arrived.new_records);
            rows.push(StoredRow::from(&arrived.row));
            if rows.len() == list::ROWS { self.page_of_list(&mut draft, &mut rows) } else { Ok::<(), Stop>(()) }
        })?;
        self.page_of_list(&mut draft, &mut rows)?;
        self.frames.close_all()?;
        draft.new_bytes = self.new_bytes;
        Ok(draft)
    }

    /// Tells what is wrong with a payload, or refuses it. Of those that were payloads from the beginning it was told.
    fn judge(&self, arrived: &arrived::Arrival) -> Result<(), Stop> {
        let Row { head, body: Body::File(body) } = &arrived.row else { return Ok(()) };
        if arrived.is_told || head.role != Role::Payload {
            return Ok(());
        }
        if let Some(flaw) = &body.flaw {
            self.flawed(head, flaw)?;
        }
        if let Some(records) = &body.records {
            self.warn_of_kind(head, &records.kind);
        }
        Ok(())
    }

    fn file(
        &mut self,
        head: &EntryHead,
        messages: &Receiver<CutMessage>,
        used: &Sender<Vec<u8>>,
    ) -> Result<Option<(FileBody, u64)>, Stop> {
        let mut writing =
            Writing { recipe: RecipeBuilder::default(), pages: Vec::new(), first: None, new_records: 0, flaw: None };
        for message in messages {
            match message {
                CutMessage::Batch(batch) => {
                    self.batch(&mut writing, &batch)?;
                    // When enough wait to be used again, this one is not needed.
                    drop(used.try_send(batch.bytes));
                }
                CutMessage::End(entry) => return self.end(head, writing, *entry).map(Some),
                CutMessage::Abandoned => return Ok(None),
            }
        }
        // The thread that cut this entry is gone without its end.
        Err(Stop::Stopped)
    }

    /// Closes all frames, so that everything that has arrived can be stored.
    fn checkpoint(&mut self, state: Vec<u8>) -> Result<(), Stop> {
        self.frames.close_all()?;
        let Some(draft) = &mut self.draft else { return Ok(()) };
        let rows = std::mem::take(&mut draft.rows);
        let checkpoint = Checkpoint { upto: self.frames.next, rows, state, bytes_new: self.new_bytes };
        Ok(draft.checkpoints.send(checkpoint).map_err(|_| Stopped)?)
    }

    fn batch(&mut self, writing: &mut Writing, batch: &Batch) -> Result<(), Stop> {
        for piece in &batch.pieces {
            let bytes = &batch.bytes[piece.bytes.clone()];
            match &piece.what {
                What::Literal => writing.recipe.literal(bytes),
                What::Plain(id) => {
                    let number = self.slice(*id, bytes)?;
                    writing.recipe.chunk(number);
                }
                What::Record { id, values, value_count, value_check } => {
                    let values = &batch.values[values.clone()];
                    let place = batch.offset.saturating_add_unsigned(piece.bytes.start as u64).cast_unsigned();
                    let known = Known { id: *id, value_check: *value_check };
                    self.record(writing, place, &NewChunk { known, bytes, values, value_count: *value_count })?;
                }
            }
            if let Some(page) = writing.recipe.full_page() {
                self.page(writing, page, false)?;
            }
        }
        Ok(())
    }

    fn record(&mut self, writing: &mut Writing, place: u64, record: &NewChunk<'_>) -> Result<(), Stop> {
        if let Some((number, check)) = self.expected(0, &record.known.id)? {
            let values = (check != record.known.value_check).then_some(record.values);
            writing.recipe.record(number, values);
            return Ok(());
        }
        // Only what was found to be JSON is a record, so a known one need not be looked at again.
        if self.strictness != Strictness::TrustRecords
            && let Err(flaw) = cut::check(record.bytes)
        {
            writing.flaw.get_or_insert(cut::shifted(flaw, place));
            let mut whole = Vec::with_capacity(record.bytes.len() + 2 * record.values.len());
            volatile::fill(record.bytes, record.values, &mut whole).expect("values were cut from this record");
            let number = self.slice(ChunkId::of(&self.keys.plain, &whole), &whole)?;
            writing.recipe.chunk(number);
            return Ok(());
        }
        let number = self.add(Class::Records, record)?;
        writing.new_records += 1;
        writing.recipe.record(number, None);
        Ok(())
    }

    /// The number of a slice of plain content.
    fn slice(&mut self, id: ChunkId, bytes: &[u8]) -> Result<ChunkNumber, Stop> {
        if let Some((number, _)) = self.expected(1, &id)? {
            return Ok(number);
        }
        self.add(Class::Plain, &NewChunk::plain(id, bytes))
    }

    /// The number of a chunk that only the archive itself reads.
    fn own(&mut self, class: Class, key: &[u8; 32], bytes: &[u8]) -> Result<ChunkNumber, Stop> {
        let id = ChunkId::of(key, bytes);
        match self.known.find(&id)? {
            Some((number, _)) => Ok(number),
            None => self.add(class, &NewChunk::plain(id, bytes)),
        }
    }

    /// The chunk with this id, looked for where it stood last time: next in line, or one further when the one in line
    /// was changed or deleted; then anywhere.
    fn expected(&mut self, line: usize, id: &ChunkId) -> Result<Option<(ChunkNumber, u64)>, Error> {
        for number in [self.expected[line], self.expected[line].plus(1)] {
            if let Some(known) = self.known.at(number)?.filter(|known| known.id == *id) {
                self.expected[line] = number.plus(1);
                return Ok(Some((number, known.value_check)));
            }
        }
        let found = self.known.find(id)?;
        if let Some((number, _)) = found {
            self.expected[line] = number.plus(1);
        }
        Ok(found)
    }

    fn add(&mut self, class: Class, new: &NewChunk<'_>) -> Result<ChunkNumber, Stop> {
        let number = self.frames.push(class, new)?;
        self.known.add(new.known.id, number, new.known.value_check);
        self.new_bytes += (new.bytes.len() + new.values.len()) as u64;
        Ok(number)
    }

    fn page(&mut self, writing: &mut Writing, page: FullPage, is_last: bool) -> Result<(), Stop> {
        let values = match &page.values[..] {
            [] => None,
            values => {
                let key = self.keys.values;
                Some(self.own(Class::Values, &key, values)?)
            }
        };
        let bytes = page.encode(values);
        if is_last && writing.pages.is_empty() && FullPage::is_inline(&bytes) {
            writing.first = Some(bytes);
            return Ok(());
        }
        let key = self.keys.recipes;
        let number = self.own(Class::Recipes, &key, &bytes)?;
        ChunkRun::push(&mut writing.pages, number);
        Ok(())
    }

    fn end(&mut self, head: &EntryHead, mut writing: Writing, entry: CutEntry) -> Result<(FileBody, u64), Stop> {
        let last = std::mem::take(&mut writing.recipe).finish();
        self.page(&mut writing, last, true)?;
        let recipe = match writing.first {
            Some(page) => RecipeAt::Here(page),
            None => RecipeAt::Chunks(writing.pages),
        };
        // The cutter sees the skeleton, this stage the records: the first flaw of the two.
        let flaw = match (entry.flaw, writing.flaw) {
            (Some(one), Some(other)) => Some(if one.offset <= other.offset { one } else { other }),
            (one, other) => one.or(other),
        };
        let is_payload = head.role == Role::Payload;
        if is_payload && let Some(flaw) = &flaw {
            self.flawed(head, flaw)?;
        }
        let records = match (&entry.outline, &flaw) {
            (Some(outline), None) => Some(records(head, outline, &entry.older_versions)),
            _ => None,
        };
        if is_payload && let Some(records) = &records {
            self.warn_of_kind(head, &records.kind);
        }
        let body = FileBody { size: entry.size, digest: entry.digest, recipe, records, flaw };
        Ok((body, writing.new_records))
    }

    fn flawed(&self, head: &EntryHead, flaw: &Flaw) -> Result<(), Stop> {
        if self.strictness == Strictness::RefuseFlawed {
            return Err(Error::Flawed { path: self.arrived.settled(&head.path), flaw: flaw.clone() }.into());
        }
        self.warn(Warning::NoRecords { path: self.arrived.settled(&head.path), flaw: flaw.clone() });
        Ok(())
    }

    fn warn_of_kind(&self, head: &EntryHead, kind: &str) {
        if !PayloadKind::from_import_type(kind).is_known() {
            self.warn(Warning::UnknownKind { path: self.arrived.settled(&head.path), kind: kind.to_owned() });
        }
    }

    fn warn(&self, warning: Warning) {
        self.observer.observe(Event::Warning(warning));
    }

    fn page_of_list(&mut self, draft: &mut Draft, rows: &mut Vec<StoredRow>) -> Result<(), Stop> {
        if !rows.is_empty() {
            let page = codec::encode(&std::mem::take(rows));
            let key = self.keys.recipes;
            let number = self.own(Class::Recipes, &key, &page)?;
            ChunkRun::push(&mut draft.list, number);
        }
        Ok(())
    }
}

fn records(head: &EntryHead, outline: &Outline, older_versions: &[u64]) -> Records {
    let kind = outline.kind(&String::from_utf8_lossy(head.path.name()));
    let array = outline.records(&kind);
    Records {
        count: array.map_or(0, |array| outline.arrays[array].elements),
        older_versions: array.and_then(|array| older_versions.get(array)).copied().unwrap_or(0),
        objecttype: outline.objecttype.clone(),
        kind: kind.name().to_owned(),
    }
}

impl Frames {
    /// Frames for chunks from `next` on, which go to `full`.
    pub fn new(next: ChunkNumber, full: Sender<RawFrame>, sizes: Arc<FrameSizes>) -> Self {
        Self { open: [const { None }; 4], next, full, sizes }
    }

    fn push(&mut self, class: Class, new: &NewChunk<'_>) -> Result<ChunkNumber, Stopped> {
        let slot = class as usize;
        let more = new.bytes.len() + new.values.len();
        if self.open[slot].as_ref().is_some_and(|frame| frame.is_full(more, &self.sizes)) {
            self.close(slot)?;
        }
        let next = self.next;
        let frame = self.open[slot].get_or_insert_with(|| RawFrame::new(class));
        let NewChunk { known, bytes, values, value_count } = *new;
        frame.push(next, &FrameChunk { known: Some(known), bytes, values, value_count });
        self.next = next.plus(1);
        Ok(next)
    }

    fn close(&mut self, slot: usize) -> Result<(), Stopped> {
        match self.open[slot].take() {
            Some(frame) => self.full.send(frame).map_err(|_| Stopped),
            None => Ok(()),
        }
    }

    fn close_records(&mut self, min: usize) -> Result<(), Stopped> {
        let slot = Class::Records as usize;
        if self.open[slot].as_ref().is_some_and(|frame| frame.bytes() >= min) { self.close(slot) } else { Ok(()) }
    }

    fn close_all(&mut self) -> Result<(), Stopped> {
        (0..self.open.len()).try_for_each(|slot| self.close(slot))
    }
}

/// What payloads of one kind and objecttype have in common in their names.
fn kind_of(name: &[u8]) -> Vec<u8> {
    name.iter().copied().filter(|byte| !byte.is_ascii_digit()).collect()
}
