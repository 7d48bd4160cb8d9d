//! `fonds backup`: an instance becomes a snapshot.

use std::path::{Path, PathBuf};

use clap::Args;
use fonds::archive::snapshot::backup_name;
use fonds::fylr::source::{CHECKPOINT_EVERY, Events, Files, ReadOptions, URL_DAYS};
use fonds::jobs::{self, BackedUp, Directory, Start};
use regex::Regex;
use serde_json::json;

use crate::cli::connection::Connection;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::stderr::{self, Label};
use crate::cli::{format, view};

/// Items of a page.
const CHUNK_SIZES: std::ops::RangeInclusive<u64> = 1..=1000;

/// Read an instance into a new snapshot
///
/// The API of a fylr or an easydb5 is read, and turned into what fylr restore takes. The archive is made if there is none;
/// what it holds already is not stored again. The snapshot appears when everything that was asked for is in it.
///
/// A backup that was ended by anything is kept as far as it came: with --continue the same command goes on from there,
/// with --purge it begins anew.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Backup {
    #[command(flatten)]
    connection: Connection,
    /// The backup name; otherwise the instance's
    #[arg(long, value_parser = backup_name)]
    name: Option<String>,
    /// All versions of all records, not only the latest ones
    #[arg(long)]
    all_versions: bool,
    /// Records that are deleted but still there, too
    #[arg(long)]
    include_deleted: bool,
    /// Only objecttypes whose name matches this regular expression
    #[arg(long, value_name = "REGEX", value_parser = regex)]
    include: Option<Regex>,
    /// Only events of these types, with commas between them; - for none
    #[arg(long, value_name = "TYPES", default_value = "")]
    include_events: String,
    /// Files as bytes: original, or with-versions for their renditions, too; otherwise their URLs stand for them
    #[arg(long, value_name = "WHICH", default_value = "", value_parser = files)]
    include_files: Files,
    /// Days that signed URLs of files are asked to last
    #[arg(long, value_name = "DAYS", default_value_t = URL_DAYS)]
    file_url_expire_days: u32,
    /// So many records of each objecttype at most; 0 for all
    #[arg(long, visible_alias = "max-count", value_name = "COUNT", default_value_t = 0)]
    maximum_count: u64,
    /// Old name of --maximum-count
    #[arg(long, value_name = "COUNT", hide = true)]
    limit: Option<u64>,
    /// Items of a request, and records of a payload: 1 to 1000
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
    chunk_size: u64,
    /// Old name of --chunk-size
    #[arg(long, value_name = "COUNT", hide = true, value_parser = clap::value_parser!(u64).range(1..=1000))]
    chunk: Option<u64>,
    /// Of no meaning any more: payloads are as long as pages
    #[arg(long, value_name = "COUNT", hide = true)]
    size: Option<u64>,
    /// Give up an unfinished backup of this name, and replace the directory of --dir
    #[arg(long, conflicts_with = "continue_")]
    purge: bool,
    /// Go on with the unfinished backup of this name; what it has fetched and could not place yet lies beside the archive
    #[arg(long = "continue")]
    continue_: bool,
    /// Read everything back from the archive at the end
    #[arg(long)]
    verify: bool,
    /// JSON over many lines
    #[arg(long)]
    pretty: bool,
    /// Payloads become .json.gz at this level; 0 for plain ones
    #[arg(long, value_name = "0..9", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=9))]
    compression: u32,
    /// Also write the snapshot to a directory, as fylr backup does
    #[arg(long, short, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Backup {
    pub fn run(mut self, session: &mut Session) -> Result<Exit, Error> {
        self.adopt_old_names();
        let job = self.job(session)?;
        let done = session.work(|observer| job.run(&session.archive, observer))?;
        tell(&done, session)
    }

    /// Old names are understood, and said to be old.
    fn adopt_old_names(&mut self) {
        let old = |name: &str, new: &str| stderr::say(Label::Warning, &format!("--{name} is called --{new} now"));
        if let Some(chunk) = self.chunk {
            old("chunk", "chunk-size");
            self.chunk_size = chunk;
        }
        if let Some(limit) = self.limit {
            old("limit", "maximum-count");
            self.maximum_count = limit;
        }
        if self.size.is_some() {
            stderr::say(Label::Warning, "--size means nothing any more: payloads are as long as --chunk-size says");
        }
    }

    /// The job that these flags ask for.
    pub(in crate::cli) fn job(self, session: &Session) -> Result<jobs::Backup, Error> {
        debug_assert!(CHUNK_SIZES.contains(&self.chunk_size));
        let connection = self.connection.options(session.is_network_logged)?;
        let read = ReadOptions {
            all_versions: self.all_versions,
            include_deleted: self.include_deleted,
            include: self.include,
            events: events(&self.include_events),
            files: self.include_files,
            maximum_count: (self.maximum_count > 0).then_some(self.maximum_count),
            chunk_size: self.chunk_size,
            url_days: Some(self.file_url_expire_days),
            is_pretty: self.pretty,
            is_compressed: self.compression > 0,
            workers: self.connection.workers(),
            checkpoint_every: CHECKPOINT_EVERY,
            folder: folder_of(&session.archive),
        };
        let start = match (self.purge, self.continue_) {
            (true, _) => Start::Purge,
            (_, true) => Start::Continue,
            _ => Start::New,
        };
        let compression = self.compression;
        Ok(jobs::Backup {
            connection,
            read,
            name: self.name.or(self.connection.instance),
            start,
            verify: self.verify,
            directory: self.dir.map(|path| Directory { path, compression }),
        })
    }
}

/// The folder of the archive: there is room where it grows.
fn folder_of(archive: &Path) -> PathBuf {
    match archive.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn events(types: &str) -> Events {
    match types {
        "" => Events::All,
        "-" => Events::None,
        types => Events::Of(types.split(',').map(|name| name.trim().to_owned()).collect()),
    }
}

fn files(text: &str) -> Result<Files, String> {
    let all = [Files::Urls, Files::Originals, Files::WithVersions];
    let found = all.into_iter().find(|files| files.name() == text);
    found.ok_or_else(|| "there are original, with-versions, and nothing".to_owned())
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

fn tell(done: &BackedUp, session: &mut Session) -> Result<Exit, Error> {
    let BackedUp { snapshot, report, entries_before, duration, verified, written } = done;
    let aside = || report.aside.iter().map(|aside| json!({ "what": aside.what, "why": aside.why })).collect::<Vec<_>>();
    let backup = json!({
        "snapshot": view::snapshot(snapshot),
        "records": report.records,
        "limits": report.notes.keys().collect::<Vec<_>>(),
        "set_aside": aside(),
        "changed": report.changed,
        "entries_before": entries_before,
        "entries_verified": verified,
        "seconds": duration.as_secs_f64(),
        "directory_entries": written.as_ref().map(|written| written.entries),
    });
    session.out.member("backup", &backup)?;
    let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    let (name, counts, added) = (&snapshot.name, &snapshot.counts, &snapshot.added);
    let unique = format::count(report.records.values().sum(), "record", "records");
    let files = match counts.files + counts.renditions {
        0 => String::new(),
        files => format!(", {}", format::count(files, "file", "files")),
    };
    let line = format!(
        "{name}: snapshot {}, {unique}{files} in {}, {} added",
        snapshot.number,
        format::duration(nanoseconds),
        format::bytes(added.bytes_stored)
    );
    session.summary(&line)?;
    if report.aside.is_empty() {
        return Ok(Exit::DONE);
    }
    let aside = format::count(report.aside.len() as u64, "thing was", "things were");
    session.summary(&format!("{aside} set aside; \"fonds runs show\" lists what and why"))?;
    Ok(Exit::INCOMPLETE)
}
