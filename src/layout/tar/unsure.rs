//! Hands over the content of members, gzip unpacked where it is JSON. Of what may be that or not nobody knows before the
//! manifest has come, so it is handed over twice.

use std::io::{self, Read, Seek};

use tempfile::SpooledTempFile;

use crate::layout::error::Error;
use crate::layout::gzip::{PLAIN_BYTES_MAX, Unpacked};
use crate::layout::input::GZIP_MAGIC;
use crate::model::entry::{Content, Encoding, EntryHead};
use crate::model::listing::{self, FILES};
use crate::model::path::EntryPath;

/// What is read ahead of a compressed payload.
const BUFFER_BYTES: usize = 256 << 10;
/// What is needed more than once is kept in memory up to this size, and beyond in a file without a name.
const SPOOL_MAX: usize = 4 << 20;

/// What has come of something of which nobody knows what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsure {
    Fine,
    /// It begins as gzip does and is none.
    Broken,
}

/// A file of which nobody knows yet whether the manifest names it.
pub(super) fn hand_over_unsure<E, V>(head: &EntryHead, body: &mut dyn Read, visit: &mut V) -> Result<Unsure, E>
where
    E: From<Error>,
    V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
{
    let (start, length) = begin(&head.path, body)?;
    let mut content = (&start[..length]).chain(body);
    if start != GZIP_MAGIC || !may_be_payload(&head.path) {
        visit(head, Content::Bytes(&mut content))?;
        return Ok(Unsure::Fine);
    }
    let failed = |source| named(&head.path, source);
    let mut spool = spooled(&head.path, &mut content)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let is_whole = {
        let mut unpacked = Unpacked::new(head.path.clone(), &mut spool, &mut buffer, PLAIN_BYTES_MAX);
        io::copy(&mut unpacked, &mut io::sink()).is_ok()
    };
    spool.rewind().map_err(failed)?;
    visit(head, Content::Bytes(&mut spool))?;
    if !is_whole {
        return Ok(Unsure::Broken);
    }
    spool.rewind().map_err(failed)?;
    let head = EntryHead { encoding: Encoding::Gzip, size: None, ..head.clone() };
    let mut unpacked = Unpacked::new(head.path.clone(), &mut spool, &mut buffer, PLAIN_BYTES_MAX);
    visit(&head, Content::Bytes(&mut unpacked))?;
    Ok(Unsure::Fine)
}

/// A content that can be read again and again.
pub(super) fn spooled(path: &EntryPath, content: &mut dyn Read) -> Result<SpooledTempFile, Error> {
    let mut spool = SpooledTempFile::new(SPOOL_MAX);
    let copied = io::copy(content, &mut spool).and_then(|_| spool.rewind());
    copied.map_err(|source| spool_failed(path, source))?;
    Ok(spool)
}

/// The first bytes of a content, as many as gzip begins with, if there are.
fn begin(path: &EntryPath, body: &mut dyn Read) -> Result<([u8; GZIP_MAGIC.len()], usize), Error> {
    let mut start = [0; GZIP_MAGIC.len()];
    let mut length = 0;
    while length < start.len() {
        match body.read(&mut start[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(named(path, source)),
        }
    }
    Ok((start, length))
}

/// A file whose role is known.
pub(super) fn hand_over<E, V>(head: EntryHead, body: &mut dyn Read, visit: &mut V) -> Result<(), E>
where
    E: From<Error>,
    V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
{
    if !head.role.is_json() {
        return visit(&head, Content::Bytes(body));
    }
    let (start, length) = begin(&head.path, body)?;
    let mut content = (&start[..length]).chain(body);
    if start != GZIP_MAGIC {
        return visit(&head, Content::Bytes(&mut content));
    }
    let head = EntryHead { encoding: Encoding::Gzip, size: None, ..head };
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut unpacked = Unpacked::new(head.path.clone(), content, &mut buffer, PLAIN_BYTES_MAX);
    visit(&head, Content::Bytes(&mut unpacked))
}

/// Files are not payloads, whatever they hold, unless their names say that they may be.
fn may_be_payload(path: &EntryPath) -> bool {
    let is_json = listing::other_extension(path).is_some();
    is_json || !path.parts().take(2).any(|part| part == FILES.as_bytes())
}

/// The error of the layer in an error of reading.
pub(super) fn named(path: &EntryPath, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(source) => Error::Read { path: path.clone(), source },
    }
}

fn spool_failed(path: &EntryPath, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(source) => Error::Spool { path: path.clone(), source },
    }
}
