//! Unfinished backups: whether one is there, whether it is the one that is wanted, and what it has already.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bincode::{Decode, Encode};

use crate::archive::drafts::{self, Draft, DraftReader};
use crate::archive::{ArchiveMut, Body, FileBody};

use crate::archive::runs::{Run, now};
use crate::fylr::Instance;
use crate::fylr::source::{self, Events, ReadOptions, Resume};
use crate::jobs::Error;
use crate::jobs::backup::Start;
use crate::model::entry::Role;
use crate::model::path::EntryPath;
use crate::model::payload::PayloadKind;

/// The state of a job is no longer than what a source keeps, and a little more.
const STATE_MAX: usize = 300 << 20;

/// What a backup knows of itself beside its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    identity: Vec<(String, String)>,
    /// When the first run began: nanoseconds since 1970-01-01T00:00:00Z.
    pub started: i64,
    before: Duration,
    /// The payloads in restore order.
    pub payloads: Vec<EntryPath>,
    /// Records by kind, and by objecttype for records of those.
    pub counts: BTreeMap<String, u64>,
}

/// What is kept in the draft.
#[derive(Encode, Decode)]
struct Stored {
    identity: Vec<(String, String)>,
    /// Nanoseconds that all runs have taken.
    runtime: u64,
    source: Vec<u8>,
}

impl Progress {
    pub fn new(identity: Vec<(String, String)>) -> Self {
        let (payloads, counts) = (Vec::new(), BTreeMap::new());
        Self { identity, started: now(), before: Duration::ZERO, payloads, counts }
    }

    /// A payload is complete.
    pub fn payload(&mut self, path: &EntryPath, records: u64) {
        *self.counts.entry(kind_of(path)).or_default() += records;
        self.payloads.push(path.clone());
    }

    /// What all runs have taken until now.
    pub fn duration(&self, began: Instant) -> Duration {
        self.before + began.elapsed()
    }

    /// As it is kept with a checkpoint.
    pub fn encode(&self, source: Vec<u8>, began: Instant) -> Vec<u8> {
        let runtime = u64::try_from(self.duration(began).as_nanos()).unwrap_or(u64::MAX);
        let stored = Stored { identity: self.identity.clone(), runtime, source };
        bincode::encode_to_vec(stored, bincode::config::standard()).expect("writing to memory does not fail")
    }
}

/// `db:objekt` or the name of the kind, out of the name of a payload.
fn kind_of(path: &EntryPath) -> String {
    let name = String::from_utf8_lossy(path.name()).into_owned();
    match name.strip_prefix("db__") {
        Some(rest) => {
            format!("db:{}", rest.split("__level_").next().unwrap_or(rest).split("__batch_").next().unwrap_or(rest))
        }
        None => PayloadKind::guess(None, &name).name().to_owned(),
    }
}

/// What makes a backup this one and no other, and decides what is in it.
pub(super) fn identity(
    server: &str,
    instance: &Instance,
    objecttypes: &[String],
    options: &ReadOptions,
) -> Vec<(String, String)> {
    let events = match &options.events {
        Events::All => String::new(),
        Events::None => "-".to_owned(),
        Events::Of(types) => types.join(","),
    };
    let pairs: [(&str, String); 13] = [
        ("server", server.to_owned()),
        ("kind", instance.kind.to_string()),
        ("instance", instance.id.clone()),
        ("objecttypes", objecttypes.join(",")),
        ("--all-versions", options.all_versions.to_string()),
        ("--include-deleted", options.include_deleted.to_string()),
        ("--include", options.include.as_ref().map_or_else(String::new, ToString::to_string)),
        ("--include-events", events),
        ("--include-files", options.files.name().to_owned()),
        ("--maximum-count", options.maximum_count.unwrap_or(0).to_string()),
        ("--chunk-size", options.chunk_size.to_string()),
        ("--pretty", options.is_pretty.to_string()),
        ("--compression", options.is_compressed.to_string()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The draft to go on with, or a new one, and what of it is there.
///
/// # Errors
/// When one is there and it was not said what to do about it, or it is one of something else.
pub(super) fn open(
    archive: &ArchiveMut,
    name: &str,
    run: &Run,
    start: Start,
    progress: &mut Progress,
) -> Result<(Draft, Resume), Error> {
    let found = drafts::find(&archive.read()?, name)?;
    match (found, start) {
        (Some(_), Start::New) => Err(Error::Unfinished(name.to_owned())),
        (Some(draft), Start::Continue) => {
            let mut known = progress.clone();
            let resume = resume(archive, &draft, &mut known)?.keeping(&folder_of(&archive.path, name), mark(&draft));
            if resume.is_lost() {
                archive.discard_draft(name)?;
                return begin(archive, name, run, progress);
            }
            *progress = known;
            Ok((draft, resume))
        }
        (found, _) => {
            if found.is_some() {
                archive.discard_draft(name)?;
            }
            begin(archive, name, run, progress)
        }
    }
}

fn begin(archive: &ArchiveMut, name: &str, run: &Run, progress: &Progress) -> Result<(Draft, Resume), Error> {
    let state = progress.encode(Vec::new(), Instant::now());
    let mut draft = Draft::new(name.to_owned(), run.id, progress.started, state);
    archive.begin_draft(&mut draft)?;
    let resume = Resume::default().keeping(&folder_of(&archive.path, name), mark(&draft));
    Ok((draft, resume))
}

/// Where an unfinished backup keeps what is no entry yet: `fonds.redb.museum.unfinished`.
pub(super) fn folder_of(archive: &Path, name: &str) -> PathBuf {
    let mut folder = OsString::from(archive);
    folder.push(format!(".{name}.unfinished"));
    PathBuf::from(folder)
}

/// By which a draft is told from others of its name.
fn mark(draft: &Draft) -> [u8; 16] {
    source::key(&[draft.name.as_bytes(), &draft.started.to_le_bytes(), &draft.run.0.to_le_bytes()])
}

fn resume(archive: &ArchiveMut, draft: &Draft, progress: &mut Progress) -> Result<Resume, Error> {
    let other = |what: &str| Error::OtherBackup { name: draft.name.clone(), what: what.to_owned() };
    let config = bincode::config::standard().with_limit::<STATE_MAX>();
    let decoded = bincode::decode_from_slice::<Stored, _>(&draft.state, config);
    let (stored, _) = decoded.map_err(|_| other("the version of fonds"))?;
    let different = stored.identity.iter().zip(&progress.identity).find(|(one, other)| one != other);
    if let Some(((what, _), _)) = different {
        return Err(other(what));
    }
    progress.started = draft.started;
    progress.before = Duration::from_nanos(stored.runtime);
    let transaction = archive.read()?;
    let reader = DraftReader::new(&transaction)?;
    let mut resume = Resume::from_state(&stored.source)?;
    draft.rows(&transaction, |row, _| {
        resume.entry(&row.head.path);
        let Body::File(body) = &row.body else { return Ok(()) };
        if row.head.role == Role::Payload {
            learn(&reader, &row.head.path, body, &mut resume)?;
            progress.payload(&row.head.path, body.records.as_ref().map_or(0, |records| records.count));
        }
        Ok::<(), Error>(())
    })?;
    Ok(resume)
}

/// Reads a payload of records back, for what comes behind it.
fn learn(reader: &DraftReader, path: &EntryPath, body: &FileBody, resume: &mut Resume) -> Result<(), Error> {
    let Some(objecttype) = body.records.as_ref().and_then(|records| records.objecttype.clone()) else { return Ok(()) };
    let mut text = Vec::new();
    reader.read(path, body, |block| {
        text.extend_from_slice(&block);
        Ok::<(), Error>(())
    })?;
    Ok(resume.records(&objecttype, path, &text)?)
}
