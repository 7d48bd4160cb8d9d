//! Records of objecttypes.

use std::collections::HashMap;

use crate::fylr::json::{Json, Members};
use crate::fylr::output_only::{OF_BACKUPS, OF_RECORDS};
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::base::acl;
use crate::fylr::target::rewrite::{Context, files, importer};

const NESTED: &str = "_nested:";
const REVERSE: &str = "_reverse_nested:";
const DELETED_AT: &str = "_latest_version_deleted_at";
const LOOKUP: &str = "lookup:_id";
const PARENT: &str = "lookup:_id_parent";

/// Target ids of files by the keys of their orders; `None`: not to be had.
pub(crate) type Saved = HashMap<String, Option<u64>>;

/// What is known of a record at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    pub system_id: Option<u64>,
    pub uuid: Option<String>,
    pub version: Option<u64>,
    /// It is an update by another lookup than its own id.
    pub is_increment: bool,
    /// Its latest version says that the record is deleted.
    pub is_deleted: bool,
}

impl Glance {
    /// For people: `objekt 123, version 2`.
    pub fn name(&self, objecttype: &str, at: u64) -> String {
        let id = self.system_id.map(|id| id.to_string()).or_else(|| self.uuid.clone());
        let id = id.unwrap_or_else(|| format!("number {}", at + 1));
        match self.version.filter(|version| *version > 1) {
            Some(version) => format!("{objecttype} {id}, version {version}"),
            None => format!("{objecttype} {id}"),
        }
    }
}

/// Looks at a record.
pub(crate) fn glance(json: &Json<'_>, objecttype: &str) -> Glance {
    let block = json.get(objecttype);
    let member = |key: &str| block.and_then(|block| block.get(key));
    Glance {
        system_id: json.get("_system_object_id").and_then(Json::as_id),
        uuid: json.get("_uuid").and_then(|uuid| Some(uuid.as_str()?.into_owned())),
        version: member("_version").and_then(Json::as_id),
        is_increment: member("_version:auto_increment")
            .or_else(|| json.get("_version:auto_increment"))
            .is_some_and(Json::is_true),
        is_deleted: json.get(DELETED_AT).is_some_and(|at| !at.is_null()),
    }
}

/// A record as the target takes it, with its files in place.
pub(crate) fn record<'t>(
    json: Json<'t>,
    objecttype: &str,
    saved: &Saved,
    context: &Context,
) -> Result<Json<'t>, String> {
    let found = glance(&json, objecttype);
    let Json::Object(mut members) = json else { return Err("it is no object".to_owned()) };
    members.remove(&OF_RECORDS);
    members.remove(&OF_BACKUPS);
    if members.get("_mask").is_none() {
        members.set("_mask", Json::string("_all_fields"));
    }
    if members.get("_objecttype").is_none() {
        members.set("_objecttype", Json::string(objecttype));
    }
    // Without a list the target would set its own default tags.
    if members.get("_tags").is_none_or(Json::is_null) && !context.origins.is_importer && has_tags(objecttype, context) {
        members.set("_tags", Json::Array(Vec::new()));
    }
    tags(&mut members, objecttype, context);
    acl(&mut members, objecttype, Base::ObjectPreset, context);
    if !context.abilities.row_uuids {
        members.remove(&["_created", "_last_modified"]);
    }
    let block = members.get_mut(objecttype).and_then(Json::members_mut);
    let block = block.ok_or_else(|| format!("it has no \"{objecttype}\""))?;
    block.remove(&OF_RECORDS);
    block.remove(&OF_BACKUPS);
    importer::modernize(block, objecttype, context);
    settle_version(block, &found, context);
    let keeps_reverse = context.origins.is_importer;
    block.retain(|key, _| keeps_reverse || !key.starts_with(REVERSE));
    if gone_link(block.get_mut(PARENT), context) {
        block.remove(&[PARENT]);
    }
    let mut rewriting = Rewriting { context };
    block.iter_mut().for_each(|(key, value)| rewriting.value(key, value));
    let mut json: Json<'t> = members.into();
    files::place(&mut json, saved);
    // A deleted record is found by no lookup, but can be promised.
    let deleted = &context.deleted_first;
    if !deleted.is_empty() {
        defer_those(&mut json, objecttype, &|id| id.is_some_and(|id| deleted.contains(id)));
    }
    Ok(json)
}

/// Lets everything come later that a record names; itself it names by what is there.
pub(crate) fn defer(json: &mut Json<'_>, objecttype: &str) {
    defer_those(json, objecttype, &|_| true);
}

fn defer_those(json: &mut Json<'_>, objecttype: &str, is_meant: &dyn Fn(Option<u64>) -> bool) {
    let block = json.members_mut().and_then(|members| members.get_mut(objecttype)?.members_mut());
    for (key, value) in block.into_iter().flat_map(Members::iter_mut) {
        if key != LOOKUP {
            deferred(key, value, is_meant);
        }
    }
}

fn deferred(key: &str, value: &mut Json<'_>, is_meant: &dyn Fn(Option<u64>) -> bool) {
    match value {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter_mut().for_each(|item| deferred("", item, is_meant)),
        Json::Object(lookup) if key == LOOKUP || key == PARENT => {
            let id = lookup.get("_system_object_id").and_then(Json::as_id);
            if (id.is_some() || lookup.get("_uuid").is_some()) && is_meant(id) {
                lookup.set("_allow_defer", Json::bool(true));
            }
        }
        Json::Object(members) => members.iter_mut().for_each(|(key, value)| deferred(key, value, is_meant)),
    }
}

/// A model that is not known says nothing against tags.
fn has_tags(objecttype: &str, context: &Context) -> bool {
    context.model.table(objecttype).is_none_or(|table| table.has_tags)
}

/// Tags by id get the ids that they have on the target.
fn tags(members: &mut Members<'_>, objecttype: &str, context: &Context) {
    let Some(Json::Array(tags)) = members.get_mut("_tags") else { return };
    for tag in tags.iter_mut().filter_map(Json::members_mut) {
        if let Some(id) = tag.get_mut("_id") {
            super::hidden::ids(id, Base::Tag, objecttype, context);
        }
    }
}

/// The versions of a record count 1, 2, 3 on the target, whatever numbers they had.
fn settle_version(block: &mut Members<'_>, found: &Glance, context: &Context) {
    let (Some(id), Some(told)) = (found.system_id, found.version) else { return };
    let version = context.numbering.of(id, told);
    if version == told {
        return;
    }
    block.set("_version", Json::number(version));
    if version == 1 {
        block.remove(&[LOOKUP]);
    }
}

/// Whether a lookup names a record that is deleted, and must go. Where such links are wanted, the mark alone goes.
fn gone_link(lookup: Option<&mut Json<'_>>, context: &Context) -> bool {
    let Some(lookup) = lookup.and_then(Json::members_mut) else { return false };
    if lookup.get(DELETED_AT).is_none() {
        return false;
    }
    lookup.remove(&[DELETED_AT]);
    if !context.options.include_deleted_linked {
        context.notes.add("a link to a deleted record left out; --include-deleted-linked keeps them".to_owned());
        return true;
    }
    lookup.set("_allow_defer", Json::bool(true));
    false
}

struct Rewriting<'a> {
    context: &'a Context,
}

impl Rewriting<'_> {
    fn value(&mut self, key: &str, value: &mut Json<'_>) {
        if files::is_file(value) {
            return;
        }
        if self.is_gone(value) {
            *value = Json::null();
            return;
        }
        match value {
            Json::Scalar(_) => {}
            Json::Array(items) => {
                items.retain_mut(|item| !self.is_gone(item));
                for item in items {
                    if let Some(row) = item.members_mut().filter(|_| key.starts_with(NESTED)) {
                        self.row(row, key);
                    } else {
                        self.value(key, item);
                    }
                }
            }
            Json::Object(members) => members.iter_mut().for_each(|(key, value)| self.value(key, value)),
        }
    }

    /// A row of a nested table. New rows may bring their UUIDs only where constraints are skipped.
    fn row(&mut self, row: &mut Members<'_>, key: &str) {
        if !self.context.options.skip_constraints || !self.context.abilities.row_uuids {
            row.remove(&["_uuid"]);
        }
        importer::modernize(row, key.trim_start_matches(NESTED), self.context);
        row.iter_mut().for_each(|(key, value)| self.value(key, value));
    }

    /// Whether this is a link to a record that is deleted.
    fn is_gone(&self, value: &mut Json<'_>) -> bool {
        let Some(members) = value.members_mut() else { return false };
        let Some(objecttype) = members.get("_objecttype").and_then(|name| Some(name.as_str()?.into_owned())) else {
            return false;
        };
        members.remove(&OF_RECORDS);
        members.remove(&OF_BACKUPS);
        let block = members.get_mut(&objecttype).and_then(Json::members_mut);
        gone_link(block.and_then(|block| block.get_mut(LOOKUP)), self.context)
    }
}
