//! Check: everything that is wrong with an archive, stopping at nothing. Content is proved by our own seals, ids and
//! digests alone; redb's page checksums prove nothing about it.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

use redb::{ReadTransaction, ReadableTable as _};

use crate::archive::chunks::Chunks;
use crate::archive::error::{Damage, Error};
use crate::archive::extent;
use crate::archive::file::{Archive, guarded};
use crate::archive::frame::{Frame, FrameEntry};
use crate::archive::id::{ChunkId, ChunkNumber, ChunkRun, PackId, SnapshotNumber};
use crate::archive::list::{Body, FileBody, Row};
use crate::archive::pack::Pack;
use crate::archive::rebuild::Rebuilder;
use crate::archive::snapshot::{self, Snapshot};
use crate::archive::{ids, index, runs, tables};
use crate::model::entry::Digest;
use crate::model::event::{Event, Observer};
use crate::model::path::EntryPath;

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every table, snapshot, list and recipe, and that every chunk they name is there.
    Structure,
    /// That, and every byte: each pack, each chunk against its id, each entry against its digest.
    Data,
}

/// What a check has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub snapshots: u64,
    /// Entries of all snapshots.
    pub entries: u64,
    pub packs: u64,
    pub chunks: u64,
    /// Plain bytes that were read and found right: of chunks, and of entries.
    pub bytes_plain: u64,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is damaged.
    pub damage: String,
    /// What cannot be given back because of it; empty if nothing needs it.
    pub hits: Vec<Hit>,
}

/// Something that a finding makes unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub snapshot: SnapshotNumber,
    pub name: String,
    /// `None`: the snapshot as a whole.
    pub path: Option<EntryPath>,
    /// The records hit, counted from 1 within the payload; empty where it is not about records.
    pub records: Vec<u64>,
}

/// Records that a hit names; there can be as many as a payload has.
const RECORDS_MAX: usize = 1000;

impl Archive {
    /// Looks for everything that is wrong.
    ///
    /// # Errors
    /// When not even a view of the database can be had.
    pub fn check(&self, depth: Depth, observer: &dyn Observer) -> Result<Report, Error> {
        let transaction = self.read()?;
        let mut check = Check { archive: self, depth, observer, report: Report::default(), damaged: Damaged::default() };
        check.whole("runs", guarded(|| check_runs(&transaction)));
        check.packs(&transaction);
        check.derived(&transaction);
        check.snapshots(&transaction);
        Ok(check.report)
    }
}

/// A check under way.
struct Check<'a> {
    archive: &'a Archive,
    depth: Depth,
    observer: &'a dyn Observer,
    report: Report,
    damaged: Damaged,
}

/// What other things may need: hits are looked for when entries are walked.
#[derive(Default)]
struct Damaged {
    /// Runs of chunk numbers that cannot be read, and the finding that says so.
    runs: BTreeMap<u64, (u64, usize)>,
}

impl Damaged {
    fn add(&mut self, run: ChunkRun, finding: usize) {
        self.runs.entry(run.first.0).or_insert((run.count, finding));
    }

    /// The finding that makes a chunk unusable.
    fn finding(&self, number: ChunkNumber) -> Option<usize> {
        let (first, (count, finding)) = self.runs.range(..=number.0).next_back()?;
        (number.0 - first < *count).then_some(*finding)
    }
}

impl Check<'_> {
    /// Notes a finding that is not about chunks.
    fn note(&mut self, damage: impl ToString) {
        self.find(damage);
    }

    fn find(&mut self, damage: impl ToString) -> usize {
        let damage = damage.to_string();
        if let Some(at) = self.report.findings.iter().position(|finding| finding.damage == damage) {
            return at;
        }
        self.report.findings.push(Finding { damage, hits: Vec::new() });
        self.report.findings.len() - 1
    }

    /// Notes what was found in a part that is looked at as a whole.
    fn whole(&mut self, part: &str, found: Result<Result<Vec<Error>, Error>, Error>) {
        match found {
            Ok(Ok(errors)) => errors.iter().for_each(|error| self.note(plain(error))),
            Ok(Err(error)) | Err(error) => self.note(format!("{part}: {}", plain(&error))),
        }
    }

    /// Every pack, on all cores.
    fn packs(&mut self, transaction: &ReadTransaction) {
        let ids = match guarded(|| pack_ids(transaction)) {
            Ok(Ok(ids)) => ids,
            Ok(Err(error)) | Err(error) => return self.note(format!("packs: {}", plain(&error))),
        };
        let bytes: u64 = ids.len() as u64 * crate::archive::pack::PACK_MAX as u64;
        self.observer.observe(Event::Started { verb: "check", entries: ids.len() as u64, bytes });
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let (archive, depth, observer) = (self.archive, self.depth, self.observer);
        let results = Mutex::new(Vec::new());
        let next = Mutex::new(ids.iter());
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(id) = next.lock().unwrap_or_else(PoisonError::into_inner).next().copied() {
                        let seen = guarded(|| check_pack(archive, transaction, id, depth)).and_then(|seen| seen);
                        observer.observe(Event::Advanced { entries: 1, bytes: crate::archive::pack::PACK_MAX as u64 });
                        results.lock().unwrap_or_else(PoisonError::into_inner).push((id, seen));
                    }
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_by_key(|(id, _)| *id);
        for (_, seen) in results {
            match seen {
                Ok(seen) => {
                    self.report.packs += 1;
                    self.report.chunks += seen.chunks;
                    self.report.bytes_plain += seen.bytes;
                    for (run, damage) in seen.damaged {
                        let finding = self.find(damage);
                        self.damaged.add(run, finding);
                    }
                }
                Err(error) => self.note(plain(&error)),
            }
        }
        self.observer.observe(Event::Finished);
    }

    /// What is derived from the packs: extents, ids, index.
    fn derived(&mut self, transaction: &ReadTransaction) {
        self.whole("extents", guarded(|| check_extents(transaction)));
        self.whole("ids and index", guarded(|| check_index(transaction)));
        match guarded(|| lost_runs(transaction)) {
            Ok(Ok(lost)) => {
                for (run, damage) in lost {
                    let finding = self.find(damage);
                    self.damaged.add(run, finding);
                }
            }
            Ok(Err(error)) | Err(error) => self.note(format!("extents: {}", plain(&error))),
        }
    }

    /// Every snapshot, its list, its recipes, and with [`Depth::Data`] its entries.
    fn snapshots(&mut self, transaction: &ReadTransaction) {
        let (snapshots, chunks) = match guarded(|| Ok((snapshot::all(transaction)?, Chunks::new(transaction)?))) {
            Ok(Ok(found)) => found,
            Ok(Err(error)) | Err(error) => return self.note(format!("snapshots: {}", plain(&error))),
        };
        let mut names = HashSet::new();
        let mut seen = HashSet::new();
        for snapshot in snapshots {
            match snapshot {
                Ok(snapshot) => {
                    names.insert((snapshot.name.clone(), snapshot.number.0));
                    self.snapshot(&snapshot, &chunks, &mut seen);
                }
                Err(error) => self.note(plain(&error)),
            }
        }
        self.whole("names", guarded(|| check_names(transaction, &names)));
    }

    fn snapshot(&mut self, snapshot: &Snapshot, chunks: &Chunks, seen: &mut HashSet<Digest>) {
        self.report.snapshots += 1;
        let mut rows = 0;
        let walked = guarded(|| {
            Rebuilder::new(chunks).rows(snapshot, |_, row| {
                rows += 1;
                self.entry(snapshot, chunks, &row, seen);
                Ok::<(), Error>(())
            })
        });
        self.report.entries += rows;
        match walked {
            Ok(Ok(())) if rows == snapshot.counts.entries => {}
            Ok(Ok(())) => self.hit(&Damage::Recipe.to_string(), snapshot, None, Vec::new()),
            Ok(Err(error)) | Err(error) => self.hit(&plain(&error), snapshot, None, Vec::new()),
        }
    }

    fn hit(&mut self, damage: &str, snapshot: &Snapshot, path: Option<EntryPath>, records: Vec<u64>) {
        let at = self.find(damage);
        let hit = Hit { snapshot: snapshot.number, name: snapshot.name.clone(), path, records };
        self.report.findings[at].hits.push(hit);
    }

    fn entry(&mut self, snapshot: &Snapshot, chunks: &Chunks, row: &Row, seen: &mut HashSet<Digest>) {
        let Body::File(body) = &row.body else { return };
        let path = &row.head.path;
        let is_payload = body.records.is_some();
        let mut needed: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        let mut missing = None;
        let walked = guarded(|| self.walk(chunks, body, &mut needed, &mut missing)).and_then(|walked| walked);
        for (finding, records) in &needed {
            let records = if is_payload { records.clone() } else { Vec::new() };
            let damage = self.report.findings[*finding].damage.clone();
            self.hit(&damage, snapshot, Some(path.clone()), records);
        }
        if let Some(number) = missing {
            self.hit(&Damage::NoChunk(number).to_string(), snapshot, Some(path.clone()), Vec::new());
        }
        if let Err(error) = walked {
            if needed.is_empty() {
                self.hit(&plain(&error), snapshot, Some(path.clone()), Vec::new());
            }
            return;
        }
        if self.depth == Depth::Data && needed.is_empty() && missing.is_none() && seen.insert(body.digest) {
            let rebuilt = guarded(|| Rebuilder::new(chunks).rebuild(path, body, |_| Ok::<(), Error>(()))).and_then(|rebuilt| rebuilt);
            match rebuilt {
                Ok(()) => self.report.bytes_plain += body.size,
                Err(error) => {
                    seen.remove(&body.digest);
                    self.hit(&plain(&error), snapshot, Some(path.clone()), Vec::new());
                }
            }
        }
    }

    /// Looks for every chunk that an entry needs.
    fn walk(
        &self,
        chunks: &Chunks,
        body: &FileBody,
        needed: &mut BTreeMap<usize, Vec<u64>>,
        missing: &mut Option<u64>,
    ) -> Result<(), Error> {
        let mut record = 0;
        Rebuilder::new(chunks).pages(&body.recipe, |_, page| {
            for (run, is_records) in page.runs() {
                let mut at = run.first.0;
                let end = run.first.plus(run.count).0;
                while at < end {
                    // What stands in one extent is missing or damaged together.
                    let number = ChunkNumber(at);
                    let stretch = match chunks.extent(number) {
                        Ok(extent) => (extent.run.first.plus(extent.run.count).0).min(end) - at,
                        Err(_) => {
                            missing.get_or_insert(at);
                            1
                        }
                    };
                    if let Some(finding) = self.damaged.finding(number) {
                        let hit = needed.entry(finding).or_default();
                        if is_records {
                            hit.extend((record..record + stretch).map(|record| record + 1).take(RECORDS_MAX.saturating_sub(hit.len())));
                        }
                    }
                    if is_records {
                        record += stretch;
                    }
                    at += stretch;
                }
            }
            Ok::<(), Error>(())
        })
    }
}

/// What an error says, without what is said of every finding.
fn plain(error: &Error) -> String {
    match error {
        Error::Damaged(damage) => damage.to_string(),
        error => {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        }
    }
}

fn pack_ids(transaction: &ReadTransaction) -> Result<Vec<PackId>, Error> {
    let table = transaction.open_table(tables::EXTENTS)?;
    let mut ids: Vec<PackId> = Vec::new();
    for row in table.iter()? {
        let (first, sealed) = row?;
        // A damaged extent is told where extents are looked at.
        if let Ok(extent) = extent::decode(first.value(), sealed.value()) {
            ids.push(extent.place.pack);
        }
    }
    for row in transaction.open_table(tables::PACKS)?.range::<u64>(..)? {
        ids.push(PackId(row?.0.value()));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// What was seen of a pack.
#[derive(Default)]
struct PackSeen {
    chunks: u64,
    bytes: u64,
    damaged: Vec<(ChunkRun, Damage)>,
}

fn check_pack(archive: &Archive, transaction: &ReadTransaction, id: PackId, depth: Depth) -> Result<PackSeen, Error> {
    let table = transaction.open_table(tables::PACKS)?;
    let mut seen = PackSeen::default();
    let Some(bytes) = table.get(id.0)? else {
        return lost(transaction, id, Damage::NoPack(id), seen);
    };
    if depth == Depth::Structure {
        return Ok(seen);
    }
    let Ok(pack) = Pack::open(id, bytes.value()) else {
        return lost(transaction, id, Damage::Pack(id), seen);
    };
    for at in 0..pack.frames() {
        let Some((entry, stored)) = pack.frame(at) else { continue };
        let right = Frame::open(entry, stored).ok().and_then(|frame| check_frame(archive, transaction, entry, &frame).ok());
        match right {
            Some(bytes) => {
                seen.chunks += entry.lengths.len() as u64;
                seen.bytes += bytes;
            }
            None => seen.damaged.extend(entry.numbers.iter().map(|run| (*run, Damage::Pack(id)))),
        }
    }
    Ok(seen)
}

/// Every chunk that the extents place in a pack.
fn lost(transaction: &ReadTransaction, id: PackId, damage: Damage, mut seen: PackSeen) -> Result<PackSeen, Error> {
    for row in transaction.open_table(tables::EXTENTS)?.iter()? {
        let (first, sealed) = row?;
        if let Ok(extent) = extent::decode(first.value(), sealed.value())
            && extent.place.pack == id
        {
            seen.damaged.push((extent.run, damage.clone()));
        }
    }
    if seen.damaged.is_empty() {
        return Err(damage.into());
    }
    Ok(seen)
}

/// Compares each chunk of a frame with its id; the plain bytes.
fn check_frame(archive: &Archive, transaction: &ReadTransaction, entry: &FrameEntry, frame: &Frame) -> Result<u64, Error> {
    let table = transaction.open_table(tables::IDS)?;
    let key = archive.header.chunk_key(entry.class);
    let numbers = entry.numbers.iter().copied().flat_map(ChunkRun::numbers);
    let mut run: Option<ids::IdRun> = None;
    let mut bytes = 0;
    for (slot, number) in numbers.enumerate() {
        let chunk = frame.chunk(slot).ok_or(Damage::NoChunk(number.0))?;
        bytes += chunk.len() as u64;
        let known = match run.as_ref().and_then(|run| run.get(number)) {
            Some(known) => Some(known),
            // A damaged row of ids is told where ids are looked at; the chunk is proved by its pack all the same.
            None => {
                run = ids::find(&table, number).ok().flatten();
                run.as_ref().and_then(|run| run.get(number))
            }
        };
        if known.is_some_and(|known| known.id != ChunkId::of(&key, chunk)) {
            return Err(Damage::NoChunk(number.0).into());
        }
    }
    Ok(bytes)
}

/// Extents whose pack or place is not there, and rows that are damaged.
fn check_extents(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    for row in transaction.open_table(tables::EXTENTS)?.iter()? {
        let (first, sealed) = row?;
        errors.extend(extent::decode(first.value(), sealed.value()).err());
    }
    Ok(errors)
}

/// Chunks that packs hold but no extent places: what was in a damaged row of the extents.
fn lost_runs(transaction: &ReadTransaction) -> Result<Vec<(ChunkRun, Damage)>, Error> {
    let mut lost = Vec::new();
    let extents = transaction.open_table(tables::EXTENTS)?;
    for row in extents.iter()? {
        let (first, sealed) = row?;
        let first = first.value();
        if extent::decode(first, sealed.value()).is_err() {
            let end = extents.range(first + 1..)?.next().transpose()?.map_or(first + 1, |(next, _)| next.value());
            let damage = Damage::Value { table: "extents", key: first.to_string() };
            lost.push((ChunkRun { first: ChunkNumber(first), count: end - first }, damage));
        }
    }
    Ok(lost)
}

/// That each id is in the index, and nothing else is.
fn check_index(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let mut errors = Vec::new();
    let mut chunks = 0_u64;
    let table = transaction.open_table(tables::INDEX)?;
    let runs = index::runs(&transaction.open_table(tables::META)?)?;
    for row in transaction.open_table(tables::IDS)?.iter()? {
        let (first, sealed) = row?;
        match ids::decode(first.value(), sealed.value()) {
            Ok(run) => chunks += run.iter().count() as u64,
            Err(error) => errors.push(error),
        }
    }
    let mut entries = 0_u64;
    for run in &runs {
        match index::entries(&table, *run, |_| entries += 1) {
            Ok(()) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() && entries != chunks {
        errors.push(Damage::Value { table: "index", key: format!("{entries} entries for {chunks} chunks") }.into());
    }
    Ok(errors)
}

fn check_runs(transaction: &ReadTransaction) -> Result<Vec<Error>, Error> {
    let runs = runs::all(transaction)?;
    let logs = runs.iter().flatten().filter_map(|run| runs::log(transaction, run.id).err()).collect::<Vec<_>>();
    Ok(runs.into_iter().filter_map(Result::err).chain(logs).collect())
}

/// That each snapshot is found under its name, and no name leads nowhere.
fn check_names(transaction: &ReadTransaction, expected: &HashSet<(String, u64)>) -> Result<Vec<Error>, Error> {
    let found = snapshot::names(transaction)?;
    let missing = expected.iter().filter(|name| !found.iter().flatten().any(|found| found == *name));
    let missing = missing.map(|(name, number)| Damage::Value { table: "names", key: format!("{name} {number}") }.into());
    let lost = found.iter().flatten().filter(|found| !expected.contains(*found));
    let lost = lost.map(|(_, number)| Damage::Value { table: "snapshots", key: number.to_string() }.into());
    let mut errors: Vec<Error> = missing.chain(lost).collect();
    errors.extend(found.into_iter().filter_map(Result::err));
    Ok(errors)
}
