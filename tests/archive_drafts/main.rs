//! Drafts: what is complete of an unfinished backup is kept, found again, checked, and pruned around.

#[path = "../support/mod.rs"]
mod support;

use std::io::Read;
use std::path::Path;

use fonds::archive::drafts::{self, Draft};
use fonds::archive::id::RunId;
use fonds::archive::{Archive, ArchiveMut, ArchiveWriter, Error, Snapshot, Strictness, WriteOptions};
use fonds::model::backup::BackupWriter as _;
use fonds::model::entry::{Content, Encoding, EntryHead, Role};
use fonds::model::manifest::Manifest;
use fonds::model::path::EntryPath;
use redb::ReadableTable as _;

use crate::support::archives;

fn head(path: &str, role: Role) -> EntryHead {
    let path = EntryPath::new(path).expect("a clean path");
    EntryHead { path, role, encoding: Encoding::Plain, modified: None, size: None }
}

fn writer(archive: &ArchiveMut, draft: Draft) -> ArchiveWriter<'_> {
    let options = WriteOptions { name: "museum".to_owned(), run: RunId(1), strictness: Strictness::KeepFlawed };
    ArchiveWriter::drafting(archive, options, draft, archives::silent()).expect("a writer")
}

/// Writes payload number `number`, of some size.
fn put(writer: &mut ArchiveWriter<'_>, number: usize) {
    let records: Vec<String> = (0..200)
        .map(|at| format!("{{\"_system_object_id\":{},\"text\":\"{}\"}}", number * 1000 + at, "ä".repeat(at)))
        .collect();
    let text = format!("{{\"import_type\":\"db\",\"objecttype\":\"x\",\"objects\":[{}]}}", records.join(","));
    let head = head(&format!("db__x__batch_{number:04}.json"), Role::Payload);
    writer.put(&head, Content::Bytes(&mut text.as_bytes())).expect("room");
}

fn finish(mut writer: ArchiveWriter<'_>, payloads: usize) -> Snapshot {
    let names = (0..payloads).map(|number| format!("\"db__x__batch_{number:04}.json\"")).collect::<Vec<_>>();
    let text = format!("{{\"payloads\":[{}]}}", names.join(","));
    writer.put(&head("manifest.json", Role::Manifest), Content::Bytes(&mut text.as_bytes())).expect("room");
    writer.finish(&Manifest::parse(text.into_bytes()).expect("a manifest")).expect("a snapshot")
}

fn rows(archive: &Path) -> Vec<String> {
    let archive = Archive::open(archive).expect("an archive");
    let transaction = archive.read().expect("a view");
    let Some(draft) = drafts::find(&transaction, "museum").expect("a sound draft") else { return Vec::new() };
    let mut rows = Vec::new();
    draft
        .rows(&transaction, |row, _| {
            rows.push(row.head.path.to_string());
            Ok::<(), Error>(())
        })
        .expect("sound rows");
    rows
}

fn draft() -> Draft {
    Draft::new("museum".to_owned(), RunId(1), 0, b"state".to_vec())
}

#[test]
fn what_came_before_a_checkpoint_is_there_after_an_unfinished_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let [path, whole] = ["a.redb", "b.redb"].map(|name| folder.path().join(name));
    let archive = ArchiveMut::open_or_create(&path).expect("an archive");
    let mut unfinished = writer(&archive, draft());
    (0..3).for_each(|number| put(&mut unfinished, number));
    unfinished.checkpoint(b"three".to_vec()).expect("a checkpoint");
    put(&mut unfinished, 3);
    drop(unfinished);
    archive.close().expect("a close");
    assert_eq!(rows(&path), ["db__x__batch_0000.json", "db__x__batch_0001.json", "db__x__batch_0002.json"]);
    assert_eq!(archives::findings(&Archive::open(&path).expect("an archive")).expect("a check"), []);

    let archive = ArchiveMut::open(&path).expect("an archive");
    let found = drafts::find(&archive.read().expect("a view"), "museum").expect("a sound draft").expect("a draft");
    assert_eq!((found.state.as_slice(), found.entries), (&b"three"[..], 3));
    let mut rest = writer(&archive, found);
    (3..6).for_each(|number| put(&mut rest, number));
    let snapshot = finish(rest, 6);
    archive.close().expect("a close");
    assert_eq!(rows(&path), Vec::<String>::new(), "the draft has become a snapshot");

    let archive = ArchiveMut::open_or_create(&whole).expect("an archive");
    let mut undisturbed = writer(&archive, draft());
    (0..6).for_each(|number| put(&mut undisturbed, number));
    let expected = finish(undisturbed, 6);
    archive.close().expect("a close");
    assert_eq!((snapshot.counts, snapshot.kinds), (expected.counts, expected.kinds));
    assert_eq!(snapshot.added.records, expected.added.records);
    let read = |path: &Path| archives::read_all(&Archive::open(path).expect("an archive")).expect("all entries");
    assert_eq!(read(&path)[&1], read(&whole)[&1]);
}

#[test]
fn an_entry_whose_reader_fails_is_none_and_the_next_one_is() {
    /// Some bytes, then an error.
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(std::io::Error::other("gone"));
            }
            self.0 -= 1;
            out.fill(b'x');
            Ok(out.len())
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.redb");
    let archive = ArchiveMut::open_or_create(&path).expect("an archive");
    let mut writing = writer(&archive, draft());
    put(&mut writing, 0);
    for length in [0, 1, 5] {
        let failed = writing.put(&head("files/0/0/1-a", Role::File), Content::Bytes(&mut Broken(length)));
        assert!(matches!(failed, Err(Error::Content { .. })));
    }
    writing.put(&head("files/0/0/1-a", Role::File), Content::Bytes(&mut &b"whole"[..])).expect("room");
    finish(writing, 1);
    archive.close().expect("a close");
    let all = archives::read_all(&Archive::open(&path).expect("an archive")).expect("all entries");
    assert_eq!(all[&1]["files/0/0/1-a"], b"whole");
}

#[test]
fn a_damaged_draft_is_found_and_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.redb");
    let archive = ArchiveMut::open_or_create(&path).expect("an archive");
    let mut unfinished = writer(&archive, draft());
    put(&mut unfinished, 0);
    unfinished.checkpoint(Vec::new()).expect("a checkpoint");
    drop(unfinished);
    archive.close().expect("a close");
    let table: redb::TableDefinition<'_, (&str, u64), &[u8]> = redb::TableDefinition::new("drafts");
    for key in [0, 1] {
        let database = redb::Database::open(&path).expect("a database");
        let transaction = database.begin_write().expect("a transaction");
        let sound = {
            let mut table = transaction.open_table(table).expect("a table");
            let sound = table.get(("museum", key)).expect("a look").expect("a row").value().to_vec();
            let mut flipped = sound.clone();
            flipped[3] ^= 4;
            table.insert(("museum", key), flipped.as_slice()).expect("a row");
            sound
        };
        transaction.commit().expect("a commit");
        drop(database);
        let opened = Archive::open(&path).expect("an archive");
        let findings = archives::findings(&opened).expect("a check");
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].damage, format!("value museum {key} of table drafts is not what was stored"));
        drop(opened);
        let database = redb::Database::open(&path).expect("a database");
        let transaction = database.begin_write().expect("a transaction");
        transaction.open_table(table).expect("a table").insert(("museum", key), sound.as_slice()).expect("a row");
        transaction.commit().expect("a commit");
    }
}

#[test]
fn a_draft_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.redb");
    let archive = ArchiveMut::open_or_create(&path).expect("an archive");
    let mut unfinished = writer(&archive, draft());
    put(&mut unfinished, 0);
    unfinished.checkpoint(Vec::new()).expect("a checkpoint");
    drop(unfinished);
    archive.discard_draft("museum").expect("room");
    assert_eq!(drafts::all(&archive.read().expect("a view")).expect("a walk").len(), 0);
}
