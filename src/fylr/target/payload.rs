//! What a restore reads: payloads in their order, and their records piece by piece.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::model::ledger::Failed;
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// A payload, as far as it is known before it is read.
#[derive(Debug, Clone)]
pub struct Payload {
    pub path: EntryPath,
    pub kind: PayloadKind,
    pub objecttype: Option<Arc<str>>,
    pub records: u64,
    /// Something in it needs what stands in payloads before it, so that they must be through.
    pub is_barrier: bool,
}

impl Payload {
    /// `user`, or `db:objekt`.
    #[must_use]
    pub fn tally(&self) -> String {
        match &self.objecttype {
            Some(objecttype) if self.kind == PayloadKind::Records => format!("db:{objecttype}"),
            _ => self.kind.name().to_owned(),
        }
    }
}

/// Some records in a row, each with its text.
pub type Segment = Arc<Vec<Bytes>>;

/// The records of a payload on their way.
pub type Segments = mpsc::Receiver<Result<Segment, Failed>>;

/// The bytes of a packed file on their way.
pub struct PackedFile {
    pub bytes: u64,
    /// Whether they are proved to be those that were stored.
    pub is_sealed: bool,
    pub parts: mpsc::Receiver<Result<Bytes, Failed>>,
}

/// A backup that is restored. It is read by several targets at a time.
pub trait Backup: Send + Sync {
    /// The records of a payload, those before `from` left out.
    ///
    /// # Errors
    /// When the payload cannot be opened; errors of reading come as an item.
    fn records(&self, payload: usize, from: u64) -> Result<Segments, Failed>;

    /// The bytes of a packed file.
    ///
    /// # Errors
    /// When there is no such file.
    fn file(&self, path: &EntryPath) -> Result<PackedFile, Failed>;
}

/// The documents of a backup that are no payloads.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    pub datamodel: Option<Vec<u8>>,
    pub base_config: Option<Vec<u8>>,
}
