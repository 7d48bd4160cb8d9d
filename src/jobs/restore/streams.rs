//! Payloads on their way to several targets: each is read once for all that keep pace, and again for one that lags.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::fylr::target::{Backup, PackedFile, Segment, Segments};
use crate::jobs::chain;
use crate::jobs::restore::segments::SegmentReader;
use crate::jobs::restore::source::BackupSource;
use crate::model::ledger::Failed;
use crate::model::path::EntryPath;

/// Segments of a payload that are kept for targets that are a little behind; each has about a megabyte.
const WINDOW: usize = 8;
/// Payloads that are kept open for targets that are a little behind.
const OPEN: usize = 4;
/// Segments that wait for one target.
const AHEAD: usize = 3;
/// Blocks of a file that wait; each has about a megabyte at most.
const BLOCKS_AHEAD: usize = 2;

/// A backup while it is restored.
pub struct Streams {
    source: Arc<BackupSource>,
    /// Where each payload is, and which of its arrays holds the records.
    payloads: Vec<(EntryPath, usize)>,
    /// How many targets read: a single one leaves nothing for others.
    targets: usize,
    open: Arc<Mutex<VecDeque<(usize, Arc<Mutex<Reading>>)>>>,
    read: Arc<AtomicU64>,
}

/// A payload that is being read.
struct Reading {
    reader: SegmentReader,
    /// The last segments, with the number of their first records, …
    window: VecDeque<(u64, Segment)>,
    /// … and how many are kept.
    window_max: usize,
    next: u64,
    is_over: bool,
}

impl Streams {
    pub fn new(source: Arc<BackupSource>, payloads: Vec<(EntryPath, usize)>, targets: usize) -> Self {
        Self { source, payloads, targets, open: Arc::default(), read: Arc::default() }
    }

    /// How often a payload was opened.
    pub fn opened(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn begin(&self, payload: usize, window_max: usize) -> Result<Reading, Failed> {
        let (path, array) = self.payloads.get(payload).ok_or("there is no such payload")?;
        self.read.fetch_add(1, Ordering::Relaxed);
        let (reader, window) = (SegmentReader::new(self.source.coming(path)?, *array), VecDeque::new());
        Ok(Reading { reader, window, window_max, next: 0, is_over: false })
    }

    /// The reading of a payload that others share, if its beginning is still at hand; else a new one.
    fn shared(&self, payload: usize) -> Result<Arc<Mutex<Reading>>, Failed> {
        if self.targets < 2 {
            return Ok(Arc::new(Mutex::new(self.begin(payload, 0)?)));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let found = open.iter().find(|(of, _)| *of == payload).map(|(_, reading)| Arc::clone(reading));
        if let Some(reading) = found
            && lock(&reading).has(0)
        {
            return Ok(reading);
        }
        open.retain(|(of, _)| *of != payload);
        let reading = Arc::new(Mutex::new(self.begin(payload, WINDOW)?));
        open.push_back((payload, Arc::clone(&reading)));
        if open.len() > OPEN {
            open.pop_front();
        }
        Ok(reading)
    }
}

fn lock(reading: &Mutex<Reading>) -> MutexGuard<'_, Reading> {
    reading.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reading {
    /// Whether the segment that begins with this record is at hand or comes next.
    fn has(&self, record: u64) -> bool {
        record == self.next || self.window.iter().any(|(first, _)| *first == record)
    }

    /// The segment that begins with this record; `None` at the end.
    fn segment(&mut self, record: u64) -> Result<Option<Segment>, String> {
        if let Some((_, segment)) = self.window.iter().find(|(first, _)| *first == record) {
            return Ok(Some(Arc::clone(segment)));
        }
        if self.is_over {
            return Ok(None);
        }
        let Some(records) = self.reader.next().map_err(|error| error.to_string())? else {
            self.is_over = true;
            return Ok(None);
        };
        let segment = Arc::new(records);
        self.window.push_back((self.next, Arc::clone(&segment)));
        self.next += segment.len() as u64;
        if self.window.len() > self.window_max {
            self.window.pop_front();
        }
        Ok(Some(segment))
    }
}

impl Backup for Streams {
    fn records(&self, payload: usize, from: u64) -> Result<Segments, Failed> {
        let mut reading = self.shared(payload)?;
        let (sender, segments) = mpsc::channel(AHEAD);
        let own = Self {
            source: Arc::clone(&self.source),
            payloads: vec![self.payloads[payload].clone()],
            targets: self.targets,
            open: Arc::clone(&self.open),
            read: Arc::clone(&self.read),
        };
        thread::spawn(move || {
            let mut record = 0;
            loop {
                // Who has fallen behind the others reads alone from then on.
                if !lock(&reading).has(record) && !lock(&reading).is_over {
                    match own.begin(0, 0) {
                        Ok(alone) => reading = Arc::new(Mutex::new(alone)),
                        Err(error) => return drop(sender.blocking_send(Err(error))),
                    }
                    if let Err(error) = skip(&reading, record) {
                        return drop(sender.blocking_send(Err(error.into())));
                    }
                }
                let next = lock(&reading).segment(record);
                let segment = match next {
                    Ok(Some(segment)) => segment,
                    Ok(None) => return,
                    Err(error) => return drop(sender.blocking_send(Err(error.into()))),
                };
                let (first, count) = (record, segment.len() as u64);
                record += count;
                let wanted = if record <= from {
                    continue;
                } else if first < from {
                    Arc::new(segment[(from - first) as usize..].to_vec())
                } else {
                    segment
                };
                // Who wants no more has gone.
                if sender.blocking_send(Ok(wanted)).is_err() {
                    return;
                }
            }
        });
        Ok(segments)
    }

    fn file(&self, path: &EntryPath) -> Result<PackedFile, Failed> {
        let (sender, parts) = mpsc::channel(BLOCKS_AHEAD);
        let give = move |block: io::Result<Vec<u8>>| {
            sender.blocking_send(block.map(Bytes::from).map_err(Failed::from)).is_ok()
        };
        let bytes = self.source.hand_on(path, give).map_err(|error| chain(&error))?;
        let bytes = bytes.ok_or("it is compressed")?;
        Ok(PackedFile { bytes, is_sealed: self.source.is_sealed(), parts })
    }
}

/// Reads on to a record.
fn skip(reading: &Mutex<Reading>, record: u64) -> Result<(), String> {
    let mut reading = lock(reading);
    while reading.next < record {
        let next = reading.next;
        if reading.segment(next)?.is_none() {
            return Err("it has become shorter".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Silent;
    use std::path::Path;

    /// Payloads of the sample museum.
    fn streams() -> Streams {
        let museum = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/museum");
        let source = Arc::new(BackupSource::directory(&museum, &Silent).expect("the sample"));
        let names = ["event__batch_0001.json", "event__batch_0002.json"];
        Streams::new(source, names.map(|name| (EntryPath::new(name).expect("a name"), 0)).to_vec(), 3)
    }

    fn count(segments: &mut Segments) -> usize {
        std::iter::from_fn(|| segments.blocking_recv()).map(|segment| segment.expect("records").len()).sum()
    }

    #[test]
    fn targets_that_keep_pace_share_one_reading() {
        let streams = streams();
        let whole = count(&mut streams.records(0, 0).expect("a payload"));
        assert!(whole > 2);
        for payload in [0, 1] {
            let mut readings: Vec<Segments> = (0..3).map(|_| streams.records(payload, 0).expect("a payload")).collect();
            let counts: Vec<usize> = readings.iter_mut().map(count).collect();
            assert!(counts.iter().all(|found| *found == counts[0] && *found > 0), "{counts:?}");
        }
        assert_eq!(streams.opened(), 2, "two payloads, seven readers");
    }

    #[test]
    fn who_begins_in_the_middle_gets_the_rest() {
        let streams = streams();
        let whole = count(&mut streams.records(0, 0).expect("a payload"));
        assert_eq!(count(&mut streams.records(0, 2).expect("a payload")), whole - 2);
    }
}
