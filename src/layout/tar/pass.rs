//! One pass over the members of a tar. Where the backup is in it, whether it is in a bag, and what each member is for shows
//! when the manifest comes, which may be last.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use tempfile::SpooledTempFile;

use crate::layout::bag::{Algorithm, Summed};
use crate::layout::error::Error;
use crate::layout::tar::bagged::{Bagged, Part};
use crate::layout::tar::fault::{Fault, shown};
use crate::layout::tar::members::Member;
use crate::layout::tar::unsure::{Unsure, hand_over, hand_over_unsure, named, spooled};
use crate::layout::walk::FOLDER_DEPTH_MAX;
use crate::model::entry::{Content, Encoding, EntryHead, FileTime, Role};
use crate::model::listing::{self, Listing};
use crate::model::manifest::{self, Manifest};
use crate::model::path::{EntryPath, PathError};

/// Broken gzip is remembered, for the manifest may name it.
const BROKEN_MAX: usize = 1000;
/// Files that may wait for the manifest: one manifest, and what macOS writes beside the top folder.
const WAITING_MAX: usize = 64;
/// Before the name of a file in which macOS keeps what other systems have no place for.
const APPLE_DOUBLE: &[u8] = b"._";

/// The path that a member's name stands for; `None` is the top itself.
pub(super) fn clean_path(member: &Member) -> Result<Option<EntryPath>, Error> {
    let mut name = &member.name[..];
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    if member.is_folder {
        name = name.strip_suffix(b"/").filter(|rest| !rest.is_empty()).unwrap_or(name);
        if matches!(name, b"" | b".") && member.name.starts_with(b".") {
            return Ok(None);
        }
    }
    let failed = |source: PathError| Error::Member { name: shown(&member.name), source };
    let path = EntryPath::new(name).map_err(failed)?;
    if path.parts().count() > FOLDER_DEPTH_MAX + 1 {
        return Err(Error::TooDeep { path });
    }
    Ok(Some(path))
}

/// Whether all members so far lie in one folder.
#[derive(PartialEq, Eq)]
enum Tops {
    None,
    One(EntryPath),
    Many,
}

/// What the manifest names.
struct Names {
    named: HashMap<EntryPath, Role>,
    /// Where something else may stand for what it names.
    candidates: HashSet<EntryPath>,
}

impl Names {
    fn new(manifest: &Manifest) -> Self {
        let named = manifest.payloads().iter().map(|name| (name.path.clone(), Role::Payload));
        let others = [(manifest.datamodel(), Role::Datamodel), (manifest.base_config(), Role::BaseConfig)];
        let others = others.into_iter().filter_map(|(path, role)| Some((path?.clone(), role)));
        Self { named: named.chain(others).collect(), candidates: Listing::candidates(manifest).collect() }
    }

    /// What a file is for; `None` if that is settled later.
    fn role(&self, path: &EntryPath) -> Option<Role> {
        match self.named.get(path) {
            Some(role) => Some(*role),
            None if self.candidates.contains(path) => None,
            None => Some(listing::role_of_file(path)),
        }
    }
}

/// What is known so far.
pub(super) struct Pass<'a> {
    manifest: &'a OnceCell<Manifest>,
    tops: Tops,
    /// Known once the manifest has come.
    names: Option<Names>,
    /// Where the backup is, and the folder that everything has to lie in, if there are such.
    folder: Option<EntryPath>,
    limit: Option<EntryPath>,
    bag: Bagged,
    /// The tar names its own top, so that all of it may lie there or, all the same, in one folder.
    has_dot: bool,
    /// The manifest in the only folder so far, and what belongs to that folder but lies beside it.
    waiting: Vec<(EntryHead, SpooledTempFile)>,
    broken: Vec<EntryPath>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(manifest: &'a OnceCell<Manifest>) -> Self {
        Self {
            manifest,
            tops: Tops::None,
            names: None,
            folder: None,
            limit: None,
            bag: Bagged::new(),
            has_dot: false,
            waiting: Vec::new(),
            broken: Vec::new(),
        }
    }

    /// The tar speaks of its top itself.
    pub(super) fn has_dot(&mut self) {
        self.has_dot = true;
    }

    pub(super) fn take<E, V>(
        &mut self,
        path: EntryPath,
        member: &Member,
        body: &mut dyn Read,
        visit: &mut V,
    ) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        if is_apple_double(&path) && !member.is_folder && self.names.is_none() {
            return Ok(self.wait(head(path, member.modified), body)?);
        }
        self.look_at_top(&path, member.is_folder)?;
        let part = self.bag.part(&path);
        let head = head(path, member.modified);
        if member.is_folder {
            return if part == Part::Tag { Ok(self.bag.tag_folder(head)?) } else { visit(&head, Content::Folder) };
        }
        match part {
            Part::Content => {
                let mut content = Summed::new(body, &Algorithm::ALL);
                self.take_file(&head, &mut content, visit)?;
                io::copy(&mut content, &mut io::sink()).map_err(|source| named(&head.path, source))?;
                Ok(self.bag.content(&head.path, content)?)
            }
            Part::Tag if !self.is_manifest(&head.path) => {
                self.bag.tag(head, body)?;
                self.settle_bag(visit)
            }
            Part::Tag | Part::Other => self.take_file(&head, body, visit),
        }
    }

    fn take_file<E, V>(&mut self, head: &EntryHead, body: &mut dyn Read, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        if self.names.is_none() && self.bag.is_manifest(&head.path) {
            self.bag.keep_manifest(head.clone(), read_manifest(&head.path, body)?);
            return self.settle_bag(visit);
        }
        if self.is_manifest(&head.path) {
            if self.has_dot && head.path.parts().count() > 1 {
                return Ok(self.wait(head.clone(), body)?);
            }
            let bytes = read_manifest(&head.path, body)?;
            return self.accept_plain(head, bytes, visit);
        }
        self.hand_over(head, body, visit)
    }

    fn wait(&mut self, head: EntryHead, body: &mut dyn Read) -> Result<(), Error> {
        if self.waiting.len() == WAITING_MAX {
            return Err(Error::Tar { place: head.path.to_string(), fault: Fault::NoManifest });
        }
        let content = spooled(&head.path, body)?;
        self.waiting.push((head, content));
        Ok(())
    }

    /// Hands over what waited for the manifest. What macOS says of the folder itself is no part of the backup.
    fn end_waiting<E, V>(&mut self, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        for (head, mut content) in std::mem::take(&mut self.waiting) {
            let of_folder = self.limit.as_ref().map(|limit| [APPLE_DOUBLE, limit.as_bytes()].concat());
            if of_folder.as_deref() == Some(head.path.as_bytes()) {
                continue;
            }
            if let Some(limit) = &self.limit
                && self.below_folder(&head.path).is_none()
            {
                let fault = Fault::Outside(limit.to_string());
                return Err(Error::Tar { place: shown(head.path.as_bytes()), fault }.into());
            }
            self.hand_over(&head, &mut content, visit)?;
        }
        Ok(())
    }

    /// Hands a file over as what it is known to be.
    fn hand_over<E, V>(&mut self, head: &EntryHead, body: &mut dyn Read, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let role = match &self.names {
            Some(names) => self.below_folder(&head.path).and_then(|path| names.role(&path)),
            None => None,
        };
        match role {
            Some(role) => hand_over(EntryHead { role, ..head.clone() }, body, visit),
            None => match hand_over_unsure(head, body, visit)? {
                Unsure::Fine => Ok(()),
                Unsure::Broken => Ok(self.remember_broken(&head.path)?),
            },
        }
    }

    fn look_at_top(&mut self, path: &EntryPath, is_folder: bool) -> Result<(), Error> {
        let first = path.parts().next().and_then(|part| EntryPath::new(part).ok());
        let is_below = is_folder || path.parts().nth(1).is_some();
        let top = first.filter(|_| is_below).map_or(Tops::Many, Tops::One);
        if self.tops == Tops::None {
            self.tops = top;
        } else if self.tops != top {
            self.tops = Tops::Many;
        }
        match &self.limit {
            Some(limit) if self.tops == Tops::Many => {
                Err(Error::Tar { place: shown(path.as_bytes()), fault: Fault::Outside(limit.to_string()) })
            }
            _ => Ok(()),
        }
    }

    /// The manifest is the one at the top, or in the folder in which everything lies.
    fn is_manifest(&self, path: &EntryPath) -> bool {
        let is_in_place = match path.parts().count() {
            1 => true,
            2 => matches!(self.tops, Tops::One(_)),
            _ => false,
        };
        is_in_place && path.name() == manifest::FILE_NAME.as_bytes() && self.names.is_none()
    }

    /// The manifest shows that there is no bag.
    fn accept_plain<E, V>(&mut self, head: &EntryHead, bytes: Vec<u8>, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        if let (Tops::One(top), 2) = (&self.tops, head.path.parts().count()) {
            (self.folder, self.limit) = (Some(top.clone()), Some(top.clone()));
        }
        let held = self.bag.dissolve();
        self.accept(head, bytes, visit)?;
        for (head, content) in held {
            match content {
                Some(mut content) => self.hand_over(&head, &mut content, visit)?,
                None => visit(&head, Content::Folder)?,
            }
        }
        Ok(())
    }

    fn accept<E, V>(&mut self, head: &EntryHead, bytes: Vec<u8>, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let manifest = Manifest::parse(bytes).map_err(Error::Manifest)?;
        self.names = Some(Names::new(&manifest));
        let manifest = self.manifest.get_or_init(|| manifest);
        visit(&EntryHead { role: Role::Manifest, ..head.clone() }, Content::Bytes(&mut manifest.bytes()))?;
        self.end_waiting(visit)
    }

    /// If the bag is known to be one by now, its manifest is the manifest.
    fn settle_bag<E, V>(&mut self, visit: &mut V) -> Result<(), E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        let Some((head, bytes)) = self.bag.take_manifest() else { return Ok(()) };
        self.folder = EntryPath::new(parent(&head.path)).ok();
        self.limit = self.bag.top().cloned();
        self.accept(&head, bytes, visit)
    }

    /// Ends the pass; the folder that everything lies in.
    pub(super) fn finish<E, V>(&mut self, visit: &mut V) -> Result<Option<EntryPath>, E>
    where
        E: From<Error>,
        V: FnMut(&EntryHead, Content<'_>) -> Result<(), E>,
    {
        // No bag, but a folder of this name.
        let leftover = self.bag.leftover_manifest().filter(|(head, _)| self.is_manifest(&head.path));
        if let Some((head, bytes)) = leftover {
            self.accept_plain(&head, bytes, visit)?;
        }
        let at = self.waiting.iter().position(|(head, _)| self.is_manifest(&head.path));
        if let Some((head, mut content)) = at.map(|at| self.waiting.swap_remove(at)) {
            let bytes = read_manifest(&head.path, &mut content)?;
            self.accept_plain(&head, bytes, visit)?;
        }
        self.refuse_broken()?;
        self.bag.finish()?;
        Ok(self.limit.take())
    }

    /// The path as the manifest would name it, if it is in the backup.
    fn below_folder(&self, path: &EntryPath) -> Option<EntryPath> {
        let Some(folder) = &self.folder else { return Some(path.clone()) };
        EntryPath::new(path.as_bytes().strip_prefix(folder.as_bytes())?.strip_prefix(b"/")?).ok()
    }

    fn remember_broken(&mut self, path: &EntryPath) -> Result<(), Error> {
        if self.broken.len() == BROKEN_MAX {
            return Err(Error::Tar { place: path.to_string(), fault: Fault::BrokenGzip });
        }
        self.broken.push(path.clone());
        Ok(())
    }

    fn refuse_broken(&self) -> Result<(), Error> {
        let Some(names) = &self.names else { return Ok(()) };
        let is_named = |path: &&EntryPath| self.below_folder(path).is_some_and(|path| names.named.contains_key(&path));
        match self.broken.iter().find(is_named) {
            Some(path) => Err(Error::Tar { place: path.to_string(), fault: Fault::BrokenGzip }),
            None => Ok(()),
        }
    }
}

/// Whether macOS may have written it beside the top folder.
fn is_apple_double(path: &EntryPath) -> bool {
    path.as_bytes().starts_with(APPLE_DOUBLE) && path.parts().count() == 1
}

/// Nothing is known of it yet but its name.
fn head(path: EntryPath, modified: FileTime) -> EntryHead {
    EntryHead { path, role: Role::Unlisted, encoding: Encoding::Plain, modified: Some(modified), size: None }
}

fn read_manifest(path: &EntryPath, body: &mut dyn Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    body.take(manifest::BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|source| named(path, source))?;
    if bytes.len() as u64 > manifest::BYTES_MAX { Err(Error::ManifestTooLong) } else { Ok(bytes) }
}

fn parent(path: &EntryPath) -> &[u8] {
    memchr::memrchr(b'/', path.as_bytes()).map_or(b"", |end| &path.as_bytes()[..end])
}
