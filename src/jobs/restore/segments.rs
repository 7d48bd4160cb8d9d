//! A payload's records out of its blocks: they stay where they are, only one that lies in two blocks is put together.
//! What lies between them is not kept.

use std::io;

use bytes::Bytes;

use crate::jobs::restore::source::Coming;
use crate::model::payload::{Mark, Outline, Splitter};

/// The longest record: more than any server takes in one request.
const RECORD_BYTES_MAX: usize = 256 << 20;

/// Reads segments: the records that end in one block.
pub struct SegmentReader {
    coming: Coming,
    /// Which array holds the records.
    array: usize,
    cutter: Cutter,
}

impl SegmentReader {
    pub fn new(coming: Coming, array: usize) -> Self {
        Self { coming, array, cutter: Cutter::default() }
    }

    /// The next records; none at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read, or a record is longer than any server takes.
    pub fn next(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        while let Some(block) = self.coming.next()? {
            self.cutter.feed(block);
            let records = self.cutter.take(self.array)?;
            // Another array may come first, and a record may be longer than a block.
            if !records.is_empty() {
                return Ok(Some(records));
            }
        }
        Ok(None)
    }
}

/// Finds records in blocks.
#[derive(Default)]
pub struct Cutter {
    splitter: Splitter,
    marks: Vec<Mark>,
    /// The beginning of a record that has not ended.
    open: Vec<u8>,
    block: Bytes,
    /// Where the block begins in the payload.
    start: u64,
}

impl Cutter {
    /// Looks at the next block.
    pub fn feed(&mut self, block: Vec<u8>) {
        self.start += self.block.len() as u64;
        self.splitter.feed(&block, &mut self.marks);
        self.block = block.into();
    }

    /// The skeleton of the payload as far as it was looked at.
    pub fn outline(&self) -> &Outline {
        self.splitter.outline()
    }

    /// The records of this array that end in the block; once for each block.
    ///
    /// # Errors
    /// When a record is longer than any server takes.
    pub fn take(&mut self, array: usize) -> io::Result<Vec<Bytes>> {
        let (start, block) = (self.start, self.block.clone());
        let place = |at: u64| (at - start) as usize;
        let mut open = std::mem::take(&mut self.open);
        let own = self.marks.drain(..).filter(|mark| mark.array == array);
        let texts = own.map(|mark| {
            if mark.start >= start {
                return block.slice(place(mark.start)..place(mark.end));
            }
            let mut text = std::mem::take(&mut open);
            text.extend_from_slice(&block[..place(mark.end)]);
            text.into()
        });
        let texts = texts.collect();
        // Without an end of a record only what may still become one is kept.
        match self.splitter.open_element() {
            Some(element) if element >= start => open = block[place(element)..].to_vec(),
            Some(_) => open.extend_from_slice(&block),
            None => open.clear(),
        }
        if open.len() > RECORD_BYTES_MAX {
            return Err(io::Error::other(format!("a record is longer than {RECORD_BYTES_MAX} bytes")));
        }
        self.open = open;
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_whole_and_in_order_wherever_the_blocks_end() {
        let long = "ü".repeat(3000);
        let records: Vec<String> =
            (0..250).map(|at| format!(r#"{{"n":{at},"t":"{}"}}"#, if at % 99 == 0 { &long } else { "" })).collect();
        let text = format!(r#"{{"import_type":"db","few":[1,2],"objects":[{}],"objecttype":"o"}}"#, records.join(", "));
        for length in [7, 64, 1000, 1 << 20] {
            let mut cutter = Cutter::default();
            let mut found = Vec::new();
            for block in text.as_bytes().chunks(length) {
                cutter.feed(block.to_vec());
                found.extend(cutter.take(1).unwrap());
            }
            assert!(found.iter().eq(records.iter().map(String::as_bytes)), "{length}");
        }
    }
}
