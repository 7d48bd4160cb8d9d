//! Cat: the plain bytes of one entry.

use std::path::Path;

use crate::archive::{self, Archive, Body, Row, SnapshotName, SnapshotReader, snapshot};
use crate::jobs::Error;
use crate::model::path::EntryPath;

/// The end of the name of a compressed payload.
const GZIP: &[u8] = b".gz";

/// Which entry to give.
pub struct Cat {
    pub snapshot: SnapshotName,
    /// As it is listed, or with `.gz` where it is listed without, or without where it is listed with.
    pub path: EntryPath,
}

impl Cat {
    /// Hands on the plain bytes, in blocks that are not empty.
    ///
    /// # Errors
    /// When there is no such entry, it has no bytes, it cannot be rebuilt, or `give` fails. The blocks before an error
    /// must not be used.
    pub fn run<E>(&self, archive: &Path, give: impl FnMut(Vec<u8>) -> Result<(), E>) -> Result<(), E>
    where
        E: From<Error> + From<archive::Error>,
    {
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, &self.snapshot)?;
        let reader = SnapshotReader::open(&archive, snapshot)?;
        let Row { head, body } = self.find(&reader)?;
        match body {
            Body::File(body) => reader.read(&head.path, &body, give),
            Body::Folder => Err(Error::EmptyFolder { path: head.path }.into()),
            Body::Missing => Err(Error::WasMissing { path: head.path }.into()),
        }
    }

    fn find(&self, reader: &SnapshotReader) -> Result<Row, archive::Error> {
        match (reader.row(&self.path), self.other_name()) {
            (Err(error @ archive::Error::NoEntry { .. }), Some(other)) => reader.row(&other).map_err(|_| error),
            (found, _) => found,
        }
    }

    fn other_name(&self) -> Option<EntryPath> {
        let path = self.path.as_bytes();
        let other = path.strip_suffix(GZIP).map_or_else(|| [path, GZIP].concat(), <[u8]>::to_vec);
        EntryPath::new(other).ok()
    }
}
