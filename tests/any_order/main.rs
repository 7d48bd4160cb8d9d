//! A backup whose entries come in any order, with roles that are not known yet, is the same backup.

#[path = "../support/mod.rs"]
mod support;

mod directories;
mod refusals;
mod shuffles;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fonds::archive::{
    Archive, ArchiveMut, ArchiveWriter, Body, Error, Row, SnapshotReader, Strictness, WriteOptions, snapshot,
};
use fonds::layout::{DirectoryReader, MissingPayloads};
use fonds::model::backup::{BackupReader as _, BackupWriter};
use fonds::model::entry::{Content, Encoding, EntryHead, FileTime, Role};
use fonds::model::event::{Event, Observer, Silent};
use fonds::model::manifest::Manifest;
use tempfile::TempDir;

/// An entry that waits to be put.
#[derive(Debug, Clone)]
struct Waiting {
    head: EntryHead,
    /// `None` for a folder.
    bytes: Option<Vec<u8>>,
}

fn waiting(role: Role, path: &str, bytes: Option<&[u8]>) -> Waiting {
    let encoding = Encoding::Plain;
    let head =
        EntryHead { path: path.parse().expect("a path"), role, encoding, modified: Some(FileTime(1)), size: None };
    Waiting { head, bytes: bytes.map(<[u8]>::to_vec) }
}

/// Everything in a directory the way a stream hands it over that has not come to the manifest yet.
fn unsettled(dir: &Path) -> Vec<Waiting> {
    let reader = DirectoryReader::open(dir, MissingPayloads::Accept, &Silent).expect("a backup");
    let mut all = Vec::new();
    let walk = reader.for_each(|head, content| {
        let head = head.clone();
        let role = if head.role == Role::Manifest { Role::Manifest } else { Role::Unlisted };
        match content {
            Content::Missing => {}
            Content::Folder => all.push(Waiting { head: EntryHead { role, ..head }, bytes: None }),
            Content::Bytes(content) => {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).expect("readable content");
                if head.encoding == Encoding::Gzip {
                    let stored = fs::read(dir.join(head.path.to_string())).expect("a file");
                    let as_it_stands = EntryHead { role, encoding: Encoding::Plain, ..head.clone() };
                    all.push(Waiting { head: as_it_stands, bytes: Some(stored) });
                }
                all.push(Waiting { head: EntryHead { role, ..head }, bytes: Some(bytes) });
            }
        }
        Ok::<(), fonds::layout::Error>(())
    });
    walk.expect("a readable backup");
    all
}

fn put_all<W: BackupWriter>(mut writer: W, all: &[Waiting], manifest: &Manifest) -> Result<W::Outcome, W::Error> {
    for Waiting { head, bytes } in all {
        match bytes {
            None => writer.put(head, Content::Folder)?,
            Some(bytes) => writer.put(head, Content::Bytes(&mut &bytes[..]))?,
        }
    }
    writer.finish(manifest)
}

/// What is put into an archive, and how.
struct Put<'a> {
    all: &'a [Waiting],
    manifest: &'a Manifest,
    missing: MissingPayloads,
    strictness: Strictness,
}

/// What came of it: the list of the snapshot, what is counted, and the warnings.
#[derive(Debug, PartialEq)]
struct Kept {
    rows: Vec<String>,
    counts: snapshot::Counts,
    kinds: Vec<String>,
    warnings: Vec<String>,
}

impl Put<'_> {
    fn run(&self) -> Result<Kept, Error> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("a.redb");
        let warnings = Arc::new(Warnings::default());
        let archive = ArchiveMut::open_or_create(&path)?;
        let run = archive.begin_run("put")?;
        let options = WriteOptions { name: "put".into(), run: run.id, strictness: self.strictness };
        let writer = ArchiveWriter::new(&archive, options, warnings.clone())?.missing(self.missing);
        let put = put_all(writer, self.all, self.manifest);
        archive.close()?;
        kept(&path, put?.number, &warnings)
    }
}

fn kept(archive: &Path, number: fonds::archive::id::SnapshotNumber, warnings: &Warnings) -> Result<Kept, Error> {
    let archive = Archive::open(archive)?;
    assert_eq!(support::archives::findings(&archive)?, Vec::new());
    let snapshot = snapshot::find(&archive.read()?, &snapshot::SnapshotName::Number(number))?;
    let reader = SnapshotReader::open(&archive, snapshot.clone())?;
    let mut rows = Vec::new();
    reader.rows(|row| {
        rows.push(told(&row));
        Ok::<(), Error>(())
    })?;
    let mut warnings = std::mem::take(&mut *warnings.0.lock().expect("no panic elsewhere"));
    warnings.sort();
    let kinds = snapshot.kinds.iter().map(|kind| format!("{} {} {}", kind.kind, kind.payloads, kind.records)).collect();
    Ok(Kept { rows, counts: snapshot.counts, kinds, warnings })
}

/// All that is told of an entry but where its bytes are, for chunk numbers may differ.
fn told(row: &Row) -> String {
    let EntryHead { path, role, encoding, modified, .. } = &row.head;
    let body = match &row.body {
        Body::Folder => "folder".to_owned(),
        Body::Missing => "missing".to_owned(),
        Body::File(body) => format!("{} {} {:?} {:?}", body.size, body.digest, body.records, body.flaw),
    };
    format!("{role} {path} {encoding:?} {modified:?} {body}")
}

/// Imports a directory the usual way.
fn imported(dir: &Path, missing: MissingPayloads) -> Kept {
    let archives = tempfile::tempdir().expect("a temporary directory");
    let path = archives.path().join("a.redb");
    let warnings = Arc::new(Warnings::default());
    let observer: Arc<dyn Observer + Send + Sync> = warnings.clone();
    let job = fonds::jobs::Import {
        source: dir.to_owned(),
        name: Some("put".into()),
        missing,
        strictness: Strictness::KeepFlawed,
    };
    let imported = job.run(&path, &observer).expect("an import");
    kept(&path, imported.snapshot.number, &warnings).expect("a whole archive")
}

fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).expect("a new folder");
        } else {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
            fs::write(path, bytes).expect("a new file");
        }
    }
    dir
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

/// The texts of warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn observe(&self, event: Event) {
        if let Event::Warning(warning) = event {
            self.0.lock().expect("no panic elsewhere").push(warning.to_string());
        }
    }
}
