//! Base types: everything that is not a record of an objecttype. Each function turns one item.

use std::borrow::Cow;

use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, Members};
use crate::fylr::source::book::{Clash, References};
use crate::fylr::source::turn::{
    Context, Unturnable, Versions, by_reference, files, inner, object, passwords, people, reference_object, text_at,
};

/// What base types are only ever given with.
const OUTPUT_ONLY: [&str; 20] = [
    "_generated_rights",
    "_compiled_tags",
    "_level",
    "_path",
    "_has_children",
    "_has_acl",
    "_updated_at",
    "_count",
    "_count_recursive",
    "_create_object_compiled",
    "_has_pin",
    "pin_ok",
    "_pin_ok",
    "_hotfolder_upload_urls",
    "_objects",
    "objects",
    "_standard",
    "_format",
    "_changelog",
    "_session",
];
/// Ends of the names and references of easydb5's groups that fylr does without.
const GROUPS_OF_EASYDB5: [&str; 3] = ["fallback", "internet", "intranet"];
/// What is kept of a plugin; everything else depends on the server that it runs on.
const PLUGIN: [&str; 6] = ["name", "type", "enabled", "update_policy", "url", "zip_file"];

/// A plugin.
pub(crate) fn plugin<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut json = json;
    files::everywhere(&mut json, context);
    let mut members = object(json)?;
    members.retain(|key, _| PLUGIN.contains(&key));
    Ok(members.into())
}

/// The references of all groups of tags and of all tags.
pub(crate) fn settled_tags(groups: &[Json<'_>]) -> (References, References, Vec<Clash>) {
    let own = |json: &Json<'_>| Some((json.get("_id")?.as_id()?, text_at(json, &["reference"])));
    let tags = groups.iter().flat_map(|group| group.get("_tags").map_or(&[][..], Json::items));
    let tags = tags.filter_map(|tag| own(tag.get("tag").unwrap_or(tag)));
    let (tags, mut clashes) = References::settle("tag", tags);
    let groups = groups.iter().filter_map(|group| own(group.get("taggroup")?));
    let (groups, more) = References::settle("taggroup", groups);
    clashes.extend(more);
    (groups, tags, clashes)
}

/// A group of tags with its tags. Their ids stay, the only ones that do.
pub(crate) fn tags<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    let (id, group) = inner(&mut members, "taggroup")?;
    set_reference(group, context.book.tag_groups.get(id));
    if let Some(Json::Array(tags)) = members.get_mut("_tags") {
        for tag in tags {
            // Some versions give tags without the envelope that they take.
            if tag.get("tag").is_none()
                && let Json::Object(flat) = tag
            {
                let acl = flat.take("_acl");
                let flat = std::mem::take(flat);
                let mut wrapped = Members::of([("_basetype", Json::string("tag")), ("tag", flat.into())]);
                if let Some(acl) = acl {
                    wrapped.set("_acl", acl);
                }
                *tag = wrapped.into();
            }
            let Some(members) = tag.members_mut() else { continue };
            people::rights(members, "_acl", context);
            let (id, tag) = inner(members, "tag")?;
            set_reference(tag, context.book.tags.get(id));
        }
    }
    Ok(members.into())
}

/// A group; `None` for one that fylr does without.
pub(crate) fn group<'t>(json: Json<'t>, context: &Context) -> Result<Option<Json<'t>>, Unturnable> {
    let mut members = base_type(json, context)?;
    let (id, group) = inner(&mut members, "group")?;
    if context.kind == InstanceKind::Easydb5 {
        let names =
            ["reference", "name"].map(|key| group.get(key).and_then(|name| Some(name.as_str()?.to_lowercase())));
        let is_system = text(group.get("type")) == "system";
        let is_left_out = |name: &String| GROUPS_OF_EASYDB5.iter().any(|end| name.ends_with(end));
        if is_system && names.iter().flatten().any(is_left_out) {
            context
                .notes
                .add(format!("group {} left out, as fylr has none like it", names[1].clone().unwrap_or_default()));
            return Ok(None);
        }
    }
    group.remove(&["_id", "created_timestamp", "last_updated_timestamp"]);
    group.set("_version", Json::number(1));
    set_reference(group, context.book.groups.get(id));
    if context.kind == InstanceKind::Easydb5 {
        members.rename("_ipv4_subnet_filter", "_ip_subnet_filter");
        if let Some(maps) = members.get_mut("_auth_method_group_maps").and_then(Json::members_mut) {
            maps.rename("sso", "saml");
        }
        saml(members.get_mut("_automatic_auth"));
    }
    members.remove(&["_created_at"]);
    Ok(Some(members.into()))
}

/// A user, and whether there is a password.
pub(crate) fn user<'t>(json: Json<'t>, context: &Context) -> Result<(Json<'t>, bool), Unturnable> {
    let mut members = base_type(json, context)?;
    let email = primary_email(&members);
    let (id, user) = inner(&mut members, "user")?;
    let user_type = text(user.get("type")).into_owned();
    let created = user.take("created_timestamp");
    user.remove(&["_id", "last_updated_timestamp", "_primary_email", "picture"]);
    user.set("_version", Json::number(1));
    set_reference(user, context.book.users.get(id));
    if let Some(email) = email.filter(|_| user.get("email").is_none_or(Json::is_null)) {
        user.set("email", Json::string(&email));
    }
    if let Some(created) = created.filter(|_| members.get("_created_at").is_none()) {
        members.set("_created_at", created);
    }
    members.remove(&["_emails"]);
    people::list(&mut members, "_groups", context);
    if context.kind == InstanceKind::Easydb5
        && let Some(Json::Array(groups)) = members.get_mut("_groups")
    {
        groups.iter_mut().filter_map(Json::members_mut).for_each(|group| saml(group.get_mut("_automatic_auth")));
    }
    pin_codes(&mut members, context);
    let has_password = passwords::password(&mut members, &user_type);
    Ok((members.into(), has_password))
}

/// easydb5's single sign-on is fylr's SAML.
fn saml(automatic: Option<&mut Json<'_>>) {
    let kind = automatic.and_then(Json::members_mut).and_then(|members| members.get_mut("type"));
    if let Some(kind) = kind.filter(|kind| kind.as_str().as_deref() == Some("sso")) {
        *kind = Json::string("saml");
    }
}

/// easydb5 keeps several addresses of a user; fylr has one.
fn primary_email(members: &Members<'_>) -> Option<String> {
    let own = members.get("user").and_then(|user| text_at(user, &["_primary_email"]));
    let emails = members.get("_emails").map_or(&[][..], Json::items);
    let primary = emails.iter().find(|email| email.get("is_primary").is_some_and(Json::is_true));
    own.or_else(|| text_at(primary.or(emails.first())?, &["email"]))
}

fn pin_codes(members: &mut Members<'_>, context: &Context) {
    let Some(Json::Array(codes)) = members.get_mut("_collection_pin_codes") else { return };
    codes.retain_mut(|code| {
        let Some(code) = code.members_mut() else { return true };
        let Some(id) = code.take("collection_id").and_then(|id| id.as_id()) else { return true };
        let reference = context.book.collections.get(id);
        if let Some(reference) = reference {
            code.put_first(vec![(Cow::Borrowed("lookup:collection_id"), reference_object(reference))]);
        } else {
            context.notes.add("a pin code left out, as its collection is not in the backup".to_owned());
        }
        reference.is_some()
    });
}

/// A pool.
pub(crate) fn pool<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    transitions_in(&mut members, context);
    let (id, pool) = inner(&mut members, "pool")?;
    pool.remove(&["_id", "is_system_pool"]);
    pool.set("_version", Json::number(1));
    set_reference(pool, context.book.pools.get(id));
    parent(pool, &context.book.pools);
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// The settings of an objecttype.
pub(crate) fn objecttype<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    transitions_in(&mut members, context);
    inner(&mut members, "objecttype")?.1.set("_version", Json::number(1));
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// A preset of rights.
pub(crate) fn preset<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    inner(&mut members, "right_preset")?.1.set("_version", Json::number(1));
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// A global transition.
pub(crate) fn transition<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    turn_transition(&mut members, context);
    Ok(members.into())
}

fn turn_transition(members: &mut Members<'_>, context: &Context) {
    members.remove(&["_id"]);
    people::list(members, "who", context);
    people::list(members, "who_not", context);
}

/// The transitions of a pool or an objecttype.
fn transitions_in(members: &mut Members<'_>, context: &Context) {
    if let Some(Json::Array(transitions)) = members.get_mut("_transitions") {
        let transitions = transitions.iter_mut().filter_map(Json::members_mut);
        transitions.for_each(|transition| turn_transition(transition, context));
    }
}

/// A message.
pub(crate) fn message<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    let (id, message) = inner(&mut members, "message")?;
    message.remove(&["_id"]);
    for (old, new) in [("type", "webfrontend_type"), ("message_html", "message")] {
        if message.get(new).is_none() {
            message.rename(old, new);
        }
    }
    message.set("_version", Json::number(1));
    set_reference(message, context.book.messages.get(id));
    people::list(&mut members, "_groups", context);
    members.remove(&["_owner", "_created_at"]);
    Ok(members.into())
}

/// A metadata mapping.
pub(crate) fn mapping(json: Json<'_>) -> Result<Json<'_>, Unturnable> {
    object(json).map(Json::from)
}

/// A publication.
pub(crate) fn publication<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    let publish = members.get_mut("publish").and_then(Json::members_mut);
    let publish = publish.ok_or_else(|| Unturnable("it has no \"publish\"".to_owned()))?;
    publish.remove(&["_id"]);
    if context.versions == Versions::Latest && publish.get("version").is_some() {
        publish.set("version", Json::number(1));
    }
    Ok(members.into())
}

/// A collection; `objecttype_of` tells the objecttype of a record by its system object id.
pub(crate) fn collection<'t>(
    json: Json<'t>,
    objecttype_of: &dyn Fn(u64) -> Option<String>,
    context: &Context,
) -> Result<Json<'t>, Unturnable> {
    let mut members = base_type(json, context)?;
    let (id, collection) = inner(&mut members, "collection")?;
    collection.remove(&["_id", "is_system_collection"]);
    collection.remove(&OUTPUT_ONLY);
    collection.set("_version", Json::number(1));
    set_reference(collection, context.book.collections.get(id));
    parent(collection, &context.book.collections);
    if let Some(settings) = collection.get_mut("create_object").and_then(Json::members_mut) {
        upload_pools(settings, context);
    }
    let presentation =
        collection.get_mut("webfrontend_props").and_then(|props| props.members_mut()?.get_mut("presentation"));
    if let Some(Json::Array(slides)) = presentation.and_then(|shown| shown.members_mut()?.get_mut("slides")) {
        let slides = slides.iter_mut().filter_map(Json::members_mut);
        slides.flat_map(Members::iter_mut).for_each(|(_, part)| slide(part, objecttype_of));
    }
    members.remove(&["_created_at"]);
    Ok(members.into())
}

/// The pools that uploads into a collection go to.
fn upload_pools(settings: &mut Members<'_>, context: &Context) {
    for key in ["pool", "linked_pool"] {
        let Some(pool) = settings.get_mut(key) else { continue };
        let id = pool.get("pool").and_then(|pool| pool.get("_id")).and_then(Json::as_id).or_else(|| pool.as_id());
        if let Some(reference) = id.and_then(|id| context.book.pools.get(id)) {
            *pool = Members::of([("_basetype", Json::string("pool")), ("pool", by_reference(reference))]).into();
        }
    }
}

/// A part of a slide that shows a record: `{"global_object_id": "5@instance"}`.
fn slide(part: &mut Json<'_>, objecttype_of: &dyn Fn(u64) -> Option<String>) {
    let Some(shown) = part.get("global_object_id").and_then(|id| id.as_str().map(Cow::into_owned)) else { return };
    let Some((id, objecttype)) = own_record(&shown, objecttype_of) else { return };
    if let Some(part) = part.members_mut() {
        part.set("global_object_id", record_lookup(&objecttype, id, false));
        part.rename("global_object_id", "lookup:global_object_id");
    }
}

/// One page of the records of a collection, appended to `found`. Records of other instances stay as they are.
pub(crate) fn collection_objects<'t>(
    page: Json<'t>,
    objecttype_of: &dyn Fn(u64) -> Option<String>,
    found: &mut Vec<Json<'t>>,
) -> Result<usize, Unturnable> {
    let objects = object(page)?.take("objects");
    let Some(Json::Array(objects)) = objects else { return Err(Unturnable("it has no \"objects\"".to_owned())) };
    let count = objects.len();
    for entry in objects {
        let mut entry = object(entry)?;
        entry.rename("webfrontend_props", "_webfrontend_props");
        let id = entry.get("_global_object_id").and_then(|id| id.as_str().map(Cow::into_owned));
        if let Some((id, objecttype)) = id.and_then(|id| own_record(&id, objecttype_of)) {
            entry.set("_global_object_id", record_lookup(&objecttype, id, true));
            entry.rename("_global_object_id", "lookup:_global_object_id");
        }
        found.push(entry.into());
    }
    Ok(count)
}

/// System object id and objecttype of `5@instance`, if it is a record of the backup.
fn own_record(global_id: &str, objecttype_of: &dyn Fn(u64) -> Option<String>) -> Option<(u64, String)> {
    let (id, _) = global_id.split_once('@')?;
    let id = id.parse().ok()?;
    Some((id, objecttype_of(id)?))
}

fn record_lookup<'t>(objecttype: &str, id: u64, may_defer: bool) -> Json<'t> {
    let mut lookup = Members::of([("_objecttype", Json::string(objecttype)), ("_system_object_id", Json::number(id))]);
    if may_defer {
        lookup.set("_allow_defer", Json::bool(true));
    }
    lookup.into()
}

/// An event. Its type stays as it is: the types that a target takes depend on the target.
pub(crate) fn event<'t>(json: Json<'t>, context: &Context) -> Result<Json<'t>, Unturnable> {
    let mut members = object(json)?;
    members.remove(&["_session"]);
    for key in ["user", "_user"] {
        if let Some(user) = members.get_mut(key) {
            match people::who(user, context) {
                Some(found) => *user = found,
                None => drop(members.take(key)),
            }
        }
    }
    Ok(members.into())
}

/// What all base types have in common.
fn base_type<'t>(json: Json<'t>, context: &Context) -> Result<Members<'t>, Unturnable> {
    let mut json = json;
    files::everywhere(&mut json, context);
    let mut members = object(json)?;
    members.remove(&OUTPUT_ONLY);
    people::person(&mut members, "_owner", context);
    people::rights(&mut members, "_acl", context);
    Ok(members)
}

fn set_reference(members: &mut Members<'_>, reference: Option<&str>) {
    if let Some(reference) = reference {
        members.set("reference", Json::string(reference));
    }
}

/// The parent of a pool or a collection, by its reference.
fn parent(members: &mut Members<'_>, references: &References) {
    let Some(parent) = members.take("_id_parent").and_then(|parent| parent.as_id()) else { return };
    if let Some(reference) = references.get(parent) {
        members.put_first(vec![(Cow::Borrowed("lookup:_id_parent"), reference_object(reference))]);
    }
}

fn text<'a>(json: Option<&'a Json<'_>>) -> Cow<'a, str> {
    json.and_then(Json::as_str).unwrap_or_default()
}
