//! What reading hands over: entries in their fixed order, byte by byte, and what must be known of them.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::fylr::error::Error;
use crate::fylr::source::looker::LookedAt;
use crate::fylr::source::report::Report;
use crate::model::entry::{Encoding, EntryHead, Role};
use crate::model::path::EntryPath;

/// Deliveries that wait to be taken; each is a few megabytes at most.
pub(crate) const DELIVERIES_AHEAD: usize = 4;

/// One step of handing over a backup.
pub enum Delivery {
    /// An entry begins; its bytes follow, then [`Delivery::End`] or [`Delivery::Abandoned`].
    Entry(EntryHead),
    Bytes(Bytes),
    /// The entry is complete.
    End {
        /// Records in it, if it is a payload.
        records: u64,
        /// Records of objecttypes in it, each once, whatever the number of its versions.
        unique: u64,
    },
    /// Records that were only to be looked at.
    Looked(Box<LookedAt>),
    /// The entry that was begun is none: forget it. It may begin anew.
    Abandoned,
    /// A part begins: this many records are to come, 0 if nobody knows.
    Phase {
        name: String,
        records: u64,
    },
    /// Everything up to here belongs together; this state, given back later, goes on from here.
    Checkpoint(Vec<u8>),
    /// That was all.
    Done(Box<Report>),
    Failed(Error),
}

/// Who takes the deliveries is gone.
#[derive(Debug)]
pub(crate) struct Gone;

impl From<Gone> for Error {
    fn from(_: Gone) -> Self {
        Self::Panicked
    }
}

/// Where deliveries go.
pub(crate) struct Way(mpsc::Sender<Delivery>);

impl Way {
    pub fn new(sender: mpsc::Sender<Delivery>) -> Self {
        Self(sender)
    }

    pub async fn send(&self, delivery: Delivery) -> Result<(), Gone> {
        self.0.send(delivery).await.map_err(|_| Gone)
    }

    /// A whole entry.
    pub async fn entry(&self, head: EntryHead, records: u64, parts: Vec<Bytes>) -> Result<(), Gone> {
        self.send(Delivery::Entry(head)).await?;
        for part in parts {
            self.send(Delivery::Bytes(part)).await?;
        }
        self.send(Delivery::End { records, unique: 0 }).await
    }
}

/// An entry as it is written by a backup: without a time, which would make every backup another one.
pub(crate) fn head(path: EntryPath, role: Role, encoding: Encoding) -> EntryHead {
    EntryHead { path, role, encoding, modified: None, size: None }
}
