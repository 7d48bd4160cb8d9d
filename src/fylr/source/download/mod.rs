//! The bytes of files: fetched in parallel, handed over in order, proved by size and SHA-256 where the API tells them. A
//! broken connection is resumed where it broke, an URL that has expired is asked for anew.

mod fetch;

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::fylr::client::Client;
use crate::fylr::error::Error;
use crate::fylr::source::beginning::{self, Beginning};
use crate::fylr::source::delivery::{Delivery, head};
use crate::fylr::source::download::fetch::Fetch;
use crate::fylr::source::read::Reader;
use crate::fylr::source::turn::FileSource;
use crate::model::entry::Encoding;
use crate::model::path::EntryPath;

/// Pieces of a file that wait to be taken; hyper gives at most a few hundred kilobytes at a time.
const PIECES_AHEAD: usize = 8;
/// A part of a file on its way.
enum Piece {
    Bytes(Bytes),
    End,
    /// The bytes up to here are wrong; those of the whole file follow anew.
    Again,
    /// There is no such file to be had.
    Refused(String),
    Failed(Error),
}

/// Fetches files that are not there yet, and hands them over. A file that cannot be had is set aside.
pub(crate) async fn files(reader: &mut Reader, files: Vec<FileSource>) -> Result<(), Error> {
    let files = files.into_iter().filter(|file| !reader.resume.has(&file.path)).collect::<Vec<_>>();
    let mut files = VecDeque::from(crate::fylr::source::records::distinct(files, &mut reader.files_seen));
    let mut coming: VecDeque<Coming> = VecDeque::new();
    loop {
        while coming.len() < reader.options.workers
            && let Some(file) = files.pop_front()
        {
            let beginning = reader.resume.kept.beginning(&file);
            coming.push_back(Coming::start(reader.client.clone(), file, beginning));
        }
        let Some(next) = coming.pop_front() else { return Ok(()) };
        hand_over(reader, next).await?;
        reader.checkpoint().await?;
    }
}

/// The files of the last payload that was there when the backup went on.
pub(crate) async fn rest_of(reader: &mut Reader) -> Result<(), Error> {
    let files = std::mem::take(&mut reader.resume.files);
    // What could not be had may be had now, or is told again.
    let paths: HashSet<String> = files.iter().map(|file| file.path.to_string()).collect();
    reader.state.report.aside.retain(|aside| !paths.contains(&aside.what));
    self::files(reader, files).await
}

/// A short stand-in for a path.
pub(crate) fn key(path: &EntryPath) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// A file that is being fetched.
struct Coming {
    file: FileSource,
    /// Where its beginning is kept.
    kept: Option<PathBuf>,
    pieces: mpsc::Receiver<Piece>,
    task: JoinHandle<()>,
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Coming {
    fn start(client: Client, file: FileSource, beginning: Option<Beginning>) -> Self {
        let kept = beginning.as_ref().map(|beginning| beginning.path().to_owned());
        let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
        let fetch = Fetch { client, file: file.clone(), beginning, sender };
        Self { file, kept, pieces, task: tokio::spawn(fetch.run()) }
    }
}

async fn hand_over(reader: &mut Reader, mut coming: Coming) -> Result<(), Error> {
    let begin = || Delivery::Entry(head(coming.file.path.clone(), coming.file.role, Encoding::Plain));
    let mut has_begun = false;
    loop {
        match coming.pieces.recv().await.unwrap_or(Piece::Failed(Error::Panicked)) {
            Piece::Failed(error) => return Err(error),
            Piece::Refused(why) => {
                if has_begun {
                    reader.way.send(Delivery::Abandoned).await?;
                }
                reader.aside(coming.file.path.to_string(), why);
                return Ok(());
            }
            Piece::Again => {
                if std::mem::take(&mut has_begun) {
                    reader.way.send(Delivery::Abandoned).await?;
                }
            }
            Piece::Bytes(bytes) => {
                if !std::mem::replace(&mut has_begun, true) {
                    reader.way.send(begin()).await?;
                }
                reader.way.send(Delivery::Bytes(bytes)).await?;
            }
            Piece::End => {
                if !has_begun {
                    reader.way.send(begin()).await?;
                }
                reader.way.send(Delivery::End { records: 0, unique: 0 }).await?;
                // The one before is in the archive by now, and this one is not yet.
                if let Some(kept) = coming.kept.take()
                    && let Some(spent) = reader.spent.replace(kept)
                {
                    beginning::remove(&spent);
                }
                return Ok(());
            }
        }
    }
}
