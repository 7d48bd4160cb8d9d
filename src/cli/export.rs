//! `fonds export`: a snapshot becomes a directory again.

use std::path::{Path, PathBuf};

use clap::Args;
use fonds::archive::SnapshotName;
use fonds::jobs;
use fonds::layout::{Existing, WriteOptions};
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::stderr::{self, Label};
use crate::cli::{format, view};

/// The ends of names that mean a tar.
const TAR_NAMES: [&str; 5] = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"];

/// Give a snapshot back as a directory
///
/// Every entry comes back byte for byte, with its time of last modification. The directory appears when it is complete;
/// after an error there is nothing at DEST that was not there before.
#[derive(Debug, Args)]
pub struct Export {
    /// Number, name, or name~N
    snapshot: SnapshotName,
    /// A directory that is empty or not there yet
    #[arg(value_name = "DEST")]
    destination: PathBuf,
    /// Replace the directory that stands at DEST, with all that is in it
    #[arg(long)]
    force: bool,
    /// Compress all payloads to .json.gz at this level, or with 0 none; otherwise each is as it was
    #[arg(long, value_name = "0..9", value_parser = clap::value_parser!(u32).range(0..=9))]
    compression: Option<u32>,
}

impl Export {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        if names_a_tar(&self.destination) {
            return Err(Error::Tar(self.destination));
        }
        let existing = if self.force { Existing::Replace } else { Existing::Refuse };
        let options = WriteOptions { existing, compression: self.compression };
        let job = jobs::Export { snapshot: self.snapshot, destination: self.destination, options };
        let jobs::Exported { snapshot, written } = session.work(|observer| job.run(&session.archive, observer))?;
        let destination = job.destination.to_string_lossy();
        let exported = json!({
            "snapshot": view::snapshot(&snapshot),
            "destination": destination,
            "entries": written.entries,
            "bytes": written.bytes,
        });
        session.out.member("exported", &exported)?;
        if snapshot.counts.missing > 0 {
            let payloads = format::count(snapshot.counts.missing, "payload was", "payloads were");
            stderr::say(Label::Warning, &format!("{payloads} missing when this was imported: not in {destination}"));
        }
        let (entries, size) = (format::count(written.entries, "entry", "entries"), format::bytes(written.bytes));
        let (name, number) = (snapshot.name, snapshot.number);
        session.summary(&format!("{name}: snapshot {number} is in {destination}, {entries}, {size}"))?;
        Ok(Exit::DONE)
    }
}

fn names_a_tar(destination: &Path) -> bool {
    let name = destination.to_string_lossy().to_lowercase();
    !destination.is_dir() && (name == "-" || TAR_NAMES.iter().any(|end| name.ends_with(end)))
}
