//! Snapshots whose packs are in a new archive: what they need is looked for and proved, and what is lost is recorded as
//! missing, so that everything else can be used like any snapshot.

use std::collections::HashSet;
use std::sync::Arc;

use redb::ReadableDatabase as _;

use crate::archive::check::Depth;
use crate::archive::check::entries::{Damaged, walk};
use crate::archive::chunks::{ChunkCursor, Chunks};
use crate::archive::codec;
use crate::archive::error::Error;
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
    let entries = snapshot.counts.entries;
    let (pages, mut rows) = readable(chunks, snapshot);
    let all_pages: u64 = snapshot.list.iter().map(|run| run.count).sum();
    let partial = Snapshot { list: pages.clone(), ..snapshot.clone() };
    let seen = walk(chunks, &partial, &Damaged::default(), Depth::Data, proved);
    let mut lost: Vec<EntryPath> = seen.unsound.into_iter().map(|entry| entry.path).collect();
    // Entries with the same bytes as a lost one were passed over.
    if !lost.is_empty() {
        let seen = walk(chunks, &partial, &Damaged::default(), Depth::Data, &mut HashSet::new());
        lost = seen.unsound.into_iter().map(|entry| entry.path).collect();
    }
    let nameless = entries.saturating_sub(rows.len() as u64);
    let is_manifest = |row: &Row| row.head.role == Role::Manifest;
    let manifest_lost = !rows.iter().any(|row| is_manifest(row) && !lost.contains(&row.head.path));
    let pages_found: u64 = pages.iter().map(|run| run.count).sum();
    let found = SalvagedSnapshot {
        number: snapshot.number,
        name: snapshot.name.clone(),
        entries,
        lost,
        nameless,
        manifest_lost,
    };
    if found.is_whole() && pages_found == all_pages && !manifest_lost {
        return Ok(found);
    }
    let names: HashSet<&EntryPath> = found.lost.iter().collect();
    for row in rows.iter_mut().filter(|row| names.contains(&row.head.path)) {
        row.body = Body::Missing;
    }
    if manifest_lost {
        rows.retain(|row| !is_manifest(row));
        let manifest = lists.manifest(&rows)?;
        rows.insert(0, manifest);
    }
    snapshot.list = lists.write(&rows)?;
    recount(snapshot, &rows);
    Ok(found)
}

/// The pages of the list that are there, and their rows.
fn readable(chunks: &Chunks, snapshot: &Snapshot) -> (Vec<ChunkRun>, Vec<Row>) {
    let mut cursor = ChunkCursor::new(chunks);
    let (mut pages, mut rows) = (Vec::new(), Vec::new());
    for number in snapshot.list.iter().copied().flat_map(ChunkRun::numbers) {
        let stored = cursor.chunk(number).ok().and_then(|page| codec::decode::<Vec<StoredRow>>(page).ok());
        let page: Option<Vec<Row>> = stored.and_then(|stored| stored.into_iter().map(StoredRow::row).collect());
        if let Some(page) = page {
            ChunkRun::push(&mut pages, number);
            rows.extend(page);
        }
    }
    (pages, rows)
}

/// Makes the snapshot's row say what is left of it.
fn recount(snapshot: &mut Snapshot, rows: &[Row]) {
    let mut counted = draft::Draft::default();
    for row in rows {
        counted.count(row, 0);
    }
    for kind in &mut counted.kinds {
        let same = |old: &&KindCount| old.kind == kind.kind && old.objecttype == kind.objecttype;
        kind.new_records = snapshot.kinds.iter().find(same).map_or(0, |old| old.new_records);
    }
    (snapshot.counts, snapshot.kinds) = (counted.counts, counted.kinds);
}

/// Writes lists anew.
struct Lists {
    store: Store,
    packer: Packer,
    keys: Keys,
    next: ChunkNumber,
}

impl Lists {
    fn new(archive: &ArchiveMut, next: ChunkNumber) -> Result<Self, Error> {
        let store = Store::of_numbered(Arc::clone(&archive.database))?;
        let packer = Packer::new().map_err(|error| Error::from(redb::Error::Io(error)))?;
        Ok(Self { store, packer, keys: Keys::new(&archive.header), next })
    }

    fn write(&mut self, rows: &[Row]) -> Result<Vec<ChunkRun>, Error> {
        let mut list = Vec::new();
        for rows in rows.chunks(ROWS) {
            let stored: Vec<StoredRow> = rows.iter().map(StoredRow::from).collect();
            let number = self.chunk(Class::Recipes, &codec::encode(&stored))?;
            ChunkRun::push(&mut list, number);
        }
        Ok(list)
    }

    /// A manifest that names the payloads of a list.
    fn manifest(&mut self, rows: &[Row]) -> Result<Row, Error> {
        let payloads = rows.iter().filter(|row| row.head.role == Role::Payload);
        let names: Vec<_> = payloads.map(|row| String::from_utf8_lossy(row.head.path.as_bytes())).collect();
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
