//! All that an instance holds, in memory. One lock guards it: whoever writes sees nobody else's half.

mod events;
mod files;
mod ids;
mod records;
mod shelf;
mod tokens;

use std::collections::HashMap;

use crate::rehearsal::datamodel::Documents;
use crate::rehearsal::json::{Doc, object};

pub(in crate::rehearsal) use events::{Event, Events};
pub(in crate::rehearsal) use files::{File, Files, Place};
pub(in crate::rehearsal) use ids::{FileId, SystemId, Uuid};
pub(in crate::rehearsal) use records::{
    Facts, Fingerprint, Parent, Record, Records, Target, Version, fingerprint, lookup_values,
};
pub(in crate::rehearsal) use shelf::{Item, Shelf};
pub(in crate::rehearsal) use tokens::{Token, Tokens};

/// Everything.
#[derive(Debug, Default)]
pub(in crate::rehearsal) struct State {
    /// The instance's UUID: another one after each purge.
    pub uuid: String,
    pub config: Doc,
    pub documents: Documents,
    pub plugins: Shelf,
    /// Tag groups with their tags, in their order.
    pub tags: Vec<Doc>,
    pub groups: Shelf,
    pub users: Shelf,
    pub logins: HashMap<u64, Login>,
    pub pools: Shelf,
    /// By the id of the table.
    pub objecttypes: Shelf,
    pub object_presets: Shelf,
    pub collection_presets: Shelf,
    pub mappings: Shelf,
    pub transitions: Vec<Doc>,
    pub messages: Shelf,
    pub collections: Shelf,
    pub collection_objects: HashMap<u64, Vec<CollectionObject>>,
    pub publications: Shelf,
    pub events: Events,
    pub records: Records,
    pub files: Files,
    pub tokens: Tokens,
    pub last_tag: u64,
}

/// How a user logs in.
#[derive(Debug, Clone, Default)]
pub(in crate::rehearsal) struct Login {
    pub password: Option<String>,
    /// `method:hash`, as it was sent.
    pub hash: Option<String>,
}

/// What a collection holds.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct CollectionObject {
    pub target: Linked,
    pub webfrontend_props: Doc,
}

/// A record of this instance, or of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) enum Linked {
    Here(Target),
    Foreign(String),
}

impl State {
    /// Names of the plugins that are enabled.
    pub fn enabled_plugins(&self) -> Vec<String> {
        let enabled = self.plugins.iter().filter(|(_, item)| item.doc.at("enabled").bool() == Some(true));
        enabled.filter_map(|(_, item)| item.doc.at("name").text().map(str::to_owned)).collect()
    }

    /// Each table of records has settings, with the table's id.
    pub fn ensure_objecttypes(&mut self) {
        let names = crate::rehearsal::datamodel::table_names(&self.documents.head.schema);
        for (id, name) in names {
            if self.objecttypes.get(id).is_none() {
                let doc = object([
                    ("_basetype", "objecttype".into()),
                    ("objecttype", object([("_id", id.into()), ("_version", 1_u64.into()), ("name", name.into())])),
                ]);
                self.objecttypes.put(id, Item { version: 1, doc });
            }
        }
    }

    /// A tag by its id, with the group it belongs to.
    pub fn tag(&self, id: u64) -> Option<(&Doc, &Doc)> {
        self.all_tags().find(|(_, tag)| tag.at("_id").number() == Some(id))
    }

    /// Every tag with its group.
    pub fn all_tags(&self) -> impl Iterator<Item = (&Doc, &Doc)> {
        self.tags.iter().flat_map(|group| group.at("_tags").list().iter().map(move |tag| (group, tag.at("tag"))))
    }

    /// The id of a user with this login.
    pub fn user_by_login(&self, login: &str) -> Option<u64> {
        self.users.by_member("login", login)
    }
}
