//! Ledgers: what restores have already done, target by target. Notes are gathered and committed many at a time; who must
//! know that one is safe waits for it. A ledger belongs to one backup on one instance, and goes when another one begins.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bincode::{Decode, Encode};
use redb::{ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableError, WriteTransaction};

use crate::archive::database::OpenDatabase;
use crate::archive::error::{Damage, Error, guarded};
use crate::archive::file::ArchiveMut;
use crate::archive::{codec, seal, tables};
use crate::model::ledger::{Change, Failed, Ledger};

const TABLE: &str = "ledgers";
/// The key of a ledger's head.
const HEAD: &str = "";
/// What is lost at most when a restore is killed: the target is asked about it then.
const COMMIT_EVERY: Duration = Duration::from_millis(200);
/// Notes that wait to be committed, about 100 bytes each; beyond that the restore waits.
const WAITING_MAX: usize = 100_000;

/// Which restore a ledger is of.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LedgerHead {
    pub number: u64,
    /// The API of the target, without secrets.
    pub server: String,
    /// The id of the instance, which is another one after a purge.
    pub instance: String,
    /// The digest of the manifest of the backup.
    pub backup: String,
    /// What people call the backup.
    pub label: String,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub started: i64,
    /// When everything was through.
    pub finished: Option<i64>,
}

/// All ledgers; a damaged one is an item, not the end.
///
/// # Errors
/// When the table cannot be walked.
pub fn all(transaction: &ReadTransaction) -> Result<Vec<Result<LedgerHead, Error>>, Error> {
    guarded(|| {
        let table = match transaction.open_table(tables::LEDGERS) {
            // Archives know ledgers only since one was begun.
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            table => table?,
        };
        let mut found = Vec::new();
        for row in table.iter()? {
            let (key, value) = row?;
            if let (number, HEAD) = key.value() {
                let bytes = opened(number, HEAD, value.value());
                found.push(bytes.and_then(|bytes| Ok(codec::decode(&bytes).map_err(|_| damage(number, HEAD))?)));
            }
        }
        Ok(found)
    })?
}

/// Hands over every note of a ledger whose key begins so, in order.
///
/// # Errors
/// When the table cannot be walked, a note is damaged, or the first error of `visit`.
pub fn notes(
    transaction: &ReadTransaction,
    number: u64,
    prefix: &str,
    mut visit: impl FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    guarded(|| {
        let table = match transaction.open_table(tables::LEDGERS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            table => table?,
        };
        for row in table.range((number, prefix)..)? {
            let (key, value) = row?;
            let (of, key) = key.value();
            if of != number || !key.starts_with(prefix) {
                break;
            }
            if key != HEAD {
                let bytes = opened(number, key, value.value())?;
                visit(key, &String::from_utf8_lossy(&bytes))?;
            }
        }
        Ok(())
    })?
}

fn damage(number: u64, key: &str) -> Damage {
    Damage::Value { table: TABLE, key: format!("{number} {key}") }
}

fn seal_key(number: u64, key: &str) -> Vec<u8> {
    [&number.to_le_bytes(), key.as_bytes()].concat()
}

fn opened(number: u64, key: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let bytes = seal::open(TABLE, &seal_key(number, key), sealed).map_err(|_| damage(number, key))?;
    Ok(bytes.to_vec())
}

fn insert(transaction: &WriteTransaction, number: u64, key: &str, value: Vec<u8>) -> Result<(), Error> {
    let sealed = seal::seal(TABLE, &seal_key(number, key), value);
    transaction.open_table(tables::LEDGERS)?.insert((number, key), sealed.as_slice())?;
    Ok(())
}

impl ArchiveMut {
    /// Begins a ledger; its number is given here. Those that were of the same server and backup are gone then.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin_ledger(&self, mut head: LedgerHead) -> Result<LedgerHead, Error> {
        let known: Vec<LedgerHead> = all(&self.read()?)?.into_iter().flatten().collect();
        head.number = known.iter().map(|known| known.number).max().unwrap_or(0) + 1;
        tables::write(&self.database, |transaction| {
            let mut table = transaction.open_table(tables::LEDGERS)?;
            for old in known.iter().filter(|old| old.server == head.server && old.backup == head.backup) {
                table.retain_in((old.number, HEAD)..(old.number + 1, HEAD), |_, _| false)?;
            }
            drop(table);
            insert(transaction, head.number, HEAD, codec::encode(&head))
        })?;
        Ok(head)
    }

    /// Notes that everything is through.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn finish_ledger(&self, head: &LedgerHead, finished: i64) -> Result<(), Error> {
        let head = LedgerHead { finished: Some(finished), ..head.clone() };
        tables::write(&self.database, |transaction| insert(transaction, head.number, HEAD, codec::encode(&head)))
    }

    /// Opens a ledger to write in it.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn ledger(&self, number: u64) -> Result<OpenLedger, Error> {
        let shared = Arc::new(Shared {
            number,
            database: Arc::clone(&self.database),
            state: Mutex::default(),
            told: Condvar::new(),
        });
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn(move || writer.write_on());
        let thread = thread.map_err(|source| Error::File { path: self.path.clone(), source })?;
        Ok(OpenLedger { shared, thread: Some(thread) })
    }
}

/// A ledger that is written. Dropping it commits what waits.
pub struct OpenLedger {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    number: u64,
    database: Arc<OpenDatabase>,
    state: Mutex<State>,
    /// Something waits, or has been committed.
    told: Condvar,
}

#[derive(Default)]
struct State {
    /// What is not committed yet, each with its place in the order of notes.
    waiting: BTreeMap<String, (u64, Option<String>)>,
    noted: u64,
    committed: u64,
    /// Somebody waits until everything is safe.
    is_urgent: bool,
    is_over: bool,
    failed: Option<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits what waits, now and then, until there will be no more.
    fn write_on(&self) {
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() && !state.is_over {
                state = self.told.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if !state.is_urgent && !state.is_over {
                let waited = self.told.wait_timeout_while(state, COMMIT_EVERY, |state| {
                    !state.is_urgent && !state.is_over && state.waiting.len() < WAITING_MAX
                });
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.waiting.is_empty() && state.is_over {
                return;
            }
            let (batch, up_to) = (state.waiting.clone(), state.noted);
            drop(state);
            let committed = self.commit(&batch);
            let mut state = self.lock();
            match committed {
                Ok(()) => {
                    state.waiting.retain(|_, (at, _)| *at > up_to);
                    state.committed = up_to;
                    state.is_urgent = state.is_urgent && state.noted > up_to;
                }
                Err(error) => {
                    state.failed = Some(chain(&error));
                    state.waiting.clear();
                }
            }
            let is_over = state.failed.is_some();
            self.told.notify_all();
            if is_over {
                return;
            }
        }
    }

    fn commit(&self, batch: &BTreeMap<String, (u64, Option<String>)>) -> Result<(), Error> {
        tables::write(&self.database, |transaction| {
            let mut table = transaction.open_table(tables::LEDGERS)?;
            for (key, (_, value)) in batch {
                match value {
                    Some(value) => {
                        let sealed = seal::seal(TABLE, &seal_key(self.number, key), value.clone().into_bytes());
                        table.insert((self.number, key.as_str()), sealed.as_slice())?;
                    }
                    None => drop(table.remove((self.number, key.as_str()))?),
                }
            }
            Ok(())
        })
    }

    fn stored(&self, key: &str) -> Result<Option<String>, Error> {
        guarded(|| {
            let table = self.database.begin_read()?.open_table(tables::LEDGERS)?;
            let value = table.get((self.number, key))?;
            let bytes = value.map(|value| opened(self.number, key, value.value())).transpose()?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        })?
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Ledger for OpenLedger {
    fn get(&self, key: &str) -> Result<Option<String>, Failed> {
        if let Some((_, value)) = self.shared.lock().waiting.get(key) {
            return Ok(value.clone());
        }
        Ok(self.shared.stored(key)?)
    }

    fn under(&self, prefix: &str, visit: &mut dyn FnMut(&str, &str)) -> Result<(), Failed> {
        // Notes are committed at any moment: what waits is looked at first, so that none is missed.
        let waiting: Vec<(String, Option<String>)> = {
            let state = self.shared.lock();
            let found = state.waiting.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            let found = found.take_while(|(key, _)| key.starts_with(prefix));
            found.map(|(key, (_, value))| (key.clone(), value.clone())).collect()
        };
        let mut found = BTreeMap::new();
        notes(&self.shared.database.begin_read()?, self.shared.number, prefix, |key, value| {
            found.insert(key.to_owned(), value.to_owned());
            Ok(())
        })?;
        for (key, value) in waiting {
            match value {
                Some(value) => drop(found.insert(key, value)),
                None => drop(found.remove(&key)),
            }
        }
        for (key, value) in &found {
            visit(key, value);
        }
        Ok(())
    }

    fn put(&self, changes: Vec<Change>) -> Result<(), Failed> {
        let mut state = self.shared.lock();
        while state.waiting.len() >= WAITING_MAX && state.failed.is_none() {
            state = self.shared.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(failed) = &state.failed {
            return Err(failed.clone().into());
        }
        for (key, value) in changes {
            state.noted += 1;
            let at = state.noted;
            state.waiting.insert(key, (at, value));
        }
        self.shared.told.notify_all();
        Ok(())
    }

    fn settle(&self) -> Result<(), Failed> {
        let mut state = self.shared.lock();
        let up_to = state.noted;
        while state.committed < up_to && state.failed.is_none() {
            state.is_urgent = true;
            self.shared.told.notify_all();
            state = self.shared.told.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match &state.failed {
            Some(failed) => Err(failed.clone().into()),
            None => Ok(()),
        }
    }
}

impl Drop for OpenLedger {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.told.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has failed before, and that was told.
            let _ = thread.join();
        }
    }
}
