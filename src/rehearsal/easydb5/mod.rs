//! What easydb5 says in another way than fylr: names of fields and of events, and how passwords and users are told.

use std::borrow::Cow;

use crate::rehearsal::json::{Doc, Node, object};

/// Events by fylr's name, and by easydb5's.
const EVENTS: [(&str, &str); 8] = [
    ("CUSTOM_DATA_TYPE_UPDATER_ERROR", "CUSTOM_TYPE_UPDATER_RESPONSE_ERROR"),
    ("CUSTOM_DATA_TYPE_UPDATER", "CUSTOM_TYPE_UPDATER_RESPONSE"),
    ("DATAMODEL_COMMIT", "SCHEMA_COMMIT"),
    ("EXPORT_DOWNLOAD", "DOWNLOAD_EXPORT"),
    ("FILE_DOWNLOAD", "ASSET_DOWNLOAD"),
    ("USER_INSERT", "USER_CREATED"),
    ("WEBHOOK", "WEBHOOK_OK"),
    ("DATAMODEL_IMPORT", "SCHEMA_IMPORT"),
];

/// The name of an event as easydb5 has it.
pub(in crate::rehearsal) fn event_type(kind: &str) -> &str {
    EVENTS.iter().find(|(fylr, _)| *fylr == kind).map_or(kind, |(_, easydb5)| easydb5)
}

/// The members of an event: files are assets, records have no base type, the schema is in capitals.
pub(in crate::rehearsal) fn event_members(members: &str) -> String {
    members
        .replace("\"basetype\":\"file\"", "\"basetype\":\"asset\"")
        .replace("\"basetype\":\"object\"", "\"basetype\":null")
        .replace("\"basetype\":\"user\"", "\"basetype\":null")
        .replace("\"schema\":\"user\"", "\"schema\":\"USER\"")
}

/// A user: emails are a list, and times have other names.
pub(in crate::rehearsal) fn user(doc: &mut Doc) {
    let email = doc.get_mut("user").and_then(|user| user.take("email"));
    let emails = email.filter(|email| email.text().is_some()).map(|email| {
        object([
            ("email", email),
            ("use_for_login", true.into()),
            ("use_for_email", true.into()),
            ("is_primary", true.into()),
            ("needs_confirmation", false.into()),
        ])
    });
    if let (Some(email), Some(user)) = (&emails, doc.get_mut("user")) {
        user.set("_primary_email", email.at("email").clone());
    }
    doc.set("_emails", Node::List(emails.into_iter().collect()));
    times(doc, "user");
}

/// Times stand in the block and have other names.
fn times(doc: &mut Doc, block: &str) {
    for (fylr, easydb5) in [("_created_at", "created_timestamp"), ("_updated_at", "last_updated_timestamp")] {
        if let (Some(time), Some(block)) = (doc.take(fylr), doc.get_mut(block)) {
            block.set(Cow::Borrowed(easydb5), time);
        }
    }
    doc.take("_last_seen_at");
}

/// A password: `md5:<hex>`, `sha-512:<salt>:<hash>`; a hash of any other method is told as it is, for a real easydb5
/// has none.
pub(in crate::rehearsal) fn password(doc: &mut Doc, hash: &str) {
    let (method, rest) = hash.split_once(':').unwrap_or(("md5", hash));
    let (salt, value) = match rest.split_once(':') {
        Some((salt, value)) if method == "sha-512" => (Some(salt), value),
        _ => (None, rest),
    };
    doc.set("_password_insecure_hash", value.to_owned());
    doc.set("_password_insecure_hash_method", method.to_owned());
    if let Some(salt) = salt {
        doc.set("_password_insecure_hash_salt", salt.to_owned());
    }
}
