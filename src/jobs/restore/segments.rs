//! A payload's records, a few thousand at a time, out of its bytes: what lies between them is not kept.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};

use crate::model::payload::{Mark, Splitter};

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// Records of a segment …
const SEGMENT_RECORDS: usize = 1000;
/// … and their bytes, unless a single one is longer.
const SEGMENT_BYTES: u64 = 4 << 20;
/// The longest record: more than any server takes in one request.
const RECORD_BYTES_MAX: usize = 256 << 20;

/// Reads segments.
pub struct SegmentReader<R> {
    read: R,
    splitter: Splitter,
    /// Which array holds the records.
    array: usize,
    bytes: BytesMut,
    /// Where `bytes` begins in the payload.
    offset: u64,
    marks: Vec<Mark>,
    is_over: bool,
}

impl<R: Read> SegmentReader<R> {
    pub fn new(read: R, array: usize) -> Self {
        let (splitter, bytes) = (Splitter::default(), BytesMut::new());
        Self { read, splitter, array, bytes, offset: 0, marks: Vec::new(), is_over: false }
    }

    /// The next records; none at the end.
    ///
    /// # Errors
    /// When the bytes cannot be read, or a record is longer than any server takes.
    pub fn next(&mut self) -> io::Result<Option<Vec<Bytes>>> {
        loop {
            self.fill()?;
            let records = self.take();
            // Another array may come first.
            if !records.is_empty() {
                return Ok(Some(records));
            }
            if self.is_over {
                return Ok(None);
            }
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        while !self.is_over && !self.is_full() {
            let length = self.read.read(&mut block)?;
            if length == 0 {
                self.is_over = true;
                break;
            }
            self.bytes.extend_from_slice(&block[..length]);
            self.splitter.feed(&block[..length], &mut self.marks);
            if self.marks.is_empty() {
                self.forget()?;
            }
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        let bytes = self.marks.last().map_or(0, |mark| mark.end - self.offset);
        self.marks.len() >= SEGMENT_RECORDS || bytes >= SEGMENT_BYTES
    }

    /// Without an end of a record only what may still become one is kept.
    fn forget(&mut self) -> io::Result<()> {
        let end = self.offset + self.bytes.len() as u64;
        let keep = self.splitter.open_element().unwrap_or(end);
        let _ = self.bytes.split_to((keep - self.offset) as usize);
        self.offset = keep;
        if self.bytes.len() > RECORD_BYTES_MAX {
            return Err(io::Error::other(format!("a record is longer than {RECORD_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    fn take(&mut self) -> Vec<Bytes> {
        let Some(last) = self.marks.last() else { return Vec::new() };
        let end = last.end;
        let text = self.bytes.split_to((end - self.offset) as usize).freeze();
        let start = self.offset;
        let own = self.marks.drain(..).filter(|mark| mark.array == self.array);
        let records = own.map(|mark| text.slice((mark.start - start) as usize..(mark.end - start) as usize)).collect();
        self.offset = end;
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_records_come_in_order_whatever_their_size() {
        let long = "ü".repeat(300_000);
        let records: Vec<String> =
            (0..2500).map(|at| format!(r#"{{"n":{at},"t":"{}"}}"#, if at % 999 == 0 { &long } else { "" })).collect();
        let text = format!(r#"{{"import_type":"db","few":[1,2],"objects":[{}],"objecttype":"o"}}"#, records.join(", "));
        let mut reader = SegmentReader::new(text.as_bytes(), 1);
        let mut found = Vec::new();
        while let Some(segment) = reader.next().unwrap() {
            assert!(segment.len() <= SEGMENT_RECORDS + BLOCK_BYTES / 10);
            found.extend(segment);
        }
        assert_eq!(found.len(), records.len());
        assert!(found.iter().zip(&records).all(|(found, record)| found == record.as_bytes()));
    }
}
