//! `fonds import`: backups become snapshots.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use fonds::archive::snapshot::backup_name;
use fonds::archive::{Snapshot, Strictness};
use fonds::jobs;
use fonds::layout::MissingPayloads;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::{format, view};

/// Take backups into the archive
///
/// The archive is made if there is none. What it holds already is not stored again: a second backup of the same instance
/// costs what has changed. An import that was ended by anything is continued by the same command.
///
/// A payload that is not JSON is kept byte for byte, with a warning that names the place. A payload that the manifest
/// names but that is not there, a link, or anything else that is no file ends the import before anything is touched.
#[derive(Debug, Args)]
pub struct Import {
    /// Directories with a backup, or the manifest.json in them, or tars (.tar, .tar.gz, .tar.zst, whatever their names); -
    /// reads a tar from standard input; the oldest first
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    /// The backup name; otherwise the instance's name, or that of the directory, of the folder in the tar, or of the tar
    #[arg(long, value_parser = backup_name)]
    name: Option<String>,
    /// Accept that payloads are missing, and record which; the exit code is 4 then
    #[arg(long)]
    allow_missing: bool,
    /// Fail on a payload that is not JSON or holds no records
    #[arg(long)]
    strict: bool,
}

impl Import {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let mut exit = Exit::DONE;
        session.out.list("imported")?;
        for source in &self.sources {
            let snapshot = self.import(source, session)?;
            let item = || json!({ "source": source.to_string_lossy(), "snapshot": view::snapshot(&snapshot) });
            session.out.item(item)?;
            session.summary(&summary(&snapshot))?;
            if snapshot.counts.missing > 0 {
                exit = Exit::INCOMPLETE;
            }
        }
        Ok(exit)
    }

    fn import(&self, source: &Path, session: &Session) -> Result<Snapshot, Error> {
        if source == Path::new(jobs::STREAM) && io::stdin().is_terminal() {
            return Err(Error::Typed);
        }
        let job = jobs::Import {
            source: source.to_owned(),
            name: self.name.clone(),
            missing: if self.allow_missing { MissingPayloads::Accept } else { MissingPayloads::Refuse },
            strictness: if self.strict { Strictness::RefuseFlawed } else { Strictness::KeepFlawed },
        };
        match session.work(|observer| job.run(&session.archive, observer)) {
            Ok(imported) => Ok(imported.snapshot),
            Err(error) if self.sources.len() == 1 => Err(error),
            Err(error) => Err(Error::Source { path: source.to_owned(), source: Box::new(error) }),
        }
    }
}

fn summary(snapshot: &Snapshot) -> String {
    let Snapshot { name, number, counts, added, .. } = snapshot;
    let records = format::count(counts.records, "record is", "records are");
    let (new, size) = (format::number(added.records), format::bytes(added.bytes_stored));
    let missing = match counts.missing {
        0 => String::new(),
        missing => format!(", {} missing", format::count(missing, "payload is", "payloads are")),
    };
    format!("{name}: snapshot {number}, {new} of {records} new, {size} added{missing}")
}
