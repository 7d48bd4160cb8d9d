//! Backup names for tars: what the name of a file or of a folder offers, and a writer that learns its name last.

use crate::archive::{ArchiveWriter, Snapshot};
use crate::jobs::Error;
use crate::model::backup::BackupWriter;
use crate::model::entry::{Content, EntryHead};
use crate::model::manifest::Manifest;
use crate::model::path::EntryPath;

/// The ends of the names of tars.
const ENDS: [&str; 6] = [".tar.gz", ".tar.zst", ".tgz", ".tzst", ".taz", ".tar"];

/// The name of a tar without what says that it is one.
pub(super) fn stem(file: &str) -> &str {
    ENDS.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(file)
}

/// The name of a folder in a tar.
pub(super) fn folder(path: &EntryPath) -> String {
    String::from_utf8_lossy(path.parts().next().unwrap_or_default()).into_owned()
}

/// Writes a snapshot whose name is only known when all of the backup has been read.
pub(super) struct NamedLast<'a, F> {
    pub(super) writer: ArchiveWriter<'a>,
    pub(super) pick: F,
}

impl<F: Fn(&Manifest) -> Result<String, Error>> BackupWriter for NamedLast<'_, F> {
    type Error = Error;
    type Outcome = Snapshot;

    fn put(&mut self, head: &EntryHead, content: Content<'_>) -> Result<(), Error> {
        Ok(self.writer.put(head, content)?)
    }

    fn finish(mut self, manifest: &Manifest) -> Result<Snapshot, Error> {
        self.writer.rename((self.pick)(manifest)?);
        Ok(self.writer.finish(manifest)?)
    }
}
