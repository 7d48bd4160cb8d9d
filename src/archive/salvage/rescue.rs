//! Snapshots whose packs are in a new archive: what they need is looked for and proved, and what is lost is recorded as
//! missing, so that everything else can be used like any snapshot.

use std::collections::HashSet;
use std::sync::Arc;

use redb::ReadableDatabase as _;

use crate::archive::check::Depth;
use crate::archive::check::entries::{Damaged, walk};
use crate::archive::chunks::{ChunkCursor, Chunks};
use crate::archive::codec;
use crate::archive::error::{Damage, Error};
use crate::archive::file::ArchiveMut;
use crate::archive::frame::Class;
use crate::archive::id::{ChunkId, ChunkNumber, ChunkRun, RunId};
use crate::archive::ids::Known;
use crate::archive::list::{Body, FileBody, ROWS, Row, StoredRow};
use crate::archive::recipe::{RecipeAt, RecipeBuilder};
use crate::archive::salvage::SalvagedSnapshot;
use crate::archive::snapshot::{self, KindCount, Snapshot};
use crate::archive::writer::cut::Keys;
use crate::archive::writer::draft;
use crate::archive::writer::fill::{FrameChunk, FrameSizes, Packer, RawFrame};
use crate::archive::writer::store::Store;
use crate::archive::{numbers, tables};
use crate::model::entry::{Digest, Encoding, EntryHead, Role};
use crate::model::event::{Event, Observer};
use crate::model::manifest;
use crate::model::path::EntryPath;

pub(super) fn rescue(
    archive: &ArchiveMut,
    snapshots: Vec<Snapshot>,
    run: RunId,
    observer: &dyn Observer,
) -> Result<Vec<SalvagedSnapshot>, Error> {
    let bytes = snapshots.iter().map(|snapshot| snapshot.counts.bytes).sum();
    observer.observe(Event::Started { verb: "prove", entries: snapshots.len() as u64, bytes });
    let transaction = archive.database.begin_read()?;
    let chunks = Chunks::new(&transaction)?;
    let next = numbers::next(&transaction.open_table(tables::EXTENTS)?, &transaction.open_table(tables::META)?)?;
    let mut lists = Lists::new(archive, next)?;
    let (mut rescued, mut found) = (Vec::new(), Vec::new());
    let mut proved = HashSet::new();
    for snapshot in snapshots {
        let bytes = snapshot.counts.bytes;
        let mut snapshot = Snapshot { run, ..snapshot };
        found.push(one(&chunks, &mut snapshot, &mut lists, &mut proved)?);
        rescued.push(snapshot);
        observer.observe(Event::Advanced { entries: 1, bytes });
    }
    drop((chunks, transaction));
    lists.finish(&rescued)?;
    observer.observe(Event::Finished);
    Ok(found)
}

/// Looks at all entries of a snapshot, and makes it one without those that are lost.
fn one(
    chunks: &Chunks,
    snapshot: &mut Snapshot,
    lists: &mut Lists,
    proved: &mut HashSet<Digest>,
) -> Result<SalvagedSnapshot, Error> {
    let readable = Readable::of(chunks, snapshot);
    let partial = Snapshot { list: readable.pages.clone(), ..snapshot.clone() };
    let mut seen = walk(chunks, &partial, &Damaged::default(), Depth::Data, proved);
    if !seen.unsound.is_empty() {
        // Entries with the same bytes as a lost one were passed over, and would be in the next snapshot.
        proved.clear();
        seen = walk(chunks, &partial, &Damaged::default(), Depth::Data, &mut HashSet::new());
    }
    let lost: Vec<EntryPath> = seen.unsound.into_iter().map(|entry| entry.path).collect();
    let found = SalvagedSnapshot {
        number: snapshot.number,
        name: snapshot.name.clone(),
        entries: snapshot.counts.entries,
        nameless: snapshot.counts.entries.saturating_sub(readable.rows),
        manifest_lost: readable.manifest.as_ref().is_none_or(|path| lost.contains(path)),
        lost,
    };
    if !found.is_whole() || found.manifest_lost {
        mend(chunks, snapshot, &readable, &found, lists)?;
    }
    Ok(found)
}

/// Writes the list of a snapshot anew, and makes its row say what is left.
fn mend(
    chunks: &Chunks,
    snapshot: &mut Snapshot,
    readable: &Readable,
    found: &SalvagedSnapshot,
    lists: &mut Lists,
) -> Result<(), Error> {
    let lost: HashSet<&EntryPath> = found.lost.iter().collect();
    let mut left = draft::Draft::default();
    if found.manifest_lost {
        let mut payloads = Vec::new();
        readable.each(chunks, |row| {
            if row.head.role == Role::Payload {
                payloads.push(String::from_utf8_lossy(row.head.path.as_bytes()).into_owned());
            }
            Ok(())
        })?;
        let manifest = lists.manifest(&payloads)?;
        left.count(&manifest, 0);
        lists.push(&manifest)?;
    }
    readable.each(chunks, |mut row| {
        if found.manifest_lost && row.head.role == Role::Manifest {
            return Ok(());
        }
        if lost.contains(&row.head.path) {
            row.body = Body::Missing;
        }
        left.count(&row, 0);
        lists.push(&row)
    })?;
    for kind in &mut left.kinds {
        let same = |old: &&KindCount| old.kind == kind.kind && old.objecttype == kind.objecttype;
        kind.new_records = snapshot.kinds.iter().find(same).map_or(0, |old| old.new_records);
    }
    (snapshot.counts, snapshot.kinds) = (left.counts, left.kinds);
    snapshot.list = lists.end()?;
    Ok(())
}

/// What is there of a snapshot's list.
#[derive(Default)]
struct Readable {
    pages: Vec<ChunkRun>,
    rows: u64,
    manifest: Option<EntryPath>,
}

impl Readable {
    fn of(chunks: &Chunks, snapshot: &Snapshot) -> Self {
        let mut cursor = ChunkCursor::new(chunks);
        let mut readable = Self::default();
        for number in snapshot.list.iter().copied().flat_map(ChunkRun::numbers) {
            let Some(page) = rows(&mut cursor, number) else { continue };
            ChunkRun::push(&mut readable.pages, number);
            readable.rows += page.len() as u64;
            let manifest = page.into_iter().find(|row| row.head.role == Role::Manifest);
            readable.manifest = readable.manifest.or(manifest.map(|row| row.head.path));
        }
        readable
    }

    /// Hands over every row, page by page.
    fn each(&self, chunks: &Chunks, mut visit: impl FnMut(Row) -> Result<(), Error>) -> Result<(), Error> {
        let mut cursor = ChunkCursor::new(chunks);
        for number in self.pages.iter().copied().flat_map(ChunkRun::numbers) {
            let page = rows(&mut cursor, number).ok_or(Damage::Recipe)?;
            page.into_iter().try_for_each(&mut visit)?;
        }
        Ok(())
    }
}

/// The rows of a page, if it is there.
fn rows(cursor: &mut ChunkCursor<'_>, page: ChunkNumber) -> Option<Vec<Row>> {
    let stored: Vec<StoredRow> = codec::decode(cursor.chunk(page).ok()?).ok()?;
    stored.into_iter().map(StoredRow::row).collect()
}

/// Writes lists anew.
struct Lists {
    store: Store,
    packer: Packer,
    keys: Keys,
    next: ChunkNumber,
    /// The list that is being written, and its last page.
    list: Vec<ChunkRun>,
    page: Vec<StoredRow>,
}

impl Lists {
    fn new(archive: &ArchiveMut, next: ChunkNumber) -> Result<Self, Error> {
        let store = Store::of_numbered(Arc::clone(&archive.database))?;
        let packer = Packer::new().map_err(|error| Error::from(redb::Error::Io(error)))?;
        Ok(Self { store, packer, keys: Keys::new(&archive.header), next, list: Vec::new(), page: Vec::new() })
    }

    /// Adds a row to the list that is being written.
    fn push(&mut self, row: &Row) -> Result<(), Error> {
        self.page.push(StoredRow::from(row));
        if self.page.len() == ROWS { self.flush() } else { Ok(()) }
    }

    /// Ends the list; its pages.
    fn end(&mut self) -> Result<Vec<ChunkRun>, Error> {
        self.flush()?;
        Ok(std::mem::take(&mut self.list))
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.page.is_empty() {
            return Ok(());
        }
        let page = codec::encode(&std::mem::take(&mut self.page));
        let number = self.chunk(Class::Recipes, &page)?;
        ChunkRun::push(&mut self.list, number);
        Ok(())
    }

    /// A manifest that names these payloads.
    fn manifest(&mut self, names: &[String]) -> Result<Row, Error> {
        let text = serde_json::json!({ "payloads": names }).to_string();
        let mut recipe = RecipeBuilder::default();
        for slice in text.as_bytes().chunks(Class::Plain.frame_bytes()) {
            recipe.chunk(self.chunk(Class::Plain, slice)?);
        }
        let page = recipe.finish().encode(None);
        let number = self.chunk(Class::Recipes, &page)?;
        let head = EntryHead {
            path: manifest::FILE_NAME.parse().expect("the name of the manifest is a path"),
            role: Role::Manifest,
            encoding: Encoding::Plain,
            size: Some(text.len() as u64),
            modified: None,
        };
        let recipe = RecipeAt::Chunks(vec![ChunkRun { first: number, count: 1 }]);
        let (size, digest) = (text.len() as u64, Digest::of(text.as_bytes()));
        Ok(Row { head, body: Body::File(FileBody { size, digest, recipe, records: None, flaw: None }) })
    }

    fn chunk(&mut self, class: Class, bytes: &[u8]) -> Result<ChunkNumber, Error> {
        let number = self.next;
        self.next = number.plus(1);
        let known = Known { id: ChunkId::of(self.keys.of(class), bytes), value_check: 0 };
        let mut raw = RawFrame::new(class);
        raw.push(number, &FrameChunk { known: Some(known), bytes, values: &[], value_count: 0 });
        let failed = |error| Error::from(redb::Error::Io(error));
        for frame in self.packer.pack(raw, &FrameSizes::default()).map_err(failed)? {
            self.store.place(frame)?;
        }
        Ok(number)
    }

    /// Makes the snapshots visible.
    fn finish(self, snapshots: &[Snapshot]) -> Result<(), Error> {
        self.store.finish(|transaction, _| {
            snapshots.iter().try_for_each(|snapshot| snapshot::insert_numbered(transaction, snapshot))
        })
    }
}
