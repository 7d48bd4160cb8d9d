//! Records of objecttypes.

use std::borrow::Cow;

use crate::fylr::json::{Json, Members};
use crate::fylr::output_only::OF_RECORDS;
use crate::fylr::source::datamodel::{Column, Table};
use crate::fylr::source::turn::files::{self, FileSource};
use crate::fylr::source::turn::{Context, Links, Unturnable, Versions, by_reference, object, people};

pub(crate) const NESTED: &str = "_nested:";
const REVERSE: &str = "_reverse_nested:";
const DELETED_AT: &str = "_latest_version_deleted_at";
const PURGED: &str = "_purged_or_deferred";
const MASK: &str = "_all_fields";

/// What must be known of a record before its place in the backup is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glance {
    pub system_id: u64,
    /// Within its objecttype.
    pub id: Option<u64>,
    pub version: u64,
    pub is_latest: bool,
    /// Its latest version says that the record is deleted.
    pub is_deleted: bool,
    pub parents: Vec<Parent>,
}

/// A parent, by what the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// The id within the objecttype.
    Id(u64),
    SystemId(u64),
}

/// A record as a target takes it.
pub(crate) struct Turned<'t> {
    pub json: Json<'t>,
    pub files: Vec<FileSource>,
}

/// Looks at a record.
pub(crate) fn glance(json: &Json<'_>, objecttype: &str) -> Result<Glance, Unturnable> {
    let system_id = json.get("_system_object_id").and_then(Json::as_id);
    let system_id = system_id.ok_or_else(|| Unturnable("it has no system object id".to_owned()))?;
    let block = json.get(objecttype).and_then(Json::members);
    let block = block.ok_or_else(|| Unturnable(format!("it has no \"{objecttype}\"")))?;
    let parent = match json.get("_system_object_id_parent").and_then(Json::as_id) {
        Some(parent) => Some(Parent::SystemId(parent)),
        None => block.get("_id_parent").and_then(Json::as_id).map(Parent::Id),
    };
    let parents = block.get("_parents").map_or(&[][..], Json::items);
    let parents = parents.iter().filter_map(|link| link.get("_system_object_id")?.as_id()).map(Parent::SystemId);
    Ok(Glance {
        system_id,
        id: block.get("_id").and_then(Json::as_id),
        version: block.get("_version").and_then(Json::as_id).unwrap_or(1),
        is_latest: json.get("_latest_version").is_none_or(Json::is_true),
        is_deleted: json.get(DELETED_AT).is_some_and(|at| !at.is_null()),
        parents: parent.into_iter().chain(parents).collect(),
    })
}

/// Turns a record of `objecttype`; `parent` is the system object id of its parent, if it has one that is in the backup.
pub(crate) fn record<'t>(
    json: Json<'t>,
    objecttype: &str,
    parent: Option<u64>,
    context: &Context,
) -> Result<Turned<'t>, Unturnable> {
    let system_id = json.get("_system_object_id").and_then(Json::as_id);
    let system_id = system_id.ok_or_else(|| Unturnable("it has no system object id".to_owned()))?;
    let mut members = object(json)?;
    members.retain(|key, _| is_taken(key));
    people::person(&mut members, "_owner", context);
    people::person(&mut members, "_create_user", context);
    people::rights(&mut members, "_acl", context);
    tags(&mut members, context);
    let table = context.model.table(objecttype);
    let mut turner = Turner { context, objecttype, files: Vec::new() };
    let block = members.get_mut(objecttype).and_then(Json::members_mut);
    let block = block.ok_or_else(|| Unturnable(format!("it has no \"{objecttype}\"")))?;
    turner.fields(block, table)?;
    turner.head(block, system_id, parent)?;
    Ok(Turned { files: turner.files, json: members.into() })
}

/// Whether a target takes what stands under this key.
fn is_taken(key: &str) -> bool {
    !key.starts_with('_') || !(key.starts_with(REVERSE) || OF_RECORDS.contains(&key))
}

/// Parts of records, turned one by one: for who looks at a record without taking all of it apart.
pub(crate) struct Parts<'a>(Turner<'a>);

impl<'a> Parts<'a> {
    pub fn of(objecttype: &'a str, context: &'a Context) -> Self {
        Self(Turner { context, objecttype, files: Vec::new() })
    }

    /// A person, the rights or the tags of a record; nothing if that is left out.
    pub fn member<'t>(&self, name: &'static str, json: Json<'t>) -> Option<Json<'t>> {
        let mut members = Members::of([(name, json)]);
        match name {
            "_acl" => people::rights(&mut members, name, self.0.context),
            "_tags" => tags(&mut members, self.0.context),
            _ => people::person(&mut members, name, self.0.context),
        }
        members.take(name)
    }

    /// The pool of a record.
    pub fn pool<'t>(&self, json: &Json<'_>) -> Result<Option<Json<'t>>, Unturnable> {
        if json.is_null() { Ok(None) } else { self.0.pool(json).map(Some) }
    }

    /// What stands in a column; `None` if it is passed on untouched.
    pub fn column(table: Option<&'a Table>, name: &str) -> Option<&'a Column> {
        table?.columns.get(name).filter(|column| **column != Column::Plain)
    }

    /// The value of such a column.
    pub fn value<'t>(&self, mut json: Json<'t>, name: &str, column: &Column) -> Result<Json<'t>, Unturnable> {
        match column {
            Column::Link(target) => self.0.link(&mut json, name, target, Need::Column)?,
            Column::Files => files::column(&mut json, self.0.context, &mut Vec::new()),
            Column::Plain => {}
        }
        Ok(json)
    }

    pub fn table(&self, name: &str) -> Option<&'a Table> {
        self.0.context.model.table(name)
    }
}

struct Turner<'a> {
    context: &'a Context,
    objecttype: &'a str,
    files: Vec<FileSource>,
}

impl Turner<'_> {
    /// What stands in a record's block beside its columns.
    fn head(&self, block: &mut Members<'_>, system_id: u64, parent: Option<u64>) -> Result<(), Unturnable> {
        let had_parent = block.take("_id_parent").is_some();
        let version = block.take("_version");
        let number = version.as_ref().and_then(Json::as_id).unwrap_or(1);
        let number = if self.context.versions == Versions::All { number } else { 1 };
        let mut head = vec![(Cow::Borrowed("_version"), Json::number(number))];
        if number > 1 {
            head.push((Cow::Borrowed("lookup:_id"), by_system_id(system_id)));
        }
        if let Some(pool) = block.take("_pool").filter(|pool| !pool.is_null()) {
            head.push((Cow::Borrowed("_pool"), self.pool(&pool)?));
        }
        match parent {
            Some(parent) => head.push((Cow::Borrowed("lookup:_id_parent"), by_system_id(parent))),
            None if had_parent => head.push((Cow::Borrowed("_id_parent"), Json::null())),
            None => {}
        }
        block.put_first(head);
        Ok(())
    }

    fn pool<'t>(&self, pool: &Json<'_>) -> Result<Json<'t>, Unturnable> {
        let id = pool.get("pool").and_then(|pool| pool.get("_id")).and_then(Json::as_id);
        let id = id.ok_or_else(|| Unturnable("its pool has no id".to_owned()))?;
        let reference = self.context.book.pools.get(id);
        let reference = reference.ok_or_else(|| Unturnable(format!("its pool {id} is not in the list of pools")))?;
        Ok(Members::of([("pool", by_reference(reference))]).into())
    }

    /// The columns of a record or of a row in it.
    fn fields(&mut self, block: &mut Members<'_>, table: Option<&Table>) -> Result<(), Unturnable> {
        block.retain(|key, _| key != "_id" && is_taken(key));
        for (key, value) in block.iter_mut() {
            if let Some(nested) = key.strip_prefix(NESTED) {
                self.rows(value, nested)?;
            } else if key == "_parents" {
                let Json::Array(parents) = value else { continue };
                let objecttype = self.objecttype.to_owned();
                parents.iter_mut().try_for_each(|parent| self.link(parent, key, &objecttype, Need::Parent))?;
            } else {
                match table.and_then(|table| table.columns.get(key)) {
                    Some(Column::Link(target)) => self.link(value, key, target, Need::Column)?,
                    Some(Column::Files) => files::column(value, self.context, &mut self.files),
                    Some(Column::Plain) | None => {}
                }
            }
        }
        Ok(())
    }

    fn rows(&mut self, rows: &mut Json<'_>, nested: &str) -> Result<(), Unturnable> {
        let Json::Array(rows) = rows else { return Ok(()) };
        let table = self.context.model.table(nested);
        rows.iter_mut().filter_map(Json::members_mut).try_for_each(|row| {
            row.remove(&["_version", "_id_parent"]);
            self.fields(row, table)
        })
    }

    /// A link: `{"_objecttype": "ort", "_system_object_id": 12, "ort": {"_id": 3}}`.
    fn link(&self, value: &mut Json<'_>, column: &str, target: &str, need: Need) -> Result<(), Unturnable> {
        let Some(link) = value.members() else { return Ok(()) };
        let named = link.get("_objecttype").and_then(|name| name.as_str().map(Cow::into_owned));
        let target = named.unwrap_or_else(|| target.to_owned());
        let mask = link.get("_mask").and_then(|mask| mask.as_str().map(Cow::into_owned));
        let mut lookup = Members::default();
        match (link.get("_system_object_id").and_then(Json::as_id), link.get("_uuid").and_then(Json::as_str)) {
            (Some(id), _) => lookup.set("_system_object_id", Json::number(id)),
            (None, Some(uuid)) => lookup.set("_uuid", Json::string(&uuid)),
            (None, None) => {
                return Err(Unturnable(format!("its link in {column} to {target} has no system object id")));
            }
        }
        let deleted = link.get(DELETED_AT).filter(|at| !at.is_null()).map(Json::detached);
        // A link to what is not there has nothing but names; old versions and easydb5 do not say more.
        let is_bare = link.get(&target).is_none();
        let is_gone = deleted.is_some() || link.get(PURGED).is_some_and(Json::is_true) || is_bare;
        if is_gone || self.may_come_later(&target, need) {
            lookup.set("_allow_defer", Json::bool(true));
        }
        if is_gone {
            // When a purged record was deleted is not known any more.
            lookup.set(DELETED_AT, deleted.unwrap_or_else(Json::null));
        }
        let mut turned = Members::of([
            ("_objecttype", Json::string(&target)),
            ("_mask", Json::string(mask.as_deref().unwrap_or(MASK))),
        ]);
        turned.set(target, Members::of([("lookup:_id", lookup.into())]).into());
        *value = turned.into();
        Ok(())
    }

    /// Whether a target may have to wait for what is linked.
    fn may_come_later(&self, target: &str, need: Need) -> bool {
        let ranks = &self.context.ranks;
        let is_before = match (ranks.get(target), ranks.get(self.objecttype)) {
            (Some(target), Some(own)) => target < own || (target == own && need == Need::Parent),
            _ => false,
        };
        !is_before || self.context.links == Links::Partial
    }
}

/// Why a record names another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Column,
    /// Levels see to it that parents come first.
    Parent,
}

fn by_system_id<'t>(id: u64) -> Json<'t> {
    Members::of([("_system_object_id", Json::number(id))]).into()
}

/// Tags by reference; those that are not in the list of tags stay as they are.
fn tags(members: &mut Members<'_>, context: &Context) {
    let Some(Json::Array(tags)) = members.get_mut("_tags") else { return };
    for tag in tags {
        let id = tag.get("_id").and_then(Json::as_id).or_else(|| tag.as_id());
        if let Some(reference) = id.and_then(|id| context.book.tags.get(id)) {
            *tag = by_reference(reference);
        }
    }
}
