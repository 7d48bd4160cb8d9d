//! Why a directory or a tar cannot be read or written as a backup.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::layout::bag::BagFault;
use crate::layout::gzip::PLAIN_BYTES_MAX;
use crate::layout::tar::Fault;
use crate::layout::walk::FOLDER_DEPTH_MAX;
use crate::model::manifest::{BYTES_MAX, ManifestError};
use crate::model::path::{EntryPath, PathError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot open {}", path.display())]
    Source { path: PathBuf, source: io::Error },
    #[error("{} is not there, so this is no backup", path.display())]
    NoManifest { path: PathBuf },
    #[error("{} is neither a directory nor the manifest.json of one", path.display())]
    NoDirectory { path: PathBuf },
    #[error("manifest.json is longer than {BYTES_MAX} bytes")]
    ManifestTooLong,
    #[error("manifest.json cannot be used")]
    Manifest(#[source] ManifestError),
    #[error("{path} is {special}, which no backup can hold")]
    Special { path: EntryPath, special: Special },
    /// The name is escaped, as it could not be shown safely.
    #[error("the name {name:?} cannot be kept")]
    Name { name: String, source: PathError },
    #[error("the name {name} in the tar cannot be kept")]
    Member { name: String, source: PathError },
    #[error("{name} is {special}, which no backup can hold")]
    SpecialMember { name: String, special: Special },
    /// A tar, a header or a member of it.
    #[error("{place} {fault}")]
    Tar { place: String, fault: Fault },
    #[error("cannot read {name}")]
    Stream { name: String, source: io::Error },
    #[error("cannot write {name}")]
    Output { name: String, source: io::Error },
    #[error("{place} {fault}{}", and_others(*others))]
    Bag { place: String, fault: BagFault, others: usize },
    #[error("{path} is no UTF-8, and a bag can hold no such names")]
    Unspeakable { path: EntryPath },
    #[error("cannot hold {path} in a temporary file")]
    Spool { path: EntryPath, source: io::Error },
    #[error("{path} lies below more than {FOLDER_DEPTH_MAX} folders")]
    TooDeep { path: EntryPath },
    #[error("{path} is named by the manifest but missing{}", and_others(*others))]
    Missing { path: EntryPath, others: usize },
    #[error("{path} is named by the manifest as a file but is a folder")]
    Folder { path: EntryPath },
    #[error("cannot read {path}")]
    Read { path: EntryPath, source: io::Error },
    #[error("{path} was changed while it was read")]
    Changed { path: EntryPath },
    #[error("{path} cannot be decompressed")]
    Gzip { path: EntryPath, source: io::Error },
    #[error("{path} is longer than {PLAIN_BYTES_MAX} bytes when decompressed")]
    TooLong { path: EntryPath },

    #[error("{} {unfit}", path.display())]
    Destination { path: PathBuf, unfit: Unfit },
    #[error("compression level {0} is not one of 0 to 9")]
    Level(u32),
    #[error("cannot write {}", path.display())]
    Place { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: EntryPath, source: io::Error },
    #[error("two entries would be written as {path}")]
    Taken { path: EntryPath },
    /// What was handed over to be written could not be read.
    #[error("cannot read the content of {path}")]
    Content { path: EntryPath, source: io::Error },
}

/// Whether it says of a tar that it is no backup, however often it is read.
#[must_use]
pub fn is_bad_tar(error: &Error) -> bool {
    matches!(
        error,
        Error::Manifest(_)
            | Error::ManifestTooLong
            | Error::Member { .. }
            | Error::SpecialMember { .. }
            | Error::Tar { .. }
            | Error::Bag { .. }
            | Error::TooDeep { .. }
            | Error::Gzip { .. }
            | Error::TooLong { .. }
    )
}

fn and_others(others: usize) -> String {
    if others == 0 { String::new() } else { format!(", and so are {others} more") }
}

/// What is neither a file nor a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    Link,
    /// Only in a tar.
    HardLink,
    Fifo,
    Socket,
    Device,
}

impl fmt::Display for Special {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Link => "a symbolic link",
            Self::HardLink => "a hard link",
            Self::Fifo => "a FIFO",
            Self::Socket => "a socket",
            Self::Device => "a device",
        })
    }
}

/// Why no backup can be written to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    NoName,
    Link,
    NoDirectory,
    NotEmpty,
    Exists,
    Directory,
    NoFile,
    MountPoint,
    WorkingDirectory,
}

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoName => "cannot be replaced as a whole",
            Self::Link => "is a symbolic link, which is not followed",
            Self::NoDirectory => "exists and is no directory",
            Self::NotEmpty => "exists and is not empty",
            Self::Exists => "exists already",
            Self::Directory => "is a directory",
            Self::NoFile => "exists and is no file",
            Self::MountPoint => "is a mount point and cannot be replaced as a whole; name a directory in it",
            Self::WorkingDirectory => "is or contains the working directory",
        })
    }
}
