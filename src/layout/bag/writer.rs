//! The files of a bag beside its content, made while the content is written.

use std::io::{self, Cursor, Read, Seek, Write};

use sha2::{Digest as _, Sha256};
use tempfile::SpooledTempFile;

use crate::layout::bag::{DATA, DECLARATION};
use crate::layout::error::Error;
use crate::model::listing::path_of;
use crate::model::path::EntryPath;

const DECLARED: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const INFO: &str = "bag-info.txt";
const MANIFEST: &str = "manifest-sha256.txt";
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// The list of digests is held up to this size, twenty thousand files, and beyond in a file without a name.
const LIST_MAX: usize = 2 << 20;

/// Whether the layout stands by itself or in a bag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wrapping {
    #[default]
    None,
    Bag,
}

/// A bag that is being written.
pub(crate) struct Bag {
    list: SpooledTempFile,
    list_size: u64,
    list_digest: Sha256,
    files: u64,
    bytes: u64,
    /// The lines of the list of the other files.
    tags: String,
}

/// A file that belongs to the bag itself.
pub(crate) struct Tag {
    pub(crate) path: EntryPath,
    pub(crate) size: u64,
    pub(crate) content: Box<dyn Read>,
}

impl Bag {
    pub(crate) fn new() -> Self {
        Self {
            list: SpooledTempFile::new(LIST_MAX),
            list_size: 0,
            list_digest: Sha256::new(),
            files: 0,
            bytes: 0,
            tags: String::new(),
        }
    }

    /// What comes before the content.
    pub(crate) fn begin(&mut self) -> Vec<Tag> {
        vec![self.tag(DECLARATION, DECLARED.to_owned())]
    }

    /// Where something of the backup stands.
    pub(crate) fn place(path: &EntryPath) -> Result<EntryPath, Error> {
        let joined = path_of(DATA).join(path.as_bytes());
        joined.map_err(|source| Error::Name { name: format!("{DATA}/{path}"), source })
    }

    /// Notes what was written to `place`.
    pub(crate) fn add<T>(&mut self, place: &EntryPath, hashed: Hashed<T>) -> Result<(), Error> {
        let name = std::str::from_utf8(place.as_bytes()).map_err(|_| Error::Unspeakable { path: place.clone() })?;
        let line = format!("{}  {}\n", hex(&hashed.digest.unwrap_or_default().finalize()), encoded(name));
        self.list.write_all(line.as_bytes()).map_err(|source| Error::Spool { path: path_of(MANIFEST), source })?;
        self.list_digest.update(line.as_bytes());
        self.list_size += line.len() as u64;
        self.files += 1;
        self.bytes += hashed.bytes;
        Ok(())
    }

    /// What comes after the content.
    pub(crate) fn finish(mut self) -> Result<Vec<Tag>, Error> {
        let info = format!(
            "Bag-Software-Agent: fonds {}\nPayload-Oxum: {}.{}\n",
            env!("CARGO_PKG_VERSION"),
            self.bytes,
            self.files
        );
        let info = self.tag(INFO, info);
        self.list.rewind().map_err(|source| Error::Spool { path: path_of(MANIFEST), source })?;
        let digest = hex(&std::mem::take(&mut self.list_digest).finalize());
        self.tags.extend([&digest, "  ", MANIFEST, "\n"]);
        let tags = std::mem::take(&mut self.tags);
        let last = self.tag(TAG_MANIFEST, tags);
        let list = Tag { path: path_of(MANIFEST), size: self.list_size, content: Box::new(self.list) };
        Ok(vec![info, list, last])
    }

    fn tag(&mut self, name: &str, text: String) -> Tag {
        self.tags.extend([&hex(&Sha256::digest(text.as_bytes())), "  ", name, "\n"]);
        Tag { path: path_of(name), size: text.len() as u64, content: Box::new(Cursor::new(text.into_bytes())) }
    }
}

/// What is read or written through it is counted and, for a bag, has its digest taken.
pub(crate) struct Hashed<T> {
    pub(crate) inner: T,
    digest: Option<Sha256>,
    bytes: u64,
}

impl<T> Hashed<T> {
    pub(crate) fn new(inner: T, bag: Option<&Bag>) -> Self {
        Self { inner, digest: bag.map(|_| Sha256::new()), bytes: 0 }
    }

    fn note(&mut self, bytes: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(out)?;
        self.note(&out[..length]);
        Ok(length)
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(bytes)?;
        self.note(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default()).collect()
}

/// Names stand on one line each, so what ends a line is escaped, and so is a percent sign before what would be taken for
/// such. Others stay, though RFC 8493 would have them escaped too: bagit.py, its reference, does not understand that.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, character) in name.char_indices() {
        let is_taken = |escape: &&str| name[at..].get(..3).is_some_and(|text| text.eq_ignore_ascii_case(escape));
        match character {
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            '%' if ["%25", "%0A", "%0D"].iter().any(is_taken) => out.push_str("%25"),
            other => out.push(other),
        }
    }
    out
}
