//! What stands around the block of a record: mask, owner, times, tags, pool, rights.

use crate::rehearsal::base::{resolve_all, who};
use crate::rehearsal::datamodel::Table;
use crate::rehearsal::db::dates::is_timestamp;
use crate::rehearsal::db::flags::Flags;
use crate::rehearsal::json::Node;
use crate::rehearsal::problem::Problem;
use crate::rehearsal::state::State;

/// Keys that answers have; they are accepted and ignored, for front ends send back what they got.
pub(super) const READ_ONLY: [&str; 28] = [
    "_format",
    "_standard",
    "_path",
    "_paths",
    "_level",
    "_has_children",
    "_generated_rights",
    "_changelog",
    "_collections",
    "_published",
    "_published_count",
    "_score",
    "_sort",
    "_system_tags",
    "_latest_version",
    "_latest_version_deleted_at",
    "_objecttype_display_name",
    "_mask_display_name",
    "_has_acl",
    "_schema_version",
    "_system_object_id_parent",
    "_global_object_id",
    "_id_parent_deleted_at",
    "_purged_or_deferred",
    "_linked_objects",
    "_best_mask",
    "_created_at",
    "_updated_at",
];

/// Keys that a link has beside those.
pub(super) const LINK_KEYS: [&str; 4] = ["_objecttype", "_mask", "_system_object_id", "_uuid"];

/// Keys that say something.
const SETTABLE: [&str; 14] = [
    "_objecttype",
    "_mask",
    "_system_object_id",
    "_uuid",
    "_owner",
    "_create_user",
    "_created",
    "_last_modified",
    "_comment",
    "_tags",
    "_acl",
    "_private_acl",
    "_version:auto_increment",
    "_tags:group_mode",
];

/// What only root may set.
const OF_ROOT: [&str; 5] = ["_system_object_id", "_uuid", "_create_user", "_created", "_last_modified"];

/// The head of a record, ids in place of lookups.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub owner: Option<(bool, u64)>,
    pub create_user: Option<u64>,
    pub created: Option<String>,
    pub last_modified: Option<String>,
    pub comment: Option<String>,
    /// `None`: the default tags, or those there were.
    pub tags: Option<Vec<u64>>,
    pub acl: Option<String>,
    pub private_acl: bool,
}

/// Checks that a mask is named and there.
pub(super) fn mask(table: &Table, mask: &Node<'_>) -> Result<(), Problem> {
    match mask.text() {
        Some(name) if table.has_mask(name) => Ok(()),
        _ => {
            let text = format!("Unknown mask {mask} for object type {}.", table.name);
            Err(Problem::new(400, "UnknownObjecttype", "api", text).with("objecttype", table.name.clone()))
        }
    }
}

pub(super) fn read(state: &State, table: &Table, record: &Node<'_>, flags: Flags) -> Result<Head, Problem> {
    if record.at("_objecttype").text() != Some(&table.name) {
        let text = format!("Unknown object type {}, expected {}.", record.at("_objecttype"), table.name);
        return Err(Problem::new(400, "UnknownObjecttype", "api", text).with("objecttype", table.name.clone()));
    }
    mask(table, record.at("_mask"))?;
    for (key, _) in record.members() {
        let is_known = *key == table.name || SETTABLE.contains(&&**key) || READ_ONLY.contains(&&**key);
        if !is_known {
            return Err(Problem::inconsistent(format!("a record of {} has an unknown key \"{key}\"", table.name)));
        }
        if OF_ROOT.contains(&&**key) && !flags.is_root {
            let text = format!("Only system:root can set \"{key}\".");
            return Err(Problem::new(400, "ColumnNeedsSystemRoot", "acl", text).with("column", key.to_string()));
        }
    }
    let mut head = Head {
        owner: owner(state, record.at("_owner"))?,
        created: time(record, "_created")?,
        last_modified: time(record, "_last_modified")?,
        private_acl: record.at("_private_acl").bool().unwrap_or(false),
        tags: tags(state, table, record.at("_tags"), flags)?,
        ..Head::default()
    };
    match who(state, record.at("_create_user"))? {
        Some((true, _)) => return Err(Problem::inconsistent("\"_create_user\" must be a user")),
        creator => head.create_user = creator.map(|(_, id)| id),
    }
    head.comment = match record.at("_comment") {
        Node::Null => None,
        Node::Text(text) => Some(text.to_string()),
        _ => return Err(Problem::inconsistent("\"_comment\" must be a text")),
    };
    if !record.at("_acl").list().is_empty() {
        let mut acl = record.at("_acl").to_doc();
        resolve_all(state, &mut acl)?;
        head.acl = Some(acl.to_string());
    }
    Ok(head)
}

/// The owner; a system group must not be one.
fn owner(state: &State, node: &Node<'_>) -> Result<Option<(bool, u64)>, Problem> {
    let owner = who(state, node)?;
    if let Some((true, group)) = owner {
        let group = state.groups.get(group);
        if group.is_some_and(|group| group.doc.path(&["group", "type"]).text() == Some("system")) {
            return Err(Problem::inconsistent("a system group cannot own a record"));
        }
    }
    Ok(owner)
}

fn time(record: &Node<'_>, key: &str) -> Result<Option<String>, Problem> {
    match record.at(key) {
        Node::Null => Ok(None),
        Node::Text(text) if is_timestamp(text) => Ok(Some(text.to_string())),
        other => Err(Problem::inconsistent(format!("\"{key}\" is {other}, which is no point in time"))),
    }
}

fn tags(state: &State, table: &Table, tags: &Node<'_>, flags: Flags) -> Result<Option<Vec<u64>>, Problem> {
    let Node::List(tags) = tags else {
        return if tags.is_null() { Ok(None) } else { Err(Problem::inconsistent("\"_tags\" must be a list")) };
    };
    if !tags.is_empty() && !table.has_tags {
        return Err(Problem::inconsistent(format!("the object type {} has no tags", table.name)));
    }
    let mut ids = Vec::new();
    let mut choices = Vec::new();
    for tag in tags {
        let id = tag_id(state, tag)?;
        let unknown = || Problem::new(400, "TagNotFound", "dbinfo", format!("Tag {id} not found.")).with("tagid", id);
        let (group, known) = state.tag(id).ok_or_else(unknown)?;
        if known.at("enabled").bool() == Some(false) {
            return Err(
                Problem::new(400, "TagNotEnabled", "dbinfo", format!("Tag {id} is not enabled.")).with("tagid", id)
            );
        }
        if group.path(&["taggroup", "type"]).text() == Some("choice") {
            let group = group.path(&["taggroup", "_id"]).number();
            if choices.contains(&group) && !flags.skip_constraints && !ids.contains(&id) {
                let text = "Only one tag of a choice group can be set.";
                return Err(Problem::new(400, "MultipleChoicesInTaggroup", "object", text).with("tagid", id));
            }
            choices.push(group);
        }
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(Some(ids))
}

/// Tags are looked up by their reference only.
fn tag_id(state: &State, tag: &Node<'_>) -> Result<u64, Problem> {
    if let Some(lookup) = tag.get("lookup:_id") {
        let (Some(reference), 1) = (lookup.at("reference").text(), lookup.members().len()) else {
            return Err(Problem::inconsistent("tags are looked up by reference"));
        };
        let mut found = state.all_tags().filter(|(_, tag)| tag.at("reference").text() == Some(reference));
        let id = found.next().and_then(|(_, tag)| tag.at("_id").number());
        return id.ok_or_else(|| Problem::lookup_not_found("reference", reference));
    }
    tag.at("_id").number().ok_or_else(|| Problem::inconsistent(format!("{tag} is no tag")))
}

/// The tags that a record gets of itself: those of its pool, else of its objecttype, else of all, that are marked as
/// default. Hidden ones are added even to a list that is empty.
pub(super) fn default_tags(state: &State, table: &Table, pool: u64, hidden_only: bool) -> Vec<u64> {
    if !table.has_tags {
        return Vec::new();
    }
    let bound = bound_tags(state, pool)
        .or_else(|| Some(state.objecttypes.get(table.id)?.doc.at("_tags").list().to_vec()))
        .filter(|tags| !tags.is_empty());
    let is_default = |tag: &Node<'_>| tag.at("is_default").bool() == Some(true);
    let ids: Vec<u64> = match bound {
        Some(tags) => tags.iter().filter(|tag| is_default(tag)).filter_map(|tag| tag.at("_id").number()).collect(),
        None => {
            let tags = state.all_tags().filter(|(_, tag)| is_default(tag));
            tags.filter_map(|(_, tag)| tag.at("_id").number()).collect()
        }
    };
    let is_wanted = |id: &u64| {
        let tag = state.tag(*id).map(|(_, tag)| tag);
        tag.is_some_and(|tag| !hidden_only || tag.at("displaytype").text() == Some("hidden"))
    };
    ids.into_iter().filter(is_wanted).collect()
}

/// The tags of a pool, or of the nearest one above it that has any.
fn bound_tags(state: &State, pool: u64) -> Option<Vec<Node<'static>>> {
    let mut next = Some(pool);
    while let Some(doc) = next.and_then(|id| state.pools.get(id)).map(|item| &item.doc) {
        if !doc.at("_tags").list().is_empty() {
            return Some(doc.at("_tags").list().to_vec());
        }
        next = doc.path(&["pool", "_id_parent"]).number();
    }
    None
}
