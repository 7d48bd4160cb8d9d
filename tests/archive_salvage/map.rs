//! Where the packs and the rows of the snapshots stand in an archive's file, and what each pack is needed for. Found out
//! with redb and `check`, not with the code that salvages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

use fonds::archive::Archive;
use fonds::archive::check::Depth;
use fonds::model::event::Silent;
use memchr::memmem;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

const PACKS: TableDefinition<u64, &[u8]> = TableDefinition::new("packs");
const SNAPSHOTS: TableDefinition<u64, &[u8]> = TableDefinition::new("snapshots");

pub struct Map {
    /// The bytes of each pack.
    packs: BTreeMap<u64, Vec<u8>>,
    /// The bytes of each snapshot's row.
    rows: BTreeMap<u64, Vec<u8>>,
    /// The entries of each snapshot that need a pack; `None` if its list does.
    needed: BTreeMap<u64, BTreeMap<u64, Option<BTreeSet<String>>>>,
    /// Where each pack stands.
    pub places: Vec<Range<usize>>,
    /// Where each row stands.
    pub row_places: Vec<Range<usize>>,
}

impl Map {
    /// Maps an archive, and takes what is left of older packs out of its image.
    pub fn of(archive: &Path, image: &mut [u8]) -> Self {
        let (packs, rows) = (table(archive, PACKS), table(archive, SNAPSHOTS));
        let place = |bytes: &Vec<u8>| {
            let start = memmem::find(image, bytes).expect("a value stands in the file");
            start..start + bytes.len()
        };
        let places: Vec<Range<usize>> = packs.values().map(place).collect();
        let row_places = rows.values().map(place).collect();
        let starts: Vec<usize> = memmem::find_iter(image, b"fondsPK\x01").collect();
        for start in starts.into_iter().filter(|start| !places.iter().any(|place| place.contains(start))) {
            image[start] ^= 1;
        }
        let needed = packs.keys().map(|id| (*id, needs(archive, *id))).collect();
        Self { packs, rows, needed, places, row_places }
    }

    /// The snapshots that can be proved in an image, each with the entries that are lost; `None` if its list is.
    pub fn expected(&self, image: &[u8]) -> BTreeMap<u64, Option<BTreeSet<String>>> {
        let is_there = |bytes: &[u8]| memmem::find(image, bytes).is_some();
        let damaged: Vec<u64> = self.packs.iter().filter(|(_, bytes)| !is_there(bytes)).map(|(id, _)| *id).collect();
        eprintln!("{} of {} packs are damaged", damaged.len(), self.packs.len());
        let lost = |number: &u64| {
            let mut lost = BTreeSet::new();
            for needed in damaged.iter().filter_map(|id| self.needed[id].get(number)) {
                lost.extend(needed.clone()?);
            }
            Some(lost)
        };
        let rows = self.rows.iter().filter(|(_, bytes)| is_there(bytes));
        rows.map(|(number, _)| (*number, lost(number))).collect()
    }

    pub fn has_pack(&self, image: &[u8]) -> bool {
        self.packs.values().any(|bytes| memmem::find(image, bytes).is_some())
    }
}

fn table(archive: &Path, definition: TableDefinition<'_, u64, &[u8]>) -> BTreeMap<u64, Vec<u8>> {
    let database = Database::builder().open_read_only(archive).expect("an archive");
    let transaction = database.begin_read().expect("a view");
    let table = transaction.open_table(definition).expect("a table");
    let rows = table.iter().expect("rows").map(|row| row.expect("a row"));
    rows.map(|(key, value)| (key.value(), value.value().to_vec())).collect()
}

/// The entries that cannot be given back without a pack.
fn needs(archive: &Path, pack: u64) -> BTreeMap<u64, Option<BTreeSet<String>>> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("fonds.redb");
    fs::copy(archive, &path).expect("room for an archive");
    let database = Database::open(&path).expect("an archive");
    let transaction = database.begin_write().expect("a transaction");
    transaction.open_table(PACKS).expect("a table").remove(pack).expect("a pack");
    transaction.commit().expect("a commit");
    database.close().expect("a close");
    let archive = Archive::open(&path).expect("an archive");
    let report = archive.check(Depth::Structure, &Silent).expect("a check");
    let mut needs: BTreeMap<u64, Option<BTreeSet<String>>> = BTreeMap::new();
    for hit in report.findings.into_iter().flat_map(|finding| finding.hits) {
        let entries = needs.entry(hit.snapshot.0).or_insert_with(|| Some(BTreeSet::new()));
        match (hit.path, entries.as_mut()) {
            (Some(path), Some(entries)) => drop(entries.insert(path.to_string())),
            (None, _) => *entries = None,
            _ => {}
        }
    }
    needs
}
