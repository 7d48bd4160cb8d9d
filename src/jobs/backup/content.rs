//! Deliveries of a source as the bytes of one entry after the other. While nothing comes, somebody is told now and then,
//! so that the work can be ended.

use std::io::{self, Read};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::runtime::Runtime;

use crate::fylr;
use crate::fylr::source::{Delivery, Reading};
use crate::model::event::{Event, Observer};

/// How long it takes at most until a wish to end is heard.
const PATIENCE: Duration = Duration::from_millis(200);
/// Bytes after which progress is told.
const REPORT_BYTES: u64 = 1 << 20;

/// Deliveries on their way.
pub(super) struct Arriving<'a> {
    reading: Reading,
    runtime: &'a Runtime,
    observer: &'a dyn Observer,
    bytes: Bytes,
    untold: u64,
    ended: Ended,
}

/// How an entry has ended.
pub(super) enum Ended {
    Open,
    Whole { records: u64, unique: u64 },
    Abandoned,
    Failed(fylr::Error),
}

impl<'a> Arriving<'a> {
    pub fn new(reading: Reading, runtime: &'a Runtime, observer: &'a dyn Observer) -> Self {
        Self { reading, runtime, observer, bytes: Bytes::new(), untold: 0, ended: Ended::Open }
    }

    /// Waits for the next delivery.
    pub fn next(&mut self) -> Delivery {
        loop {
            let wait = async { tokio::time::timeout(PATIENCE, self.reading.deliveries.recv()).await };
            match self.runtime.block_on(wait) {
                Ok(Some(delivery)) => return delivery,
                Ok(None) => return Delivery::Failed(fylr::Error::Panicked),
                Err(_) => self.observer.observe(Event::Waiting),
            }
        }
    }

    /// The bytes of an entry follow.
    pub fn begin(&mut self) {
        self.bytes = Bytes::new();
        self.ended = Ended::Open;
    }

    /// How the entry has ended.
    pub fn end(&mut self) -> Ended {
        self.tell();
        std::mem::replace(&mut self.ended, Ended::Open)
    }

    fn tell(&mut self) {
        if self.untold > 0 {
            self.observer.observe(Event::Advanced { entries: 0, bytes: self.untold });
            self.untold = 0;
        }
    }
}

impl Read for Arriving<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() {
            match &self.ended {
                Ended::Whole { .. } => return Ok(0),
                Ended::Abandoned | Ended::Failed(_) => return Err(io::Error::other("the entry has no end")),
                Ended::Open => {}
            }
            match self.next() {
                Delivery::Bytes(bytes) => self.bytes = bytes,
                Delivery::End { records, unique } => self.ended = Ended::Whole { records, unique },
                Delivery::Abandoned => self.ended = Ended::Abandoned,
                Delivery::Failed(error) => self.ended = Ended::Failed(error),
                _ => self.ended = Ended::Failed(fylr::Error::Panicked),
            }
        }
        let length = out.len().min(self.bytes.len());
        out[..length].copy_from_slice(&self.bytes[..length]);
        self.bytes.advance(length);
        self.untold += length as u64;
        if self.untold >= REPORT_BYTES {
            self.tell();
        }
        Ok(length)
    }
}
