//! The list of a snapshot's entries: rows in restore order, in pages that are chunks like any other, so that an
//! unchanged list costs nothing and a list of millions of files is never held.

use bincode::{Decode, Encode};

use crate::archive::recipe::RecipeAt;
use crate::model::entry::{Digest, Encoding, EntryHead, FileTime, Role};
use crate::model::path::EntryPath;
use crate::model::payload::{Flaw, flaw::Reason};

/// Rows of a page.
pub const ROWS: usize = 512;

/// An entry as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub head: EntryHead,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    File(FileBody),
    Folder,
    Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBody {
    /// Plain bytes.
    pub size: u64,
    pub digest: Digest,
    pub recipe: RecipeAt,
    /// What a payload holds.
    pub records: Option<Records>,
    /// Why it holds no records, though it is a payload.
    pub flaw: Option<Flaw>,
}

/// The records of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Records {
    /// The kind's name.
    pub kind: String,
    pub objecttype: Option<String>,
    pub count: u64,
    /// How many of them say that they are not the latest version of their object.
    pub older_versions: u64,
}

/// A row as it is stored; model types do not decide the format.
#[derive(Encode, Decode)]
pub(crate) struct StoredRow {
    path: Vec<u8>,
    role: u8,
    gzip: bool,
    modified: Option<i64>,
    body: StoredBody,
}

#[derive(Encode, Decode)]
enum StoredBody {
    File { size: u64, digest: [u8; 32], recipe: RecipeAt, records: Option<Records>, flaw: Option<(u8, u64)> },
    Folder,
    Missing,
}

const REASONS: [Reason; 4] = [Reason::Syntax, Reason::Truncated, Reason::NoArray, Reason::Empty];

impl From<&Row> for StoredRow {
    fn from(row: &Row) -> Self {
        let role = Role::ALL.iter().position(|role| *role == row.head.role).unwrap_or_default();
        let body = match &row.body {
            Body::Folder => StoredBody::Folder,
            Body::Missing => StoredBody::Missing,
            Body::File(file) => StoredBody::File {
                size: file.size,
                digest: file.digest.0,
                recipe: file.recipe.clone(),
                records: file.records.clone(),
                flaw: file.flaw.as_ref().map(|flaw| {
                    let reason = REASONS.iter().position(|reason| *reason == flaw.reason).unwrap_or_default();
                    (reason as u8, flaw.offset)
                }),
            },
        };
        Self {
            path: row.head.path.as_bytes().to_vec(),
            role: role as u8,
            gzip: row.head.encoding == Encoding::Gzip,
            modified: row.head.modified.map(|time| time.0),
            body,
        }
    }
}

impl StoredRow {
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The row, if its values are legal.
    pub(crate) fn row(self) -> Option<Row> {
        let body = match self.body {
            StoredBody::Folder => Body::Folder,
            StoredBody::Missing => Body::Missing,
            StoredBody::File { size, digest, recipe, records, flaw } => {
                let flaw = match flaw {
                    None => None,
                    Some((reason, offset)) => Some(Flaw { offset, reason: *REASONS.get(usize::from(reason))? }),
                };
                Body::File(FileBody { size, digest: Digest(digest), recipe, records, flaw })
            }
        };
        let head = EntryHead {
            path: EntryPath::new(self.path).ok()?,
            role: *Role::ALL.get(usize::from(self.role))?,
            encoding: if self.gzip { Encoding::Gzip } else { Encoding::Plain },
            modified: self.modified.map(FileTime),
            size: if let Body::File(file) = &body { Some(file.size) } else { None },
        };
        Some(Row { head, body })
    }
}
