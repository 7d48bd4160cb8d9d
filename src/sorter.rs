//! Sorts any number of items in bounded memory: what does not fit goes, sorted, to a file without a name, and all runs are
//! merged when they are read. The items can be read more than once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Bytes of items that are held; a hundred thousand entries of a snapshot.
const HELD_MAX: usize = 16 << 20;
/// What is read of each run at a time. A thousand runs are a hundred million entries.
const READ_BYTES: usize = 32 << 10;
/// The lengths in front of an item: of its key, and of its value.
const LENGTHS: usize = 8;

/// Items on their way to be sorted.
pub struct Sorter {
    /// `None` for wherever temporary files are.
    folder: Option<PathBuf>,
    held_max: usize,
    bytes: Vec<u8>,
    items: Vec<Place>,
    file: Option<File>,
    runs: Vec<Range<u64>>,
    end: u64,
}

/// Where an item stands in memory.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    key: usize,
    value: usize,
}

/// A key and what it stands for.
pub type Item = (Vec<u8>, Vec<u8>);

impl Sorter {
    /// What does not fit into memory is written to the disk of `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self::holding(Some(folder), HELD_MAX)
    }

    /// What does not fit into memory is written where temporary files are.
    pub fn anywhere() -> Self {
        Self::holding(None, HELD_MAX)
    }

    fn holding(folder: Option<PathBuf>, held_max: usize) -> Self {
        Self { folder, held_max, bytes: Vec::new(), items: Vec::new(), file: None, runs: Vec::new(), end: 0 }
    }

    /// # Errors
    /// When what does not fit cannot be written.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let size = key.len() + value.len();
        if self.bytes.len() + size + self.items.len() * size_of::<Place>() > self.held_max && !self.items.is_empty() {
            self.spill()?;
        }
        self.items.push(Place { start: self.bytes.len(), key: key.len(), value: value.len() });
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    /// All items, by key, those with the same key by value.
    ///
    /// # Errors
    /// When what was written cannot be read again.
    pub fn sorted(&mut self) -> io::Result<Sorted<'_>> {
        self.sort();
        let mut sorted = Sorted { file: self.file.as_ref(), runs: Vec::new(), heap: BinaryHeap::new(), held: None };
        for range in &self.runs {
            sorted.runs.push(Run { range: range.clone(), buffer: Vec::new(), at: 0 });
            sorted.refill(sorted.runs.len() - 1)?;
        }
        sorted.held = Some(Held { bytes: &self.bytes, items: self.items.iter() });
        sorted.refill(self.runs.len())?;
        Ok(sorted)
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.items.sort_unstable_by_key(|place| {
            let (key, value) = place.of(bytes);
            (key, value)
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(match &self.folder {
                Some(folder) => tempfile::tempfile_in(folder)?,
                None => tempfile::tempfile()?,
            }),
        };
        let start = self.end;
        let mut out = Vec::with_capacity(2 * READ_BYTES);
        for place in &self.items {
            let (key, value) = place.of(&self.bytes);
            out.extend((key.len() as u32).to_le_bytes());
            out.extend((value.len() as u32).to_le_bytes());
            out.extend_from_slice(key);
            out.extend_from_slice(value);
            if out.len() >= READ_BYTES {
                file.write_all_at(&out, self.end)?;
                self.end += out.len() as u64;
                out.clear();
            }
        }
        file.write_all_at(&out, self.end)?;
        self.end += out.len() as u64;
        self.runs.push(start..self.end);
        self.items.clear();
        self.bytes.clear();
        Ok(())
    }
}

impl Place {
    fn of(self, bytes: &[u8]) -> (&[u8], &[u8]) {
        bytes[self.start..self.start + self.key + self.value].split_at(self.key)
    }
}

/// The items in order.
pub struct Sorted<'a> {
    file: Option<&'a File>,
    runs: Vec<Run>,
    /// The next item of each run, and at last of those in memory.
    heap: BinaryHeap<Reverse<(Item, usize)>>,
    held: Option<Held<'a>>,
}

struct Held<'a> {
    bytes: &'a [u8],
    items: std::slice::Iter<'a, Place>,
}

/// A run that is being read.
struct Run {
    /// What has not been read yet.
    range: Range<u64>,
    buffer: Vec<u8>,
    at: usize,
}

impl Sorted<'_> {
    /// # Errors
    /// When a run cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Item>> {
        let Some(Reverse((item, run))) = self.heap.pop() else { return Ok(None) };
        self.refill(run)?;
        Ok(Some(item))
    }

    fn refill(&mut self, at: usize) -> io::Result<()> {
        let item = match (self.runs.get_mut(at), self.file) {
            (Some(run), Some(file)) => run.next(file)?,
            _ => self.held.as_mut().and_then(|held| {
                let (key, value) = held.items.next()?.of(held.bytes);
                Some((key.to_vec(), value.to_vec()))
            }),
        };
        self.heap.extend(item.map(|item| Reverse((item, at))));
        Ok(())
    }
}

impl Run {
    fn next(&mut self, file: &File) -> io::Result<Option<Item>> {
        if self.range.is_empty() && self.at == self.buffer.len() {
            return Ok(None);
        }
        let lengths = self.take(LENGTHS, file)?;
        let length = |at: usize| lengths[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
        let (key, value) = (length(0), length(4));
        Ok(Some((self.take(key, file)?, self.take(value, file)?)))
    }

    fn take(&mut self, length: usize, file: &File) -> io::Result<Vec<u8>> {
        let rest = self.buffer.len() - self.at;
        if rest < length {
            self.buffer.drain(..self.at);
            self.at = 0;
            let more = (self.range.end - self.range.start).min(READ_BYTES.max(length - rest) as u64);
            self.buffer.resize(rest + more as usize, 0);
            file.read_exact_at(&mut self.buffer[rest..], self.range.start)?;
            self.range.start += more;
        }
        let taken = self.buffer.get(self.at..self.at + length).ok_or(io::ErrorKind::UnexpectedEof)?.to_vec();
        self.at += length;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(sorter: &mut Sorter) -> Vec<Item> {
        let mut sorted = sorter.sorted().expect("a readable run");
        std::iter::from_fn(|| sorted.next().expect("a readable run")).collect()
    }

    #[test]
    fn items_come_back_in_order_however_many_runs_they_made() {
        for held_max in [0, 100, 5000, usize::MAX] {
            let folder = tempfile::tempdir().expect("a temporary directory");
            let mut sorter = Sorter::holding(Some(folder.path().to_owned()), held_max);
            let mut chance = fastrand::Rng::with_seed(1);
            let mut expected = Vec::new();
            for number in 0..300_u32 {
                let key = vec![chance.u8(..); chance.usize(..80)];
                let value = [vec![b'x'; chance.usize(..200)], number.to_le_bytes().to_vec()].concat();
                sorter.push(&key, &value).expect("room");
                expected.push((key, value));
            }
            expected.sort();
            assert_eq!(items(&mut sorter), expected, "{held_max}");
            assert_eq!(items(&mut sorter), expected, "{held_max}, a second time");
            assert_eq!(folder.path().read_dir().expect("a directory").count(), 0, "nothing that has a name");
        }
    }

    #[test]
    fn nothing_sorted_is_nothing() {
        assert!(items(&mut Sorter::new(PathBuf::from("/nowhere"))).is_empty());
    }
}
