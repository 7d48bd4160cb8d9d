//! `BagIt` 1.0 (RFC 8493): the layout in the folder `data`, beside lists of digests that anybody can check with common
//! programs.

mod fault;
mod sums;

mod directory;
mod inspection;
mod tag;
mod writer;

pub(crate) use directory::inspect;
pub use fault::BagFault;
pub(crate) use inspection::Inspection;
pub(crate) use sums::{Algorithm, Summed};
pub(crate) use tag::{Lists, Tagged};
pub use writer::Wrapping;
pub(crate) use writer::{Bag, Hashed, Tag};

/// The folder with what a bag is about.
pub(crate) const DATA: &str = "data";
/// The file that says that it is a bag.
pub(crate) const DECLARATION: &str = "bagit.txt";
