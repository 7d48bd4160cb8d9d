//! What is wrong with a tar. Whatever two programs could read in two ways is wrong.

use std::fmt;

use crate::layout::tar::members::{EXTENSION_MAX, MEMBERS_MAX, TAIL_MAX};
use crate::layout::tar::source::{EXPANSION_MAX, WINDOW_LOG_MAX};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// In none of the forms that are read; what it is, if that can be told.
    Form(Option<&'static str>),
    Compression(&'static str),
    Window,
    Bomb,
    Checksum,
    Magic,
    /// A field that should hold a number.
    Number(&'static str),
    Type(u8),
    Sparse,
    FolderSize,
    FileSlash,
    Cut,
    NoEnd,
    LoneZeros,
    AfterEnd,
    LongTail,
    LongExtension,
    ManyMembers,
    /// What a PAX header breaks.
    Pax(&'static str),
    TwoNames,
    TwoSizes,
    Dangling,
    Outside(String),
    NoManifest,
    BrokenGzip,
    ReadTwice,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(None) => write!(out, "is no tar, nor one compressed with gzip or zstd"),
            Self::Form(Some(form)) => {
                write!(out, "is {form}, which is not supported; a tar may be plain, gzip or zstd")
            }
            Self::Compression(form) => {
                write!(out, "is no whole {form}: it is cut off, damaged, or followed by something")
            }
            Self::Window => write!(out, "was compressed with a window of more than 2^{WINDOW_LOG_MAX} bytes"),
            Self::Bomb => write!(out, "swells to more than {EXPANSION_MAX} times its size when decompressed"),
            Self::Checksum => write!(out, "has a wrong check sum"),
            Self::Magic => write!(out, "is of no known kind of tar"),
            Self::Number(field) => write!(out, "has a {field} that is no number a file can have"),
            Self::Type(kind) => {
                write!(out, "is of type {:?}, which no backup can hold", char::from(*kind))
            }
            Self::Sparse => write!(out, "is a sparse file, which no backup can hold"),
            Self::FolderSize => write!(out, "is a folder but has content"),
            Self::FileSlash => write!(out, "is a file with the name of a folder"),
            Self::Cut => write!(out, "is cut off: the tar ends in the middle of it"),
            Self::NoEnd => write!(out, "has no end marker, so it may be cut off"),
            Self::LoneZeros => write!(out, "follows half an end marker"),
            Self::AfterEnd => write!(out, "goes on after its end marker"),
            Self::LongTail => write!(out, "has more than {TAIL_MAX} bytes of zeros after its end marker"),
            Self::LongExtension => write!(out, "is longer than {EXTENSION_MAX} bytes"),
            Self::ManyMembers => write!(out, "has more than {MEMBERS_MAX} members"),
            Self::Pax(why) => write!(out, "is a PAX header {why}"),
            Self::TwoNames => write!(out, "is given more than one name"),
            Self::TwoSizes => write!(out, "is given two different sizes"),
            Self::Dangling => write!(out, "belongs to no member"),
            Self::Outside(folder) => write!(out, "lies outside of {folder}/, where manifest.json is"),
            Self::NoManifest => {
                write!(out, "holds no manifest.json, at its top or in its only folder; it is no backup")
            }
            Self::BrokenGzip => write!(out, "is named by the manifest but cannot be decompressed"),
            Self::ReadTwice => write!(out, "can be read only once"),
        }
    }
}

/// The longest name that is shown.
const SHOWN_MAX: usize = 200;

/// A name as it may be shown, whatever it holds and however long it is.
pub(crate) fn shown(name: &[u8]) -> String {
    let start = &name[..name.len().min(SHOWN_MAX)];
    let more = if name.len() > SHOWN_MAX { "…" } else { "" };
    format!("{:?}{more}", String::from_utf8_lossy(start))
}
