//! `fonds export`: a snapshot becomes a directory or a tar again.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use fonds::archive::SnapshotName;
use fonds::jobs::{self, STREAM};
use fonds::layout::{Compression, Existing, Form, Wrapping, WriteOptions};
use regex::Regex;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::stderr::{self, Label};
use crate::cli::{format, view};

/// The ends of names that say what is to be made.
const ENDS: [(&str, Format); 5] = [
    (".tar", Format::Tar),
    (".tar.gz", Format::TarGz),
    (".tgz", Format::TarGz),
    (".tar.zst", Format::TarZst),
    (".tzst", Format::TarZst),
];
/// The ends of names that mean a tar which is not made.
const OTHER_ENDS: [&str; 6] = [".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".zip", ".7z"];

/// Give a snapshot back as a directory or a tar
///
/// Every entry comes back byte for byte, with its time of last modification. What is made appears when it is complete;
/// after an error there is nothing at DEST that was not there before.
///
/// In a tar everything lies in one folder, named after the backup; unpacked it is a directory that fylr restore takes.
/// The same snapshot gives the same bytes every time.
#[derive(Debug, Args)]
pub struct Export {
    /// Number, name, or name~N
    snapshot: SnapshotName,
    /// A directory that is empty or not there yet; a tar, if it ends in .tar, .tar.gz, .tgz, .tar.zst or .tzst; - for a
    /// tar on standard output
    #[arg(value_name = "DEST")]
    destination: PathBuf,
    /// What to make, whatever DEST ends in
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Replace what stands at DEST, a directory with all that is in it
    #[arg(long)]
    force: bool,
    /// Compress all payloads to .json.gz at this level, or with 0 none; otherwise each is as it was
    #[arg(long, value_name = "0..9", value_parser = clap::value_parser!(u32).range(0..=9))]
    compression: Option<u32>,
    /// Only records of objecttypes that match this regular expression, and no files that only others have; links to
    /// what is left out are told
    #[arg(long, value_name = "REGEX")]
    include: Option<Regex>,
    /// Wrap it as a bag (RFC 8493), with a list of SHA-256 digests
    #[arg(long)]
    bagit: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Dir,
    Tar,
    #[value(name = "tar.gz")]
    TarGz,
    #[value(name = "tar.zst")]
    TarZst,
}

impl Export {
    pub fn run(self, session: &mut Session) -> Result<Exit, Error> {
        let form = self.form()?;
        let is_stream = self.is_stream();
        if is_stream {
            refuse_stdout(session)?;
        }
        let options = WriteOptions {
            existing: if self.force { Existing::Replace } else { Existing::Refuse },
            compression: self.compression,
            form,
            wrapping: if self.bagit { Wrapping::Bag } else { Wrapping::None },
        };
        let job =
            jobs::Export { snapshot: self.snapshot, destination: self.destination, options, include: self.include };
        let exported = session.work(|observer| job.run(&session.archive, observer))?;
        let destination = if is_stream { "standard output".into() } else { job.destination.to_string_lossy() };
        tell(&exported, &destination, session)
    }

    fn is_stream(&self) -> bool {
        self.destination == Path::new(STREAM)
    }

    fn form(&self) -> Result<Form, Error> {
        let name = self.destination.to_string_lossy().to_lowercase();
        let is_directory = self.destination.is_dir();
        let named = ENDS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, format)| *format);
        let format = match self.format {
            Some(Format::Dir) if self.is_stream() => return Err(Error::Unmade(self.destination.clone())),
            Some(format) => format,
            None if self.is_stream() => Format::Tar,
            None if is_directory => Format::Dir,
            None if OTHER_ENDS.iter().any(|end| name.ends_with(end)) => {
                return Err(Error::Unmade(self.destination.clone()));
            }
            None => named.unwrap_or(Format::Dir),
        };
        Ok(match format {
            Format::Dir => Form::Directory,
            Format::Tar => Form::Tar(Compression::Plain),
            Format::TarGz => Form::Tar(Compression::Gzip),
            Format::TarZst => Form::Tar(Compression::Zstd),
        })
    }
}

/// A tar on standard output must be alone there, and is nothing for a terminal.
fn refuse_stdout(session: &Session) -> Result<(), Error> {
    if session.out.is_json() {
        return Err(Error::Mixed);
    }
    if io::stdout().is_terminal() { Err(Error::Terminal) } else { Ok(()) }
}

fn outside_view(outside: &jobs::Outside) -> serde_json::Value {
    json!({ "from": outside.from, "to": outside.to, "links": outside.links })
}

fn tell(exported: &jobs::Exported, destination: &str, session: &mut Session) -> Result<Exit, Error> {
    let jobs::Exported { snapshot, written, outside } = exported;
    for jobs::Outside { from, to, links } in outside {
        let links = format::count(*links, "link", "links");
        stderr::say(Label::Warning, &format!("{links} of {from} point to records of {to}, which are left out"));
    }
    if snapshot.counts.missing > 0 {
        let payloads = format::count(snapshot.counts.missing, "payload was", "payloads were");
        stderr::say(Label::Warning, &format!("{payloads} missing when this was imported: not in {destination}"));
    }
    let (entries, size) = (format::count(written.entries, "entry", "entries"), format::bytes(written.bytes));
    let summary = format!("{}: snapshot {} is in {destination}, {entries}, {size}", snapshot.name, snapshot.number);
    if destination == "standard output" {
        tracing::info!("{summary}");
        return Ok(Exit::DONE);
    }
    let told = json!({
        "snapshot": view::snapshot(snapshot),
        "destination": destination,
        "entries": written.entries,
        "bytes": written.bytes,
        "outside": outside.iter().map(outside_view).collect::<Vec<_>>(),
    });
    session.out.member("exported", &told)?;
    session.summary(&summary)?;
    Ok(Exit::DONE)
}
