//! Base types. What depends on something that comes later waits for a later round: rights name groups, users, presets and
//! pools; transitions would run on every record; pin codes need their collections.

use crate::fylr::json::{Json, Members};
use crate::fylr::output_only::OF_BASE_TYPES;
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::{Context, files, hidden, text_in};
use crate::fylr::target::round::Round;

/// An item of a base type, ready but for the version and the id that it has on the target.
#[derive(Debug)]
pub(crate) struct Rewritten<'t> {
    pub json: Members<'t>,
    pub reference: Option<String>,
    /// As far as the backup tells it.
    pub source_id: Option<u64>,
}

/// Types of users that have no password of their own.
const WITHOUT_PASSWORD: [&str; 3] = ["ldap", "sso", "email"];
const ROOT: &str = "system:root";
const STANDARD_POOL: &str = "system:standard";
const MAPPINGS: [&str; 3] = ["mapping_dc_export", "mapping_image_export", "mapping_image_import"];

/// A group.
pub(crate) fn group<'t>(json: Json<'t>, round: Round, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "group", context)?;
    let has_rights = take_rights(&mut found, round, "group", Base::ObjectPreset, context);
    found.json.remove(&["_created_at"]);
    (round == Round::First || has_rights).then_some(found)
}

/// A user.
pub(crate) fn user<'t>(json: Json<'t>, round: Round, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "user", context)?;
    let has_rights = take_rights(&mut found, round, "user", Base::ObjectPreset, context);
    let has_codes = found.json.get("_collection_pin_codes").is_some_and(|codes| !codes.items().is_empty());
    if round == Round::PinCodes {
        pin_codes(&mut found.json, context);
    } else {
        found.json.remove(&["_collection_pin_codes"]);
    }
    passwords(&mut found, context);
    let place = name(&found, "user");
    if let Some(user) = found.json.get_mut("user").and_then(Json::members_mut) {
        if user.take("picture").is_some_and(|picture| !picture.is_null()) && round == Round::First {
            context.notes.add("a picture of a user left out, as the API takes none".to_owned());
        }
        if let Some(prefs) = user.get_mut("frontend_prefs") {
            hidden::rewrite(prefs, &place, context);
        }
        if let Some(data) = user.get_mut("custom_data") {
            files::base(data, context);
        }
    }
    if round != Round::First || !context.abilities.user_times {
        found.json.remove(&["_created_at", "_last_seen_at"]);
    }
    match round {
        Round::First => Some(found),
        Round::Rights => has_rights.then_some(found),
        Round::PinCodes => has_codes.then_some(found),
        Round::Transitions | Round::Deleted => None,
    }
}

/// Who restores keeps the password that the restore has logged in with; the others get theirs when that is wanted.
fn passwords(found: &mut Rewritten<'_>, context: &Context) {
    let kind = found.json.get("user").and_then(|user| user.get("type")?.as_str().map(std::borrow::Cow::into_owned));
    let has_none = kind.is_some_and(|kind| WITHOUT_PASSWORD.contains(&kind.as_str()));
    if has_none || !context.options.include_password || found.reference.as_deref() == Some(ROOT) {
        found.json.remove(&["_password_hash"]);
    }
    found.json.remove(&["_password", "_password_insecure_hash", "_password_insecure_hash_method"]);
    found.json.remove(&["_password_insecure_hash_salt"]);
    if has_none && let Some(user) = found.json.get_mut("user").and_then(Json::members_mut) {
        user.remove(&["require_password_change"]);
    }
}

/// Codes name their collections by reference; what is not on the target is left out.
fn pin_codes(members: &mut Members<'_>, context: &Context) {
    let Some(Json::Array(codes)) = members.get_mut("_collection_pin_codes") else { return };
    codes.retain_mut(|code| {
        let Some(code) = code.members_mut() else { return false };
        let Some(source) = code.get("collection_id").and_then(Json::as_id) else { return true };
        match context.ids.get(Base::Collection, source) {
            Some(target) => {
                code.set("collection_id", Json::number(target));
                true
            }
            None => {
                context.notes.add(format!("a pin code left out, as collection {source} is not on the target"));
                false
            }
        }
    });
}

/// A pool.
pub(crate) fn pool<'t>(json: Json<'t>, round: Round, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "pool", context)?;
    let place = name(&found, "pool");
    let has_rights = take_rights(&mut found, round, "pool", Base::ObjectPreset, context);
    let has_transitions = take_transitions(&mut found.json, round, &place, context);
    settings(&mut found.json, "pool", &place, context);
    if let Some(pool) = found.json.get_mut("pool").and_then(Json::members_mut) {
        pool.remove(&["is_system_pool"]);
    }
    found.json.remove(&["_created_at"]);
    let is_wanted = match round {
        Round::First => true,
        Round::Rights => has_rights,
        Round::Transitions => has_transitions,
        Round::PinCodes | Round::Deleted => false,
    };
    is_wanted.then_some(found)
}

/// The settings of an objecttype, all at once when whatever they can name is there.
pub(crate) fn objecttype<'t>(json: Json<'t>, round: Round, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "objecttype", context)?;
    let place = name(&found, "objecttype");
    acl(&mut found.json, &place, Base::ObjectPreset, context);
    let has_transitions = take_transitions(&mut found.json, round, &place, context);
    settings(&mut found.json, "objecttype", &place, context);
    for key in ["_maskfilters", "_columnfilters"] {
        if let Some(filters) = found.json.get_mut(key) {
            hidden::rewrite(filters, &place, context);
        }
    }
    // An objecttype without a standard mask takes the preferred one, but no empty list.
    if found.json.get("_standard_masks").is_some_and(|masks| matches!(masks, Json::Array(masks) if masks.is_empty())) {
        found.json.set("_standard_masks", Json::null());
    }
    found.json.remove(&["_created_at"]);
    (round == Round::First || (round == Round::Transitions && has_transitions)).then_some(found)
}

/// What pools and objecttypes have in common: mappings, masks, tags, files.
fn settings(members: &mut Members<'_>, inner: &str, place: &str, context: &Context) {
    if let Some(block) = members.get_mut(inner).and_then(Json::members_mut) {
        for key in MAPPINGS {
            let Some(mapping) = block.get_mut(key).filter(|mapping| mapping.as_id().is_some()) else { continue };
            let source = mapping.as_id().unwrap_or_default();
            if let Some(target) = context.ids.get(Base::Mapping, source) {
                *mapping = Json::number(target);
            } else {
                context.notes.add(format!("{place}: {key} left out, as the mapping {source} is not on the target"));
                block.remove(&[key]);
            }
        }
        for key in ["watermark", "custom_data", "caption"] {
            if let Some(value) = block.get_mut(key) {
                files::base(value, context);
            }
        }
    }
    standard_masks(members, place, context);
    for key in ["_tags", "_private_tag_list"] {
        let Some(Json::Array(tags)) = members.get_mut(key) else { continue };
        for tag in tags.iter_mut().filter_map(Json::members_mut) {
            if let Some(id) = tag.get_mut("_id") {
                hidden::ids(id, Base::Tag, place, context);
            }
        }
    }
}

/// `{"6": [6]}`: masks by the id of their objecttype; or a list of masks.
fn standard_masks(members: &mut Members<'_>, place: &str, context: &Context) {
    match members.get_mut("_standard_masks") {
        Some(Json::Object(masks)) => {
            let mut rewritten = Members::default();
            for (objecttype, masks) in masks.iter_mut() {
                let mut masks = std::mem::replace(masks, Json::null());
                hidden::ids(&mut masks, Base::Mask, place, context);
                let id = objecttype.parse().ok().and_then(|id| context.ids.get(Base::Objecttype, id));
                rewritten.set(id.map_or_else(|| objecttype.to_owned(), |id| id.to_string()), masks);
            }
            members.set("_standard_masks", rewritten.into());
        }
        Some(masks) => hidden::ids(masks, Base::Mask, place, context),
        None => {}
    }
}

/// Rights and owner, which wait for their round; whether there are any.
fn take_rights(found: &mut Rewritten<'_>, round: Round, inner: &str, preset: Base, context: &Context) -> bool {
    let has_acl = found.json.get("_acl").is_some_and(|acl| !acl.items().is_empty())
        || found.json.get("_private_acl").is_some_and(Json::is_true);
    let owner = found.json.get("_owner").and_then(|owner| text_in(owner, &["user", "lookup:_id", "reference"]));
    let has_owner = found.json.get("_owner").is_some_and(|owner| !owner.is_null()) && owner.as_deref() != Some(ROOT);
    if round == Round::First {
        found.json.remove(&["_acl", "_owner", "_private_acl"]);
    } else {
        let place = name(found, inner);
        acl(&mut found.json, &place, preset, context);
    }
    has_acl || has_owner
}

fn take_transitions(members: &mut Members<'_>, round: Round, place: &str, context: &Context) -> bool {
    let has_any = members.get("_transitions").is_some_and(|transitions| !transitions.items().is_empty());
    if round == Round::Transitions {
        if let Some(transitions) = members.get_mut("_transitions") {
            hidden::rewrite(transitions, place, context);
        }
    } else {
        members.remove(&["_transitions", "_private_transitions"]);
    }
    has_any
}

/// Rights: new ones have no id, nobody gets mail because of a restore, presets are those of the target.
pub(super) fn acl(members: &mut Members<'_>, place: &str, preset: Base, context: &Context) {
    let Some(Json::Array(entries)) = members.get_mut("_acl") else { return };
    for entry in entries.iter_mut() {
        hidden::rewrite(entry, place, context);
        let Some(entry) = entry.members_mut() else { continue };
        entry.remove(&["_id", "_generated_rights", "send_email_notification"]);
        let Some(source) = entry.get("_right_preset").and_then(Json::as_id) else { continue };
        if let Some(target) = context.ids.get(preset, source) {
            entry.set("_right_preset", Json::number(target));
        } else {
            context.notes.add(format!("{place}: a right loses its preset {source}, which has no counterpart"));
            entry.remove(&["_right_preset"]);
        }
    }
}

/// A preset of rights; the id it had is given back as the source's.
pub(crate) fn preset<'t>(json: Json<'t>, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "right_preset", context)?;
    if let Some(preset) = found.json.get_mut("right_preset").and_then(Json::members_mut)
        && let Some(preset) = preset.get_mut("preset")
    {
        hidden::rewrite(preset, "a right preset", context);
    }
    found.json.remove(&["_created_at", "_owner"]);
    Some(found)
}

/// A message.
pub(crate) fn message<'t>(json: Json<'t>, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "message", context)?;
    found.json.remove(&["_created_at", "_owner"]);
    Some(found)
}

/// A collection.
pub(crate) fn collection<'t>(json: Json<'t>, context: &Context) -> Option<Rewritten<'t>> {
    let mut found = item(json, "collection", context)?;
    let place = name(&found, "collection");
    acl(&mut found.json, &place, Base::CollectionPreset, context);
    found.json.remove(&["_created_at", "_objects", "objects"]);
    let collection = found.json.get_mut("collection").and_then(Json::members_mut)?;
    if collection.get("is_system_collection").is_some_and(Json::is_true) {
        return None;
    }
    collection.remove(&["is_system_collection", "_objects", "objects"]);
    collection.remove(&OF_BASE_TYPES);
    if let Some(props) = collection.get_mut("webfrontend_props") {
        hidden::rewrite(props, &place, context);
    }
    if let Some(upload) = collection.get_mut("create_object").and_then(Json::members_mut) {
        create_object(upload, &place, context);
    }
    Some(found)
}

/// What becomes of files that are uploaded into a collection.
fn create_object(upload: &mut Members<'_>, place: &str, context: &Context) {
    for (key, base) in [("mapping", Base::Mapping), ("mask_id", Base::Mask)] {
        let Some(source) = upload.get(key).and_then(Json::as_id) else { continue };
        if let Some(target) = context.ids.get(base, source) {
            upload.set(key, Json::number(target));
        } else {
            context.notes.add(format!("{place}: {key} of its uploads left out, as {source} is not on the target"));
            upload.remove(&[key]);
        }
    }
    for key in ["pool", "linked_pool"] {
        let id = |pool: &Json<'_>| pool.as_id().or_else(|| pool.get("pool")?.get("_id")?.as_id());
        let Some(source) = upload.get(key).and_then(id) else { continue };
        let pool = if let Some(target) = context.ids.get(Base::Pool, source) {
            Members::of([("_id", Json::number(target))])
        } else {
            context
                .notes
                .add(format!("{place}: uploads go to the standard pool, as pool {source} is not on the target"));
            Members::of([("lookup:_id", Members::of([("reference", Json::string(STANDARD_POOL))]).into())])
        };
        upload.set(key, Members::of([("_basetype", Json::string("pool")), ("pool", pool.into())]).into());
    }
}

/// A group of tags with its tags. Ids of tags stay, those of their groups do not.
pub(crate) fn tags<'t>(json: Json<'t>, round: Round, context: &Context) -> Option<(Members<'t>, bool)> {
    let Json::Object(mut members) = json else { return None };
    let mut has_rights = false;
    members.get_mut("taggroup").and_then(Json::members_mut)?.remove(&["_id"]);
    let Some(Json::Array(tags)) = members.get_mut("_tags") else { return Some((members, false)) };
    for tag in tags.iter_mut().filter_map(Json::members_mut) {
        has_rights |= tag.get("_acl").is_some_and(|acl| !acl.items().is_empty());
        if round == Round::First {
            tag.remove(&["_acl"]);
        } else {
            acl(tag, "a tag", Base::ObjectPreset, context);
        }
    }
    Some((members, has_rights))
}

/// A global transition.
pub(crate) fn transition<'t>(mut json: Json<'t>, context: &Context) -> Option<Members<'t>> {
    hidden::rewrite(&mut json, "a transition", context);
    let Json::Object(mut members) = json else { return None };
    members.remove(&["_id"]);
    Some(members)
}

/// A mapping, without its id.
pub(crate) fn mapping(json: Json<'_>) -> Option<Rewritten<'_>> {
    let Json::Object(mut json) = json else { return None };
    let source_id = json.take("id").and_then(|id| id.as_id());
    json.remove(&["idTable"]);
    Some(Rewritten { json, reference: None, source_id })
}

/// A plugin, by its name.
pub(crate) fn plugin(json: Json<'_>) -> Option<Rewritten<'_>> {
    let Json::Object(mut json) = json else { return None };
    let source_id = json.take("id").and_then(|id| id.as_id());
    let reference = json.get("name").and_then(|name| name.as_str().map(std::borrow::Cow::into_owned));
    Some(Rewritten { json, reference, source_id })
}

/// What all base types have in common.
fn item<'t>(json: Json<'t>, inner: &str, context: &Context) -> Option<Rewritten<'t>> {
    let Json::Object(mut json) = json else { return None };
    json.remove(&OF_BASE_TYPES);
    let block = json.get_mut(inner).and_then(Json::members_mut)?;
    let id = block.take("_id").and_then(|id| id.as_id());
    let reference = block.get("reference").and_then(|name| name.as_str().map(std::borrow::Cow::into_owned));
    let looked_up = block.take("lookup:_id").and_then(|lookup| text_in(&lookup, &["reference"]));
    block.remove(&["_version", "_version:auto_increment"]);
    let reference = reference.or(looked_up).filter(|reference| !reference.is_empty());
    let known = || context.source_ids.get(&(inner.parse::<Base>().ok()?, reference.as_deref()?.to_owned())).copied();
    // A backup makes up references out of ids, so these tell the ids.
    let told = || reference.as_deref().and_then(|text| text.strip_prefix(inner)?.strip_prefix(':')?.parse().ok());
    let source_id = id.or_else(known).or_else(told);
    Some(Rewritten { json, reference, source_id })
}

fn name(found: &Rewritten<'_>, inner: &str) -> String {
    found.reference.as_ref().map_or_else(|| format!("a {inner}"), |reference| format!("{inner} {reference}"))
}
