//! What is written from entries of any origin, and which error says what.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use fonds::layout::{DirectoryWriter, Error, WriteOptions};
use fonds::model::backup::BackupWriter;
use fonds::model::entry::{Content, Encoding, EntryHead, Role};
use fonds::model::manifest::Manifest;
use tempfile::TempDir;

use crate::{chain, directory, names, path};

fn head(role: Role, name: &str) -> EntryHead {
    EntryHead { path: path(name), role, encoding: Encoding::Plain, modified: None, size: None }
}

fn writer() -> (TempDir, PathBuf, DirectoryWriter) {
    let target = directory(&[]);
    let out = target.path().join("out");
    let writer = DirectoryWriter::create(&out, WriteOptions::default()).expect("a writer");
    (target, out, writer)
}

fn write(writer: &mut DirectoryWriter, name: &str, mut content: &[u8]) -> Result<(), Error> {
    writer.put(&head(Role::File, name), Content::Bytes(&mut content))
}

/// Gives its bytes one by one, and then an error if it has one.
struct Drip(Vec<u8>, Option<io::ErrorKind>);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return self.1.map_or(Ok(0), |kind| Err(io::Error::new(kind, "the line broke")));
        }
        buffer[0] = self.0.remove(0);
        Ok(1)
    }
}

#[test]
fn content_may_come_in_pieces_of_any_size() {
    let (_target, out, mut writer) = writer();
    writer.put(&head(Role::File, "a"), Content::Bytes(&mut Drip(b"drip".to_vec(), None))).expect("a file");
    write(&mut writer, "b", &vec![1; 5 << 20]).expect("a file");
    let written =
        writer.finish(&Manifest::parse(b"{\"payloads\":[]}".to_vec()).expect("a manifest")).expect("a backup");
    assert_eq!(fs::read(out.join("a")).expect("a file"), b"drip");
    assert_eq!(fs::read(out.join("b")).expect("a file"), vec![1; 5 << 20]);
    assert_eq!((written.entries, written.bytes), (3, 4 + (5 << 20) + 15));
}

#[test]
fn a_manifest_that_was_never_put_is_written_at_the_end() {
    let (_target, out, writer) = writer();
    writer.finish(&Manifest::parse(b"{\"payloads\":[]} ".to_vec()).expect("a manifest")).expect("a backup");
    assert_eq!(fs::read(out.join("manifest.json")).expect("a manifest"), b"{\"payloads\":[]} ");
}

#[test]
fn missing_entries_leave_nothing_and_folders_may_be_there_already() {
    let (_target, out, mut writer) = writer();
    writer.put(&head(Role::Payload, "x/a.json"), Content::Missing).expect("nothing to write");
    writer.put(&head(Role::File, "files/1"), Content::Folder).expect("a folder");
    write(&mut writer, "files/1/x", b"").expect("a file");
    writer.put(&head(Role::File, "files/1"), Content::Folder).expect("the same folder");
    writer.finish(&Manifest::parse(b"{\"payloads\":[\"x/a.json\"]}".to_vec()).expect("a manifest")).expect("a backup");
    assert_eq!(names(&out), ["files", "manifest.json"]);
}

#[test]
fn broken_content_is_told_from_a_disk_that_does_not_take_it() {
    let (_target, _, mut writer) = writer();
    for encoding in [Encoding::Plain, Encoding::Gzip] {
        let head = EntryHead { encoding, ..head(Role::Payload, &format!("{encoding:?}.json")) };
        let mut content = Drip(b"half".to_vec(), Some(io::ErrorKind::StorageFull));
        let error = writer.put(&head, Content::Bytes(&mut content)).expect_err("broken content");
        assert!(matches!(error, Error::Content { .. }), "{error:?}");
        assert_eq!(chain(&error), format!("cannot read the content of {}: the line broke", head.path));
    }
    write(&mut writer, "a", b"").expect("a file");
    let error = write(&mut writer, "a/b", b"").expect_err("a file in the way");
    assert!(
        matches!(&error, Error::Write { source, .. } if source.kind() == io::ErrorKind::NotADirectory),
        "{error:?}"
    );
    assert!(chain(&error).starts_with("cannot write a/b: "));
}

#[test]
fn two_entries_of_one_name_are_an_error() {
    let target = directory(&[]);
    let options = WriteOptions { compression: Some(0), ..WriteOptions::default() };
    let mut writer = DirectoryWriter::create(&target.path().join("out"), options).expect("a writer");
    writer.put(&head(Role::Payload, "a.json.gz"), Content::Bytes(&mut &b"1"[..])).expect("a payload");
    let error = writer.put(&head(Role::Unlisted, "a.json"), Content::Bytes(&mut &b"2"[..])).expect_err("the same name");
    assert!(matches!(&error, Error::Taken { path } if path.to_string() == "a.json"), "{error:?}");
}

#[test]
fn links_planted_by_others_while_it_is_written_are_not_followed() {
    let (target, _, mut writer) = writer();
    let outside = directory(&[("file", "untouched"), ("dir/", "")]);
    let partial = target.path().join(&names(target.path())[0]);
    symlink(outside.path().join("dir"), partial.join("files")).expect("a link");
    symlink(outside.path().join("file"), partial.join("a.json")).expect("a link");
    symlink(outside.path().join("new"), partial.join("b.json")).expect("a link");
    symlink("/dev", partial.join("sub")).expect("a link");
    symlink(".", partial.join("within")).expect("a link");

    assert!(matches!(write(&mut writer, "files/x", b"x"), Err(Error::Write { .. })));
    assert!(matches!(write(&mut writer, "sub/null", b"x"), Err(Error::Write { .. })));
    assert!(matches!(write(&mut writer, "within/x", b"x"), Err(Error::Write { .. })));
    for name in ["a.json", "b.json"] {
        assert!(matches!(write(&mut writer, name, b"x"), Err(Error::Taken { .. })), "{name}");
    }
    assert!(matches!(writer.put(&head(Role::File, "files"), Content::Folder), Err(Error::Write { .. })));
    drop(writer);
    assert_eq!(names(outside.path()), ["dir", "file"]);
    assert_eq!(names(&outside.path().join("dir")), Vec::<String>::new());
    assert_eq!(fs::read(outside.path().join("file")).expect("a file"), b"untouched");
    assert_eq!(names(target.path()), Vec::<String>::new());
}

#[test]
fn a_level_that_gzip_does_not_have_is_refused_before_anything_is_written() {
    let target = directory(&[]);
    let options = WriteOptions { compression: Some(10), ..WriteOptions::default() };
    let refused = DirectoryWriter::create(&target.path().join("a/b"), options);
    assert!(matches!(refused, Err(Error::Level(10))));
    assert_eq!(names(target.path()), Vec::<String>::new());
}
