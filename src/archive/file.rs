//! The archive as a file: created atomically, opened by one writer or many readers, never touched when it is not ours.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bincode::{Decode, Encode};
use redb::{
    Builder, ConcurrencyMode, Database, DatabaseError, ReadOnlyDatabase, ReadTransaction, ReadableDatabase as _,
    ReadableTableMetadata as _,
};

use crate::archive::database::OpenDatabase;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::frame::Class;
use crate::archive::overlay::Overlay;
use crate::archive::runs::{Batch, OpenRun, Run, RunOutcome};
use crate::archive::snapshot::{self, Snapshot};
use crate::archive::{codec, runs, seal, tables};
use crate::model::log::{Level, Line};

/// The format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
/// redb's page cache; its default is 1 GiB, and packs gain nothing from more than this.
const CACHE_BYTES: usize = 32 << 20;
/// The same where nothing is written: the system has the file in memory, and the packs in use are kept beside it.
const READ_CACHE_BYTES: usize = 8 << 20;
/// A file may be so much longer than its packs, in percent of them: ids and index take 6, …
const ROOM_PERCENT: u64 = 115;
/// … and the rest so many bytes.
const ROOM_MIN: u64 = 1 << 20;
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// Where redb's description of the file's layout ends.
const LAYOUT_END: u64 = 32;
const HEADER: &str = "header";

/// What an archive says about itself; stored sealed in `meta`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    pub format: u32,
    /// How values are protected; 0 is the plain seal. Reserved for encryption.
    pub protection: u32,
    /// Random, made with the archive: the keys of the chunk ids are derived from it.
    key: [u8; 32],
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub created: i64,
}

impl Header {
    /// The key of the chunk ids of a class.
    #[must_use]
    pub fn chunk_key(&self, class: Class) -> [u8; 32] {
        blake3::derive_key(class.key_context(), &self.key)
    }
}

/// An archive that is only looked at.
pub struct Archive {
    pub path: PathBuf,
    pub header: Header,
    database: Readable,
}

enum Readable {
    Closed(ReadOnlyDatabase),
    /// Not closed properly by its last writer; repaired in memory.
    Repaired(OpenDatabase),
}

/// An archive that is written; there is one at a time.
pub struct ArchiveMut {
    pub path: PathBuf,
    pub header: Header,
    pub(crate) database: Arc<OpenDatabase>,
}

impl Archive {
    /// Opens an archive without changing a byte of its file.
    ///
    /// # Errors
    /// When there is none, or it is foreign, newer or damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        refuse_foreign(path)?;
        let database = match guarded(|| builder(READ_CACHE_BYTES).open_read_only(path))? {
            Ok(database) => Readable::Closed(database),
            Err(DatabaseError::Storage(redb::StorageError::Corrupted(_)) | DatabaseError::RepairAborted) => {
                Readable::Repaired(OpenDatabase::new(Self::repaired(path)?))
            }
            Err(error) => return Err(open_error(path, error)),
        };
        let transaction = match &database {
            Readable::Closed(database) => database.begin_read(),
            Readable::Repaired(database) => database.begin_read(),
        };
        let header = read_header(path, &transaction?)?;
        Ok(Self { path: path.to_owned(), header, database })
    }

    /// Looks at a database that is already open.
    ///
    /// # Errors
    /// When it is no archive of a known format.
    pub fn from_database(path: &Path, database: Database) -> Result<Self, Error> {
        let header = read_header(path, &database.begin_read()?)?;
        Ok(Self { path: path.to_owned(), header, database: Readable::Repaired(OpenDatabase::new(database)) })
    }

    fn repaired(path: &Path) -> Result<Database, Error> {
        let overlay = Overlay::open(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let mut builder = Builder::new();
        builder.set_cache_size(READ_CACHE_BYTES);
        guarded(|| builder.create_with_backend(overlay))?.map_err(|error| open_error(path, error))
    }

    /// Whether the file is much longer than what it holds, because its last writer was killed.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn is_roomy(&self) -> Result<bool, Error> {
        is_roomy(&self.path, &self.read()?)
    }

    /// A view of everything committed up to now.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn read(&self) -> Result<ReadTransaction, Error> {
        Ok(match &self.database {
            Readable::Closed(database) => database.begin_read()?,
            Readable::Repaired(database) => database.begin_read()?,
        })
    }
}

impl ArchiveMut {
    /// Opens an archive for writing, and creates it if there is none.
    ///
    /// # Errors
    /// When it is foreign, newer, damaged or being written, or cannot be created.
    pub fn open_or_create(path: &Path) -> Result<Self, Error> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
            _ => {}
        }
        Self::open(path)
    }

    /// # Errors
    /// As [`ArchiveMut::open_or_create`], and when there is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        refuse_foreign(path)?;
        // The header is looked at first, so that a newer archive is not touched.
        match Archive::open(path) {
            Ok(_) | Err(Error::Busy { .. }) => {}
            Err(error) => return Err(error),
        }
        let database = guarded(|| builder(CACHE_BYTES).open(path))?.map_err(|error| open_error(path, error))?;
        Self::from_database(path, database)
    }

    /// Creates an archive where there is none.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be created.
    pub fn create_new(path: &Path) -> Result<Self, Error> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(Error::Exists(path.to_owned()));
        }
        create(path)?;
        Self::open(path)
    }

    /// Takes over a database that is already open.
    ///
    /// # Errors
    /// When it is no archive of a known format.
    pub fn from_database(path: &Path, database: Database) -> Result<Self, Error> {
        let header = read_header(path, &database.begin_read()?)?;
        Ok(Self { path: path.to_owned(), header, database: Arc::new(OpenDatabase::new(database)) })
    }

    /// A view of everything committed up to now.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn read(&self) -> Result<ReadTransaction, Error> {
        Ok(self.database.begin_read()?)
    }

    /// Records that a run begins, and that runs left unfinished were interrupted.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin_run(&self, command: &str) -> Result<Run, Error> {
        runs::begin(&self.database, command)
    }

    /// The same for a run whose log is written while it goes on.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn open_run(&self, command: &str) -> Result<OpenRun, Error> {
        Ok(OpenRun::new(self.begin_run(command)?, Arc::clone(&self.database)))
    }

    /// Records how a run ended, with the lines of its log.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn end_run(&self, run: Run, outcome: RunOutcome, log: &[String]) -> Result<(), Error> {
        let level = if matches!(outcome, RunOutcome::Failed { .. }) { Level::Error } else { Level::Info };
        let lines = log.iter().map(|text| Line::new(runs::now(), level, text.clone())).collect();
        runs::end(&self.database, run, outcome, &Batch { first: 0, lines, parts: Vec::new() })
    }

    /// Takes snapshots out of the archive, all at once; what they held stays until it is pruned.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn forget(&self, snapshots: &[Snapshot]) -> Result<(), Error> {
        self.write(|transaction| snapshot::remove(transaction, snapshots))
    }

    /// Puts `after` into the place of `before`, which is the same snapshot under another name or with other tags.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn relabel(&self, changes: &[(Snapshot, Snapshot)]) -> Result<(), Error> {
        self.write(|transaction| {
            for (before, after) in changes {
                snapshot::remove(transaction, std::slice::from_ref(before))?;
                snapshot::insert(transaction, after)?;
            }
            Ok(())
        })
    }

    /// One transaction.
    fn write(&self, work: impl FnOnce(&redb::WriteTransaction) -> Result<(), Error>) -> Result<(), Error> {
        tables::write(&self.database, work)
    }

    /// Closes the file cleanly, and makes it as short as what it holds.
    ///
    /// # Errors
    /// When the last bytes cannot be written; what was committed is safe all the same.
    pub fn close_compact(self) -> Result<(), Error> {
        self.close_and(true)
    }

    /// Closes the file cleanly, and gives back the room that it took in advance.
    ///
    /// # Errors
    /// When the last bytes cannot be written; what was committed is safe all the same.
    pub fn close(self) -> Result<(), Error> {
        let is_roomy = is_roomy(&self.path, &self.read()?)?;
        self.close_and(is_roomy)
    }

    fn close_and(self, is_roomy: bool) -> Result<(), Error> {
        // Somebody who still holds the database closes it when they let go of it.
        let Ok(database) = Arc::try_unwrap(self.database) else { return Ok(()) };
        let mut database = database.into_inner();
        guarded(|| {
            if is_roomy && let Err(error) = database.compact() {
                // A reader in another process keeps pages in use; the next writer will try again.
                tracing::debug!("not compacted: {error}");
            }
            database.close().map_err(|error| open_error(&self.path, error))
        })?
    }
}

/// Whether the file is much longer than what it holds: redb doubles it when it grows.
fn is_roomy(path: &Path, transaction: &ReadTransaction) -> Result<bool, Error> {
    let packs = guarded(|| Ok::<u64, Error>(transaction.open_table(tables::PACKS)?.len()?))??;
    let expected = ROOM_MIN + packs * (1 << 20) * ROOM_PERCENT / 100;
    Ok(fs::metadata(path).is_ok_and(|metadata| metadata.len() > expected))
}

/// Makes an empty archive of a fresh database.
///
/// # Errors
/// When the database refuses or there is no randomness.
pub fn initialize(database: &Database, created: i64) -> Result<(), Error> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| redb::Error::Io(io::Error::other(error)))?;
    let header = Header { format: FORMAT, protection: 0, key, created };
    let transaction = tables::begin_write(database)?;
    tables::create(&transaction)?;
    let sealed = seal::seal("meta", HEADER.as_bytes(), codec::encode(&header));
    transaction.open_table(tables::META)?.insert(HEADER, sealed.as_slice())?;
    transaction.commit()?;
    Ok(())
}

/// Creates an archive: under a temporary name, complete and on disk, before it gets its own. Killed at any moment this
/// leaves no archive or a whole one.
fn create(path: &Path) -> Result<(), Error> {
    let temporary = Temporary::beside(path)?;
    let database = builder(CACHE_BYTES).create(temporary.path()).map_err(|error| open_error(path, error))?;
    initialize(&database, runs::now())?;
    database.close().map_err(|error| open_error(path, error))?;
    match temporary.publish(path) {
        // Another process was faster.
        Err(Error::Exists(_)) => Ok(()),
        published => published,
    }
}

/// A file that is not finished: it goes when its maker is done with it, or gets its name.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// A file in the same folder as `path`, hidden, which is not there.
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        let no_name = || Error::File { path: path.to_owned(), source: io::Error::from(ErrorKind::IsADirectory) };
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().ok_or_else(no_name)?);
        name.push(format!(".{}.new", std::process::id()));
        let temporary = Self(folder_of(path).join(name));
        temporary.remove();
        Ok(temporary)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the file, complete and on disk, the name `path`, which must be free.
    pub(crate) fn publish(self, path: &Path) -> Result<(), Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        File::open(&self.0).and_then(|file| file.sync_all()).map_err(failed)?;
        match fs::hard_link(&self.0, path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(Error::Exists(path.to_owned())),
            // The file system knows no links.
            Err(_) => fs::rename(&self.0, path).map_err(failed)?,
        }
        File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    fn remove(&self) {
        // It is usually not there.
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.remove();
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn builder(cache_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes);
    builder.set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

/// Refuses, before redb sees it, what is no archive: redb would make one of an empty file.
fn refuse_foreign(path: &Path) -> Result<(), Error> {
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => Error::NotFound(path.to_owned()),
        _ => Error::File { path: path.to_owned(), source },
    };
    let foreign = |why| Error::Foreign { path: path.to_owned(), why };
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(foreign("it is not a file"));
    }
    if metadata.len() == 0 {
        return Err(foreign("it is empty"));
    }
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(LAYOUT_END).read_to_end(&mut start)).map_err(failed)?;
    if !start.starts_with(MAGIC) {
        return Err(foreign("it does not begin as one"));
    }
    if closed_length(&start).is_some_and(|length| metadata.len() < length) {
        return Err(Damage::Database("the file is cut off".to_owned()).into());
    }
    Ok(())
}

/// How long redb's header says that the file is; `None` if it was not closed, for then it may be about to change. redb
/// itself notices only when it comes to a page that is not there.
fn closed_length(header: &[u8]) -> Option<u64> {
    const RECOVERY_REQUIRED: u8 = 2;
    let number = |at: usize| Some(u64::from(u32::from_le_bytes(header.get(at..at + 4)?.try_into().ok()?)));
    let is_closed = header.get(MAGIC.len())? & RECOVERY_REQUIRED == 0;
    let [page, region_header, region_data, regions, trailing] =
        [number(12)?, number(16)?, number(20)?, number(24)?, number(28)?];
    let trailing = if trailing == 0 { 0 } else { region_header + trailing };
    let pages = regions.checked_mul(region_header + region_data)?.checked_add(1 + trailing)?;
    page.checked_mul(pages).filter(|_| is_closed)
}

fn open_error(path: &Path, error: DatabaseError) -> Error {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            let holder = holder(&path);
            Error::Busy { path, holder }
        }
        DatabaseError::Storage(redb::StorageError::Io(source)) if source.kind() == ErrorKind::UnexpectedEof => {
            Error::Foreign { path, why: "it is cut off" }
        }
        DatabaseError::Storage(redb::StorageError::Io(source)) => Error::File { path, source },
        DatabaseError::RepairAborted => Damage::Database("it cannot be repaired".to_owned()).into(),
        error => redb::Error::from(error).into(),
    }
}

/// Who writes to the archive, for a second writer to be told.
fn holder(path: &Path) -> String {
    let runs = Archive::open(path).and_then(|archive| runs::all(&archive.read()?));
    let running = runs.unwrap_or_default().into_iter().flatten().rfind(|run| run.outcome == RunOutcome::Running);
    match running {
        Some(run) => format!("process {} on {} ({})", run.process, run.host, run.command),
        None => "another process".to_owned(),
    }
}

fn read_header(path: &Path, transaction: &ReadTransaction) -> Result<Header, Error> {
    let foreign = || Error::Foreign { path: path.to_owned(), why: "it is a redb database of something else" };
    let table = match guarded(|| transaction.open_table(tables::META))? {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_) | redb::TableError::TableTypeMismatch { .. }) => {
            return Err(foreign());
        }
        Err(error) => return Err(error.into()),
    };
    let value = guarded(|| table.get(HEADER).map(|value| value.map(|sealed| sealed.value().to_vec())))??;
    let value = value.ok_or_else(foreign)?;
    let damaged = || Damage::Value { table: "meta", key: HEADER.to_owned() };
    let bytes = seal::open("meta", HEADER.as_bytes(), &value).map_err(|_| damaged())?;
    // The format comes first and is read alone, for a newer header may have other fields.
    let (format, _) = codec::take::<u32>(bytes).map_err(|_| damaged())?;
    if format > FORMAT {
        return Err(Error::Newer { path: path.to_owned(), found: format, known: FORMAT });
    }
    Ok(codec::decode(bytes).map_err(|_| damaged())?)
}
