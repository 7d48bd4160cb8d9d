//! The standard form of a backup outside of an archive: a directory with `manifest.json`, JSON payloads and files. What
//! comes in is checked before it is read and never followed out; what goes out is visible only when it is complete.

mod error;

mod gzip;
mod input;
mod walk;

mod listing;
mod reader;

mod packing;
mod partial;
mod tree;
mod writer;

mod bag;
mod tar;

pub use crate::model::listing::MissingPayloads;
pub use bag::{BagFault, Wrapping};
pub use error::{Error, Special, Unfit, is_bad_tar};
pub use partial::Existing;
pub use reader::{DirectoryReader, Totals};
pub use tar::{Compression, Fault, TarFile, TarReader, TarWriter};
pub use writer::{DirectoryWriter, Form, WriteOptions, Written};
