//! A snapshot or an entry on its way to a disk. Nothing of it is ever shown by a browser: it comes as an attachment of a
//! type that nothing runs.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::archive;
use crate::jobs::{self, Cat, TarStream, chain};
use crate::layout::Compression;
use crate::model::event::Silent;
use crate::model::path::EntryPath;
use crate::web::answer::Refusal;
use crate::web::backup::chosen::Chosen;
use crate::web::query::Query;
use crate::web::site::{Site, blocking};

/// The name in a query of the form of a tar: `tar`, `tar.gz`, `tar.zst`.
pub(super) const QUERY: &str = "download";
/// The name in a query that asks for an entry as it is.
pub(super) const QUERY_RAW: &str = "raw";
/// Blocks that wait to be sent: enough that neither side waits for the other.
const BLOCKS_AHEAD: usize = 4;
/// Bytes that are sent at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// How long a browser may take nothing: it was forgotten, and keeps others from a download.
const PATIENCE: Duration = Duration::from_mins(2);
/// A type that browsers save, and nothing runs.
const BYTES: &str = "application/octet-stream";

/// The tar of a snapshot.
///
/// # Errors
/// When there is none, or the form is unknown.
pub(super) async fn tar(site: &Arc<Site>, name: &str, form: &str, query: &Query) -> Result<Response, Refusal> {
    let forms = [("tar", Compression::Plain), ("tar.gz", Compression::Gzip), ("tar.zst", Compression::Zstd)];
    let (end, compression) = *forms.iter().find(|(end, _)| *end == form).ok_or_else(Refusal::not_found)?;
    let turn = site.turn().await?;
    let chosen = choose(site, name, query).await?;
    let file = format!("{}-{}.{end}", chosen.name, chosen.snapshot.number);
    site.audit(format!("download of snapshot {} as {end}", chosen.snapshot.number));
    let job = TarStream { snapshot: chosen.snapshot_name(), compression };
    let archive = site.archive.clone();
    let (sink, blocks) = Sink::new();
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut sink = sink;
        let done = job.run(&archive, &mut sink, &Silent).and_then(|_| sink.flush().map_err(jobs::Error::Runtime));
        sink.end(done.err().map(|error| chain(&error)));
    });
    Ok(attachment(&file, None, blocks))
}

/// The bytes of an entry.
///
/// # Errors
/// When there is none.
pub(super) async fn entry(site: &Arc<Site>, name: &str, path: EntryPath, query: &Query) -> Result<Response, Refusal> {
    let turn = site.turn().await?;
    let chosen = choose(site, name, query).await?;
    let file = String::from_utf8_lossy(path.name()).into_owned();
    let size = size(site, &chosen, path.clone()).await?;
    let job = Cat { snapshot: chosen.snapshot_name(), path };
    let archive = site.archive.clone();
    let (sink, blocks) = Sink::new();
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut sink = sink;
        let done = job.run(&archive, |block| sink.write_all(&block).map_err(Failure::from));
        let done = done.and_then(|()| sink.flush().map_err(Failure::from));
        sink.end(done.err().map(|Failure(why)| why));
    });
    Ok(attachment(&file, Some(size), blocks))
}

async fn choose(site: &Arc<Site>, name: &str, query: &Query) -> Result<Chosen, Refusal> {
    let (site, name, query) = (Arc::clone(site), name.to_owned(), query.clone());
    blocking(move || Chosen::look(&site, &name, &query)).await
}

/// The plain bytes of an entry, so that a browser sees whether it got all of them.
async fn size(site: &Arc<Site>, chosen: &Chosen, path: EntryPath) -> Result<u64, Refusal> {
    let snapshot = chosen.snapshot.clone();
    site.look(move |archive| {
        let row = archive::SnapshotReader::open(archive, snapshot)?.row(&path)?;
        match row.body {
            archive::Body::File(file) => Ok(file.size),
            archive::Body::Folder | archive::Body::Missing => Err(Refusal::not_found()),
        }
    })
    .await
}

/// Why a download ended; a text for the log.
struct Failure(String);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(chain(&error))
    }
}

impl From<jobs::Error> for Failure {
    fn from(error: jobs::Error) -> Self {
        Self(chain(&error))
    }
}

impl From<archive::Error> for Failure {
    fn from(error: archive::Error) -> Self {
        Self(chain(&error))
    }
}

/// Hands bytes from a thread to an answer, no faster than they are taken.
struct Sink {
    blocks: Sender<io::Result<Bytes>>,
    block: Vec<u8>,
    handle: Handle,
}

impl Sink {
    fn new() -> (Self, Receiver<io::Result<Bytes>>) {
        let (blocks, receiver) = mpsc::channel(BLOCKS_AHEAD);
        (Self { blocks, block: Vec::with_capacity(BLOCK_BYTES), handle: Handle::current() }, receiver)
    }

    fn send(&self, block: io::Result<Bytes>) -> io::Result<()> {
        let sent = self.handle.block_on(self.blocks.send_timeout(block, PATIENCE));
        sent.map_err(|_| io::Error::from(ErrorKind::BrokenPipe))
    }

    /// After an error the connection is cut, so that nobody takes a part for the whole.
    fn end(self, error: Option<String>) {
        if let Some(why) = error {
            // The other side may be gone: that is often the reason.
            let _ = self.send(Err(io::Error::other(why)));
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK_BYTES));
        self.send(Ok(block.into()))
    }
}

fn attachment(file: &str, size: Option<u64>, blocks: Receiver<io::Result<Bytes>>) -> Response {
    let stream = futures_util::stream::unfold(blocks, async |mut blocks| Some((blocks.recv().await?, blocks)));
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(BYTES));
    if let Ok(value) = HeaderValue::from_str(&disposition(file)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, size.into());
    }
    response
}

/// RFC 6266, with the name in UTF-8 as RFC 8187 writes it.
fn disposition(file: &str) -> String {
    let mut name = String::new();
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
    }
    format!("attachment; filename*=UTF-8''{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        assert_eq!(disposition("a\"; x=\r\nä.html"), "attachment; filename*=UTF-8''a%22%3B%20x%3D%0D%0A%C3%A4.html");
    }
}
