//! Which id on the target stands for which id of the source. Records keep theirs, so only base types are in it; files,
//! which can be millions, are in the ledger.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

/// What has ids that other things name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    User,
    Group,
    Pool,
    Tag,
    Collection,
    ObjectPreset,
    CollectionPreset,
    Mapping,
    Message,
    Plugin,
    Objecttype,
    Mask,
    Column,
}

impl Base {
    const ALL: [Self; 13] = [
        Self::User,
        Self::Group,
        Self::Pool,
        Self::Tag,
        Self::Collection,
        Self::ObjectPreset,
        Self::CollectionPreset,
        Self::Mapping,
        Self::Message,
        Self::Plugin,
        Self::Objecttype,
        Self::Mask,
        Self::Column,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Pool => "pool",
            Self::Tag => "tag",
            Self::Collection => "collection",
            Self::ObjectPreset => "object preset",
            Self::CollectionPreset => "collection preset",
            Self::Mapping => "mapping",
            Self::Message => "message",
            Self::Plugin => "plugin",
            Self::Objecttype => "objecttype",
            Self::Mask => "mask",
            Self::Column => "column",
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// No base type has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoBase;

impl FromStr for Base {
    type Err = NoBase;

    fn from_str(text: &str) -> Result<Self, NoBase> {
        Self::ALL.into_iter().find(|base| base.name() == text).ok_or(NoBase)
    }
}

/// The map, shared by all who write to a target.
#[derive(Debug, Default)]
pub(crate) struct Ids(RwLock<HashMap<(Base, u64), u64>>);

impl Ids {
    pub fn set(&self, base: Base, source: u64, target: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert((base, source), target);
    }

    /// The id on the target. Tags keep theirs, and the parts of a data model that came along do, so that they stand for
    /// themselves unless something else is known.
    pub fn get(&self, base: Base, source: u64) -> Option<u64> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&(base, source)).copied();
        let stays = matches!(base, Base::Tag | Base::Objecttype | Base::Mask | Base::Column);
        known.or_else(|| stays.then_some(source))
    }
}
