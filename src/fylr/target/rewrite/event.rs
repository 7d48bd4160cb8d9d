//! Events: easydb5's types have other names in fylr, and what an event names has other ids.

use crate::fylr::json::{Json, Members};
use crate::fylr::target::ids::Base;
use crate::fylr::target::rewrite::{Context, global_id, text_in};

/// Types of easydb5 that fylr has, and under which name; what is not here is never migrated.
const OF_EASYDB5: [(&str, &str); 23] = [
    ("ASSET_DOWNLOAD_CONFIRMATION_MESSAGE", "ASSET_DOWNLOAD_CONFIRMATION_MESSAGE"),
    ("CUSTOM_TYPE_UPDATER_RESPONSE", "CUSTOM_DATA_TYPE_UPDATER"),
    ("CUSTOM_TYPE_UPDATER_START", "CUSTOM_DATA_TYPE_UPDATER"),
    ("CUSTOM_TYPE_UPDATER_RESPONSE_ERROR", "CUSTOM_DATA_TYPE_UPDATER_ERROR"),
    ("CUSTOM_TYPE_UPDATER_RESPONSE_FAILED", "CUSTOM_DATA_TYPE_UPDATER_ERROR"),
    ("SCHEMA_COMMIT", "DATAMODEL_COMMIT"),
    ("DETAIL_VIEW", "DETAIL_VIEW"),
    ("EMAIL_SENT", "EMAIL_SENT"),
    ("OBJECT_DELETE", "OBJECT_DELETE"),
    ("OBJECT_INSERT", "OBJECT_INSERT"),
    ("OBJECT_UPDATE", "OBJECT_UPDATE"),
    ("SEARCH", "SEARCH"),
    ("WEBHOOK_ERROR", "WEBHOOK_ERROR"),
    ("DOWNLOAD_EXPORT", "EXPORT_DOWNLOAD"),
    ("ASSET_DOWNLOAD", "FILE_DOWNLOAD"),
    ("ASSET_EXPORT_DOWNLOAD", "FILE_DOWNLOAD"),
    ("USER_CREATED", "USER_INSERT"),
    ("USER_LOGIN", "USER_LOGIN"),
    ("USER_LOGOUT", "USER_LOGOUT"),
    ("WEBHOOK_OK", "WEBHOOK"),
    ("USER_UPDATE", "USER_UPDATE"),
    ("USER_DELETE", "USER_DELETE"),
    ("USER_INSERT", "USER_INSERT"),
];
/// What no target takes, or what is of no use on one.
const NEVER: [&str; 4] = ["OBJECT_INDEX", "SESSION_INVALID", "FRONTEND_ERROR", "COLLECTION_OWNER_RIGHTS_ERROR"];
/// Types that the server alone writes.
const OF_SERVER: &str = "TASK";
/// Members of an event that a target takes.
const TAKEN: [&str; 11] = [
    "type",
    "timestamp",
    "object_id",
    "object_version",
    "system_object_id",
    "global_object_id",
    "schema",
    "basetype",
    "objecttype",
    "remote_addr",
    "info",
];

/// The type that an event has on the target; `None`: it is not migrated.
pub(crate) fn mapped_type(kind: &str, is_easydb5: bool) -> Option<&str> {
    if NEVER.contains(&kind) || kind.starts_with(OF_SERVER) {
        return None;
    }
    if !is_easydb5 {
        return Some(kind);
    }
    OF_EASYDB5.iter().find(|(old, _)| *old == kind).map(|(_, new)| *new)
}

/// An event as the target takes it; `file` tells the id of a file there.
pub(crate) fn event<'t>(json: Json<'t>, file: &dyn Fn(u64) -> Option<u64>, context: &Context) -> Option<Members<'t>> {
    let kind = text_in(&json, &["event", "type"])?;
    let Json::Object(mut members) = json else { return None };
    let Some(kind) = mapped_type(&kind, context.origins.is_easydb5) else {
        context.notes.add(format!("events of type {kind} left out, as fylr takes none"));
        return None;
    };
    let kind = kind.to_owned();
    members.retain(|key, _| matches!(key, "_basetype" | "event" | "user" | "_user"));
    members.rename("_user", "user");
    if !context.abilities.event_users {
        members.remove(&["user"]);
    }
    members.set("_basetype", Json::string("event"));
    let event = members.get_mut("event").and_then(Json::members_mut)?;
    event.rename("ipv4_address", "remote_addr");
    event.retain(|key, _| TAKEN.contains(&key));
    event.set("type", Json::string(&kind));
    basetype(event, &kind, context.origins.is_easydb5);
    if let Some(id) = event.get("global_object_id").and_then(Json::as_str).and_then(|id| global_id(&id, context)) {
        event.set("global_object_id", Json::string(&id));
    }
    object_id(event, file, context);
    if let Some(info) = event.get_mut("info").and_then(Json::members_mut) {
        in_info(info, file, context);
    }
    Some(members)
}

fn basetype(event: &mut Members<'_>, kind: &str, is_easydb5: bool) {
    if !is_easydb5 {
        return;
    }
    let is_asset = event.get("basetype").and_then(Json::as_str).as_deref() == Some("asset");
    let set = match kind {
        "USER_INSERT" | "USER_LOGIN" | "USER_LOGOUT" => Some("user"),
        "ASSET_DOWNLOAD_CONFIRMATION_MESSAGE" => Some("message"),
        _ if is_asset => Some("file"),
        _ => None,
    };
    if let Some(basetype) = set {
        event.set("basetype", Json::string(basetype));
    }
}

/// What the event is about. Records are known by their system object id, which they keep; the id within their objecttype
/// is a new one.
fn object_id(event: &mut Members<'_>, file: &dyn Fn(u64) -> Option<u64>, context: &Context) {
    let Some(source) = event.get("object_id").and_then(Json::as_id) else { return };
    let basetype = event.get("basetype").and_then(Json::as_str).map(std::borrow::Cow::into_owned);
    let target = match basetype.as_deref() {
        Some("user") => context.ids.get(Base::User, source),
        Some("group") => context.ids.get(Base::Group, source),
        Some("pool") => context.ids.get(Base::Pool, source),
        Some("collection") => context.ids.get(Base::Collection, source),
        Some("message") => context.ids.get(Base::Message, source),
        Some("file" | "asset") => file(source),
        _ => None,
    };
    match target {
        Some(target) => event.set("object_id", Json::number(target)),
        None => event.remove(&["object_id"]),
    }
}

fn in_info(info: &mut Members<'_>, file: &dyn Fn(u64) -> Option<u64>, context: &Context) {
    for key in ["assets", "files"] {
        let Some(Json::Array(assets)) = info.get_mut(key) else { continue };
        for asset in assets.iter_mut().filter_map(Json::members_mut) {
            for key in ["id", "_id"] {
                let Some(id) = asset.get(key).and_then(Json::as_id) else { continue };
                asset.set(key, file(id).map_or_else(Json::null, Json::number));
            }
        }
    }
    if let Some(user) = info.get("export_user_id").and_then(Json::as_id) {
        let user = context.ids.get(Base::User, user);
        info.set("export_user_id", user.map_or_else(Json::null, Json::number));
    }
    if let Some(export) = info.get_mut("export").and_then(Json::members_mut)
        && export.get("_id").is_some()
    {
        export.set("_id", Json::null());
    }
}
