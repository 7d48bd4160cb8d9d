//! Files: uploaded in a body or fetched from a URL, unique by their reference, with renditions below originals that
//! produce none themselves; told with URLs that are signed, expire, and are fresh in each answer.

mod download;
mod get;
mod kinds;
mod put;
mod rput;
mod signer;

pub(in crate::rehearsal) use download::{download, download_easydb5};
pub(in crate::rehearsal) use get::{get_file, get_files, post_file};
pub(in crate::rehearsal) use put::{keep_rendition, put};
pub(in crate::rehearsal) use rput::{Fetch, hex, rput, rput_bulk};
pub(in crate::rehearsal) use signer::Signer;
