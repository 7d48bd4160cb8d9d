//! Fills an instance from a backup, through its own API: what a real server would refuse is refused here. The backup is
//! read twice: first files are staged and plugins, base config and data model found, then payloads are posted in the
//! order of the manifest, files as they are needed.
//!
//! Circular references are resolved as a restore does it: what refers to something that comes later is sent again as
//! version 2 at the end.

mod base;
mod error;
mod events;
mod files;
mod payload;
mod poster;
mod records;
mod run;

pub use error::LoadError;
pub use run::{Loaded, load};
