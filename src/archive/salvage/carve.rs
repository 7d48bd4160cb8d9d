//! Finds packs and snapshots in the bytes of a file, one pass from front to back, without asking redb where they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use memchr::memmem;

use crate::archive::codec;
use crate::archive::error::Error;
use crate::archive::id::{PackId, SnapshotNumber};
use crate::archive::pack::{self, PACK_MAX, Pack};
use crate::archive::seal::{self, SEAL_BYTES};
use crate::archive::snapshot::{Snapshot, backup_name};
use crate::archive::tables;
use crate::model::event::{Event, Observer};

/// Bytes that are looked at together; what begins in them may end in as many behind them as the longest value has.
const WINDOW: usize = 8 << 20;
/// The longest row of a snapshot that is looked for.
const SNAPSHOT_MAX: usize = 1 << 20;
/// What follows the start of a window.
const AHEAD: usize = PACK_MAX + 4096;

/// What was found in a file.
pub(super) struct Carved {
    /// Length of the file.
    pub(super) bytes: u64,
    pub(super) packs: Vec<CarvedPack>,
    /// One of each number, in order.
    pub(super) snapshots: Vec<Snapshot>,
}

/// Where a pack stands that has proved whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CarvedPack {
    pub(super) id: PackId,
    pub(super) offset: u64,
    pub(super) length: usize,
}

impl Carved {
    pub(super) fn from_file(path: &Path, observer: &dyn Observer) -> Result<Self, Error> {
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => Error::NotFound(path.to_owned()),
            _ => Error::File { path: path.to_owned(), source },
        };
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        observer.observe(Event::Started { verb: "scan", entries: 0, bytes: length });
        let mut carver = Carver::default();
        let (mut window, mut offset) = (Vec::new(), 0);
        loop {
            let wanted = WINDOW + AHEAD - window.len();
            let read = (&mut file).take(wanted as u64).read_to_end(&mut window).map_err(failed)?;
            let is_last = read < wanted;
            let own = if is_last { window.len() } else { WINDOW };
            carver.look(&window, own, offset);
            observer.observe(Event::Advanced { entries: 0, bytes: own as u64 });
            if is_last {
                break;
            }
            window.drain(..own);
            offset += own as u64;
        }
        observer.observe(Event::Finished);
        let snapshots = carver.snapshots.into_values().collect();
        Ok(Self { bytes: length, packs: carver.packs, snapshots })
    }
}

#[derive(Default)]
struct Carver {
    packs: Vec<CarvedPack>,
    snapshots: BTreeMap<SnapshotNumber, Snapshot>,
    /// The end of the last pack that was found.
    packed: u64,
}

impl Carver {
    /// Looks for what begins in the first `own` bytes of the window, which begins at `offset`.
    fn look(&mut self, window: &[u8], own: usize, offset: u64) {
        let mut at = (self.packed.saturating_sub(offset) as usize).min(own);
        let finder = memmem::Finder::new(&pack::MAGIC);
        while at < own {
            let next = finder.find(&window[at..]).map_or(own, |found| (at + found).min(own));
            self.rows(window, at..next);
            if next == own {
                return;
            }
            let found = prove(&window[next..], told_length(&window[..next]));
            if let Some((id, length)) = found {
                self.packs.push(CarvedPack { id, offset: offset + next as u64, length });
                self.packed = offset + (next + length) as u64;
            }
            at = next + found.map_or(1, |(_, length)| length);
        }
    }

    /// Looks for rows of snapshots that begin in `range`. Their seals hold wherever they stand, so pages and their headers
    /// need not make sense.
    fn rows(&mut self, window: &[u8], range: std::ops::Range<usize>) {
        for at in range {
            let row = &window[at..window.len().min(at + SNAPSHOT_MAX)];
            if looks_like_snapshot(row)
                && let Some(snapshot) = open(row)
            {
                self.snapshots.insert(snapshot.number, snapshot);
            }
        }
    }
}

/// The id and length of the pack that begins here, if it is whole. Its length is as it was told, or whatever can be.
fn prove(bytes: &[u8], told: Option<usize>) -> Option<(PackId, usize)> {
    let bytes = &bytes[..bytes.len().min(PACK_MAX)];
    let id = pack::id(bytes)?;
    let is_whole = |length: &usize| bytes.get(..*length).is_some_and(|bytes| Pack::open(id, bytes).is_ok());
    let length = told.filter(is_whole).or_else(|| pack::lengths(bytes).find(is_whole))?;
    Some((id, length))
}

/// The length of a value as redb's leaf page tells it in front of it, if the value is the only one of its page: a type,
/// the count of pairs, where the value ends, and a key of 8 bytes.
fn told_length(before: &[u8]) -> Option<usize> {
    let head = before.last_chunk::<LEAF_HEAD>()?;
    let end = u32::from_le_bytes(*head[4..].first_chunk::<4>()?) as usize;
    if head[..4] == [1, 0, 1, 0] { end.checked_sub(LEAF_HEAD) } else { None }
}

/// What stands in a leaf page before its only value.
const LEAF_HEAD: usize = 16;

/// A quick look: the number, then the length of a backup name, then nothing but what names are made of.
fn looks_like_snapshot(row: &[u8]) -> bool {
    let Some(number) = row.first() else { return false };
    let head = match number {
        0..=250 => 1,
        251 => 3,
        252 => 5,
        253 => 9,
        _ => return false,
    };
    let Some(length) = row.get(head).filter(|length| (1..=100).contains(*length)) else { return false };
    let name = row.get(head + 1..head + 1 + usize::from(*length));
    name.and_then(|name| std::str::from_utf8(name).ok()).is_some_and(|name| backup_name(name).is_ok())
}

/// The snapshot whose sealed row begins here.
fn open(row: &[u8]) -> Option<Snapshot> {
    let (snapshot, rest) = codec::take::<Snapshot>(row).ok()?;
    let length = row.len() - rest.len();
    let sealed = row.get(..length + SEAL_BYTES)?;
    seal::open("snapshots", &tables::key_of(snapshot.number.0), sealed).ok()?;
    Some(snapshot)
}
