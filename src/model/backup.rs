//! The two traits through which every backup is read and written, wherever it lives: archive, directory, tar.

use crate::model::entry::{Content, EntryHead};
use crate::model::manifest::Manifest;

/// A backup that can be read from front to back.
pub trait BackupReader {
    type Error: std::error::Error + Send + Sync + 'static;

    /// Hands over every entry once, the manifest among them, and returns the manifest. Directories and archives are read
    /// in restore order (manifest, data model, base config, payloads as the manifest orders them, files and renditions,
    /// logs, what is unlisted), streams in the order in which they come; the manifest may be last there.
    ///
    /// A role says what to do with the bytes: what may turn out to be named by the manifest is a payload or unlisted,
    /// never anything else. Where it is not known yet whether gzip is JSON that the manifest names, it is handed over
    /// twice, both times as unlisted: first as it stands, then unpacked. Folders may be handed over that are not empty.
    /// Where the manifest is in a folder, everything is; that folder is no part of the backup.
    ///
    /// Readers may prepare entries ahead; memory stays bounded.
    ///
    /// # Errors
    /// The reader's own, or the first error of `visit`, which ends the walk.
    fn for_each<E, V>(&self, visit: V) -> Result<&Manifest, E>
    where
        E: From<Self::Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>;
}

/// A backup that comes into being. Nothing is visible before [`BackupWriter::finish`]; dropping the writer leaves no
/// trace that anyone could take for a backup.
pub trait BackupWriter {
    type Error: std::error::Error + Send + Sync + 'static;
    type Outcome;

    /// Takes one entry. Entries come in any order and with any role that [`BackupReader::for_each`] allows; a writer that
    /// needs restore order says so.
    ///
    /// # Errors
    /// When the content cannot be read or the entry cannot be kept.
    fn put(&mut self, head: &EntryHead, content: Content<'_>) -> Result<(), Self::Error>;

    /// Settles what each entry is by the manifest and the names of all others, and makes the backup visible, all at once.
    ///
    /// # Errors
    /// When it cannot be completed; then nothing is visible.
    fn finish(self, manifest: &Manifest) -> Result<Self::Outcome, Self::Error>;
}
