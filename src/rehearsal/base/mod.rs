//! The base types: groups, users, pools and what else there is but records and files. They are checked and stored by
//! the same steps (`save`); each type adds its own rules.

mod collection_objects;
mod collections;
mod events;
mod groups;
mod mappings;
mod messages;
mod objecttypes;
mod plugins;
mod pools;
mod presets;
mod publications;
mod refer;
mod save;
mod tags;
mod transitions;
mod users;

pub(in crate::rehearsal) use collection_objects::{Change, get_objects, post_objects};
pub(in crate::rehearsal) use collections::{get_collection, get_collections, put_collection, put_collections};
pub(in crate::rehearsal) use events::{get_event, get_events, post_event, post_events};
pub(in crate::rehearsal) use groups::{get_group, get_groups, post_groups};
pub(in crate::rehearsal) use mappings::{get_mapping, get_mappings, post_mapping, put_mapping};
pub(in crate::rehearsal) use messages::{get_message, get_messages, post_messages};
pub(in crate::rehearsal) use objecttypes::{get_objecttype, get_objecttypes, post_objecttypes};
pub(in crate::rehearsal) use plugins::{get_managed, get_plugins, post_plugin, put_on_disk, put_plugin};
pub(in crate::rehearsal) use pools::{get_pool, get_pools, post_pools};
pub(in crate::rehearsal) use presets::{get_preset, get_presets, post_presets};
pub(in crate::rehearsal) use publications::{get_publication, get_publications, post_publications};
pub(in crate::rehearsal) use refer::{resolve_all, who};
pub(in crate::rehearsal) use tags::{get_tags, post_tags};
pub(in crate::rehearsal) use transitions::{get_transitions, post_transitions};
pub(in crate::rehearsal) use users::{get_user, get_users, personal_collection, post_users};
