//! What an unfinished backup keeps beside the archive, so that going on fetches nothing twice: answers that are no entries
//! yet, and the beginnings of large files. A folder that nobody but its owner reads; it is gone when the backup is done.
//! Without it everything works as well, only not as soon.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::fylr::request::Request;
use crate::fylr::source::beginning::Beginning;
use crate::fylr::source::kept_answers::KeptAnswers;
use crate::fylr::source::turn::FileSource;

/// By which something is found again.
pub(crate) type Key = [u8; 16];

/// The file with the answers.
const ANSWERS: &str = "answers";

/// The folder; `None` where nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    folder: Option<PathBuf>,
    /// `None` as well when there was no room: then nothing more is kept.
    answers: Mutex<Option<KeptAnswers>>,
    /// There was one, of the same backup.
    pub was_there: bool,
}

impl Kept {
    /// What the backup with this mark has kept. What another one has left is removed.
    pub fn open(folder: &Path, mark: Key) -> Self {
        match Self::answers(folder, mark) {
            Ok((answers, was_there)) => {
                Self { folder: Some(folder.to_owned()), answers: Mutex::new(Some(answers)), was_there }
            }
            Err(error) => {
                tracing::warn!("{} cannot be used, so an interruption costs more: {error}", folder.display());
                Self::default()
            }
        }
    }

    fn answers(folder: &Path, mark: Key) -> io::Result<(KeptAnswers, bool)> {
        let is_there = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
        if is_there && let Some(answers) = KeptAnswers::open(&folder.join(ANSWERS), mark)? {
            return Ok((answers, true));
        }
        remove(folder)?;
        DirBuilder::new().mode(0o700).create(folder)?;
        Ok((KeptAnswers::create(&folder.join(ANSWERS), mark)?, false))
    }

    /// Whether everything is kept that is asked for.
    pub fn is_kept(&self) -> bool {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What was answered to this request before.
    pub fn answer(&self, request: &Request) -> Option<Bytes> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.as_ref()?.get(&key_of(request))
    }

    /// Keeps what was answered.
    pub fn keep(&self, request: &Request, answer: &[u8]) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = answers.as_mut() else { return };
        if let Err(error) = kept.put(key_of(request), answer) {
            tracing::warn!("answers are not kept any more, so an interruption costs more: {error}");
            *answers = None;
        }
    }

    /// The beginning of a file that was fetched before, to be lengthened; `None` for files that are not worth it.
    pub fn beginning(&self, file: &FileSource) -> Option<Beginning> {
        let folder = self.folder.as_ref()?;
        Beginning::open(folder, file)
    }
}

/// Removes such a folder.
///
/// # Errors
/// When it is there and stays.
pub fn remove(folder: &Path) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(folder),
        Ok(_) => fs::remove_file(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The start of a BLAKE3.
pub(crate) fn key(parts: &[&[u8]]) -> Key {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes")
}

fn key_of(request: &Request) -> Key {
    let query = request.query.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let head =
        [request.method.as_str().as_bytes(), request.path.as_bytes(), request.body.as_deref().unwrap_or_default()];
    key(&head.into_iter().chain(query).collect::<Vec<_>>())
}
