//! Which chunks are needed: those that the lists of all snapshots, and the entries of all drafts, lead to. Lists and recipes share pages, and each page
//! is walked once, so a year of nightly snapshots costs little more than one.

use redb::ReadTransaction;
use roaring::RoaringTreemap;

use crate::archive::chunks::{ChunkCursor, Chunks};
use crate::archive::error::{Damage, Error};
use crate::archive::id::{ChunkNumber, ChunkRun, SnapshotNumber};
use crate::archive::list::{Body, Row, StoredRow};
use crate::archive::recipe::{Page, RecipeAt};
use crate::archive::snapshot::{self, Snapshot};
use crate::archive::{codec, drafts};

/// What snapshots need.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marks {
    pub snapshots: u64,
    pub chunks: RoaringTreemap,
    /// Records among them of which no snapshot needs the volatile values that they were first seen with.
    pub without_values: RoaringTreemap,
}

/// Marks what is needed by all snapshots but `without`.
///
/// # Errors
/// When a snapshot, a list or a recipe cannot be read: then what it needs is unknown, and nothing may be taken away.
pub(super) fn mark(transaction: &ReadTransaction, without: &[SnapshotNumber]) -> Result<Marks, Error> {
    let chunks = Chunks::new(transaction)?;
    let (needed, with_values) = (Marks::default(), RoaringTreemap::new());
    let mut marker = Marker { cursor: ChunkCursor::new(&chunks), needed, with_values };
    for snapshot in snapshot::all(transaction)? {
        let snapshot = snapshot?;
        if !without.contains(&snapshot.number) {
            marker.snapshot(&snapshot)?;
            marker.needed.snapshots += 1;
        }
    }
    for draft in drafts::all(transaction)? {
        draft?.rows(transaction, |row, _| marker.row(row))?;
    }
    marker.needed.without_values -= marker.with_values;
    Ok(marker.needed)
}

struct Marker<'a> {
    cursor: ChunkCursor<'a>,
    needed: Marks,
    /// Records of which some snapshot needs the values that they were first seen with.
    with_values: RoaringTreemap,
}

impl Marker<'_> {
    fn snapshot(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        for number in snapshot.list.iter().copied().flat_map(ChunkRun::numbers) {
            // What a page leads to does not change.
            if self.needed.chunks.insert(number.0) {
                self.rows(number)?;
            }
        }
        Ok(())
    }

    fn rows(&mut self, page: ChunkNumber) -> Result<(), Error> {
        let rows: Vec<StoredRow> = codec::decode(self.cursor.chunk(page)?).map_err(|_| Damage::Recipe)?;
        for row in rows {
            self.row(row.row().ok_or(Damage::Recipe)?)?;
        }
        Ok(())
    }

    fn row(&mut self, row: Row) -> Result<(), Error> {
        match row.body {
            Body::File(file) => self.recipe(&file.recipe),
            Body::Folder | Body::Missing => Ok(()),
        }
    }

    fn recipe(&mut self, recipe: &RecipeAt) -> Result<(), Error> {
        match recipe {
            RecipeAt::Here(bytes) => self.page(&Page::decode(bytes).map_err(|_| Damage::Recipe)?),
            RecipeAt::Chunks(runs) => {
                for number in runs.iter().copied().flat_map(ChunkRun::numbers) {
                    if self.needed.chunks.insert(number.0) {
                        let page = Page::decode(self.cursor.chunk(number)?).map_err(|_| Damage::Recipe)?;
                        self.page(&page);
                    }
                }
            }
        }
        Ok(())
    }

    fn page(&mut self, page: &Page) {
        for (run, _) in page.runs() {
            self.needed.chunks.insert_range(run.range());
        }
        let (own, other) = page.by_values();
        for run in own {
            self.with_values.insert_range(run.range());
        }
        for run in other {
            self.needed.without_values.insert_range(run.range());
        }
    }
}
