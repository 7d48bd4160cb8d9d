//! The records of a payload on their way, counted.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::fylr::error::Error;
use crate::fylr::target::payload::Segments;

/// Bytes of one request, if records are that long: a server that takes less says so, and gets less.
const BATCH_BYTES_MAX: usize = 32 << 20;

/// The records of a payload, counted.
pub(super) struct Feed {
    pub segments: Segments,
    pub waiting: VecDeque<Bytes>,
    pub at: u64,
}

impl Feed {
    /// The next records, at most so many; none at the end.
    pub async fn next(&mut self, most: usize) -> Result<Vec<(u64, Bytes)>, Error> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < most {
            let Some(next) = self.waiting.front() else {
                match self.segments.recv().await {
                    None => break,
                    Some(segment) => self.waiting.extend(segment.map_err(Error::Backup)?.iter().cloned()),
                }
                continue;
            };
            if !batch.is_empty() && bytes + next.len() > BATCH_BYTES_MAX {
                break;
            }
            bytes += next.len();
            if let Some(text) = self.waiting.pop_front() {
                batch.push((self.at, text));
                self.at += 1;
            }
        }
        Ok(batch)
    }
}
