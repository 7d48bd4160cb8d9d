//! Whatever bytes go into an archive come out of it. Guards against a splitter, a recipe or a frame that loses, doubles
//! or mends a byte, and against content that is stored twice.

mod extremes;
mod generator;
mod model;
mod round_trip;
mod sizes;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use fonds::archive::{ArchiveWriter, Body, Error, Snapshot, SnapshotReader, Strictness, WriteOptions, snapshot};
use fonds::model::backup::BackupWriter as _;
use fonds::model::entry::{Content, Encoding, EntryHead, FileTime, Role};
use fonds::model::manifest::Manifest;

use support::archives::{self, silent};
use support::disk::Disk;

/// An entry that is put into an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Document {
    role: Role,
    bytes: Vec<u8>,
}

/// An archive on a disk in memory.
#[derive(Default)]
struct Store {
    disk: Disk,
    /// What each snapshot has to give back.
    expected: BTreeMap<u64, BTreeMap<String, Vec<u8>>>,
}

impl Store {
    fn new() -> Self {
        Self { disk: Disk::with_archive(), ..Self::default() }
    }

    /// Puts the documents into a new snapshot.
    fn write(&mut self, documents: &[Document]) -> Result<Snapshot, Error> {
        let archive = self.disk.archive_mut()?;
        let payloads = documents.iter().enumerate().filter(|(_, document)| document.role == Role::Payload);
        let names = payloads.map(|(at, _)| format!("\"{at}.json\"")).collect::<Vec<_>>().join(",");
        let manifest = Manifest::parse(format!("{{\"payloads\":[{names}]}}").into_bytes()).expect("a manifest");
        let run = archive.begin_run("test")?;
        let options = WriteOptions { name: "test".to_owned(), run: run.id, strictness: Strictness::KeepFlawed };
        let mut writer = ArchiveWriter::new(&archive, options, silent())?;
        writer.put(&head("manifest.json", Role::Manifest), Content::Bytes(&mut manifest.bytes()))?;
        let mut expected = BTreeMap::from([("manifest.json".to_owned(), manifest.bytes().to_vec())]);
        for (at, Document { role, bytes }) in documents.iter().enumerate() {
            let name = format!("{at}.json");
            writer.put(&head(&name, *role), Content::Bytes(&mut &bytes[..]))?;
            expected.insert(name, bytes.clone());
        }
        let snapshot = writer.finish(&manifest)?;
        archive.close()?;
        self.expected.insert(snapshot.number.0, expected);
        Ok(snapshot)
    }

    /// Reads everything back, in order and one by one, and checks all of it.
    #[track_caller]
    fn verify(&self) {
        let archive = self.disk.archive().expect("an archive that opens");
        let found = archives::read_all(&archive).expect("snapshots that can be read");
        assert_eq!(found.keys().collect::<Vec<_>>(), self.expected.keys().collect::<Vec<_>>());
        for (number, files) in &self.expected {
            for (name, bytes) in files {
                same(&found[number][name], bytes, name);
            }
            assert_eq!(found[number].len(), files.len(), "entries of snapshot {number}");
        }
        for snapshot in snapshot::all(&archive.read().expect("a view")).expect("the snapshots") {
            let reader = SnapshotReader::open(&archive, snapshot.expect("a snapshot")).expect("a reader");
            for (name, bytes) in &self.expected[&reader.snapshot.number.0] {
                same(&read_one(&reader, name), bytes, name);
            }
        }
        assert_eq!(archives::findings(&archive).expect("a check"), []);
    }
}

/// Letters that repeat nowhere near.
fn text(length: usize, seed: u64) -> String {
    let mut bytes = vec![0; length];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    for byte in &mut bytes {
        *byte = b'A' + *byte % 26;
    }
    String::from_utf8(bytes).expect("letters")
}

fn head(name: &str, role: Role) -> EntryHead {
    let path = name.parse().expect("a clean path");
    EntryHead { path, role, encoding: Encoding::Plain, modified: Some(FileTime(-1)), size: None }
}

fn read_one(reader: &SnapshotReader, name: &str) -> Vec<u8> {
    let path = name.parse().expect("a clean path");
    let row = reader.row(&path).expect("an entry");
    assert_eq!(row.head.modified, Some(FileTime(-1)));
    let Body::File(body) = row.body else { panic!("{name} is no file") };
    let mut bytes = Vec::new();
    let give = |block: Vec<u8>| {
        assert!(!block.is_empty(), "a block without bytes");
        bytes.extend(block);
        Ok::<(), Error>(())
    };
    reader.read(&path, &body, give).expect("an entry that can be read");
    bytes
}

/// Compares without printing megabytes.
#[track_caller]
fn same(found: &[u8], expected: &[u8], name: &str) {
    if found != expected {
        let at = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
        let around = |bytes: &[u8]| {
            String::from_utf8_lossy(&bytes[at.saturating_sub(40)..bytes.len().min(at + 40)]).into_owned()
        };
        panic!("{name} differs from byte {at} on: {:?} instead of {:?}", around(found), around(expected));
    }
}
