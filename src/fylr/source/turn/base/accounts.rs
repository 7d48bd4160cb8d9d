//! Users and groups.

use std::borrow::Cow;

use crate::fylr::instance::InstanceKind;
use crate::fylr::json::{Json, Members};
use crate::fylr::source::turn::base::{base_type, set_reference, text};
use crate::fylr::source::turn::{Context, Unturnable, inner, passwords, people, reference_object, text_at};

/// Ends of the names and references of easydb5's groups that fylr does without.
const GROUPS_OF_EASYDB5: [&str; 3] = ["fallback", "internet", "intranet"];

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
