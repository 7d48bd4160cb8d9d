//! Whether a tar holds a bag, and what of it is content. Before the declaration or the manifest has come nobody knows, so
//! files with the names of a bag's own are held back, and what may be content has its digests taken.

use std::io::{Read, Seek as _, Write as _};

use tempfile::SpooledTempFile;

use crate::layout::bag::{BagFault, DATA, DECLARATION, Inspection, Summed, Tagged};
use crate::layout::error::Error;
use crate::layout::tar::fault::Fault;
use crate::layout::tar::unsure::spooled;
use crate::model::entry::EntryHead;
use crate::model::manifest;
use crate::model::path::EntryPath;

/// Files that are held back; a bag has about six of its own.
const HELD_MAX: usize = 64;

/// What a member is in a bag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Content,
    /// Of the bag itself.
    Tag,
    Other,
}

/// What is known of the bag.
pub(super) struct Bagged {
    state: State,
    inspection: Inspection,
    held: Vec<Held>,
    /// Whether the manifest of the bag has come.
    is_settled: bool,
    manifest: Option<(EntryHead, Vec<u8>)>,
}

/// A folder or a file.
type Held = (EntryHead, Option<SpooledTempFile>);

enum State {
    Unknown,
    No,
    /// In this folder, if in any.
    Yes(Option<EntryPath>),
}

impl Bagged {
    pub(super) fn new() -> Self {
        Self {
            state: State::Unknown,
            inspection: Inspection::new(),
            held: Vec::new(),
            is_settled: false,
            manifest: None,
        }
    }

    /// What is at `path`.
    pub(super) fn part(&self, path: &EntryPath) -> Part {
        let (_, place) = match &self.state {
            State::No => return Part::Other,
            State::Unknown => split(path),
            State::Yes(top) => match below(top.as_ref(), path) {
                Ok(place) => (None, place),
                Err(_) => return Part::Other,
            },
        };
        match &self.state {
            _ if place.is_below(DATA) => Part::Content,
            State::Yes(_) if place.as_bytes() != DATA.as_bytes() => Part::Tag,
            State::Unknown if place.parts().count() == 1 && Tagged::of(&place) != Tagged::Other => Part::Tag,
            _ => Part::Other,
        }
    }

    /// Whether it is the manifest, if this is a bag.
    pub(super) fn is_manifest(&self, path: &EntryPath) -> bool {
        let (_, place) = split(path);
        let is_it = place.as_bytes().strip_prefix(DATA.as_bytes()).and_then(|rest| rest.strip_prefix(b"/"));
        !matches!(self.state, State::No) && self.manifest.is_none() && is_it == Some(manifest::FILE_NAME.as_bytes())
    }

    pub(super) fn keep_manifest(&mut self, head: EntryHead, bytes: Vec<u8>) {
        self.manifest = Some((head, bytes));
    }

    /// The manifest, when it has come and this is a bag.
    pub(super) fn take_manifest(&mut self) -> Option<(EntryHead, Vec<u8>)> {
        let State::Yes(top) = &self.state else { return None };
        let manifest = self.manifest.take_if(|(head, _)| split(&head.path).0 == *top)?;
        self.is_settled = true;
        self.held.clear();
        Some(manifest)
    }

    /// What would be the manifest, had this been a bag.
    pub(super) fn leftover_manifest(&mut self) -> Option<(EntryHead, Vec<u8>)> {
        self.manifest.take_if(|_| matches!(self.state, State::Unknown))
    }

    pub(super) fn top(&self) -> Option<&EntryPath> {
        match &self.state {
            State::Yes(top) => top.as_ref(),
            _ => None,
        }
    }

    /// Takes a folder beside the content.
    pub(super) fn tag_folder(&mut self, head: EntryHead) -> Result<(), Error> {
        if self.is_settled { Ok(()) } else { self.hold(head, None) }
    }

    /// Takes a file of the bag itself, or one that may be. Until that is certain it is held.
    pub(super) fn tag(&mut self, head: EntryHead, body: &mut dyn Read) -> Result<(), Error> {
        if self.is_settled {
            return self.inspection.tag(&below(self.top(), &head.path)?, body);
        }
        let (top, place) = split(&head.path);
        let content = spooled(&head.path, body)?;
        self.hold(head, Some(content))?;
        match self.state {
            State::Unknown if place.as_bytes() == DECLARATION.as_bytes() => {
                self.state = State::Yes(top);
                (0..self.held.len()).try_for_each(|at| self.inspect_held(at))
            }
            State::Yes(_) => self.inspect_held(self.held.len() - 1),
            _ => Ok(()),
        }
    }

    fn hold(&mut self, head: EntryHead, content: Option<SpooledTempFile>) -> Result<(), Error> {
        if self.held.len() == HELD_MAX {
            return Err(Error::Bag { place: head.path.to_string(), fault: BagFault::TooMany, others: 0 });
        }
        self.held.push((head, content));
        Ok(())
    }

    fn inspect_held(&mut self, at: usize) -> Result<(), Error> {
        let top = match &self.state {
            State::Yes(top) => top.as_ref(),
            _ => None,
        };
        let (head, Some(content)) = &mut self.held[at] else { return Ok(()) };
        self.inspection.tag(&below(top, &head.path)?, content)?;
        content.rewind().map_err(|source| Error::Spool { path: head.path.clone(), source })
    }

    /// Takes a file that is, or may be, content.
    pub(super) fn content<R>(&mut self, path: &EntryPath, content: Summed<R>) -> Result<(), Error> {
        match self.state {
            State::No => Ok(()),
            _ => self.inspection.content(&split(path).1, content),
        }
    }

    /// This is no bag: gives back what was held for one.
    pub(super) fn dissolve(&mut self) -> Vec<Held> {
        self.state = State::No;
        self.inspection = Inspection::new();
        let mut held = std::mem::take(&mut self.held);
        if let Some((head, bytes)) = self.manifest.take() {
            let mut spool = SpooledTempFile::new(bytes.len());
            // It fits into memory, as it did.
            let _ = spool.write_all(&bytes).and_then(|()| spool.rewind());
            held.push((head, Some(spool)));
        }
        held
    }

    /// If this is a bag, all of it must be there.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        match self.state {
            State::Yes(_) => std::mem::replace(&mut self.inspection, Inspection::new()).finish(),
            _ => Ok(()),
        }
    }
}

/// The folder of the bag, if this is one, and the place in it: content is in a folder of that name at the top, or right
/// below it.
fn split(path: &EntryPath) -> (Option<EntryPath>, EntryPath) {
    let mut parts = path.parts();
    let first = parts.next().unwrap_or_default();
    let rest = path.as_bytes().get(first.len() + 1..).unwrap_or_default();
    match (EntryPath::new(first), EntryPath::new(rest)) {
        (Ok(top), Ok(place)) if first != DATA.as_bytes() => (Some(top), place),
        _ => (None, path.clone()),
    }
}

fn below(top: Option<&EntryPath>, path: &EntryPath) -> Result<EntryPath, Error> {
    let Some(top) = top else { return Ok(path.clone()) };
    let rest = path.as_bytes().strip_prefix(top.as_bytes()).and_then(|rest| rest.strip_prefix(b"/"));
    let outside = || Error::Tar { place: path.to_string(), fault: Fault::Outside(top.to_string()) };
    rest.and_then(|rest| EntryPath::new(rest).ok()).ok_or_else(outside)
}
