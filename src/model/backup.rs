//! The two traits through which every backup is read and written, wherever it lives: archive, directory, tar.

use crate::model::entry::{Content, EntryHead};
use crate::model::manifest::Manifest;

/// A backup that can be read from front to back.
pub trait BackupReader {
    type Error: std::error::Error + Send + Sync + 'static;

    /// The manifest, read before anything else.
    fn manifest(&self) -> &Manifest;

    /// Hands over every entry once, in restore order: manifest, data model, base config, payloads as the manifest
    /// orders them, files, logs, what is unlisted. Readers may prepare entries ahead; memory stays bounded.
    ///
    /// # Errors
    /// The reader's own, or the first error of `visit`, which ends the walk.
    fn for_each<E, V>(&self, visit: V) -> Result<(), E>
    where
        E: From<Self::Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>;
}

/// A backup that comes into being. Nothing is visible before [`BackupWriter::finish`]; dropping the writer leaves no
/// trace that anyone could take for a backup.
pub trait BackupWriter {
    type Error: std::error::Error + Send + Sync + 'static;
    type Outcome;

    /// Takes one entry; entries arrive in restore order.
    ///
    /// # Errors
    /// When the content cannot be read or the entry cannot be kept.
    fn put(&mut self, head: &EntryHead, content: Content<'_>) -> Result<(), Self::Error>;

    /// Makes the backup visible, all at once.
    ///
    /// # Errors
    /// When it cannot be completed; then nothing is visible.
    fn finish(self, manifest: &Manifest) -> Result<Self::Outcome, Self::Error>;
}
