//! Entries: the files that make up one backup in the standard layout.

use std::fmt;

use crate::model::path::EntryPath;

/// What an entry is for. The order is the restore order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Manifest,
    Datamodel,
    BaseConfig,
    Payload,
    File,
    Rendition,
    Log,
    /// In the directory, but named by nothing: kept, and shown as unlisted.
    Unlisted,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::Manifest,
        Self::Datamodel,
        Self::BaseConfig,
        Self::Payload,
        Self::File,
        Self::Rendition,
        Self::Log,
        Self::Unlisted,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Datamodel => "datamodel",
            Self::BaseConfig => "base config",
            Self::Payload => "payload",
            Self::File => "file",
            Self::Rendition => "rendition",
            Self::Log => "log",
            Self::Unlisted => "unlisted",
        }
    }

    /// Whether entries of this role are JSON, so that a `.json.gz` among them is kept by its uncompressed bytes.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Manifest | Self::Datamodel | Self::BaseConfig | Self::Payload)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// How the bytes of an entry stand on disk. Identity is always that of the plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    Gzip,
}

/// The time of last modification: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime(pub i64);

/// All about an entry but its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryHead {
    pub path: EntryPath,
    pub role: Role,
    pub encoding: Encoding,
    /// `None` where the source knows none.
    pub modified: Option<FileTime>,
    /// Plain bytes, where that is known before they are read.
    pub size: Option<u64>,
}

/// The bytes of an entry on their way from a reader to a writer.
pub enum Content<'a> {
    /// Plain (uncompressed) bytes.
    Bytes(&'a mut dyn std::io::Read),
    /// Not a file but an empty folder, kept so that the directory comes back exactly.
    Folder,
    /// Named by the manifest, but not there, and accepted as missing.
    Missing,
}

/// BLAKE3-256 of the plain bytes of an entry: its identity, shown to people and checked end to end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}
