//! A folder of a snapshot. Entries are listed in restore order, so a folder is found by walking the list once; of what
//! is walked past only sums are held.

use std::collections::BTreeMap;
use std::path::Path;

use crate::archive::{self, Body, Row, Snapshot, SnapshotName};
use crate::jobs::{Error, Shown};
use crate::model::path::EntryPath;

/// Folders of a folder that are listed; of more there is a sum. A fylr puts a thousand files into each.
pub const FOLDERS_MAX: usize = 2000;

/// Which folder to look into, and which of its files to give.
pub struct Folder {
    pub snapshot: SnapshotName,
    /// `None` is the root.
    pub path: Option<EntryPath>,
    /// Files that are passed over.
    pub offset: u64,
    /// Files that are given.
    pub limit: usize,
}

/// A page of a folder.
#[derive(Debug)]
pub struct FolderPage {
    pub snapshot: Snapshot,
    /// In order of their names, [`FOLDERS_MAX`] at most.
    pub folders: Vec<Inside>,
    /// There are more than those.
    pub has_more_folders: bool,
    /// In restore order.
    pub files: Vec<Row>,
    /// All files that stand in the folder itself.
    pub file_count: u64,
}

/// A folder in a folder, with everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    pub path: EntryPath,
    pub entries: u64,
    pub bytes: u64,
}

impl Folder {
    /// Looks into it.
    ///
    /// # Errors
    /// When the archive or the list of entries cannot be read, or there is no such snapshot or folder.
    pub fn run(&self, archive: &Path) -> Result<FolderPage, Error> {
        let shown = Shown::open(archive, &self.snapshot)?;
        let mut page = FolderPage {
            snapshot: shown.snapshot.clone(),
            folders: Vec::new(),
            has_more_folders: false,
            files: Vec::new(),
            file_count: 0,
        };
        let prefix = self.path.as_ref().map(|path| [path.as_bytes(), b"/"].concat()).unwrap_or_default();
        let mut folders = BTreeMap::new();
        let mut is_there = self.path.is_none();
        shown.entries(|row| {
            if self.path.as_ref().is_some_and(|path| row.head.path == *path) {
                is_there |= row.body == Body::Folder;
            }
            let Some(rest) = row.head.path.as_bytes().strip_prefix(&prefix[..]) else { return Ok(()) };
            is_there = true;
            match memchr::memchr(b'/', rest) {
                Some(slash) => page.add_below(&mut folders, &rest[..slash], &row),
                None if row.body == Body::Folder => page.add_below(&mut folders, rest, &row),
                None => page.add_file(row, self),
            }
            Ok::<(), archive::Error>(())
        })?;
        if !is_there {
            let path = self.path.clone();
            let missing = path.map(|path| archive::Error::NoEntry { number: page.snapshot.number, path });
            return Err(missing.unwrap_or_else(|| archive::Error::NoSnapshot(page.snapshot.number.to_string())).into());
        }
        page.folders = folders.into_iter().filter_map(|(name, sums)| self.inside(&name, sums)).collect();
        Ok(page)
    }

    fn inside(&self, name: &[u8], (entries, bytes): (u64, u64)) -> Option<Inside> {
        let path = match &self.path {
            Some(path) => path.join(name),
            None => EntryPath::new(name),
        };
        Some(Inside { path: path.ok()?, entries, bytes })
    }
}

impl FolderPage {
    fn add_below(&mut self, folders: &mut BTreeMap<Vec<u8>, (u64, u64)>, name: &[u8], row: &Row) {
        let is_entry = !matches!(row.body, Body::Folder);
        let size = if let Body::File(file) = &row.body { file.size } else { 0 };
        if let Some((entries, bytes)) = folders.get_mut(name) {
            *entries += u64::from(is_entry);
            *bytes += size;
        } else if folders.len() < FOLDERS_MAX {
            folders.insert(name.to_vec(), (u64::from(is_entry), size));
        } else {
            self.has_more_folders = true;
        }
    }

    fn add_file(&mut self, row: Row, folder: &Folder) {
        if self.file_count >= folder.offset && self.files.len() < folder.limit {
            self.files.push(row);
        }
        self.file_count += 1;
    }
}
