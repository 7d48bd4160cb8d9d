//! Instance: a rehearsal instance is started and filled from a layout or a snapshot.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::archive::{Archive, SnapshotName, SnapshotReader, snapshot};
use crate::jobs::Error;
use crate::jobs::copy::copy;
use crate::layout::{DirectoryReader, DirectoryWriter, MissingPayloads, TarReader, WriteOptions};
use crate::model::event::Observer;
use crate::model::manifest::FILE_NAME;
use crate::rehearsal::{self, Instance, Loaded, Options};

/// What an instance is filled from.
#[derive(Debug, Clone)]
pub enum LoadSource {
    /// A directory with a backup, the manifest in it, or a tar in any supported form.
    Layout(PathBuf),
    /// A snapshot of the archive.
    Snapshot(SnapshotName),
}

impl LoadSource {
    /// A path, if there is something; else the name of a snapshot.
    ///
    /// # Errors
    /// When it is neither.
    pub fn find(text: &str) -> Result<Self, Error> {
        let path = Path::new(text);
        if path.exists() {
            return Ok(Self::Layout(path.to_owned()));
        }
        Ok(Self::Snapshot(text.parse()?))
    }
}

/// Starts an instance and fills it. Without a source it is empty.
///
/// # Errors
/// When it cannot be started, the source cannot be read, or the instance refuses what is in it.
pub fn instance(
    options: Options,
    source: Option<&LoadSource>,
    archive: &Path,
    observer: &dyn Observer,
) -> Result<(Instance, Loaded), Error> {
    let instance = Instance::start(options)?;
    let loaded = match source {
        None => Loaded::default(),
        Some(LoadSource::Layout(path)) if path.is_dir() || path.ends_with(FILE_NAME) => {
            directory(&instance, path, observer)?
        }
        // Streams come in any order, and loading needs restore order.
        Some(LoadSource::Layout(path)) => {
            let dir = TempDir::new().map_err(Error::Spool)?;
            let unpacked = dir.path().join("backup");
            let writer = DirectoryWriter::create(&unpacked, WriteOptions::default())?;
            copy::<_, _, Error>(&TarReader::open(path)?, writer, observer)?;
            directory(&instance, &unpacked, observer)?
        }
        Some(LoadSource::Snapshot(name)) => {
            let archive = Archive::open(archive)?;
            let snapshot = snapshot::find(&archive.read()?, name)?;
            let reader = SnapshotReader::open(&archive, snapshot)?;
            rehearsal::load(&instance, &reader).map_err(Box::new)?
        }
    };
    Ok((instance, loaded))
}

fn directory(instance: &Instance, path: &Path, observer: &dyn Observer) -> Result<Loaded, Error> {
    let reader = DirectoryReader::open(path, MissingPayloads::Refuse, observer)?;
    Ok(rehearsal::load(instance, &reader).map_err(Box::new)?)
}
