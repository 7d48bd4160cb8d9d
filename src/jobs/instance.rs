//! Instance: a rehearsal instance is started and filled from a layout or a snapshot.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::archive::{self, Archive, SnapshotName, SnapshotReader, Strictness};
use crate::jobs::{Error, Import};
use crate::layout::{DirectoryReader, MissingPayloads};
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
    observer: &Arc<dyn Observer + Send + Sync>,
) -> Result<(Instance, Loaded), Error> {
    let instance = Instance::start(options)?;
    let loaded = match source {
        None => Loaded::default(),
        Some(LoadSource::Layout(path)) if path.is_dir() || path.ends_with(FILE_NAME) => {
            let reader = DirectoryReader::open(path, MissingPayloads::Refuse, &**observer)?;
            rehearsal::load(&instance, &reader).map_err(Box::new)?
        }
        Some(LoadSource::Layout(path)) => tar(&instance, path, observer)?,
        Some(LoadSource::Snapshot(name)) => snapshot(&instance, archive, name)?,
    };
    Ok((instance, loaded))
}

fn snapshot(instance: &Instance, archive: &Path, name: &SnapshotName) -> Result<Loaded, Error> {
    let archive = Archive::open(archive)?;
    let snapshot = archive::snapshot::find(&archive.read()?, name)?;
    let reader = SnapshotReader::open(&archive, snapshot)?;
    Ok(rehearsal::load(instance, &reader).map_err(Box::new)?)
}

/// Streams come in any order, and loading needs restore order: an archive, made for this, gives it.
fn tar(instance: &Instance, path: &Path, observer: &Arc<dyn Observer + Send + Sync>) -> Result<Loaded, Error> {
    let dir = TempDir::new().map_err(Error::Spool)?;
    let archive = dir.path().join("load.redb");
    let import = Import {
        source: path.to_owned(),
        name: Some("load".to_owned()),
        missing: MissingPayloads::Refuse,
        strictness: Strictness::KeepFlawed,
    };
    let imported = import.run(&archive, observer)?;
    snapshot(instance, &archive, &SnapshotName::Number(imported.snapshot.number))
}
