//! Archives as tests use them: a directory imported, all snapshots read back, everything checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fonds::archive::check::{Depth, Finding};
use fonds::archive::id::RunId;
use fonds::archive::runs::RunOutcome;
use fonds::archive::{
    Archive, ArchiveMut, ArchiveWriter, Error, Snapshot, SnapshotReader, Strictness, WriteOptions, snapshot,
};
use fonds::jobs;
use fonds::layout::{DirectoryReader, MissingPayloads};
use fonds::model::backup::{BackupReader as _, BackupWriter as _};
use fonds::model::entry::{Content, EntryHead};
use fonds::model::event::{Observer, Silent};

use crate::support::backup::Files;

/// The files of every snapshot, by its number.
pub type Snapshots = BTreeMap<u64, Files>;

pub fn silent() -> Arc<dyn Observer + Send + Sync> {
    Arc::new(Silent)
}

/// Imports a directory under the name `museum`.
pub fn import(archive: &Path, source: &Path) -> Result<Snapshot, jobs::Error> {
    let job = jobs::Import {
        source: source.to_owned(),
        name: Some("museum".to_owned()),
        missing: MissingPayloads::Refuse,
        strictness: Strictness::KeepFlawed,
    };
    Ok(job.run(archive, &silent())?.snapshot)
}

/// Does what an import does, to an archive that is open already.
pub fn import_into(archive: &ArchiveMut, source: &Path) -> Result<Snapshot, jobs::Error> {
    let run = archive.begin_run("import museum")?;
    let snapshot = write_into(archive, run.id, source)?;
    archive.end_run(run, RunOutcome::Done { snapshot: Some(snapshot.number) }, &["done".to_owned()])?;
    Ok(snapshot)
}

/// The part of an import that makes the snapshot.
pub fn write_into(archive: &ArchiveMut, run: RunId, source: &Path) -> Result<Snapshot, jobs::Error> {
    let reader = DirectoryReader::open(source, MissingPayloads::Refuse, &Silent)?;
    let options = WriteOptions { name: "museum".to_owned(), run, strictness: Strictness::KeepFlawed };
    let mut writer = ArchiveWriter::new(archive, options, silent())?;
    reader.for_each(|head: &EntryHead, content: Content<'_>| Ok::<(), jobs::Error>(writer.put(head, content)?))?;
    Ok(writer.finish(reader.manifest())?)
}

/// Every snapshot with all its files, read the way an export reads them.
pub fn read_all(archive: &Archive) -> Result<Snapshots, Error> {
    let snapshots = snapshot::all(&archive.read()?)?;
    snapshots
        .into_iter()
        .map(|snapshot| snapshot.and_then(|snapshot| Ok((snapshot.number.0, read(archive, snapshot)?))))
        .collect()
}

/// The files of one snapshot.
pub fn read(archive: &Archive, snapshot: Snapshot) -> Result<Files, Error> {
    let mut files = Files::new();
    SnapshotReader::open(archive, snapshot)?.for_each(|head, content| {
        let Content::Bytes(content) = content else { return Ok(()) };
        let mut bytes = Vec::new();
        // The reader's own error is told instead of this one.
        content.read_to_end(&mut bytes).map_err(|_| Error::Panicked)?;
        files.insert(String::from_utf8_lossy(head.path.as_bytes()).into_owned(), bytes);
        Ok::<(), Error>(())
    })?;
    Ok(files)
}

/// All that is wrong with an archive, every byte looked at.
pub fn findings(archive: &Archive) -> Result<Vec<Finding>, Error> {
    Ok(archive.check(Depth::Data, &Silent)?.findings)
}
