//! `fonds cat`: the bytes of one entry.

use std::os::unix::ffi::OsStrExt as _;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use fonds::archive::SnapshotName;
use fonds::jobs;
use fonds::model::path::EntryPath;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;

/// Print one entry of a snapshot
///
/// The bytes are proved before they are printed, and those of the whole entry once more at the end: if the exit code is
/// not 0, what was printed must not be used. What is listed as .json.gz is printed uncompressed.
#[derive(Debug, Args)]
pub struct Cat {
    /// Number, name, or name~N
    snapshot: SnapshotName,
    /// As "fonds show -v" lists it; .gz at the end may be left out
    #[arg(value_parser = OsStringValueParser::new().try_map(|path| EntryPath::new(path.as_bytes())))]
    path: EntryPath,
}

impl Cat {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let job = jobs::Cat { snapshot: self.snapshot, path: self.path };
        let Session { archive, out, .. } = session;
        job.run(archive, |block| Ok::<(), Error>(out.give(&block)?))?;
        // An empty entry is no block.
        out.give(&[])?;
        Ok(Exit::DONE)
    }
}
