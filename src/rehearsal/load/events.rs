//! Events: those of easydb5 get the names of fylr; what is never taken over is counted.

use crate::rehearsal::json::Doc;

/// Events of easydb5 and what they become; the vendor's restore drops all others of easydb5.
const RENAMED: [(&str, &str); 11] = [
    ("CUSTOM_TYPE_UPDATER_START", "CUSTOM_DATA_TYPE_UPDATER"),
    ("CUSTOM_TYPE_UPDATER_RESPONSE", "CUSTOM_DATA_TYPE_UPDATER"),
    ("CUSTOM_TYPE_UPDATER_RESPONSE_ERROR", "CUSTOM_DATA_TYPE_UPDATER_ERROR"),
    ("CUSTOM_TYPE_UPDATER_RESPONSE_FAILED", "CUSTOM_DATA_TYPE_UPDATER_ERROR"),
    ("SCHEMA_COMMIT", "DATAMODEL_COMMIT"),
    ("DOWNLOAD_EXPORT", "EXPORT_DOWNLOAD"),
    ("ASSET_DOWNLOAD", "FILE_DOWNLOAD"),
    ("ASSET_EXPORT_DOWNLOAD", "FILE_DOWNLOAD"),
    ("USER_CREATED", "USER_INSERT"),
    ("WEBHOOK_OK", "WEBHOOK"),
    ("RESOURCE_NOT_AVAILABLE", ""),
];

/// The event as it is posted; `None`: it is never taken over.
pub(super) fn taken(mut event: Doc) -> Option<Doc> {
    if let Some(user) = event.take("_user") {
        event.set("user", user);
    }
    let block = event.get_mut("event")?;
    let kind = block.at("type").text().unwrap_or_default().to_owned();
    if kind.starts_with("TASK") {
        return None;
    }
    if let Some((_, renamed)) = RENAMED.iter().find(|(easydb5, _)| *easydb5 == kind) {
        if renamed.is_empty() {
            return None;
        }
        block.set("type", (*renamed).to_owned());
    }
    if block.at("basetype").text() == Some("asset") {
        block.set("basetype", "file");
    }
    if block.at("schema").text() == Some("USER") {
        block.set("schema", "user");
    }
    Some(event)
}
