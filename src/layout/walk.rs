//! Walks over a directory in path order, one sorted folder at a time, and never follows a link. Memory is bounded by
//! the longest folder, open handles by the deepest one.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::rc::Rc;
use std::vec;

use cap_fs_ext::{DirExt, FileTypeExt};
use cap_std::fs::{Dir, FileType};

use crate::layout::error::{Error, Special};
use crate::layout::input::{Input, modified};
use crate::model::entry::FileTime;
use crate::model::listing::{FILES, original_ends, stem};
use crate::model::path::EntryPath;

/// The deepest nesting of folders: each level costs an open handle, and fylr needs three.
pub(crate) const FOLDER_DEPTH_MAX: usize = 256;

/// An iterator over the files and the empty folders of a directory, in the byte order of their paths.
pub(crate) struct Walk {
    folders: Vec<Folder>,
}

/// One thing on the way.
pub(crate) enum Found {
    File(FoundFile),
    EmptyFolder { path: EntryPath, modified: FileTime },
}

/// A file that is not open yet.
pub(crate) struct FoundFile {
    pub(crate) path: EntryPath,
    /// Derived from an original in the same folder, going by the names.
    pub(crate) is_rendition: bool,
    folder: Rc<Dir>,
}

impl FoundFile {
    pub(crate) fn open(self) -> Result<Input, Error> {
        Input::open(&self.folder, self.path)
    }
}

/// One name of a folder.
pub(crate) struct Name {
    text: OsString,
    kind: Kind,
    is_rendition: bool,
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Special(Special),
}

impl Name {
    /// Whether it is `files`, the folder.
    pub(crate) fn is_files(&self) -> bool {
        self.kind == Kind::Folder && self.text == FILES
    }

    /// Whether it is a file `*.log`.
    pub(crate) fn is_log(&self) -> bool {
        let stem = self.bytes().strip_suffix(b".log");
        self.kind == Kind::File && stem.is_some_and(|stem| !stem.is_empty())
    }

    fn bytes(&self) -> &[u8] {
        self.text.as_encoded_bytes()
    }

    /// Folders sort with the slash that follows them, so that the walk is in the order of whole paths.
    fn sorted_bytes(&self) -> impl Iterator<Item = &u8> {
        let slash: &[u8] = if self.kind == Kind::Folder { b"/" } else { b"" };
        self.bytes().iter().chain(slash)
    }
}

/// A folder that is being walked over, with the names still to come.
struct Folder {
    dir: Rc<Dir>,
    path: Option<EntryPath>,
    names: vec::IntoIter<Name>,
}

enum Step {
    Found(Found),
    Down(Folder),
}

impl Walk {
    /// Begins at `root`, of whose own names only those that `keep` accepts are walked over.
    pub(crate) fn new(root: Dir, keep: impl Fn(&Name) -> bool) -> io::Result<Self> {
        let mut names = sorted_names(&root)?;
        names.retain(keep);
        Ok(Self { folders: vec![Folder { dir: Rc::new(root), path: None, names: names.into_iter() }] })
    }
}

impl Iterator for Walk {
    type Item = Result<Found, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let depth = self.folders.len();
            let folder = self.folders.last_mut()?;
            let Some(name) = folder.names.next() else {
                self.folders.pop();
                continue;
            };
            match folder.step(&name, depth) {
                Ok(Step::Found(found)) => return Some(Ok(found)),
                Ok(Step::Down(folder)) => self.folders.push(folder),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Folder {
    fn step(&self, name: &Name, depth: usize) -> Result<Step, Error> {
        let path = self.path_of(name)?;
        match name.kind {
            Kind::Special(special) => Err(Error::Special { path, special }),
            Kind::Folder if depth > FOLDER_DEPTH_MAX => Err(Error::TooDeep { path }),
            Kind::Folder => down(&self.dir, &name.text, &path).map_err(|source| Error::Read { path, source }),
            Kind::File => Ok(Step::Found(Found::File(FoundFile {
                path,
                is_rendition: name.is_rendition,
                folder: Rc::clone(&self.dir),
            }))),
        }
    }

    fn path_of(&self, name: &Name) -> Result<EntryPath, Error> {
        let path = match &self.path {
            Some(folder) => folder.join(name.bytes()),
            None => EntryPath::new(name.bytes()),
        };
        path.map_err(|source| {
            let folder = self.path.as_ref().map(|folder| format!("{folder}/")).unwrap_or_default();
            Error::Name { name: folder + &name.text.to_string_lossy(), source }
        })
    }
}

fn down(dir: &Dir, name: &OsStr, path: &EntryPath) -> io::Result<Step> {
    let dir = dir.open_dir_nofollow(name)?;
    let mut names = sorted_names(&dir)?;
    if names.is_empty() {
        let modified = modified(&dir.dir_metadata()?);
        return Ok(Step::Found(Found::EmptyFolder { path: path.clone(), modified }));
    }
    if path.as_bytes() == FILES.as_bytes() || path.is_below(FILES) {
        mark_renditions(&mut names);
    }
    Ok(Step::Down(Folder { dir: Rc::new(dir), path: Some(path.clone()), names: names.into_iter() }))
}

fn sorted_names(dir: &Dir) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let text = entry.file_name();
        let kind = match known_kind(entry.file_type()?) {
            Some(kind) => kind,
            // Some file systems tell the type of a file only when it is asked for by name.
            None => Kind::of(dir.symlink_metadata(&text)?.file_type()),
        };
        names.push(Name { text, kind, is_rendition: false });
    }
    names.sort_unstable_by(|a, b| a.sorted_bytes().cmp(b.sorted_bytes()));
    Ok(names)
}

impl Kind {
    pub(crate) fn of(kind: FileType) -> Self {
        known_kind(kind).unwrap_or(Self::Special(Special::Device))
    }
}

fn known_kind(kind: FileType) -> Option<Kind> {
    Some(match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Special(Special::Link),
        kind if kind.is_fifo() => Kind::Special(Special::Fifo),
        kind if kind.is_socket() => Kind::Special(Special::Socket),
        kind if kind.is_char_device() || kind.is_block_device() => Kind::Special(Special::Device),
        _ => return None,
    })
}

/// Marks every `<id>-<name>-<version>.<ext>` beside an `<id>-<name>.<ext>`.
fn mark_renditions(names: &mut [Name]) {
    let originals: HashSet<Box<[u8]>> =
        names.iter().filter(|name| name.kind == Kind::File).map(|name| stem(name.bytes()).into()).collect();
    for name in names {
        let stem = stem(name.bytes());
        let is_rendition = original_ends(stem).any(|at| originals.contains(&stem[..at]));
        name.is_rendition = is_rendition;
    }
}
