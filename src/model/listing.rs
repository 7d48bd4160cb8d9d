//! What the files of a backup are for: found by the manifest, where it names them, and by their place, where it does not.
//! Every end asks here, so that a backup is the same wherever it came from.

use std::collections::HashSet;

use crate::model::entry::Role;
use crate::model::event::Warning;
use crate::model::manifest::{self, Manifest};
use crate::model::path::EntryPath;

/// The folder of packed originals and renditions.
pub const FILES: &str = "files";
const DATAMODEL_DEFAULT: &str = "datamodel.json";
const BASE_CONFIG_DEFAULT: &str = "base_config.json";
const PLAIN: &[u8] = b".json";
const PACKED: &[u8] = b".json.gz";

/// What to do about files that the manifest names but that are not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissingPayloads {
    /// It is no complete backup: an error.
    #[default]
    Refuse,
    /// They are recorded as missing, and a warning names each.
    Accept,
}

/// Where the files of a backup are looked for.
pub trait Place {
    type Error;

    /// Whether the file at `path` is there, which the manifest names.
    ///
    /// # Errors
    /// When something else stands there, or it cannot be found out.
    fn has_named(&self, path: &EntryPath) -> Result<bool, Self::Error>;

    /// Whether a file stands at `path`, of which the manifest does not speak.
    ///
    /// # Errors
    /// When it cannot be found out.
    fn has_other(&self, path: &EntryPath) -> Result<bool, Self::Error>;
}

/// The files that a manifest names, in restore order: the data model, the base config and the payloads, each of which
/// may stand under the other extension, be missing, or have no key and a default name.
pub struct Listing {
    pub files: Vec<Listed>,
    /// The paths of those that are there, and of the manifest.
    taken: HashSet<EntryPath>,
}

/// A file that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub role: Role,
    /// Where it stands, or where it should.
    pub path: EntryPath,
    pub is_there: bool,
    /// What the manifest calls it, where it stands under the other extension.
    pub instead_of: Option<EntryPath>,
}

impl Listed {
    /// What a person should know of it.
    #[must_use]
    pub fn warning(&self) -> Option<Warning> {
        match &self.instead_of {
            Some(listed) => Some(Warning::OtherExtension { listed: listed.clone(), found: self.path.clone() }),
            None if !self.is_there => Some(Warning::Missing { path: self.path.clone() }),
            None => None,
        }
    }
}

impl Listing {
    /// Finds every file that `manifest` names in `place`.
    ///
    /// # Errors
    /// The first of `place`.
    pub fn find<P: Place>(manifest: &Manifest, place: &P) -> Result<Self, P::Error> {
        let named = named(manifest).collect();
        let mut search = Search { place, named, taken: HashSet::from([path_of(manifest::FILE_NAME)]) };
        let mut files = Vec::with_capacity(manifest.payloads().len() + 2);
        for (role, name, default) in [
            (Role::Datamodel, manifest.datamodel(), DATAMODEL_DEFAULT),
            (Role::BaseConfig, manifest.base_config(), BASE_CONFIG_DEFAULT),
        ] {
            match name {
                Some(path) => files.push(search.named(role, path)?),
                None => files.extend(search.default(role, &path_of(default))?),
            }
        }
        for name in manifest.payloads() {
            files.push(search.named(Role::Payload, &name.path)?);
        }
        Ok(Self { files, taken: search.taken })
    }

    /// Every path at which [`Listing::find`] may look.
    pub fn candidates(manifest: &Manifest) -> impl Iterator<Item = EntryPath> {
        let defaults = [DATAMODEL_DEFAULT, BASE_CONFIG_DEFAULT].map(path_of);
        let paths = named(manifest).cloned().chain(defaults);
        paths.flat_map(|path| [other_extension(&path), Some(path)]).flatten()
    }

    /// Whether the file at `path` is one of these or the manifest.
    #[must_use]
    pub fn holds(&self, path: &EntryPath) -> bool {
        self.taken.contains(path)
    }

    pub fn missing(&self) -> impl Iterator<Item = &EntryPath> {
        self.files.iter().filter(|file| !file.is_there).map(|file| &file.path)
    }
}

fn named(manifest: &Manifest) -> impl Iterator<Item = &EntryPath> {
    let named = [manifest.datamodel(), manifest.base_config()].into_iter().flatten();
    named.chain(manifest.payloads().iter().map(|name| &name.path))
}

struct Search<'a, P> {
    place: &'a P,
    /// What the manifest names stands for itself and never for a file that is missing.
    named: HashSet<&'a EntryPath>,
    taken: HashSet<EntryPath>,
}

impl<P: Place> Search<'_, P> {
    fn named(&mut self, role: Role, path: &EntryPath) -> Result<Listed, P::Error> {
        if self.place.has_named(path)? {
            return Ok(self.take(role, path.clone(), None));
        }
        Ok(match self.unnamed(other_extension(path))? {
            Some(found) => self.take(role, found, Some(path.clone())),
            None => Listed { role, path: path.clone(), is_there: false, instead_of: None },
        })
    }

    fn default(&mut self, role: Role, path: &EntryPath) -> Result<Option<Listed>, P::Error> {
        let found = match self.unnamed(Some(path.clone()))? {
            None => self.unnamed(other_extension(path))?,
            found => found,
        };
        Ok(found.map(|path| self.take(role, path, None)))
    }

    fn unnamed(&self, path: Option<EntryPath>) -> Result<Option<EntryPath>, P::Error> {
        match path {
            Some(path) if !self.named.contains(&path) && !self.taken.contains(&path) => {
                Ok(self.place.has_other(&path)?.then_some(path))
            }
            _ => Ok(None),
        }
    }

    fn take(&mut self, role: Role, path: EntryPath, instead_of: Option<EntryPath>) -> Listed {
        self.taken.insert(path.clone());
        Listed { role, path, is_there: true, instead_of }
    }
}

/// What a file is for that the manifest does not name. Renditions are told from originals by the names beside them.
#[must_use]
pub fn role_of_file(path: &EntryPath) -> Role {
    let is_log = path.as_bytes().strip_suffix(b".log").is_some_and(|stem| !stem.is_empty() && !stem.contains(&b'/'));
    match path {
        path if path.is_below(FILES) => Role::File,
        _ if is_log => Role::Log,
        _ => Role::Unlisted,
    }
}

/// What an empty folder is for.
#[must_use]
pub fn role_of_folder(path: &EntryPath) -> Role {
    if path.as_bytes() == FILES.as_bytes() || path.is_below(FILES) { Role::File } else { Role::Unlisted }
}

/// A file name without its last extension.
#[must_use]
pub fn stem(name: &[u8]) -> &[u8] {
    memchr::memrchr(b'.', name).map_or(name, |at| &name[..at])
}

/// Where the stem of an original may end in the stem of its rendition: at every dash behind the id and one byte more.
pub fn original_ends(stem: &[u8]) -> impl Iterator<Item = usize> {
    let id_length = stem.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let has_id = id_length > 0 && stem.get(id_length) == Some(&b'-');
    (id_length + 1..stem.len()).filter(move |at| has_id && stem[*at] == b'-')
}

/// `x.json.gz` for `x.json` and the other way round; `None` for other names.
#[must_use]
pub fn other_extension(path: &EntryPath) -> Option<EntryPath> {
    plain_name(path).or_else(|| packed_name(path))
}

/// `x.json` for `x.json.gz`.
#[must_use]
pub fn plain_name(path: &EntryPath) -> Option<EntryPath> {
    let stem = path.as_bytes().strip_suffix(PACKED)?;
    EntryPath::new([stem, PLAIN].concat()).ok()
}

/// `x.json.gz` for `x.json`; `None` as well where there is no room for a longer name.
#[must_use]
pub fn packed_name(path: &EntryPath) -> Option<EntryPath> {
    let stem = path.as_bytes().strip_suffix(PLAIN)?;
    EntryPath::new([stem, PACKED].concat()).ok()
}

/// Whether the path ends in `.json.gz`.
#[must_use]
pub fn is_packed_name(path: &EntryPath) -> bool {
    path.as_bytes().ends_with(PACKED)
}

/// # Panics
/// When `name`, which is one of the layout's own, is unclean.
#[must_use]
pub fn path_of(name: &str) -> EntryPath {
    EntryPath::new(name).expect("the names of the layout are clean")
}
