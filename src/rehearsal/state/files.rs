//! The files: what is known of each, and where its bytes are.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::rehearsal::json::Doc;
use crate::rehearsal::state::ids::FileId;

/// Where the bytes of a file are.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) enum Place {
    /// In the instance's directory.
    Here(PathBuf),
    /// Left where it is.
    Remote(String),
    /// Not there yet, or it could not be fetched.
    Nowhere,
}

/// A file: an original, or a rendition of one.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct File {
    pub reference: Option<String>,
    pub name: String,
    /// As it was sent, with whatever folders.
    pub path: String,
    pub class: &'static str,
    pub extension: String,
    pub mime: String,
    pub bytes: u64,
    /// SHA-256 of the bytes; of a remote file MD5 of its URL.
    pub hash: String,
    /// `pending`, `done` or `failed`.
    pub status: &'static str,
    pub uploaded: String,
    pub uploader: u64,
    pub produce_versions: bool,
    /// The original that it is a rendition of, and its name there.
    pub parent: Option<(FileId, String)>,
    /// Renditions by name, in the order they came.
    pub renditions: Vec<(String, FileId)>,
    pub place: Place,
    /// What was said of it when it came.
    pub metadata: Doc,
}

#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Files {
    last: u64,
    pub all: BTreeMap<FileId, File>,
    references: HashMap<String, FileId>,
}

impl Files {
    pub fn get(&self, id: FileId) -> Option<&File> {
        self.all.get(&id)
    }

    pub fn by_reference(&self, reference: &str) -> Option<FileId> {
        self.references.get(reference).copied()
    }

    pub fn add(&mut self, file: File) -> FileId {
        self.last += 1;
        let id = FileId(self.last);
        if let Some(reference) = &file.reference {
            self.references.insert(reference.clone(), id);
        }
        if let Some((parent, name)) = &file.parent
            && let Some(original) = self.all.get_mut(parent)
        {
            original.renditions.push((name.clone(), id));
        }
        self.all.insert(id, file);
        id
    }

    /// Takes back what was added last.
    pub fn remove(&mut self, id: FileId) {
        let Some(file) = self.all.remove(&id) else { return };
        if let Some(reference) = &file.reference {
            self.references.remove(reference);
        }
        if let Some((parent, _)) = &file.parent
            && let Some(original) = self.all.get_mut(parent)
        {
            original.renditions.retain(|(_, rendition)| *rendition != id);
        }
    }

    /// Gives a file another reference.
    pub fn refer(&mut self, id: FileId, reference: Option<String>) {
        let Some(file) = self.all.get_mut(&id) else { return };
        if let Some(old) = file.reference.take() {
            self.references.remove(&old);
        }
        if let Some(new) = &reference {
            self.references.insert(new.clone(), id);
        }
        file.reference = reference;
    }
}
