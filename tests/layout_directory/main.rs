//! A backup in a directory, read and written through the public interface: what comes back, what is refused, and what
//! is left behind when it goes wrong.

mod places;
mod reading;
mod refusals;
mod round_trip;
mod writing;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fonds::layout::{DirectoryReader, DirectoryWriter, Error, MissingPayloads, WriteOptions, Written};
use fonds::model::backup::{BackupReader, BackupWriter};
use fonds::model::entry::{Content, EntryHead};
use fonds::model::event::{Event, Observer, Silent};
use fonds::model::path::EntryPath;
use tempfile::TempDir;

/// Something that happens to a directory or a file from outside.
type Change<'a> = &'a dyn Fn(&Path);

/// A new directory with the given files; a name that ends in `/` is an empty folder.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (name, content) in files {
        put(dir.path(), name.as_bytes(), content.as_bytes());
    }
    dir
}

/// A backup with one payload, and the given files.
fn backup(files: &[(&str, &str)]) -> TempDir {
    let dir = directory(&[("manifest.json", r#"{"payloads": ["a.json"]}"#), ("a.json", "[1]")]);
    for (name, content) in files {
        put(dir.path(), name.as_bytes(), content.as_bytes());
    }
    dir
}

fn put(root: &Path, name: &[u8], content: &[u8]) {
    let path = at(root, name);
    if name.ends_with(b"/") {
        fs::create_dir_all(path).expect("a new folder");
    } else {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, content).expect("a new file");
    }
}

fn at(root: &Path, name: &[u8]) -> PathBuf {
    root.join(OsStr::from_bytes(name))
}

fn path(text: &str) -> EntryPath {
    text.parse().expect("a clean path")
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(plain).expect("memory takes all");
    packer.finish().expect("memory takes all")
}

fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut plain).expect("whole gzip");
    plain
}

fn open(source: &Path) -> Result<DirectoryReader, Error> {
    DirectoryReader::open(source, MissingPayloads::Refuse, &Silent)
}

/// All that is told about an entry, and its bytes: `None` for a folder, an error text for what is missing.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    head: EntryHead,
    content: Option<Result<Vec<u8>, &'static str>>,
}

fn entries(reader: &DirectoryReader) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    reader.for_each(|head, content| {
        let content = match content {
            Content::Bytes(bytes) => {
                let mut read = Vec::new();
                let path = head.path.clone();
                bytes.read_to_end(&mut read).map_err(|source| Error::Content { path, source })?;
                Some(Ok(read))
            }
            Content::Folder => None,
            Content::Missing => Some(Err("missing")),
        };
        entries.push(Entry { head: head.clone(), content });
        Ok::<_, Error>(())
    })?;
    Ok(entries)
}

/// Path and role of each entry, as `role path`, folders with a slash at the end.
fn roles(reader: &DirectoryReader) -> Vec<String> {
    let slash = |entry: &Entry| if entry.content.is_none() { "/" } else { "" };
    let entries = entries(reader).expect("readable entries");
    entries.iter().map(|entry| format!("{} {}{}", entry.head.role, entry.head.path, slash(entry))).collect()
}

/// Everything on disk below a directory, the times of folders only where those are empty.
#[derive(Debug, PartialEq, Eq)]
enum OnDisk {
    File { bytes: Vec<u8>, modified: (i64, i64) },
    EmptyFolder { modified: (i64, i64) },
    Folder,
}

fn on_disk(root: &Path) -> BTreeMap<PathBuf, OnDisk> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut names = fs::read_dir(&folder).expect("a folder").peekable();
        let metadata = fs::metadata(&folder).expect("a folder");
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        let state = if names.peek().is_none() { OnDisk::EmptyFolder { modified } } else { OnDisk::Folder };
        found.insert(relative(root, &folder), state);
        for name in names {
            let path = name.expect("a name").path();
            let metadata = fs::symlink_metadata(&path).expect("a file");
            if metadata.is_dir() {
                folders.push(path);
            } else {
                let modified = (metadata.mtime(), metadata.mtime_nsec());
                let bytes = fs::read(&path).expect("a readable file");
                found.insert(relative(root, &path), OnDisk::File { bytes, modified });
            }
        }
    }
    found
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).expect("a path below").to_owned()
}

/// The names in a directory, hidden ones too.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .expect("a directory")
        .map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn copy(source: &Path, destination: &Path, options: WriteOptions) -> Result<Written, Error> {
    let reader = open(source)?;
    let mut writer = DirectoryWriter::create(destination, options)?;
    reader.for_each(|head, content| writer.put(head, content))?;
    writer.finish(reader.manifest())
}

/// Keeps the warnings as they would be printed.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn observe(&self, event: Event) {
        if let Event::Warning(warning) = event {
            self.0.lock().expect("no panic elsewhere").push(warning.to_string());
        }
    }
}

impl Warnings {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic elsewhere"))
    }
}

/// The error with all its causes, as the command line prints it.
fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
