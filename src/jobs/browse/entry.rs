//! One entry of a snapshot, to be looked at: records of a payload page by page, other texts from their beginning. What
//! opens doors is not shown.

use std::path::Path;

use crate::archive::{self, Archive, Body, Elements, FileBody, Row, Snapshot, SnapshotName, SnapshotReader, snapshot};
use crate::fylr;
use crate::jobs::Error;
use crate::model::entry::Role;
use crate::model::path::EntryPath;
use crate::model::payload::{pretty, volatile};

/// Of longer texts only the beginning is given.
pub const TEXT_MAX: usize = 1 << 20;
/// Longer records are not given: nobody reads them, and a page of them would not fit into memory.
const RECORD_MAX: usize = 256 << 10;
/// Ends of names of entries that are texts.
const TEXTS: [&[u8]; 7] = [b".json", b".txt", b".log", b".csv", b".xml", b".md", b".yml"];

/// Which entry to look at, and which of its records to give.
pub struct Peek {
    pub snapshot: SnapshotName,
    pub path: EntryPath,
    /// Records that are passed over.
    pub offset: u64,
    /// Records that are given.
    pub limit: usize,
}

/// What is seen of an entry.
#[derive(Debug)]
pub enum Excerpt {
    Records(RecordsPage),
    Text {
        text: String,
        /// There is more.
        is_cut: bool,
    },
    /// It is no text, or has no bytes.
    Nothing,
}

/// A page of records.
#[derive(Debug)]
pub struct RecordsPage {
    pub records: Vec<RecordText>,
    pub total: u64,
}

/// A record, laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordText {
    /// Its place in the payload, counted from 0.
    pub place: u64,
    /// `None` if it is too long.
    pub text: Option<String>,
}

/// Why reading ended.
enum Stop {
    Enough,
    Failed(archive::Error),
}

impl From<archive::Error> for Stop {
    fn from(error: archive::Error) -> Self {
        Self::Failed(error)
    }
}

impl Peek {
    /// Looks at it.
    ///
    /// # Errors
    /// When the archive cannot be read, there is no such entry, or what is to be shown is damaged.
    pub fn run(&self, archive: &Path) -> Result<(Snapshot, Row, Excerpt), Error> {
        let archive = Archive::open(archive)?;
        let snapshot = snapshot::find(&archive.read()?, &self.snapshot)?;
        let reader = SnapshotReader::open(&archive, snapshot.clone())?;
        let row = reader.row(&self.path)?;
        let excerpt = match &row.body {
            Body::File(body) if body.records.is_some() => Excerpt::Records(self.records(&reader, body)?),
            Body::File(body) if is_text(&row) => self.text(&reader, body)?,
            Body::File(_) | Body::Folder | Body::Missing => Excerpt::Nothing,
        };
        Ok((snapshot, row, excerpt))
    }

    fn records(&self, reader: &SnapshotReader, body: &FileBody) -> Result<RecordsPage, archive::Error> {
        let mut page =
            RecordsPage { records: Vec::new(), total: body.records.as_ref().map_or(0, |records| records.count) };
        let end = self.offset.saturating_add(self.limit as u64);
        let mut elements = Elements::default();
        let read = reader.read(&self.path, body, |block| {
            elements.feed(&block, &mut |place, record| {
                if place >= end {
                    return Err(Stop::Enough);
                }
                if place >= self.offset {
                    let text = (record.len() <= RECORD_MAX).then(|| laid_out(record));
                    page.records.push(RecordText { place, text });
                }
                Ok(())
            })
        });
        ended(read)?;
        Ok(page)
    }

    fn text(&self, reader: &SnapshotReader, body: &FileBody) -> Result<Excerpt, archive::Error> {
        let mut bytes = Vec::new();
        let read = reader.read(&self.path, body, |block| {
            bytes.extend(block);
            if bytes.len() > TEXT_MAX { Err(Stop::Enough) } else { Ok(()) }
        });
        ended(read)?;
        let is_cut = bytes.len() > TEXT_MAX;
        bytes.truncate(TEXT_MAX);
        let is_json = bytes.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'['));
        if bytes.contains(&0) {
            return Ok(Excerpt::Nothing);
        }
        let stripped = volatile::strip(&mut bytes, &mut Vec::new());
        bytes.truncate(stripped.len);
        let text = if is_json { laid_out(&bytes) } else { String::from_utf8_lossy(&bytes).into_owned() };
        Ok(Excerpt::Text { text, is_cut })
    }
}

fn ended(read: Result<(), Stop>) -> Result<(), archive::Error> {
    match read {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

fn laid_out(json: &[u8]) -> String {
    String::from_utf8_lossy(&pretty(json, fylr::is_secret_member)).into_owned()
}

/// Whether it is worth a look. Files of users are never shown, whatever they are called: they are for other programs.
fn is_text(row: &Row) -> bool {
    let name = row.head.path.name().to_ascii_lowercase();
    match row.head.role {
        Role::File | Role::Rendition => false,
        role => role.is_json() || TEXTS.iter().any(|end| name.ends_with(end)),
    }
}
