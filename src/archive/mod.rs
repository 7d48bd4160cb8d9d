//! The archive: one redb file that keeps snapshots, deduplicated record by record. `FORMAT.md` beside this file draws
//! every byte.

mod error;
pub mod id;

mod codec;
mod seal;
mod tables;

mod extent;
mod frame;
mod ids;
mod index;
mod list;
mod numbers;
mod pack;
mod packing;
mod recipe;

mod database;
pub mod drafts;
mod file;

pub mod ledger;
mod overlay;
pub mod runs;
pub mod snapshot;

mod chunks;
mod reader;
mod rebuild;
mod records;
mod writer;

pub mod check;
pub mod prune;
pub mod salvage;
pub mod stats;

pub use error::{Damage, Error};
pub use file::{Archive, ArchiveMut, FORMAT, initialize};
pub use list::{Body, FileBody, Records, Row};
pub use reader::SnapshotReader;
pub use records::{Elements, Item, Payload, RecordReader};
pub use snapshot::{Snapshot, SnapshotName};
pub use writer::{ArchiveWriter, KnownChunks, Pending, Strictness, WriteOptions};
